"""Which models a project can ask, by which ways, and what is known of them."""

import base64
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from llm_gateway.domain import ProviderKeyMissing, UnknownModel
from llm_gateway.domain.calls import Route, Wire
from llm_gateway.domain.connections import Connection, WireNotSpoken
from llm_gateway.main import project_connections
from llm_gateway.operations.catalogue import Belongings, ProjectCatalogue
from llm_gateway.providers.addresses import AddressRules
from llm_gateway.providers.catalogue import claude_output_limit, describe, takes_temperature
from llm_gateway.providers.prices import cost_of, cost_usd, find_rates
from llm_gateway.settings import LlmGatewaySettings
from shared.contracts.ids import new_id
from shared.contracts.llm_gateway import CustomModel, GatewaySettings, ModelAlias

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def settings(**changes: Any) -> LlmGatewaySettings:
    common = {
        "database_url": "x",
        "relay_database_url": "x",
        "nats_url": "x",
        "signing_key": "x",
        "sealing_key": base64.b64encode(bytes(32)).decode(),
        "public_keys": {},
        "simulator_url": "http://127.0.0.1:1",
    }
    return LlmGatewaySettings.model_validate(common | changes)


def custom(model: str, **changes: Any) -> CustomModel:
    nothing = dict.fromkeys(
        (
            "context_tokens",
            "max_output_tokens",
            "input_usd_per_million",
            "cached_input_usd_per_million",
            "output_usd_per_million",
            "retires_on",
        )
    )
    return CustomModel.model_validate(nothing | {"model": model, "capabilities": [], "updated_at": NOW} | changes)


def catalogue(
    *,
    preferred: str | None = None,
    own: Sequence[Connection] = (),
    models: Sequence[CustomModel] = (),
    aliases: dict[str, list[str]] | None = None,
    **changes: Any,
) -> ProjectCatalogue:
    named = [ModelAlias(name=name, targets=targets, updated_at=NOW) for name, targets in (aliases or {}).items()]
    nothing = GatewaySettings(cache_seconds=None, unknown_price_ceiling_usd_per_million=None)
    house = settings(**changes)
    shared = project_connections(house, AddressRules(house.allowed_hosts)).joined(new_id(), [])
    return ProjectCatalogue([*shared, *own], Belongings(models, named, nothing), preferred)


def of_project(name: str = "ollama", provider: str = "compatible", **changes: Any) -> Connection:
    base_url = changes.pop("base_url", "https://models.example.com/v1")
    return Connection(name, provider, base_url, f"the key of the connection {name}", id=new_id(), **changes)


def names(routes: Sequence[Route]) -> list[str]:
    return [route.model for route in routes]


def test_without_a_key_the_simulator_is_the_default() -> None:
    assert catalogue().default_model == "simulator/quill"
    assert catalogue().label(None).simulated
    assert names(catalogue().routes(None, "chat_completions")) == ["simulator/quill"]


def test_the_first_provider_with_a_key_gives_the_default_and_a_setting_wins() -> None:
    assert catalogue(ANTHROPIC_API_KEY="k").default_model.startswith("anthropic/")
    assert catalogue(preferred="groq/x", ANTHROPIC_API_KEY="k").default_model == "groq/x"


@pytest.mark.parametrize("model", ["nobody/x", "nothing", "openai/", "/", "/quill", "x" * 5_000])
def test_an_unknown_name_is_refused_with_names_that_are_known(model: str) -> None:
    with pytest.raises(UnknownModel, match="simulator/quill") as refused:
        catalogue().routes(model, None)
    assert len(refused.value.detail) < 1_000


def test_near_names_are_offered_first() -> None:
    with pytest.raises(UnknownModel, match=r"for example openai/gpt-6\.1-terra"):
        catalogue(OPENAI_API_KEY="k").routes("openi/gpt-6.1-tera", None)


def test_a_provider_with_a_key_takes_any_model() -> None:
    (route,) = catalogue(GROQ_API_KEY="k").routes("groq/openai/gpt-oss-20b", "chat_completions")
    assert (route.name, route.api_key, route.rates is not None) == ("openai/gpt-oss-20b", "k", True)


def test_a_provider_without_a_key_says_which_variable() -> None:
    with pytest.raises(ProviderKeyMissing, match="XAI_API_KEY"):
        catalogue().routes("xai/grok-4.7", None)


