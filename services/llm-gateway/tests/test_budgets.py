"""Budgets at work: what a generation holds and spends, what refuses it, and who may set how much."""

import asyncio
import signal
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from llm_gateway.domain.calls import Account
from llm_gateway.operations import budgets
from llm_gateway.operations.reaping import take_over
from shared.call import Call
from shared.contracts.ids import encode_id, new_id
from shared.contracts.llm_gateway import (
    Budget,
    BudgetReached,
    DeleteBudget,
    GatewaySettings,
    ListBudgets,
    RaiseBudget,
    SaveBudget,
    SaveGatewaySettings,
    StartGeneration,
)
from shared.envelope import write_headers
from shared.problems import RemoteProblem
from shared.testing.fixtures import BusFor, make_call

# What the simulator asks for 4,096 tokens is half a cent.
HALF_A_CENT = Decimal("0.00512")


async def save(gateway: Any, limit: str, **changes: Any) -> Budget:
    """Set a budget and have the process know of it."""
    values = {"scope": "project", "period": "month", "limit_usd": limit} | changes
    saved = await budgets.save_budget(gateway.database, gateway.call, SaveBudget.model_validate(values))
    await gateway.engine.desk.budgets.refresh()
    return saved


async def only_budget(gateway: Any) -> Budget:
    (found,) = (await budgets.list_budgets(gateway.database, gateway.call, ListBudgets())).items
    return found


async def test_a_generation_holds_what_it_may_cost_and_spends_what_it_did(gateway: Any, violations: Any) -> None:
    await save(gateway, "1")
    generation_id = await gateway.start("simulator/quill+pace:5,words:100")
    await gateway.until_asked(generation_id)
    held = (await only_budget(gateway)).held_usd
    assert held > HALF_A_CENT
    await gateway.until_ended(generation_id)
    (usage,) = await gateway.usage(generation_id)
    after = await only_budget(gateway)
    assert (after.held_usd, after.spent_usd) == (Decimal(0), usage["cost_usd"])
    assert 0 < usage["cost_usd"] < held
    assert usage["duration_milliseconds"] >= usage["first_token_milliseconds"] > 0
    assert await violations() == []


@pytest.mark.parametrize("is_known_member", [True, False])
async def test_a_generation_that_does_not_fit_fails_before_anybody_is_asked(
    gateway: Any, *, is_known_member: bool
) -> None:
    if is_known_member:
        await gateway.until_ended(await gateway.start("simulator/quill+words:5"))
    await save(gateway, "0.001", scope="user", scope_id=encode_id("us", gateway.call.actor_id))
    generation_id = await gateway.start("simulator/quill+words:20")
    ended = await gateway.until_ended(generation_id)
    assert (ended.status, ended.problem_type) == ("failed", "/problems/budget-exceeded")
    assert "monthly budget of this person" in ended.detail
    assert "An admin of the project can raise it" in ended.detail
    assert await gateway.attempts(generation_id) == []
    assert (await only_budget(gateway)).held_usd == 0


async def test_a_stream_that_reaches_its_hold_gets_more_while_there_is_some(gateway: Any, violations: Any) -> None:
    await save(gateway, "0.5")
    ended = await gateway.until_ended(await gateway.start("simulator/quill+pace:0,words:4000"))
    after = await only_budget(gateway)
    assert ended.status == "completed"
    assert ended.characters > 3 * 4_096
    assert (after.held_usd, after.spent_usd) == (Decimal(0), ended.usage.cost_usd)
    assert await violations() == []


