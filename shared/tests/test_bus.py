import asyncio
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from tests.faults.proxy import fault_proxy

from shared.bus import Bus
from shared.call import Call
from shared.contracts.prompts import Done, GetPrompt, GetSnippet, ListSnippets, RenderPrompt, SnippetPage
from shared.problems import (
    Conflict,
    DeadlineExceeded,
    Forbidden,
    Invalid,
    NotFound,
    Problem,
    RemoteProblem,
    Unavailable,
    Unexpected,
)
from shared.testing.fixtures import BusFor, make_call
from shared.testing.keys import signer_for, verifier_for
from shared.testing.servers import Servers


async def _pair(bus_for: BusFor, sender: str = "web") -> tuple[Bus, Bus]:
    return await bus_for(sender), await bus_for("prompts")


async def test_a_request_reaches_its_owner_with_caller_deadline_and_idempotency_key(bus_for: BusFor) -> None:
    web, prompts = await _pair(bus_for)
    heard: list[Call] = []

    async def answer(call: Call, _request: ListSnippets) -> SnippetPage:
        heard.append(call)
        return SnippetPage(items=[])

    prompts.answer(ListSnippets, answer)
    await prompts.start_answering()
    call = make_call("viewer", seconds=3, idempotency_key="abc")
    assert await web.request(call, ListSnippets()) == SnippetPage(items=[])
    assert heard[0].identity == call.identity
    assert (heard[0].request_id, heard[0].idempotency_key) == (call.request_id, "abc")
    assert 2 < heard[0].remaining_seconds() <= 3


@pytest.mark.parametrize(
    ("raised", "status"), [(NotFound(), 404), (Conflict("taken", current=3), 409), (ValueError("a bug"), 500)]
)
async def test_a_problem_comes_back_as_it_was_raised_and_a_bug_without_its_words(
    bus_for: BusFor, raised: Exception, status: int
) -> None:
    web, prompts = await _pair(bus_for)

    async def answer(_call: Call, _request: ListSnippets) -> SnippetPage:
        raise raised

    prompts.answer(ListSnippets, answer)
    await prompts.start_answering()
    with pytest.raises(RemoteProblem) as caught:
        await web.request(make_call("viewer"), ListSnippets())
    assert caught.value.status == status
    assert "a bug" not in caught.value.detail
    if isinstance(raised, Problem):
        assert (caught.value.type, caught.value.extensions) == (raised.type, raised.extensions)


async def test_a_caller_without_the_role_is_refused_before_the_handler(bus_for: BusFor) -> None:
    web, prompts = await _pair(bus_for)

    async def never(_call: Call, _request: GetPrompt) -> Done:
        pytest.fail("the handler was reached")

    prompts.answer(GetPrompt, never)
    await prompts.start_answering()
    with pytest.raises(RemoteProblem) as caught:
        await web.request(make_call("stranger"), GetPrompt(prompt_id=uuid4()))
    assert caught.value.is_a(Forbidden)


async def test_a_service_that_the_contract_does_not_name_is_stopped_by_nats(bus_for: BusFor) -> None:
    gateway, prompts = await _pair(bus_for, "llm_gateway")
    prompts.answer(GetSnippet, _not_found)
    await prompts.start_answering()
    with pytest.raises((Unavailable, DeadlineExceeded)):
        await gateway.request(make_call("viewer", seconds=0.5), GetSnippet(name="house-style"))


async def _not_found(_call: Call, _request: GetSnippet) -> Done:
    raise NotFound


async def test_an_owner_that_is_away_for_a_moment_is_waited_for(bus_for: BusFor) -> None:
    web, prompts = await _pair(bus_for)
    asked = asyncio.create_task(web.request(make_call("viewer"), GetSnippet(name="house-style")))
    await asyncio.sleep(0.3)
    prompts.answer(GetSnippet, _not_found)
    await prompts.start_answering()
    with pytest.raises(RemoteProblem) as caught:
        await asked
    assert caught.value.is_a(NotFound)


async def test_an_owner_that_stays_away_is_unavailable(bus_for: BusFor) -> None:
    web = await bus_for("web")
    with pytest.raises(Unavailable):
        await web.request(make_call("viewer"), GetSnippet(name="house-style"))


