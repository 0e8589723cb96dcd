"""Budgets and limits: how much may be spent, and how fast."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, Field

from shared.contracts.ids import BudgetId
from shared.contracts.llm_gateway.samples import BUDGET, PERSON
from shared.contracts.message import Fact, Request, View

BudgetScope = Literal["project", "user", "key", "run"]
LimitScope = Literal["project", "user", "key"]
Period = Literal["day", "week", "month", "total"]
Usd = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=6)]
# A person (us_), a key (ak_) or a run as its wire id; None where the scope is the whole project.
ScopeId = Annotated[str, Field(max_length=40)]


class Budget(View):
    """Money for a period, which begins anew at midnight, Monday or the first of the month, UTC.

    `held_usd` is what calls under way may still spend. `limit_usd` holds without the raise, which ends at
    `raised_until`.
    """

    id: BudgetId
    scope: BudgetScope
    scope_id: str | None
    period: Period
    limit_usd: Decimal
    raised_usd: Decimal
    raised_until: datetime | None
    spent_usd: Decimal
    held_usd: Decimal
    period_start: datetime
    revision: int


class BudgetList(View):
    """The project's budgets."""

    items: list[Budget]


class Limit(View):
    """How fast a project, person or key may ask; None is without a limit."""

    scope: LimitScope
    scope_id: str | None
    requests_per_minute: int | None
    tokens_per_minute: int | None
    parallel: int | None
    updated_at: datetime


class LimitList(View):
    """The project's limits."""

    items: list[Limit]


class ListBudgets(Request[BudgetList]):
    """List the project's budgets with what is spent and held now."""

    subject: ClassVar[str] = "request.llm_gateway.list_budgets.v1"
    action: ClassVar[str] = "usage.read"
    answer: ClassVar[type[BaseModel]] = BudgetList
    sample: ClassVar[dict[str, Any]] = {}


class SaveBudget(Request[Budget]):
    """Set a budget; the same scope and period again changes its limit and keeps what is spent."""

    subject: ClassVar[str] = "request.llm_gateway.save_budget.v1"
    action: ClassVar[str] = "budgets.manage"
    answer: ClassVar[type[BaseModel]] = Budget
    sample: ClassVar[dict[str, Any]] = {"scope": "user", "scope_id": PERSON, "period": "month", "limit_usd": "20"}
    scope: BudgetScope
    scope_id: ScopeId | None = None
    period: Period
    limit_usd: Usd


class RaiseBudget(Request[Budget]):
    """Allow more for a while; a second raise replaces the first, 0 ends it."""

    subject: ClassVar[str] = "request.llm_gateway.raise_budget.v1"
    action: ClassVar[str] = "budgets.manage"
    answer: ClassVar[type[BaseModel]] = Budget
    sample: ClassVar[dict[str, Any]] = {"id": BUDGET, "raised_usd": "5", "hours": 24}
    id: BudgetId
    raised_usd: Usd
    hours: int = Field(default=24, ge=1, le=24 * 31)


class DeleteBudget(Request[BudgetList]):
    """End a budget; calls under way go on."""

    subject: ClassVar[str] = "request.llm_gateway.delete_budget.v1"
    action: ClassVar[str] = "budgets.manage"
    answer: ClassVar[type[BaseModel]] = BudgetList
    sample: ClassVar[dict[str, Any]] = {"id": BUDGET}
    id: BudgetId


class ListLimits(Request[LimitList]):
    """List the project's limits of speed."""

    subject: ClassVar[str] = "request.llm_gateway.list_limits.v1"
    action: ClassVar[str] = "usage.read"
    answer: ClassVar[type[BaseModel]] = LimitList
    sample: ClassVar[dict[str, Any]] = {}


class SaveLimit(Request[LimitList]):
    """Set how fast a project, person or key may ask; all three None removes the limit."""

    subject: ClassVar[str] = "request.llm_gateway.save_limit.v1"
    action: ClassVar[str] = "budgets.manage"
    answer: ClassVar[type[BaseModel]] = LimitList
    sample: ClassVar[dict[str, Any]] = {"scope": "project", "scope_id": None, "requests_per_minute": 600}
    scope: LimitScope
    scope_id: ScopeId | None = None
    requests_per_minute: int | None = Field(default=None, ge=1, le=1_000_000)
    tokens_per_minute: int | None = Field(default=None, ge=1, le=1_000_000_000)
    parallel: int | None = Field(default=None, ge=1, le=10_000)


class BudgetSaved(Fact):
    """A budget was set."""

    subject: ClassVar[str] = "fact.llm_gateway.budget.saved.v1"
    sample: ClassVar[dict[str, Any]] = {"budget_id": BUDGET, "limit_usd": "20"}
    budget_id: BudgetId
    limit_usd: Decimal


class BudgetRaised(Fact):
    """A budget allows more for a while."""

    subject: ClassVar[str] = "fact.llm_gateway.budget.raised.v1"
    sample: ClassVar[dict[str, Any]] = {"budget_id": BUDGET, "raised_usd": "5"}
    budget_id: BudgetId
    raised_usd: Decimal


class BudgetDeleted(Fact):
    """A budget is gone."""

    subject: ClassVar[str] = "fact.llm_gateway.budget.deleted.v1"
    sample: ClassVar[dict[str, Any]] = {"budget_id": BUDGET}
    budget_id: BudgetId


class BudgetReached(Fact):
    """Half, four fifths, or all of a budget is spent; told once for each in a period."""

    subject: ClassVar[str] = "fact.llm_gateway.budget.reached.v1"
    sample: ClassVar[dict[str, Any]] = {
        "budget_id": BUDGET,
        "scope": "user",
        "scope_id": PERSON,
        "percent": 80,
        "spent_usd": "16.2",
        "limit_usd": "20",
    }
    budget_id: BudgetId
    scope: BudgetScope
    scope_id: str | None
    percent: Literal[50, 80, 100]
    spent_usd: Decimal
    limit_usd: Decimal


class LimitSaved(Fact):
    """A limit of speed was set or removed. Every gateway process forgets what it knew of it."""

    subject: ClassVar[str] = "fact.llm_gateway.limit.saved.v1"
    sample: ClassVar[dict[str, Any]] = {"scope": "project", "scope_id": None}
    scope: LimitScope
    scope_id: str | None
