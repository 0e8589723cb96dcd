"""Which model will write an order, as the gateway's catalogue says it."""

import asyncio
import time

from documents.domain import ChosenModel, choose_model
from shared.bus import Bus
from shared.call import Call, service_call
from shared.contracts.llm_gateway import ListModels, ModelCatalogue
from shared.problems import Invalid, Problem
from shared.runtime import logger

# Models and keys change when somebody works on the installation: a minute of the old list harms nobody.
KEEP_SECONDS = 60.0
# Before a model is refused its key may just have been set: a refusal rests on an answer no older than this.
REFUSAL_SECONDS = 2.0
# An order waits no longer for a gateway that is away, and the next ones not at all for a while.
ASK_SECONDS = 1.0
AWAY_SECONDS = 5.0

log = logger(__name__)


class KnownModels:
    """The gateway's catalogue, kept for a minute. It is the installation's own, the same for every project."""

    def __init__(self, bus: Bus) -> None:
        """Ask over this bus, when the first order comes."""
        self._bus = bus
        self._catalogue: ModelCatalogue | None = None
        self._asked_at = float("-inf")
        self._asking = asyncio.Lock()

    async def choose(self, call: Call, asked: str | None) -> ChosenModel:
        """Say which model will write. Raises Invalid, naming `model`, where its provider has no key here.

        While the gateway is away nothing is refused: it decides itself once it is back.
        """
        try:
            return choose_model(asked, await self._known(call, KEEP_SECONDS))
        except Invalid:
            return choose_model(asked, await self._known(call, REFUSAL_SECONDS))

    async def _known(self, call: Call, seconds: float) -> ModelCatalogue | None:
        async with self._asking:
            longest = seconds if self._catalogue else AWAY_SECONDS
            if time.monotonic() - self._asked_at > longest:
                self._catalogue = await self._ask(call)
                self._asked_at = time.monotonic()
            return self._catalogue

    async def _ask(self, call: Call) -> ModelCatalogue | None:
        # As a service: what a person's key may read has no say in what is written beside their order.
        seconds = min(ASK_SECONDS, call.remaining_seconds())
        asking = service_call(call.project_id, call.actor_id, call.request_id, seconds=seconds)
        try:
            return await self._bus.request(asking, ListModels())
        except Problem as problem:
            log.warning("model_catalogue_not_read", problem=problem.type)
            return None
