"""Over NATS, as the other services speak to the gateway."""

from collections.abc import Callable
from typing import Any

import pytest

from shared.call import Call
from shared.contracts.ids import new_id
from shared.contracts.llm_gateway import (
    CancelGeneration,
    GenerationOrigin,
    GetGeneration,
    ListModels,
    ReadSegments,
    StartGeneration,
    WriteText,
)
from shared.envelope import write_headers
from shared.problems import RemoteProblem
from shared.testing.fixtures import BusFor, make_call


async def order(bus: Any, call: Call, command: StartGeneration) -> None:
    headers = write_headers(new_id(), "/orders", call, command)
    await bus.publish_stored(command.subject, command.model_dump_json().encode(), headers)


async def test_a_job_is_done_and_read_and_a_second_one_is_acknowledged(
    gateway: Any, bus_for: BusFor, make_job: Callable[..., StartGeneration], eventually: Any
) -> None:
    documents, command = await bus_for("documents"), make_job()
    await order(documents, gateway.call, command)
    await order(documents, gateway.call, command)
    reading = ReadSegments(generation_id=command.generation_id)
    await eventually(lambda: gateway.rows("SELECT id FROM generations"))
    await gateway.until_ended(command.generation_id)
    answer = await documents.request(gateway.call, reading)
    assert answer.generation.status == "completed"
    assert sum(len(segment.text) for segment in answer.segments) == answer.generation.characters
    assert len(await gateway.attempts(command.generation_id)) == 1
    assert await gateway.rows("SELECT * FROM dead_letters") == []


async def test_requests_are_answered(gateway: Any, bus_for: BusFor, make_job: Callable[..., StartGeneration]) -> None:
    prompts = await bus_for("prompts")
    request = make_job("simulator/reed").request
    command = WriteText(generation_id=new_id(), origin=GenerationOrigin(task="title_prompt"), request=request)
    written = await prompts.request(gateway.call.with_deadline(20), command)
    state = await prompts.request(gateway.call, GetGeneration(generation_id=written.generation_id))
    same = await prompts.request(gateway.call, CancelGeneration(generation_id=written.generation_id))
    catalogue = await prompts.request(gateway.call, ListModels())
    assert written.text
    assert state == same
    assert state.status == "completed"
    assert catalogue.default_model == "simulator/quill"


async def test_an_unknown_generation_is_a_404(gateway: Any, bus_for: BusFor) -> None:
    documents = await bus_for("documents")
    with pytest.raises(RemoteProblem) as raised:
        await documents.request(gateway.call, GetGeneration(generation_id=new_id()))
    assert raised.value.status == 404


async def test_a_viewer_may_read_and_not_start(
    gateway: Any, bus_for: BusFor, make_job: Callable[..., StartGeneration]
) -> None:
    prompts, viewer = await bus_for("prompts"), make_call("viewer", gateway.call.project_id)
    command = WriteText(
        generation_id=new_id(), origin=GenerationOrigin(task="title_prompt"), request=make_job().request
    )
    with pytest.raises(RemoteProblem) as raised:
        await prompts.request(viewer, command)
    assert raised.value.status == 403
    assert (await prompts.request(viewer, ListModels())).items