@pytest.mark.parametrize(
    ("model", "found"),
    [
        ("gpt-6.1-terra", "openai/gpt-6.1-terra"),
        ("gpt-4o-mini", "openai/gpt-4o-mini"),
        ("claude-opus-5-5", "anthropic/claude-opus-5-5"),
        ("quill", "simulator/quill"),
    ],
)
def test_a_name_without_a_connection_is_taken_where_one_knows_it(model: str, found: str) -> None:
    known = catalogue(OPENAI_API_KEY="k", ANTHROPIC_API_KEY="k")
    assert names(known.routes(model, None)) == [found]


def test_a_known_name_whose_provider_has_no_key_says_so() -> None:
    with pytest.raises(ProviderKeyMissing, match="OPENAI_API_KEY"):
        catalogue().routes("gpt-6.1-terra", None)


def test_a_name_that_two_connections_know_must_say_which() -> None:
    both = catalogue(OPENAI_API_KEY="k", own=[of_project("second", "openai", api_key="k")])
    with pytest.raises(UnknownModel, match=r"openai/gpt-4\.1, second/gpt-4\.1"):
        both.routes("gpt-4.1", None)


def test_the_connection_that_described_a_name_is_meant_before_those_that_have_a_price_for_it() -> None:
    described = catalogue(OPENAI_API_KEY="k", own=[of_project()], models=[custom("ollama/gpt-oss-20b")])
    assert names(described.routes("gpt-oss-20b", None)) == ["ollama/gpt-oss-20b"]


def test_a_connection_of_the_project_hides_that_of_the_installation() -> None:
    own = of_project("openai", "openai", base_url="https://proxy.example.com/v1", api_key="own")
    (route,) = catalogue(OPENAI_API_KEY="shared", own=[own]).routes("openai/gpt-4.1", None)
    (shared,) = catalogue(OPENAI_API_KEY="shared").routes("openai/gpt-4.1", None)
    assert (route.api_key, route.base_url, route.is_guarded) == ("own", "https://proxy.example.com/v1", True)
    assert (shared.api_key, shared.is_guarded) == ("shared", False)
    assert shared.account_key.startswith("installation:openai:")
    assert route.account_key.startswith("co_")
    assert "own" not in repr(route)


def test_another_key_is_another_account_that_tells_nothing_of_the_key() -> None:
    first, second = (of_project(api_key=key).account_key() for key in ("sk-secret-1", "sk-secret-2"))
    assert first.partition(":")[2] != second.partition(":")[2]
    assert "secret" not in first


def test_an_alias_is_asked_in_its_order_without_what_cannot_be_asked() -> None:
    aliases = {"writer": ["xai/grok-4.7", "openai/gpt-4.1", "gone/x", "simulator/quill"]}
    routes = catalogue(OPENAI_API_KEY="k", aliases=aliases).routes("writer", "chat_completions")
    assert names(routes) == ["openai/gpt-4.1", "simulator/quill"]
    assert catalogue(OPENAI_API_KEY="k", aliases=aliases).aliases_of("openai/gpt-4.1") == ["writer"]


def test_an_alias_of_which_nothing_is_left_says_why() -> None:
    with pytest.raises(ProviderKeyMissing, match=r"XAI_API_KEY.*GROQ_API_KEY"):
        catalogue(aliases={"writer": ["xai/grok-4.7", "groq/x"]}).routes("writer", None)


def test_an_alias_wins_over_a_model_of_the_same_name() -> None:
    known = catalogue(OPENAI_API_KEY="k", aliases={"gpt-4.1": ["simulator/quill"]})
    assert names(known.routes("gpt-4.1", None)) == ["simulator/quill"]


@pytest.mark.parametrize(
    ("model", "wire", "places"),
    [
        ("anthropic/claude-opus-5-5", "embeddings", "/v1/chat/completions or /v1/messages"),
        ("openai/gpt-4.1", "messages", "/v1/chat/completions or /v1/responses or /v1/embeddings"),
        ("simulator/reed", "chat_completions", "/v1/messages"),
        ("groq/x", "embeddings", "/v1/chat/completions or /v1/responses"),
    ],
)
def test_a_model_called_at_the_wrong_endpoint_says_where_it_is_called(model: str, wire: Wire, places: str) -> None:
    known = catalogue(ANTHROPIC_API_KEY="k", OPENAI_API_KEY="k", GROQ_API_KEY="k")
    with pytest.raises(WireNotSpoken) as refused:
        known.routes(model, wire)
    assert refused.value.detail.endswith(f"call it at {places}.")
    assert refused.value.status == 400


