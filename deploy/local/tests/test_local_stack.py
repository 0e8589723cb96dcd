import asyncio
import errno
import json
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from io import StringIO
from pathlib import Path
from urllib.request import urlopen

import pytest

from local_stack.output import Terminal, readable
from local_stack.settings import PROVIDER_VARIABLES
from local_stack.stack import LocalStack
from local_stack.state import PROCESSES, StackPorts, StackSecrets
from shared.embedded.errors import EmbeddedServerError
from shared.embedded.folder import unusable_folder
from shared.embedded.ports import free_ports, is_free

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Programs named like the services, found before them."""
    folder = tmp_path_factory.mktemp("stand_ins")
    for name in PROCESSES:
        (folder / f"{name}.py").write_text(f"from stand_in import run\n\nrun({name!r})\n")
    return {"PYTHONPATH": f"{folder}{os.pathsep}{HERE}"}


@pytest.fixture(scope="module")
async def stack(stand_ins: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalStack]:
    variables = stand_ins | dict.fromkeys(PROVIDER_VARIABLES, "canary-key")
    async with LocalStack(tmp_path_factory.mktemp("stack"), variables=variables, is_durable=False) as started:
        yield started


async def environment_of(stack: LocalStack, name: str) -> dict[str, str]:
    def ask() -> dict[str, str]:
        with urlopen(stack.service_url(name)) as answer:  # noqa: S310  our own address
            received: dict[str, str] = json.load(answer)
            return received

    return await asyncio.to_thread(ask)


async def until(condition: str, output: asyncio.StreamReader) -> str:
    """Read until a line matches; the test's timeout is the limit."""
    while line := (await output.readline()).decode():
        if re.search(condition, line):
            return line
    message = f"ended without {condition}"
    raise AssertionError(message)


async def start_command(folder: Path, port: int, variables: dict[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "local_stack", "up", "--data", str(folder), "--port", str(port)),
        env=os.environ | variables,
        stdout=asyncio.subprocess.PIPE,
    )


@pytest.mark.parametrize("name", ["web", "simulator", "llm_gateway"])
async def test_a_killed_process_comes_back_on_its_port(stack: LocalStack, name: str) -> None:
    killed = stack.processes[name].pid
    stack.kill(name)
    while stack.processes[name].pid == killed:  # noqa: ASYNC110  another process sets no event
        await asyncio.sleep(0.01)
    await stack.wait_until_ready(name)
    assert (await environment_of(stack, name))["PATH"]


async def test_more_variables_last_for_one_life(stack: LocalStack) -> None:
    await stack.restart("prompts", {"PROMPTS_FAULT_POINTS": "here=kill"})
    assert (await environment_of(stack, "prompts"))["PROMPTS_FAULT_POINTS"] == "here=kill"
    await stack.restart("prompts", {})
    assert "PROMPTS_FAULT_POINTS" not in await environment_of(stack, "prompts")


async def test_a_killed_server_comes_back(stack: LocalStack) -> None:
    killed = stack.servers.processes["redis"].pid
    stack.kill("redis")
    while stack.servers.processes["redis"].pid == killed or is_free(stack.ports.servers.redis):  # noqa: ASYNC110  the same
        await asyncio.sleep(0.01)


async def test_the_sign_in_link_is_the_one_that_web_prints(stack: LocalStack) -> None:
    assert await stack.sign_in_link() == "http://localhost/sign-in#stand-in"


async def test_another_command_makes_a_link_into_the_stack_that_runs(
    stack: LocalStack, stand_ins: dict[str, str]
) -> None:
    onlooker = LocalStack(stack.folder, variables=stand_ins)
    assert await onlooker.sign_in_link_of_running() == "http://localhost/sign-in#stand-in"


async def test_a_link_into_a_stack_that_does_not_run_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedServerError, match="start it with make run"):
        await LocalStack(tmp_path).sign_in_link_of_running()


async def test_provider_keys_reach_the_gateway_only(stack: LocalStack) -> None:
    holders = {name for name in PROCESSES if "canary-key" in (await environment_of(stack, name)).values()}
    assert holders == {"llm_gateway"}


async def test_a_service_holds_no_password_of_another(stack: LocalStack) -> None:
    seen = " ".join((await environment_of(stack, "documents")).values())
    strangers = {name: secret for name, secret in _all_secrets(stack).items() if not name.startswith("documents")}
    assert not [name for name, secret in strangers.items() if secret in seen]