async def test_a_stream_stops_at_its_hold_and_can_be_continued(
    gateway: Any, violations: Any, make_job: Callable[..., StartGeneration]
) -> None:
    await save(gateway, "0.006")
    generation_id = await gateway.start("simulator/quill+pace:0,words:4000")
    ended = await gateway.until_ended(generation_id)
    after = await only_budget(gateway)
    assert (ended.status, ended.problem_type) == ("interrupted", "/problems/budget-exceeded")
    assert 12_000 < ended.characters < 4 * 4_096
    assert after.held_usd == 0
    assert 0 < after.spent_usd <= after.limit_usd
    assert await violations() == []
    raising = RaiseBudget(id=after.id, raised_usd=Decimal(1), hours=1)
    await budgets.raise_budget(gateway.database, gateway.call, raising)
    goes_on = await gateway.until_ended(await gateway.start("simulator/quill+words:30", continues=generation_id))
    assert goes_on.status == "completed"
    assert goes_on.characters >= ended.characters


async def test_an_output_limit_is_held_in_whole_and_never_watched(gateway: Any) -> None:
    await save(gateway, "0.003")
    generation_id = await gateway.start("simulator/quill+pace:0,words:4000", max_output_tokens=2_000)
    ended = await gateway.until_ended(generation_id)
    assert (ended.status, ended.finish_reason) == ("completed", "length")
    assert (await only_budget(gateway)).held_usd == 0


async def test_a_model_without_a_price_needs_a_ceiling_where_a_budget_applies(
    open_gateway: Any, simulator: Any, bus_for: BusFor
) -> None:
    gateway = await open_gateway(COMPATIBLE_BASE_URL=f"{simulator.url}/v1")
    free = await gateway.until_ended(await gateway.start("compatible/quill"))
    assert (free.status, free.usage.cost_usd) == ("completed", None)
    await save(gateway, "1")
    refused = await gateway.until_ended(await gateway.start("compatible/quill"))
    assert (refused.status, refused.problem_type) == ("failed", "/problems/unknown-price")
    admin = make_call("admin", gateway.call.project_id)
    ceiling = SaveGatewaySettings(unknown_price_ceiling_usd_per_million=Decimal(10))
    saved: GatewaySettings = await (await bus_for("web")).request(admin, ceiling)
    assert saved.unknown_price_ceiling_usd_per_million == 10
    await asyncio.sleep(0.3)
    allowed = await gateway.until_ended(await gateway.start("compatible/quill"))
    after = await only_budget(gateway)
    assert (allowed.status, allowed.usage.cost_usd) == ("completed", None)
    # Nobody knows the cost: all that was held counts as spent.
    assert after.held_usd == 0
    assert after.spent_usd > Decimal("0.04")


async def test_reached_thresholds_are_told_to_everybody(gateway: Any, bus_for: BusFor, eventually: Any) -> None:
    heard: list[BudgetReached] = []

    async def hear(_subject: str, payload: bytes, _headers: dict[str, str]) -> None:
        heard.append(BudgetReached.model_validate_json(payload))

    await (await bus_for("web")).listen(BudgetReached.subject, hear)
    saved = await save(gateway, "0.0061")
    await gateway.until_ended(await gateway.start("simulator/quill+pace:0,words:2900"))
    spent = (await only_budget(gateway)).spent_usd
    reached = [percent for percent in (50, 80, 100) if spent * 100 >= saved.limit_usd * percent]
    await eventually(lambda: len(heard) == len(reached))
    assert [fact.percent for fact in heard] == reached
    assert {fact.budget_id for fact in heard} == {saved.id}


async def test_a_killed_process_leaves_no_money_held(
    *,
    spawn_gateway: Any,
    open_gateway: Any,
    bus_for: BusFor,
    make_job: Callable[..., StartGeneration],
    violations: Any,
) -> None:
    heir = await open_gateway(max_running=1)
    await save(heir, "1")
    # The heir's only place is taken, so that another process gets the job.
    blocker = await heir.start("simulator/quill+stall:2")
    victim = spawn_gateway("segment_committed=kill:2")
    command = make_job("simulator/quill+pace:20,words:200")
    headers = write_headers(new_id(), "/orders", heir.call, command)
    await (await bus_for("documents")).publish_stored(command.subject, command.model_dump_json().encode(), headers)
    assert await asyncio.to_thread(victim.process.wait, 30) == -signal.SIGKILL
    await heir.cancel(blocker)
    await heir.until_ended(blocker)
    assert (await only_budget(heir)).held_usd > 0
    await heir.rows(
        "UPDATE generations SET lease_until = now() - interval '1 second' WHERE id = $1", command.generation_id
    )
    heir.engine.trusts_leases_from = 0
    await take_over(heir.engine)
    ended = await heir.until_ended(command.generation_id)
    assert ended.status == "interrupted"
    assert (await only_budget(heir)).held_usd == 0
    assert await violations() == []