def test_anthropic_is_asked_below_its_version_wherever_it_is() -> None:
    own = catalogue(ANTHROPIC_API_KEY="k", ANTHROPIC_BASE_URL="https://proxy.example.com/claude/")
    usual = catalogue(ANTHROPIC_API_KEY="k")
    assert own.routes("anthropic/x", None)[0].base_url == "https://proxy.example.com/claude/v1"
    assert usual.routes("anthropic/x", None)[0].base_url == "https://api.anthropic.com/v1"


def test_the_same_question_is_answered_by_the_same_routes() -> None:
    known = catalogue()
    assert known.routes("quill", "responses") is known.routes("quill", "responses")


def test_an_admins_words_win_over_the_price_list() -> None:
    described = custom(
        "openai/gpt-4.1",
        input_usd_per_million=Decimal(1),
        output_usd_per_million=Decimal(2),
        context_tokens=1_000,
        retires_on=date(2027, 1, 1),
    )
    known = catalogue(OPENAI_API_KEY="k", models=[described])
    (route,) = known.routes("openai/gpt-4.1", None)
    assert route.rates is not None
    assert (route.rates.input_usd_per_million, route.context_tokens) == (Decimal(1), 1_000)
    assert cost_of(route, input_tokens=1_000_000, cached_input_tokens=500_000, output_tokens=0) == Decimal(1)
    shown = known.described(known.connections["openai"], "gpt-4.1")
    assert (shown.retires_on, "tools" in shown.capabilities) == (date(2027, 1, 1), True)


def test_half_a_price_is_no_price_where_the_other_half_is_unknown() -> None:
    known = catalogue(own=[of_project()], models=[custom("ollama/x", input_usd_per_million=Decimal(1))])
    assert known.routes("ollama/x", None)[0].rates is None


def test_reasoning_models_are_not_given_a_temperature() -> None:
    assert not takes_temperature("openai", "o3-mini")
    assert not takes_temperature("openai", "gpt-5.4")
    assert not takes_temperature("azure", "gpt-5.4")
    assert not takes_temperature("anthropic", "claude-opus-5-5")
    assert takes_temperature("openai", "gpt-4.1")
    assert takes_temperature("anthropic", "claude-3-haiku")
    assert takes_temperature("groq", "anything")


def test_what_a_model_can_do_follows_from_its_family() -> None:
    assert "reasoning" in describe("anthropic", "claude-sonnet-5-5").capabilities
    assert describe("openai", "text-embedding-3-small").capabilities == ("embeddings",)
    assert "temperature" in describe("openai", "gpt-4.1").capabilities
    assert "temperature" not in describe("openai", "gpt-6.1-terra").capabilities
    assert describe("compatible", "whatever").capabilities == ()


def test_old_models_are_not_asked_for_more_than_they_can_write() -> None:
    assert claude_output_limit("claude-3-haiku") < claude_output_limit("claude-sonnet-5-5")


def test_prices_are_known_exactly_or_not_at_all() -> None:
    tokens = {"input_tokens": 1_000, "cached_input_tokens": 0, "output_tokens": 100}
    assert cost_usd("anthropic", "claude-sonnet-4-5", **tokens) == Decimal("0.0045")
    assert cost_usd("simulator", "quill+pace:5", **tokens) == Decimal("0.000375")
    assert cost_usd("compatible", "llama", **tokens) is None
    assert cost_usd("openai", "model-of-tomorrow", **tokens) is None
    rates = find_rates("anthropic", "claude-sonnet-4-5")
    assert rates is not None
    assert (rates.input_usd_per_million, rates.output_usd_per_million) == (Decimal(3), Decimal(15))
    assert find_rates("openai", "model-of-tomorrow") is None


@pytest.mark.parametrize("model", ["openai/gpt-4.1", "anthropic/claude-sonnet-4-5", "anthropic/claude-haiku-5-5"])
@pytest.mark.parametrize("read", [1_000, 500_000])
def test_a_routes_price_is_that_of_the_price_list_with_and_without_surcharges(model: str, read: int) -> None:
    (route,) = catalogue(OPENAI_API_KEY="k", ANTHROPIC_API_KEY="k").routes(model, None)
    tokens = {"input_tokens": read, "cached_input_tokens": read // 3, "output_tokens": 200}
    assert cost_of(route, **tokens) == cost_usd(route.provider, route.name, **tokens)


def test_cached_input_is_cheaper() -> None:
    full = cost_usd("openai", "gpt-4.1", input_tokens=1_000, cached_input_tokens=0, output_tokens=0)
    part = cost_usd("openai", "gpt-4.1", input_tokens=1_000, cached_input_tokens=900, output_tokens=0)
    assert full is not None
    assert part is not None
    assert 0 < part < full
