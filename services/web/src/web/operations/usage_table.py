"""Usage as a table for spreadsheets: read piece by piece, however many days it has."""

import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import timedelta

from shared.contracts.llm_gateway import GetUsage, UsageReport, UsageSum
from shared.problems import RemoteProblem, TooLarge

type AskUsage = Callable[[GetUsage], Awaitable[UsageReport]]

_COLUMNS = tuple(UsageSum.model_fields)
# A spreadsheet takes a cell that begins so for a formula (OWASP, "CSV Injection").
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


async def usage_table(ask: AskUsage, question: GetUsage) -> AsyncIterator[str]:
    """Write the sums as CSV (RFC 4180), a header first. Nothing is yielded before the first answer came.

    A period whose answer would be too large is asked for in halves.
    """
    reports = _reports(ask, question)
    first = await anext(reports)
    yield _lines([_COLUMNS])
    yield _table(first)
    async for report in reports:
        yield _table(report)


async def _reports(ask: AskUsage, question: GetUsage) -> AsyncIterator[UsageReport]:
    waiting = [question]
    while waiting:
        asked = waiting.pop()
        try:
            yield await ask(asked)
        except RemoteProblem as problem:
            if not problem.is_a(TooLarge) or asked.since == asked.until:
                raise
            middle = asked.since + (asked.until - asked.since) // 2
            later = asked.model_copy(update={"since": middle + timedelta(days=1)})
            waiting += [later, asked.model_copy(update={"until": middle})]


def _table(report: UsageReport) -> str:
    return _lines([getattr(one, column) for column in _COLUMNS] for one in report.items)


def _lines(rows: Iterable[Iterable[object]]) -> str:
    written = io.StringIO()
    csv.writer(written).writerows([_cell(value) for value in row] for row in rows)
    return written.getvalue()


def _cell(value: object) -> str:
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
