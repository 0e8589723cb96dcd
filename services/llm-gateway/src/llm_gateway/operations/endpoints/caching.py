"""The optional cache of a project: an equal question gets the same bytes again, and nobody is called."""

from llm_gateway.domain import Spent
from llm_gateway.domain.caching import LONGEST_KEPT_BYTES, KeptAnswer, question_key
from llm_gateway.domain.calls import Route
from llm_gateway.operations.endpoints.asking import Asking
from llm_gateway.operations.endpoints.reply import Answered, Reply
from llm_gateway.store.ledger import CacheHit
from shared.contracts.ids import new_id
from shared.problems import Problem


class Recorder:
    """Passes an answer on and remembers it, as long as it is short enough to be kept."""

    def __init__(self, reply: Reply) -> None:
        """Take the caller's end."""
        self._reply = reply
        self._pieces: list[bytes] = []
        self._size = 0
        self._is_failed = False
        self.answered: Answered | None = None

    async def whole(self, body: bytes, answered: Answered) -> None:
        """Pass on and remember."""
        self.answered = answered
        self._remember(body)
        await self._reply.whole(body, answered)

    async def begin(self, answered: Answered) -> None:
        """Pass on and remember who answers."""
        self.answered = answered
        await self._reply.begin(answered)

    async def send(self, events: bytes) -> None:
        """Pass on and remember."""
        self._remember(events)
        await self._reply.send(events)

    async def fail(self, problem: Problem) -> None:
        """Pass on; an answer that ends so is not kept."""
        self._is_failed = True
        await self._reply.fail(problem)

    async def end(self) -> None:
        """Pass on."""
        await self._reply.end()

    def body(self) -> bytes | None:
        """What was said, or None where it is not to be kept."""
        is_kept = self.answered is not None and not self._is_failed and self._size <= LONGEST_KEPT_BYTES
        return b"".join(self._pieces) if is_kept else None

    def _remember(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size <= LONGEST_KEPT_BYTES:
            self._pieces.append(piece)


def key_of(asking: Asking, routes: tuple[Route, ...]) -> str | None:
    """Name the question, or None where its answer depends on more than what it says."""
    if asking.previous_response_id is not None or asking.state_ids:
        return None
    return question_key(asking.account.project_id, asking.wire.wire, routes, asking.body, asking.headers)


def kept_answer(key: str, asking: Asking, answered: Answered, body: bytes, spent: Spent) -> KeptAnswer:
    """Make what is kept of an answer."""
    route = answered.route
    return KeptAnswer(
        key, body, route.model, route.provider, asking.is_streamed, spent.input_tokens, spent.output_tokens
    )


def cache_hit(asking: Asking, kept: KeptAnswer) -> CacheHit:
    """Make the usage of an answer for which nobody was called."""
    spent = Spent(input_tokens=kept.input_tokens, output_tokens=kept.output_tokens)
    simulated = kept.provider == "simulator"
    return CacheHit(
        new_id(),
        asking.account,
        asking.wire.wire,
        kept.provider,
        kept.model,
        simulated,
        spent,
        asking.prompt_version_id,
    )
