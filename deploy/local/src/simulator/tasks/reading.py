"""What a document has to be about: the topic, the given values and the requirements found in a rendered prompt."""

import re
from dataclasses import dataclass

from simulator.tasks.kinds import starts_with_order
from simulator.tasks.marks import split_units, unwrap_prompt
from simulator.tasks.title import task_sentence, title_of

_MOST_REQUIREMENTS = 5
_MOST_VALUES = 8
_LONGEST_HEADING_WORDS = 8
_LONGEST_QUOTE_WORDS = 28

_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+(.*?)\s*#*$")
_LABELLED = re.compile(r"^\s*(?:[-*•]\s+)?([^\W\d_][\w /()-]{0,40}?)\s*[:=]\s+(\S.{0,200})$")
_TAGGED = re.compile(r'<parameter name="([^"<>]{1,60})">(.{0,400}?)</parameter>', re.DOTALL)
# Prompts set material apart in tags of their own: <premise> ... </premise>.
_BLOCK = re.compile(r"<([a-z][a-z0-9_-]{0,40})>\s*([^<>]{1,4000}?)\s*</\1>")
_QUOTED = re.compile(r'"([^"\n]{2,80})"|“([^”\n]{2,80})”|«([^»\n]{2,80})»')
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][\w'\u2019-]+(?: [A-Z][\w'\u2019-]+){0,3}")
_COVER = re.compile(
    r"\b(?:include|including|cover|covering|mention|mentioning|address|discuss|describe|explain|contain|sections? (?:on"
    r"|for|about))\b:?\s+(.+)",
    re.IGNORECASE,
)
_LIST_ITEM = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+(.*)$")
_RULE = re.compile(
    r"\b(?:must|should|never|always|do not|don't|avoid|only|at most|at least|no more than|keep|tone|words|prefer)\b",
    re.IGNORECASE,
)
_LEADING_VERB = re.compile(
    r"^(?:please |and |or )*(?:include|cover|mention|address|discuss|describe|explain|add|the|a|an|"
    r"its|their)\s+",
    re.IGNORECASE,
)
# Headings of an optimised prompt whose content guides the writing and is no subject of its own.
_GUIDANCE = frozenset({"role", "how to work", "constraints", "output format"})
_FORMATS = frozenset({"Markdown", "JSON", "HTML", "YAML", "CSV"})
_NO_VALUE = frozenset({"note", "example", "examples", "include", "cover", "mention", "http", "https", "task"})


@dataclass(frozen=True, slots=True)
class Reading:
    """The parts of a rendered prompt that a document can take up.

    `values` are label and value pairs in order; `names` are proper names and quoted phrases in running text.
    """

    title: str
    order: str
    values: list[tuple[str, str]]
    names: list[str]
    requirements: list[str]
    rules: list[str]


def read_prompt(text: str) -> Reading:
    """Find in a prompt what a document should visibly use; every list may be empty."""
    unwrapped = unwrap_prompt(text)
    blocks = [(name, value) for name, value in _BLOCK.findall(unwrapped) if not value.isspace()]
    sections = _sections(_BLOCK.sub("", unwrapped) if blocks else unwrapped)
    subject = "\n".join(line for heading, line in sections if heading not in _GUIDANCE)
    tagged = [*_tagged_values(text), *((_spoken(name), clip(value, _LONGEST_QUOTE_WORDS)) for name, value in blocks)]
    labelled = [value for _, line in sections if (value := _labelled_value(line))]
    order = task_sentence(subject)
    return Reading(
        title=title_of(blocks[0][1] if blocks else subject),
        order=clip(order, _LONGEST_QUOTE_WORDS),
        values=list(dict([*tagged, *labelled]).items())[:_MOST_VALUES],
        names=_names(subject),
        requirements=_requirements(subject, order),
        rules=_rules("\n".join(line for heading, line in sections if heading in {"", "constraints"})),
    )


def clip(text: str, words: int) -> str:
    """At most so many words of a text on one line, with an ellipsis where it was cut."""
    found = text.split()
    return " ".join(found[:words]) + ("…" if len(found) > words else "")


def _sections(prompt: str) -> list[tuple[str, str]]:
    heading, found = "", []
    for line in prompt.splitlines():
        if title := _HEADING.match(line):
            heading = title.group(1).lower()
        elif line.strip():
            found.append((heading, line))
    return found


def _tagged_values(text: str) -> list[tuple[str, str]]:
    return [(_spoken(name), clip(value, _LONGEST_QUOTE_WORDS)) for name, value in _TAGGED.findall(text)]


def _labelled_value(line: str) -> tuple[str, str] | None:
    found = _LABELLED.match(line)
    if not found or found.group(1).lower() in _NO_VALUE or _COVER.match(found.group(1) + " x"):
        return None
    return _spoken(found.group(1)), clip(found.group(2), _LONGEST_QUOTE_WORDS)


def _spoken(label: str) -> str:
    words = re.sub(r"[_-]+", " ", label).strip()
    return words[:1].upper() + words[1:]


def _names(subject: str) -> list[str]:
    quoted = ["".join(groups) for groups in _QUOTED.findall(subject)]
    found = dict.fromkeys([*quoted, *_NAME.findall(subject)])
    whole = [name for name in found if not any(name != other and name in other for other in found)]
    return [name for name in whole if name not in _FORMATS][:_MOST_VALUES]


def _requirements(subject: str, order: str) -> list[str]:
    listed = [found.group(1) for line in subject.splitlines() if (found := _LIST_ITEM.match(line))]
    items = [item for item in listed if not _labelled_value(item) and not _RULE.search(item)]
    for unit in split_units(subject):
        if found := _COVER.search(unit):
            items += _enumerated(found.group(1))
        elif starts_with_order(unit) and unit != order and not _RULE.search(unit):
            items.append(unit)
    headings = (_as_heading(item) for item in items)
    return list(dict.fromkeys(heading for heading in headings if heading))[:_MOST_REQUIREMENTS]


def _enumerated(text: str) -> list[str]:
    return re.split(r"\s*[,;]\s*(?:and\s+)?|\s+and\s+", text.partition(". ")[0])


def _as_heading(item: str) -> str:
    bare = _LEADING_VERB.sub("", item.strip()).strip(" .;:!?*_`#")
    words = " ".join(bare.split()[:_LONGEST_HEADING_WORDS]).rstrip(",;:")
    return words[:1].upper() + words[1:]


def _is_rule(unit: str) -> bool:
    return bool(_RULE.search(unit)) and not starts_with_order(unit) and not _labelled_value(unit)


def _rules(text: str) -> list[str]:
    rules = [unit for unit in split_units(text) if _is_rule(unit)]
    return [clip(rule, _LONGEST_QUOTE_WORDS) for rule in rules[:3]]