def _all_secrets(stack: LocalStack) -> dict[str, str]:
    made = stack.environments.secrets
    keys = {f"{name}_key": key for name, key in made.signing_keys.items()}
    return made.servers.postgres | made.servers.nats | keys | {"redis": made.servers.redis, "sealing": made.sealing_key}


async def test_ports_and_secrets_are_remembered(stand_ins: dict[str, str], tmp_path: Path) -> None:
    async with LocalStack(tmp_path, variables=stand_ins, is_durable=False) as first:
        pass
    async with LocalStack(tmp_path, variables=stand_ins, is_durable=False) as second:
        pass
    assert (second.ports, second.environments.secrets) == (first.ports, first.environments.secrets)
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600


async def test_a_second_stack_on_the_same_folder_is_refused(stack: LocalStack) -> None:
    with pytest.raises(EmbeddedServerError, match="already runs on the data folder"):
        await LocalStack(stack.folder).start()


async def test_a_taken_port_is_refused_with_a_way_out(stack: LocalStack, tmp_path: Path) -> None:
    taken = stack.ports.processes["web"]
    with pytest.raises(EmbeddedServerError, match=f"SCRIPTORIUM_PORT={taken + 1}"):
        await LocalStack(tmp_path, taken).start()


@pytest.mark.parametrize("step", ["documents migrate", "documents serve"])
async def test_a_service_that_breaks_while_starting_is_named(
    stand_ins: dict[str, str], tmp_path: Path, step: str
) -> None:
    broken = LocalStack(tmp_path, variables=stand_ins | {"STAND_IN_BREAKS": step}, is_durable=False)
    with pytest.raises(EmbeddedServerError, match=r"documents.*the stand-in was asked to break"):
        await broken.start()
    assert broken.ports.are_free()


def test_a_full_disk_is_explained(tmp_path: Path) -> None:
    sentence = str(unusable_folder(tmp_path, OSError(errno.ENOSPC, "No space left on device")))
    assert sentence == f"The disk of {tmp_path} is full: free some space, or set SCRIPTORIUM_DATA."


def test_a_port_in_use_makes_all_ports_new(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    ports = StackPorts.choose(file, None)
    with socket.create_server(("127.0.0.1", ports.processes["prompts"])):
        assert StackPorts.choose(file, None) != ports


def test_secrets_of_two_folders_differ() -> None:
    assert StackSecrets.generate() != StackSecrets.generate()


async def test_the_command_prints_a_link_and_stops_cleanly_on_ctrl_c(stand_ins: dict[str, str], tmp_path: Path) -> None:
    (port,) = free_ports(1)
    command = await start_command(tmp_path, port, stand_ins)
    assert command.stdout is not None
    await until("sign-in#stand-in", command.stdout)
    command.send_signal(signal.SIGINT)
    await until("all stopped", command.stdout)
    assert await command.wait() == 0
    assert StackPorts.model_validate_json((tmp_path / "state.json").read_bytes()).are_free()


async def test_nothing_outlives_a_killed_supervisor(stand_ins: dict[str, str], tmp_path: Path) -> None:
    (port,) = free_ports(1)
    command = await start_command(tmp_path, port, stand_ins)
    assert command.stdout is not None
    await until("sign-in#stand-in", command.stdout)
    command.kill()
    await command.wait()
    ports = StackPorts.model_validate_json((tmp_path / "state.json").read_bytes())
    while not ports.are_free():  # noqa: ASYNC110  the kernel sets no event
        await asyncio.sleep(0.01)


def test_log_records_become_sentences() -> None:
    record = '{"event": "prompt_saved", "level": "info", "version": 3, "timestamp": "now", "exception": "Trace\\nback"}'
    assert readable(record) == "info    prompt_saved version=3\nTrace\nback"


@pytest.mark.parametrize("line", ["plain text", "[1, 2]", '{"no": "event"}', ""])
def test_other_lines_stay_as_they_are(line: str) -> None:
    assert readable(line) == line


def test_output_without_a_terminal_has_no_colours() -> None:
    stream = StringIO()
    terminal = Terminal(stream)
    terminal.process_line("web", "hello")
    terminal.box(["link"])
    assert stream.getvalue() == "web         │ hello\n\n  ╭──────╮\n  │ link │\n  ╰──────╯\n\n"