@pytest.mark.parametrize("told", ["", "soon", "-5", "9" * 400])
async def test_a_deadline_that_is_no_number_is_the_usual_one(
    bus_for: BusFor, monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    web, prompts = await _pair(bus_for)
    heard: list[Call] = []

    async def answer(call: Call, _request: ListSnippets) -> SnippetPage:
        heard.append(call)
        return SnippetPage(items=[])

    prompts.answer(ListSnippets, answer)
    await prompts.start_answering()
    monkeypatch.setattr("shared.bus.str", lambda _milliseconds: told, raising=False)
    await web.request(make_call("viewer", seconds=3), ListSnippets())
    monkeypatch.undo()
    assert 5 < heard[0].remaining_seconds() <= 10


async def test_an_answer_after_the_deadline_is_deadline_exceeded(bus_for: BusFor) -> None:
    web, prompts = await _pair(bus_for)

    async def slow(_call: Call, _request: ListSnippets) -> SnippetPage:
        await asyncio.sleep(5)
        return SnippetPage(items=[])

    prompts.answer(ListSnippets, slow)
    await prompts.start_answering()
    with pytest.raises((DeadlineExceeded, RemoteProblem)) as caught:
        await web.request(make_call("viewer", seconds=0.3), ListSnippets())
    assert caught.value.status == 504


async def test_a_request_under_way_is_told_at_once_that_nats_went(bus_for: BusFor, servers: Servers) -> None:
    prompts, reached = await bus_for("prompts"), asyncio.Event()

    async def slow(_call: Call, _request: ListSnippets) -> SnippetPage:
        reached.set()
        await asyncio.sleep(5)
        return SnippetPage(items=[])

    prompts.answer(ListSnippets, slow)
    await prompts.start_answering()
    nats_url = urlsplit(servers.nats_url("web"))
    async with fault_proxy(nats_url.port or 0) as link:
        through_link = nats_url._replace(netloc=f"{nats_url.netloc.rpartition(':')[0]}:{link.port}")
        web = Bus("web", through_link.geturl(), signer_for("web"), verifier_for("web"))
        await web.connect()
        asked = asyncio.create_task(web.request(make_call("viewer"), ListSnippets()))
        await asyncio.wait_for(reached.wait(), 5)
        link.reset()
        with pytest.raises(Unavailable):
            await asyncio.wait_for(asked, 2)
        await web.close()


async def test_refused_values_are_named_without_repeating_them(bus_for: BusFor) -> None:
    web, prompts = await _pair(bus_for)
    prompts.answer(GetSnippet, _not_found)
    await prompts.start_answering()
    bad = GetSnippet.model_construct(name="Not A Name")
    with pytest.raises(RemoteProblem) as caught:
        await web.request(make_call("viewer"), bad)
    assert caught.value.is_a(Invalid)
    assert caught.value.extensions["errors"][0]["name"] == "name"  # type: ignore[index,call-overload]
    assert "Not A Name" not in caught.value.detail


async def test_an_answer_that_cannot_be_written_is_told_at_once(bus_for: BusFor) -> None:
    web, prompts = await _pair(bus_for)

    async def answer(_call: Call, _request: ListSnippets) -> SnippetPage:
        message = "Somebody was faster."
        raise Conflict(message, seen=10**30)

    prompts.answer(ListSnippets, answer)
    await prompts.start_answering()
    with pytest.raises(RemoteProblem) as caught:
        await web.request(make_call("viewer", seconds=3), ListSnippets())
    assert caught.value.is_a(Unexpected)


async def test_an_answer_cannot_be_led_to_a_subject_of_its_owner(bus_for: BusFor) -> None:
    """Permissions let prompts publish its facts: whoever asks must not choose one as the place of the answer."""
    web, prompts = await _pair(bus_for)
    answered, heard = asyncio.Event(), []

    async def answer(_call: Call, _request: ListSnippets) -> SnippetPage:
        answered.set()
        return SnippetPage(items=[])

    async def hear(subject: str, _data: bytes, _headers: dict[str, str]) -> None:
        heard.append(subject)

    prompts.answer(ListSnippets, answer)
    await prompts.start_answering()
    await web.listen("fact.>", hear)
    message, call = ListSnippets(), make_call("viewer")
    headers = web._headers(call, message)
    await web._client.publish(message.subject, b"{}", reply="fact.prompts.prompt.created.v1", headers=headers)
    await asyncio.wait_for(answered.wait(), 5)
    await web.request(call, message)
    assert heard == []


async def test_two_processes_of_a_service_share_the_requests(bus_for: BusFor) -> None:
    web, first = await _pair(bus_for)
    second = await bus_for("prompts")
    counts = {"first": 0, "second": 0}
    for name, bus in (("first", first), ("second", second)):

        async def answer(_call: Call, _request: ListSnippets, name: str = name) -> SnippetPage:
            counts[name] += 1
            return SnippetPage(items=[])

        bus.answer(ListSnippets, answer)
        await bus.start_answering()
    await asyncio.gather(*(web.request(make_call("viewer"), ListSnippets()) for _ in range(60)))
    assert counts["first"] + counts["second"] == 60
    assert min(counts.values()) > 0


def test_a_service_cannot_answer_for_another_one() -> None:
    bus = Bus("documents", "nats://127.0.0.1:1", signer_for("documents"), verifier_for("documents"))
    with pytest.raises(ValueError, match="belongs to prompts"):
        bus.answer(RenderPrompt, _unreachable)


async def _unreachable(_call: Call, _request: RenderPrompt) -> Done:
    raise NotFound


def test_two_calls_never_share_a_request_id() -> None:
    assert len({make_call(project_id=UUID(int=1)).request_id for _ in range(100)}) == 100
