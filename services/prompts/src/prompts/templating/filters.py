"""The filters that templates may use, each with its sizes checked before and after.

`date` is left out on purpose: it reads the clock, and the same version and values must always give the same text.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from liquid.exceptions import FilterArgumentError

from prompts.domain.mentions import MAX_EXPANDED_CHARACTERS

MAX_ITEMS = 10_000
# Integers of more digits only serve to keep a processor busy: squaring doubles their length.
MAX_INTEGER = 10**18

NUMBER_FILTERS = frozenset(
    {"abs", "at_least", "at_most", "ceil", "divided_by", "floor", "minus", "modulo", "plus", "round", "times"}
)
LIST_FILTERS = frozenset(
    {"compact", "concat", "first", "join", "last", "map", "reverse", "sort", "sort_natural", "sum", "uniq", "where"}
)
TEXT_FILTERS = frozenset(
    {
        "append",
        "capitalize",
        "downcase",
        "escape",
        "lstrip",
        "newline_to_br",
        "prepend",
        "remove",
        "remove_first",
        "remove_last",
        "replace",
        "replace_first",
        "replace_last",
        "rstrip",
        "slice",
        "split",
        "squish",
        "strip",
        "strip_html",
        "strip_newlines",
        "truncate",
        "truncatewords",
        "upcase",
        "url_encode",
    }
)
ALLOWED_FILTERS = NUMBER_FILTERS | LIST_FILTERS | TEXT_FILTERS | {"default", "size"}


def size_checked(name: str, filter_: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a filter so that what goes in, what comes out and what it would build in between stay small."""

    @wraps(filter_)
    def checked(left: object, *arguments: object, **options: object) -> object:
        for value in (left, *arguments):
            _check_size(name, value)
        _check_growth(name, left, arguments)
        result: object = filter_(left, *arguments, **options)
        _check_size(name, result)
        return result

    return checked


def _check_size(name: str, value: object) -> None:
    if isinstance(value, str):
        _refuse_above(name, len(value), MAX_EXPANDED_CHARACTERS, "characters")
    elif isinstance(value, list | tuple):
        _refuse_above(name, len(value), MAX_ITEMS, "items")
    elif isinstance(value, range):
        # Not len(): a range may be longer than an index can say.
        _refuse_above(name, value.stop - value.start, MAX_ITEMS, "items")
    elif isinstance(value, int):
        _refuse_above(name, abs(value), MAX_INTEGER, "in a number")


def _check_growth(name: str, left: object, arguments: tuple[object, ...]) -> None:
    if name == "replace" and len(arguments) > 1:
        old, new = str(arguments[0]), str(arguments[1])
        _refuse_above(name, str(left).count(old) * len(new), MAX_EXPANDED_CHARACTERS, "characters")
    elif name == "join" and arguments and isinstance(left, list | tuple | range):
        _refuse_above(name, len(left) * len(str(arguments[0])), MAX_EXPANDED_CHARACTERS, "characters")


def _refuse_above(name: str, size: int, limit: int, unit: str) -> None:
    if size > limit:
        message = f"{name} would pass the limit of {limit} {unit}"
        raise FilterArgumentError(message, token=None)
