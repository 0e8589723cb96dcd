"""Budgets, usage and the playground in the browser: what reaches the gateway, and what a spreadsheet gets."""

import csv
import io
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from services.web.tests.conftest import Site

from shared.call import Call
from shared.contracts.ids import encode_id, new_id
from shared.contracts.llm_gateway import (
    Budget,
    BudgetList,
    CreateGeneration,
    DeleteBudget,
    Generation,
    GenerationUsage,
    GetUsage,
    ListBudgets,
    ListRunningGenerations,
    RaiseBudget,
    RunningGenerations,
    SaveBudget,
    UsageReport,
    UsageSum,
)
from shared.problems import TooLarge
from shared.testing.fixtures import BusFor

NOW = datetime(2026, 11, 21, tzinfo=UTC)
BUDGET = Budget(
    id=new_id(),
    scope="project",
    scope_id=None,
    period="month",
    limit_usd=Decimal(20),
    raised_usd=Decimal(0),
    raised_until=None,
    spent_usd=Decimal("1.25"),
    held_usd=Decimal(0),
    period_start=NOW,
    revision=1,
)


def a_sum(day: date, group: str) -> UsageSum:
    counts = dict.fromkeys(UsageSum.model_fields, 1) | {"day": day, "group": group, "cost_usd": Decimal("0.5")}
    return UsageSum.model_validate(counts)


def a_generation() -> Generation:
    values: dict[str, Any] = dict.fromkeys(Generation.model_fields) | {
        "id": new_id(),
        "status": "queued",
        "model": "simulator/quill",
        "provider": "simulator",
        "simulated": True,
        "last_segment": 0,
        "characters": 0,
        "usage": GenerationUsage(),
        "created_at": NOW,
    }
    return Generation.model_validate(values)


@dataclass
class Gateway:
    """Keeps what it was asked. Adds up one group a day, of at most `most_days` at once."""

    asked: list[tuple[Call, Any]] = field(default_factory=list)
    group: str = "openai/gpt"
    most_days: int = 400
    generation: Generation = field(default_factory=a_generation)

    async def list_budgets(self, call: Call, command: ListBudgets) -> BudgetList:
        self.asked.append((call, command))
        return BudgetList(items=[BUDGET])

    async def budget(self, call: Call, command: SaveBudget | RaiseBudget) -> Budget:
        self.asked.append((call, command))
        return BUDGET

    async def delete_budget(self, call: Call, command: DeleteBudget) -> BudgetList:
        self.asked.append((call, command))
        return BudgetList(items=[])

    async def usage(self, call: Call, command: GetUsage) -> UsageReport:
        self.asked.append((call, command))
        days = (command.until - command.since).days + 1
        if days > self.most_days:
            message = "Ask for fewer days."
            raise TooLarge(message)
        items = [a_sum(command.since + timedelta(days=day), self.group) for day in range(days)]
        return UsageReport(since=command.since, until=command.until, by=command.by, items=items)

    async def running(self, call: Call, command: ListRunningGenerations) -> RunningGenerations:
        self.asked.append((call, command))
        return RunningGenerations(items=[], total=0)

    async def create(self, call: Call, command: CreateGeneration) -> Generation:
        self.asked.append((call, command))
        return self.generation


@pytest.fixture
async def gateway(bus_for: BusFor) -> Gateway:
    bus, fake = await bus_for("llm_gateway"), Gateway()
    bus.answer(ListBudgets, fake.list_budgets)
    bus.answer(SaveBudget, fake.budget)
    bus.answer(RaiseBudget, fake.budget)
    bus.answer(DeleteBudget, fake.delete_budget)
    bus.answer(GetUsage, fake.usage)
    bus.answer(ListRunningGenerations, fake.running)
    bus.answer(CreateGeneration, fake.create)
    await bus.start_answering()
    return fake


