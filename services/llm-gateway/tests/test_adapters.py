"""One adapter for each account, kept within bounds, closed when nobody uses it."""

from typing import Any

import pytest

from llm_gateway.domain.calls import Route
from llm_gateway.domain.connections import wires_of
from llm_gateway.providers import adapters
from llm_gateway.providers.adapters import Providers, Timeouts
from llm_gateway.providers.addresses import AddressRules
from llm_gateway.providers.protocol import Delta
from shared.contracts.ids import new_id
from shared.contracts.llm_gateway import ChatMessage, GenerationRequest

ASKED = GenerationRequest(messages=[ChatMessage(role="user", content="Name a ferry.")])


def route(simulator: Any, name: str = "quill", key: str = "k", *, is_guarded: bool = False) -> Route:
    return Route(
        connection="own",
        provider="compatible",
        name=name,
        base_url=f"{simulator.url}/v1",
        wires=wires_of("simulator", name),
        account_key=key,
        key_source="the key",
        api_key=key,
        is_guarded=is_guarded,
    )


@pytest.fixture
def providers(simulator: Any) -> Providers:
    return Providers(Timeouts(5, 5, 5), AddressRules([simulator.url.removeprefix("http://")]))


async def text(providers: Providers, way: Route) -> str:
    arrived = [event async for events in providers.stream(way, ASKED, new_id()) for event in events]
    return "".join(event.text for event in arrived if isinstance(event, Delta))


@pytest.mark.parametrize("name", ["quill", "reed"])
@pytest.mark.parametrize("is_guarded", [False, True])
async def test_each_wire_is_spoken_on_checked_and_on_unchecked_addresses(
    simulator: Any,
    providers: Providers,
    name: str,
    is_guarded: bool,  # noqa: FBT001  a parameter of the test
) -> None:
    assert await text(providers, route(simulator, name, is_guarded=is_guarded))
    await providers.close()


async def test_one_account_has_one_adapter_and_another_key_another_one(simulator: Any, providers: Providers) -> None:
    for key in ("a", "a", "b"):
        await text(providers, route(simulator, key=key))
    assert len(providers._adapters) == 2
    await providers.close()


async def test_an_adapter_in_use_outlives_its_place_and_is_closed_after_it(
    simulator: Any, providers: Providers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapters, "MOST_ADAPTERS", 1)
    stream = providers.stream(route(simulator, key="first"), ASKED, new_id())
    await anext(stream)
    (lent,) = providers._adapters.values()
    assert await text(providers, route(simulator, key="second"))
    assert (lent.is_evicted, len(providers._adapters)) == (True, 1)
    rest = [event async for events in stream for event in events]
    assert rest
    assert vars(lent.adapter)["_http"].is_closed
    await providers.close()