async def test_every_process_knows_soon_which_projects_have_budgets(open_gateway: Any, eventually: Any) -> None:
    one, other = await open_gateway(), await open_gateway()
    account, stranger = Account(one.call.project_id, one.call.actor_id), Account(new_id(), new_id())
    for gateway in (one, other):
        await gateway.engine.desk.budgets.refresh()
        assert not gateway.engine.desk.budgets.applies(account)
    saved = await budgets.save_budget(
        one.database, one.call, SaveBudget(scope="project", period="day", limit_usd=Decimal(1))
    )
    for gateway in (one, other):
        await eventually(lambda gateway=gateway: gateway.engine.desk.budgets.applies(account), seconds=3)
        assert not gateway.engine.desk.budgets.applies(stranger)
    await budgets.delete_budget(one.database, one.call, DeleteBudget(id=saved.id))
    for gateway in (one, other):
        await eventually(lambda gateway=gateway: not gateway.engine.desk.budgets.applies(account), seconds=3)


async def test_saving_again_changes_the_limit_and_keeps_what_is_spent(gateway: Any) -> None:
    await save(gateway, "1")
    await gateway.until_ended(await gateway.start("simulator/quill+words:10"))
    before = await only_budget(gateway)
    again = await save(gateway, "2")
    assert (again.id, again.limit_usd, again.spent_usd) == (before.id, Decimal(2), before.spent_usd)
    assert again.revision == before.revision + 1


async def test_only_admins_set_budgets_and_only_of_their_project(gateway: Any, bus_for: BusFor) -> None:
    web, project = await bus_for("web"), gateway.call.project_id
    admin, engineer = make_call("admin", project), make_call("context_engineer", project)
    viewer, stranger = make_call("viewer", project), make_call("admin")
    saved = await web.request(admin, SaveBudget(scope="project", period="total", limit_usd=Decimal(5)))
    assert (await web.request(viewer, ListBudgets())).items == [saved]
    assert (await web.request(stranger, ListBudgets())).items == []
    changes: list[Any] = [
        SaveBudget(scope="project", period="total", limit_usd=Decimal(500)),
        RaiseBudget(id=saved.id, raised_usd=Decimal(5)),
        DeleteBudget(id=saved.id),
    ]
    for change in changes:
        assert await status_of(web, engineer, change) == 403
    for change in changes[1:]:
        assert await status_of(web, stranger, change) == 404
    assert (await web.request(admin, changes[1])).raised_usd == 5
    assert (await web.request(admin, changes[2])).items == []


async def status_of(web: Any, call: Call, request: Any) -> int | None:
    try:
        await web.request(call, request)
    except RemoteProblem as problem:
        return problem.status
    return None


async def test_every_change_of_a_budget_is_told(gateway: Any, bus_for: BusFor, eventually: Any) -> None:
    heard: list[str] = []

    async def hear(subject: str, _payload: bytes, _headers: dict[str, str]) -> None:
        heard.append(subject)

    await (await bus_for("web")).listen("fact.llm_gateway.budget.>", hear)
    saved = await save(gateway, "1")
    await budgets.raise_budget(gateway.database, gateway.call, RaiseBudget(id=saved.id, raised_usd=Decimal(1)))
    await budgets.delete_budget(gateway.database, gateway.call, DeleteBudget(id=saved.id))
    await eventually(lambda: len(heard) == 3)
    assert [subject.split(".")[3] for subject in heard] == ["saved", "raised", "deleted"]