async def test_a_budget_is_set_raised_listed_and_ended(site: Site, gateway: Gateway) -> None:
    admin, budget_id = await site.person(), encode_id("bu", BUDGET.id)
    saved = await admin.post("/api/budgets", {"scope": "project", "period": "month", "limit_usd": "20"})
    other = encode_id("bu", new_id())
    await admin.post(f"/api/budgets/{budget_id}/raise", {"id": other, "raised_usd": "5", "hours": 2})
    listed = await admin.get("/api/budgets")
    deleted = await admin.send("DELETE", f"/api/budgets/{budget_id}")
    assert [answer.status_code for answer in (saved, listed, deleted)] == [200] * 3
    assert Budget.model_validate(saved.json()) == BUDGET
    assert [command for _, command in gateway.asked] == [
        SaveBudget(scope="project", period="month", limit_usd=Decimal(20)),
        RaiseBudget(id=BUDGET.id, raised_usd=Decimal(5), hours=2),
        ListBudgets(),
        DeleteBudget(id=BUDGET.id),
    ]


async def test_only_admins_set_budgets(site: Site, gateway: Gateway) -> None:
    engineer = await site.person("context_engineer", (await site.person()).project_id)
    answer = await engineer.post("/api/budgets", {"scope": "project", "period": "month", "limit_usd": "20"})
    assert answer.status_code == 403
    assert gateway.asked == []


async def test_usage_is_asked_by_the_query(site: Site, gateway: Gateway) -> None:
    person = await site.person()
    answer = await person.get("/api/usage?since=2026-11-01&until=2026-11-03&by=user")
    assert len(UsageReport.model_validate(answer.json()).items) == 3
    assert (await person.get("/api/usage?since=2026-11-01&until=2026-11-03&by=colour")).status_code == 422
    assert [command.by for _, command in gateway.asked] == ["user"]


async def test_a_spreadsheet_gets_every_day_however_large_the_answer_is(site: Site, gateway: Gateway) -> None:
    gateway.most_days = 3
    answer = await (await site.person()).get("/api/usage.csv?since=2026-11-01&until=2026-11-20")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.headers["content-type"].startswith("text/csv")
    assert 'filename="usage-2026-11-01-2026-11-20-by-model.csv"' in answer.headers["content-disposition"]
    assert [row["day"] for row in rows] == [f"2026-11-{day:02}" for day in range(1, 21)]
    assert rows[0]["group"] == "openai/gpt"
    assert rows[0]["cost_usd"] == "0.5"


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
async def test_no_name_becomes_a_formula(site: Site, gateway: Gateway, name: str) -> None:
    gateway.group = name
    answer = await (await site.person()).get("/api/usage.csv?since=2026-11-01&until=2026-11-01")
    (row,) = csv.DictReader(io.StringIO(answer.text, newline=""))
    assert row["group"] == f"'{name}"


async def test_a_refusal_is_a_problem_and_no_empty_file(site: Site, gateway: Gateway) -> None:
    gateway.most_days = 0
    answer = await (await site.person()).get("/api/usage.csv?since=2026-11-01&until=2026-11-01")
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


async def test_what_runs_is_listed(site: Site, gateway: Gateway) -> None:
    answer = await (await site.person()).get("/api/generations")
    assert (answer.status_code, answer.json()) == (200, {"items": [], "total": 0})


async def test_the_playground_begins_a_generation_under_the_callers_key(site: Site, gateway: Gateway) -> None:
    person = await site.person("context_engineer")
    question = {"model": "simulator/quill", "messages": [{"role": "user", "content": "Hello."}]}
    answer = await person.post("/api/playground", {"request": question}, {"Idempotency-Key": "once"})
    ((call, command),) = gateway.asked
    assert answer.status_code == 201
    assert Generation.model_validate(answer.json()) == gateway.generation
    assert (call.idempotency_key, command.origin.task, command.request.model) == ("once", "other", "simulator/quill")
    viewer = await site.person("viewer", person.project_id)
    assert (await viewer.post("/api/playground", {"request": question})).status_code == 403
