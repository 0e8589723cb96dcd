"""Which parameters a parsed template has and what their types seem to be, from how it uses them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from liquid import Node, RenderContext
from liquid.builtin.expressions import BooleanExpression, FilteredExpression, LoopExpression, Path
from liquid.builtin.expressions.filtered import Filter
from liquid.builtin.expressions.logical import (
    EqExpression,
    GeExpression,
    GtExpression,
    LeExpression,
    LogicalAndExpression,
    LogicalOrExpression,
    LtExpression,
    NeExpression,
)
from liquid.builtin.expressions.primitive import (
    FalseLiteral,
    FloatLiteral,
    IntegerLiteral,
    RangeLiteral,
    StringLiteral,
    TrueLiteral,
)
from liquid.builtin.tags.render_tag import RenderNode
from liquid.expression import Expression
from liquid.static_analysis import TemplateAnalysis
from liquid.template import BoundTemplate
from pydantic import JsonValue

from prompts.templating.filters import LIST_FILTERS, NUMBER_FILTERS
from shared.contracts.prompts import Parameter, ParameterType

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_COMPARISONS = (EqExpression, NeExpression, LtExpression, GtExpression, LeExpression, GeExpression)
_SIZE_SEGMENTS = ("size", "first", "last")
# A template may use one parameter in several ways; the most demanding one decides.
_STRONGEST_FIRST: tuple[ParameterType, ...] = ("json", "list", "number", "string", "boolean")


class _Uses:
    """How each name is used, gathered over the tree."""

    def __init__(self) -> None:
        self.types: defaultdict[str, set[str]] = defaultdict(set)
        self.tested: set[str] = set()
        self.defaults: dict[str, JsonValue] = {}

    def note(self, expression: object, type_: ParameterType) -> None:
        if isinstance(expression, Path):
            self.types[str(expression.path[0])].add(type_)


def find_parameters(template: BoundTemplate, analysis: TemplateAnalysis) -> list[Parameter]:
    """List the parameters in the order of their first use, with the types that their uses suggest.

    Loops and list filters suggest a list, dotted paths json, arithmetic a number, a bare test a boolean. What is
    only tested, or has the filter `default`, is optional.
    """
    uses = _Uses()
    for node in _all_nodes(template):
        for expression in node.expressions():
            _note_expression(expression, uses)
    for name, variables in analysis.globals.items():
        for variable in variables:
            _note_segments(name, variable.segments[1:], uses)
    return [_parameter(name, uses) for name in analysis.globals if _NAME.fullmatch(name)]


def unusable_names(analysis: TemplateAnalysis) -> Iterator[tuple[str, int]]:
    """Yield names that no parameter can have, with the offset of their first use in the template itself."""
    for name, variables in analysis.globals.items():
        if not _NAME.fullmatch(name):
            yield name, next((v.span.index for v in variables if not v.span.template_name), 0)


def rendered_addresses(template: BoundTemplate) -> Iterator[tuple[str, int]]:
    """Yield the addresses that the template itself renders, with their offsets."""
    for node in _walk(template.nodes, RenderContext(template), set(), include_partials=False):
        if isinstance(node, RenderNode) and isinstance(node.name, StringLiteral):
            yield node.name.value, node.name.token.start_index


def _all_nodes(template: BoundTemplate) -> Iterator[Node]:
    return _walk(template.nodes, RenderContext(template), set(), include_partials=True)


def _walk(nodes: Iterable[Node], context: RenderContext, seen: set[str], *, include_partials: bool) -> Iterator[Node]:
    for node in nodes:
        yield node
        if isinstance(node, RenderNode):
            address = str(node.name)
            if not include_partials or address in seen:
                continue
            seen.add(address)
        children = node.children(context, include_partials=include_partials)
        yield from _walk(children, context, seen, include_partials=include_partials)


def _note_segments(name: str, segments: Iterable[object], uses: _Uses) -> None:
    rest = list(segments)
    if not rest:
        return
    is_list = isinstance(rest[0], int) or (len(rest) == 1 and rest[0] in _SIZE_SEGMENTS)
    uses.types[name].add("list" if is_list else "json")


def _note_expression(expression: Expression, uses: _Uses) -> None:
    if isinstance(expression, FilteredExpression):
        _note_filtered(expression, uses)
    elif isinstance(expression, BooleanExpression):
        _note_condition(expression.expression, uses)
    elif isinstance(expression, LoopExpression):
        uses.note(expression.iterable, "list")
        uses.note(expression.limit, "number")
        uses.note(expression.offset, "number")
    elif isinstance(expression, RangeLiteral):
        uses.note(expression.start, "number")
        uses.note(expression.stop, "number")
    for child in expression.children():
        _note_expression(child, uses)


def _note_filtered(expression: FilteredExpression, uses: _Uses) -> None:
    left, filters = expression.left, expression.filters or []
    if not isinstance(left, Path):
        return
    real = [filter_ for filter_ in filters if filter_.name != "default"]
    uses.note(left, _type_from(real[0].name if real else ""))
    if filters and filters[0].name == "default" and len(left.path) == 1:
        uses.defaults[str(left.path[0])] = _literal(filters[0])
    for filter_ in filters:
        for argument in filter_.children():
            uses.note(argument, "number" if filter_.name in NUMBER_FILTERS else "string")


def _type_from(filter_name: str) -> ParameterType:
    if filter_name in NUMBER_FILTERS:
        return "number"
    return "list" if filter_name in LIST_FILTERS else "string"


def _literal(filter_: Filter) -> JsonValue:
    value = next(iter(filter_.children()), None)
    return value.value if isinstance(value, StringLiteral | IntegerLiteral | FloatLiteral) else None


def _note_condition(expression: Expression, uses: _Uses) -> None:
    if isinstance(expression, LogicalAndExpression | LogicalOrExpression):
        _note_condition(expression.left, uses)
        _note_condition(expression.right, uses)
    elif isinstance(expression, Path):
        uses.note(expression, "boolean")
        if len(expression.path) == 1:
            uses.tested.add(str(expression.path[0]))
    elif isinstance(expression, _COMPARISONS):
        for one, other in ((expression.left, expression.right), (expression.right, expression.left)):
            uses.note(one, _type_beside(other))


def _type_beside(other: Expression) -> ParameterType:
    if isinstance(other, IntegerLiteral | FloatLiteral):
        return "number"
    return "boolean" if isinstance(other, TrueLiteral | FalseLiteral) else "string"


def _parameter(name: str, uses: _Uses) -> Parameter:
    type_ = _type_of(name, uses)
    if type_ == "boolean":
        return Parameter(name=name, type=type_, required=False, default=False)
    default = uses.defaults.get(name)
    wanted = {"string": str, "number": int | float}.get(type_)
    fitting = default if wanted is not None and isinstance(default, wanted) else None
    is_optional = name in uses.tested or name in uses.defaults
    return Parameter(name=name, type=type_, required=not is_optional, default=fitting)


def _type_of(name: str, uses: _Uses) -> ParameterType:
    found = uses.types[name]
    if isinstance(uses.defaults.get(name), int | float):
        found.add("number")
    return next((type_ for type_ in _STRONGEST_FIRST if type_ in found), "string")
