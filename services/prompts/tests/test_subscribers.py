import asyncio
from collections.abc import AsyncIterator

import pytest
from services.prompts.tests.conftest import Stage, ended

from prompts.main import furnished
from shared.bus import Bus
from shared.contracts.ids import new_id
from shared.contracts.message import Request, all_messages
from shared.contracts.prompts import (
    CheckTemplate,
    CommitVersion,
    CreatePrompt,
    CreateSnippet,
    GetOptimization,
    GetPrompt,
    ListPrompts,
    OptimizePrompt,
    PromptVersionCommitted,
    RenderPrompt,
    SuggestTitle,
)
from shared.envelope import write_headers
from shared.problems import RemoteProblem
from shared.runtime import House
from shared.testing.fixtures import BusFor, HouseFor, make_call


@pytest.fixture
async def house(stage: Stage, house_for: HouseFor) -> AsyncIterator[House]:
    """Run prompts as its process does."""
    made = await house_for("prompts")
    async with furnished(made, 1):
        yield made


@pytest.fixture
async def web(house: House, bus_for: BusFor) -> Bus:
    """Ask the running service as web."""
    return await bus_for("web")


async def test_every_request_of_the_contract_is_answered(house: House) -> None:
    declared = {m.subject for m in all_messages() if issubclass(m, Request) and m.owner() == "prompts"}
    assert set(house.bus._answering) == declared


async def test_a_prompt_goes_through_the_bus_and_its_facts_come_out(web: Bus, stage: Stage) -> None:
    heard: list[str] = []
    known = asyncio.Event()

    async def hear(subject: str, _data: bytes, _headers: dict[str, str]) -> None:
        heard.append(subject)
        if subject == PromptVersionCommitted.subject:
            known.set()

    await web.listen("fact.prompts.>", hear)
    call = stage.call
    await web.request(call, CreateSnippet(name="style", content="Short."))
    prompt = await web.request(call, CreatePrompt(title="Outline", template="Outline {{ premise }}. @style"))
    changed = await web.request(call, CommitVersion(prompt_id=prompt.id, base_version=1, template="New {{ premise }}"))
    assert await web.request(call, GetPrompt(prompt_id=prompt.id)) == changed
    rendered = await web.request(call, RenderPrompt(prompt_id=prompt.id, version=1, values={"premise": "A ferry"}))
    assert rendered.text == "Outline A ferry. Short."
    async with asyncio.timeout(10):
        await known.wait()
    assert heard == [
        "fact.prompts.snippet.created.v1",
        "fact.prompts.prompt.created.v1",
        "fact.prompts.prompt_version.committed.v1",
    ]


async def test_problems_cross_the_bus_with_their_type_and_extensions(web: Bus, stage: Stage) -> None:
    with pytest.raises(RemoteProblem) as caught:
        await web.request(stage.call, CreatePrompt(title="Outline", template="{{ a"))
    assert (caught.value.type, caught.value.status) == ("/problems/template-invalid", 422)
    assert caught.value.extensions["findings"]


async def test_a_viewer_reads_and_checks_but_does_not_write(web: Bus, stage: Stage) -> None:
    viewer = make_call("viewer", stage.call.project_id)
    assert (await web.request(viewer, ListPrompts())).total == 0
    assert (await web.request(viewer, CheckTemplate(template="{{ a }}"))).parameters
    for command in (CreatePrompt(title="T", template="x"), SuggestTitle(template="x"), OptimizePrompt(template="x")):
        with pytest.raises(RemoteProblem) as caught:
            await web.request(viewer, command)
        assert caught.value.status == 403


async def test_a_rewrite_is_settled_by_the_fact_of_its_generation(web: Bus, stage: Stage) -> None:
    optimization = await web.request(stage.call, OptimizePrompt(template="outline {{ premise }}"))
    stage.gateway.end(optimization.generation_id, "Write an outline of {{ premise }}.")
    for event in (
        ended(stage.call, new_id(), task="generate_document"),
        ended(stage.call, optimization.generation_id),
        ended(stage.call, optimization.generation_id),
    ):
        headers = write_headers(event.envelope.id, "/llm_gateway", stage.call, event.message)
        payload = event.message.model_dump_json().encode()
        await stage.gateway_bus.publish_stored(event.message.subject, payload, headers)
    async with asyncio.timeout(10):
        while True:
            found = await web.request(stage.call, GetOptimization(optimization_id=optimization.id))
            if found.status != "running":
                break
    assert (found.status, found.text) == ("ready", "Write an outline of {{ premise }}.")
