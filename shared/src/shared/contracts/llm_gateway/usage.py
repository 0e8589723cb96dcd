"""Usage and cost: sums for a page, rows for a spreadsheet, and what is running now."""

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, Field

from shared.contracts.ids import GenerationId
from shared.contracts.llm_gateway.generations import Generation, GenerationOrigin, GenerationRequest
from shared.contracts.llm_gateway.samples import GENERATION
from shared.contracts.message import Request, View

UsageGroup = Literal["model", "provider", "task", "prompt_version", "user", "key", "run"]


class UsageSum(View):
    """Calls, tokens and money of one day and group.

    `group` is a model's name, a task, or the wire id of a prompt version, person, key or run; empty where a call has
    none. `cost_usd` counts what is priced, `unpriced_calls` says how many calls it leaves out.
    """

    day: date
    group: str
    calls: int
    failed_calls: int
    cache_hits: int
    input_tokens: int
    cached_input_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost_usd: Decimal
    failed_cost_usd: Decimal
    unpriced_calls: int
    estimated_calls: int
    simulated_calls: int


class UsageReport(View):
    """Sums by day and group of a period, both ends included; UTC days."""

    since: date
    until: date
    by: UsageGroup
    items: list[UsageSum]


class RunningGeneration(View):
    """A generation that is being written or waits for its turn."""

    generation: Generation
    task: str
    actor_id: str
    waited_seconds: float


class RunningGenerations(View):
    """What is running in the project, oldest first, at most 200."""

    items: list[RunningGeneration]
    total: int


class GetUsage(Request[UsageReport]):
    """Add up what the project's calls took and cost, by UTC day and group. At most 400 days."""

    subject: ClassVar[str] = "request.llm_gateway.get_usage.v1"
    action: ClassVar[str] = "usage.read"
    answer: ClassVar[type[BaseModel]] = UsageReport
    sample: ClassVar[dict[str, Any]] = {"since": "2026-11-01", "until": "2026-11-21", "by": "model"}
    since: date
    until: date
    by: UsageGroup = "model"


class ListRunningGenerations(Request[RunningGenerations]):
    """List what is being written in the project now."""

    subject: ClassVar[str] = "request.llm_gateway.list_running_generations.v1"
    action: ClassVar[str] = "generations.read"
    answer: ClassVar[type[BaseModel]] = RunningGenerations
    sample: ClassVar[dict[str, Any]] = {}


class CreateGeneration(Request[Generation]):
    """Begin a generation at once and say that it has begun: the playground. Twice with one id changes nothing."""

    subject: ClassVar[str] = "request.llm_gateway.create_generation.v1"
    action: ClassVar[str] = "generations.start"
    answer: ClassVar[type[BaseModel]] = Generation
    sample: ClassVar[dict[str, Any]] = {
        "generation_id": GENERATION,
        "origin": {"task": "other"},
        "request": {"model": "simulator/quill", "messages": [{"role": "user", "content": "Hello."}]},
    }
    generation_id: GenerationId
    origin: GenerationOrigin = Field(default_factory=lambda: GenerationOrigin(task="other"))
    request: GenerationRequest
