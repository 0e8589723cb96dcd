"""Answers are checked in a process of its own, which no schema and no answer keeps for long."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from llm_gateway.domain.structured import Mismatch
from llm_gateway.operations.checking import Checker

NUMBER: dict[str, Any] = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


@pytest.fixture
async def checker() -> AsyncIterator[Checker]:
    opened = Checker()
    yield opened
    await opened.close()


def exploding(levels: int) -> tuple[str, dict[str, Any]]:
    """A schema of a few hundred bytes with billions of ways to fail, and an answer that tries them all."""

    def level(number: int) -> dict[str, Any]:
        member = {"properties": {"a": {"$ref": f"#/$defs/d{number + 1}"}}}
        return {"anyOf": [member] * 6}

    defined = {f"d{number}": level(number) for number in range(levels)} | {f"d{levels}": {"type": "integer"}}
    return '{"a":' * levels + '"x"' + "}" * levels, {"$defs": defined, "$ref": "#/$defs/d0"}


async def test_an_answer_is_checked_as_it_would_be_here(checker: Checker) -> None:
    assert await checker.check('```json\n{"n": 1}\n```', NUMBER, is_cut=False) == '{"n": 1}'
    found = await checker.check('{"n": "ü\\n"}', NUMBER, is_cut=False)
    assert found == Mismatch(('At /n: the value is not of type "integer".',))


async def test_a_check_that_would_take_for_ever_is_ended_and_the_next_one_is_not(checker: Checker) -> None:
    assert await checker.check('{"n": 1}', NUMBER, is_cut=False) == '{"n": 1}'
    begun = time.monotonic()
    found = await checker.check(*exploding(levels=14), is_cut=False)
    assert isinstance(found, Mismatch)
    assert "too long" in found.words
    assert time.monotonic() - begun < 25
    assert await checker.check('{"n": 1}', NUMBER, is_cut=False) == '{"n": 1}'


@pytest.mark.parametrize("text", ["[" * 50_000, "[" * 50_000 + "]" * 50_000, '{"a":' * 20_000])
async def test_text_that_is_nested_without_end_does_not_fit(checker: Checker, text: str) -> None:
    assert isinstance(await checker.check(text, NUMBER, is_cut=False), Mismatch)


async def test_nothing_of_the_service_is_known_to_the_process(
    checker: Checker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM_GATEWAY_DATABASE_URL", "postgresql://secret")
    await checker.check("{}", {}, is_cut=False)
    process = checker._process
    assert process is not None
    with open(f"/proc/{process.pid}/environ", "rb") as environment:  # noqa: PTH123, ASYNC230  the kernel's own file
        assert b"secret" not in environment.read()
