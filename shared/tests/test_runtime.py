import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from shared.call import Call
from shared.contracts.ids import new_id
from shared.contracts.prompts import ListSnippets, SnippetPage
from shared.embedded.ports import free_ports
from shared.runtime.logs import configure_logs, logger
from shared.runtime.process import migrate_service
from shared.runtime.settings import ServiceSettings
from shared.testing.fixtures import BusFor, DatabaseFor, fresh_database, make_call
from shared.testing.servers import Servers

type SettingsFor = Callable[[str, str], dict[str, object]]


@asynccontextmanager
async def _serving(values: dict[str, object], port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    ours = {f"WORKFLOWS_{key.upper()}": _text(value) for key, value in values.items()}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "workflows", "serve"),
        env={**os.environ, **ours, "WORKFLOWS_PORT": str(port)},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


async def _ready(port: int) -> dict[str, bool]:
    async with asyncio.timeout(20), httpx2.AsyncClient(trust_env=False) as client:
        while True:
            try:
                parts: dict[str, bool] = (await client.get(f"http://127.0.0.1:{port}/readyz")).json()
            except httpx2.TransportError:
                await asyncio.sleep(0.05)
            else:
                return parts


async def test_a_service_becomes_ready_and_sigterm_ends_it_cleanly(
    servers: Servers, databases: dict[str, str], settings_for: SettingsFor, streams: None
) -> None:
    del streams
    name = await fresh_database(servers, databases, "workflows")
    (port,) = free_ports(1)
    async with _serving(settings_for("workflows", name), port) as process:
        assert all((await _ready(port)).values())
        process.send_signal(signal.SIGTERM)
        output, _ = await asyncio.wait_for(process.communicate(), 10)
        assert process.returncode == 0
    assert {json.loads(line)["event"] for line in output.splitlines()} >= {"stopping"}


async def test_a_house_that_cannot_reach_its_database_says_so_in_its_readiness(database_for: DatabaseFor) -> None:
    database = await database_for("workflows")
    assert await database.is_ready()
    await database.close()
    assert not await database.is_ready()


def test_logs_are_json_with_the_service_and_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("prompts", "info", "json")
    logger("test").info("key_used", api_key="sk_secret", prompt_id="pr_1")
    line = json.loads(capsys.readouterr().out)
    assert (line["event"], line["service"], line["prompt_id"]) == ("key_used", "prompts", "pr_1")
    assert line["api_key"] == "hidden"


def test_a_line_break_in_a_field_cannot_begin_another_log_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("prompts", "info", "json")
    logger("test").info("named", title='one\r\n{"event": "forged"}')
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_a_pool_that_waits_for_its_server_does_not_fill_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("prompts", "info", "json")
    logging.getLogger("asyncpg.pool").warning("a traceback a second", exc_info=ConnectionRefusedError())
    assert capsys.readouterr().out == ""


async def test_a_call_carries_what_is_left_of_its_deadline(bus_for: BusFor) -> None:
    web, prompts = await bus_for("web"), await bus_for("prompts")
    remaining: list[float] = []

    async def answer(call: Call, _request: ListSnippets) -> SnippetPage:
        remaining.append(call.remaining_seconds())
        return SnippetPage(items=[])

    prompts.answer(ListSnippets, answer)
    await prompts.start_answering()
    call = make_call("viewer", new_id(), seconds=2)
    await asyncio.sleep(0.5)
    await web.request(call, ListSnippets())
    assert remaining[0] <= 1.5


async def test_a_changed_migration_ends_migrate_with_one_sentence(
    servers: Servers,
    databases: dict[str, str],
    settings_for: SettingsFor,
    streams: None,
    tmp_path: Path,
) -> None:
    database = await fresh_database(servers, databases, "workflows")
    settings = ServiceSettings.model_validate(settings_for("workflows", database))
    file = tmp_path / "0001_things.sql"
    file.write_text("CREATE TABLE things (id uuid PRIMARY KEY)")
    await migrate_service("workflows", settings, tmp_path)
    file.write_text("CREATE TABLE things (id text PRIMARY KEY)")
    with pytest.raises(SystemExit, match="workflows/0001_things was changed after it was applied"):
        await migrate_service("workflows", settings, tmp_path)
