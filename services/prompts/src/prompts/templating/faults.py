"""Liquid's errors as faults with an offset, or as the bound that was reached."""

from collections.abc import Iterator, Mapping

from liquid import Environment, Token
from liquid.exceptions import (
    BlockNestingError,
    ContextDepthError,
    FilterArgumentError,
    FilterError,
    LiquidError,
    LiquidSyntaxError,
    LiquidTypeError,
    LocalNamespaceLimitError,
    LoopIterationLimitError,
    OutputStreamLimitError,
    TemplateNotFoundError,
    UndefinedError,
    UnknownFilterError,
)
from liquid.static_analysis import TemplateAnalysis
from liquid.template import BoundTemplate
from liquid.token import TOKEN_TAG

from prompts.domain.composition import full_address
from prompts.domain.positions import line_and_column
from prompts.templating.extraction import rendered_addresses, unusable_names
from prompts.templating.filters import ALLOWED_FILTERS, MAX_ITEMS
from prompts.templating.tasks import Exhausted, Failure, Fault

_CODES: tuple[tuple[type[LiquidError], str], ...] = (
    (TemplateNotFoundError, "unknown-prompt"),
    (UnknownFilterError, "unknown-filter"),
    (UndefinedError, "undefined"),
    (FilterArgumentError, "filter"),
    (FilterError, "filter"),
    (LiquidTypeError, "filter"),
    (LiquidSyntaxError, "syntax"),
)
_EXHAUSTED: dict[type[LiquidError], Exhausted] = {
    OutputStreamLimitError: Exhausted(limit="output", message="The rendered text would be longer than 256 KB."),
    LoopIterationLimitError: Exhausted(limit="time", message=f"A loop would run more than {MAX_ITEMS} times."),
    LocalNamespaceLimitError: Exhausted(limit="memory", message="What the template assigns would take more than 1 MB."),
    ContextDepthError: Exhausted(limit="depth", message="The template is nested too deeply."),
    BlockNestingError: Exhausted(limit="depth", message="More than 30 blocks stand inside each other."),
}
_BLOCKS = frozenset({"if", "unless", "case", "for", "capture", "comment"})


def failure_of(error: LiquidError, text: str, env: Environment, sources: Mapping[str, str]) -> Failure | Exhausted:
    """Say what `error` means for the template `text`; an error inside a rendered prompt names that prompt."""
    for type_, exhausted in _EXHAUSTED.items():
        if isinstance(error, type_):
            return exhausted
    code = next((code for type_, code in _CODES if isinstance(error, type_)), "template")
    message = str(error.message or "cannot be read")
    token = error.token
    inner = _address_of(token, text, sources)
    if inner is not None and token is not None:
        line, column = line_and_column(token.source, token.start_index)
        return Failure(fault=Fault(code=code, message=f"in {inner}, line {line}, column {column}: {message}", offset=0))
    if token is not None and token.start_index >= 0:
        return Failure(fault=Fault(code=code, message=message, offset=token.start_index, length=len(token.value)))
    return Failure(fault=_unclosed_block(text, env) or Fault(code=code, message=message, offset=len(text)))


def faults_of(template: BoundTemplate, analysis: TemplateAnalysis, sources: Mapping[str, str]) -> Iterator[Fault]:
    """Yield what is wrong with a template that parses: unknown filters, impossible names, missing prompts."""
    for name, spans in analysis.filters.items():
        for span in spans if name not in ALLOWED_FILTERS else ():
            if not span.template_name:
                yield Fault(
                    code="unknown-filter", message=f"unknown filter “{name}”", offset=span.index, length=len(name)
                )
    for name, offset in unusable_names(analysis):
        message = f"“{name}” cannot be a parameter's name: use letters, digits and _, and begin with a letter"
        yield Fault(code="parameter-name", message=message, offset=offset, length=len(name))
    for address, offset in rendered_addresses(template):
        if full_address(address) not in sources:
            message = f"there is no prompt “{full_address(address)}”"
            yield Fault(code="unknown-prompt", message=message, offset=offset, length=len(address))


def _address_of(token: Token | None, text: str, sources: Mapping[str, str]) -> str | None:
    if token is None or token.source == text or not token.source:
        return None
    return next((address for address, source in sources.items() if source == token.source), None)


def _unclosed_block(text: str, env: Environment) -> Fault | None:
    """Find the innermost block that is never closed, since Liquid only says that the text ended."""
    open_blocks: list[Token] = []
    for token in env.tokenizer()(text):
        if token.kind != TOKEN_TAG:
            continue
        if token.value in _BLOCKS:
            open_blocks.append(token)
        elif open_blocks and token.value == f"end{open_blocks[-1].value}":
            open_blocks.pop()
    if not open_blocks:
        return None
    last = open_blocks[-1]
    message = f"“{last.value}” is never closed with “end{last.value}”"
    return Fault(code="syntax", message=message, offset=last.start_index, length=len(last.value))
