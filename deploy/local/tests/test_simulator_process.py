import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from shared.embedded.ports import free_ports
from simulator.__main__ import main

BODY = {"model": "quill", "messages": [{"role": "user", "content": "Explain tides."}], "stream": True}
HEADERS = {"authorization": "Bearer key"}


@contextmanager
def simulator_process(*options: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "simulator", "--host", "127.0.0.1", "--port", str(port), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        wait_until_healthy(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.kill()
        process.communicate()


def wait_until_healthy(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx2.get(f"{url}/healthz").json() == {"status": "ok"}:
                return
        except httpx2.TransportError:
            time.sleep(0.02)
    pytest.fail(f"nobody answers at {url}")


def test_the_process_serves_with_its_options_and_says_nothing_about_a_cut(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    with simulator_process("--seed", "5", "--chunk-milliseconds", "0", "--ledger-file", str(ledger)) as (url, process):
        assert httpx2.get(f"{url}/readyz").status_code == 200
        assert "[DONE]" in httpx2.post(f"{url}/v1/chat/completions", json=BODY, headers=HEADERS).text
        with pytest.raises(httpx2.RemoteProtocolError):
            httpx2.post(f"{url}/v1/chat/completions", json=BODY | {"model": "quill+cut:2"}, headers=HEADERS)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=10)
    assert output == b""
    outcomes = [json.loads(line)["outcome"] for line in ledger.read_text().splitlines()]
    assert outcomes == ["open", "completed", "open", "cut"]


def test_the_process_stops_although_an_answer_is_stalled() -> None:
    with simulator_process() as (url, process):
        stalled = BODY | {"model": "quill+stall:1"}
        with httpx2.stream("POST", f"{url}/v1/chat/completions", json=stalled, headers=HEADERS) as answer:
            next(answer.iter_raw())
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=5) in {0, -signal.SIGTERM}


def test_another_seed_gives_another_answer_to_the_same_question() -> None:
    texts = []
    for seed in ("1", "2", "1"):
        with simulator_process("--seed", seed) as (url, _):
            answer = httpx2.post(f"{url}/v1/chat/completions", json=BODY | {"stream": False}, headers=HEADERS)
            texts.append(answer.json()["choices"][0]["message"]["content"])
    assert texts[0] == texts[2] != texts[1]


async def test_the_pace_between_chunks_holds() -> None:
    with simulator_process("--chunk-milliseconds", "1") as (url, _):
        async with httpx2.AsyncClient(base_url=url, headers=HEADERS) as client:
            started = time.monotonic()
            answers = await asyncio.gather(
                *(
                    client.post("/v1/chat/completions", json=BODY | {"model": "quill+pace:20,words:40"})
                    for _ in range(5)
                )
            )
            seconds = time.monotonic() - started
    chunks = answers[0].text.count('"content":"') - 1
    assert 0.02 * (chunks - 1) <= seconds < 0.02 * chunks + 3


def test_a_missing_port_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([])
    assert "--port" in capsys.readouterr().err
