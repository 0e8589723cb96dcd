import re
from pathlib import Path

import pytest
from dotenv import dotenv_values

from llm_gateway.providers.sealing import Sealer
from llm_gateway.settings import LlmGatewaySettings
from local_stack.settings import (
    PROVIDER_VARIABLES,
    REPOSITORY,
    LocalStackSettings,
    inherited_environment,
    without_provider_keys,
)
from local_stack.state import StackSecrets
from shared.contracts.ids import new_id
from shared.embedded.settings import EmbeddedSettings

EXAMPLE = REPOSITORY / ".env.example"


def test_the_example_names_exactly_what_a_user_may_set() -> None:
    house = {f"SCRIPTORIUM_{name.upper()}" for name in LocalStackSettings.model_fields}
    programs = {name.upper() for name in EmbeddedSettings.model_fields}
    gateway = {name for name in dotenv_values(EXAMPLE) if name.startswith("LLM_GATEWAY_")}
    assert {name.removeprefix("LLM_GATEWAY_").lower() for name in gateway} <= set(LlmGatewaySettings.model_fields)
    assert set(dotenv_values(EXAMPLE)) == house | programs | PROVIDER_VARIABLES | gateway


def test_provider_variables_are_those_that_the_gateway_reads() -> None:
    aliases = {field.validation_alias for field in LlmGatewaySettings.model_fields.values()}
    assert aliases - {None} == PROVIDER_VARIABLES


def test_the_example_sets_nothing() -> None:
    assert not any(dotenv_values(EXAMPLE).values())


def test_every_variable_of_the_example_has_a_comment() -> None:
    blocks = re.split(r"\n\s*\n", EXAMPLE.read_text())
    assert all(block.startswith("#") for block in blocks)


def test_the_example_names_the_defaults() -> None:
    fields = LocalStackSettings.model_fields
    text = EXAMPLE.read_text()
    assert all(f"({fields[name].default})" in text for name in ("port", "data", "log_level"))


@pytest.mark.parametrize("port", ["0", "65536", "web"])
def test_a_port_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("SCRIPTORIUM_PORT", port)
    with pytest.raises(ValueError, match="port"):
        LocalStackSettings()


def test_keys_of_the_developer_reach_a_stack_only_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "canary")
    assert "OPENAI_API_KEY" not in inherited_environment(with_provider_keys=False)
    assert inherited_environment(with_provider_keys=True)["OPENAI_API_KEY"] == "canary"


def test_keys_are_taken_out_and_the_rest_stays() -> None:
    assert without_provider_keys({"OPENAI_API_KEY": "key", "HOME": "/home"}) == {"HOME": "/home"}


def test_a_folder_from_before_sealed_keys_gets_its_sealing_key_once_and_keeps_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    made = StackSecrets.load_or_generate(file)
    file.write_text(made.model_dump_json(exclude={"sealing_key"}))
    upgraded = StackSecrets.load_or_generate(file)
    assert upgraded == StackSecrets.load_or_generate(file)
    assert upgraded.model_copy(update={"sealing_key": made.sealing_key}) == made
    assert Sealer(upgraded.sealing_key).seal("key", new_id(), new_id())
