"""Expected failures, in the form of RFC 9457, free of any framework.

A domain raises a subclass; HTTP and the bus carry its document; the receiver raises it again with the same type.
"""

from typing import Self

from pydantic import JsonValue


class Problem(Exception):  # noqa: N818  RFC 9457 calls them problems, and most are not errors of the program
    """A failure that a caller can act on. Subclasses fix `type`, `title` and `status`; `type` never changes meaning."""

    type: str = "/problems/unexpected"
    title: str = "Something went wrong"
    status: int = 500

    def __init__(self, detail: str, **extensions: JsonValue) -> None:
        """Say in `detail` what happened, what is safe and what to do; `extensions` are for programs."""
        super().__init__(detail)
        self.detail = detail
        self.extensions = extensions

    def document(self) -> dict[str, JsonValue]:
        """Write the problem document."""
        return {**self.extensions, "type": self.type, "title": self.title, "status": self.status, "detail": self.detail}


class NotFound(Problem):
    """What was asked for does not exist, or not for this caller: the two are not told apart."""

    type = "/problems/not-found"
    title = "Not found"
    status = 404

    def __init__(self, detail: str = "Nothing with this id is here.", **extensions: JsonValue) -> None:
        """Keep the same sentence for missing and for foreign ids."""
        super().__init__(detail, **extensions)


class Unauthenticated(Problem):
    """The caller did not say who it is, or not credibly."""

    type = "/problems/unauthenticated"
    title = "Sign in first"
    status = 401


class Forbidden(Problem):
    """The caller is known and may not do this."""

    type = "/problems/forbidden"
    title = "Not allowed"
    status = 403


class Conflict(Problem):
    """The state changed since the caller looked, or a name is taken."""

    type = "/problems/conflict"
    title = "Conflict"
    status = 409


class Invalid(Problem):
    """Values are refused by name: `errors` lists {"name", "code", "message"}."""

    type = "/problems/invalid"
    title = "Some values were refused"
    status = 422

    @classmethod
    def of(cls, errors: list[dict[str, JsonValue]]) -> Self:
        """Name every refused value in one problem."""
        words = "; ".join(f"{error['name']}: {error['message']}" for error in errors)
        return cls(words, errors=list(errors))


class TooLarge(Problem):
    """The body is larger than this place takes."""

    type = "/problems/too-large"
    title = "Too large"
    status = 413


class RateLimited(Problem):
    """Too many calls; `retry_after_seconds` says when the next one is welcome."""

    type = "/problems/rate-limited"
    title = "Too many requests"
    status = 429


class Unavailable(Problem):
    """A part that is needed is away for the moment; nothing was done."""

    type = "/problems/unavailable"
    title = "Away for a moment"
    status = 503

    def __init__(self, detail: str, retry_after_seconds: int = 2, **extensions: JsonValue) -> None:
        """Say when to try again."""
        super().__init__(detail, retry_after_seconds=retry_after_seconds, **extensions)


class DeadlineExceeded(Problem):
    """The time that the caller gave ran out; what was begun may still finish."""

    type = "/problems/deadline-exceeded"
    title = "Took too long"
    status = 504


class RemoteProblem(Problem):
    """A problem that another service raised, kept as it came."""

    def __init__(self, document: dict[str, JsonValue]) -> None:
        """Read a problem document; its own members win over what this class would say."""
        known = {"type", "title", "status", "detail"}
        super().__init__(str(document.get("detail", "")), **{k: v for k, v in document.items() if k not in known})
        self.type = str(document.get("type", Problem.type))
        self.title = str(document.get("title", Problem.title))
        status = document.get("status", Problem.status)
        self.status = status if isinstance(status, int) else Problem.status

    def is_a(self, problem: type[Problem]) -> bool:
        """Say whether the other side raised this kind."""
        return self.type == problem.type


class Unexpected(Problem):
    """A bug: told to the caller without its inner words, which belong in the log."""

    def __init__(self) -> None:
        """Keep one sentence for all of them."""
        super().__init__("An unexpected error happened here and was recorded. Trying again is safe.")
