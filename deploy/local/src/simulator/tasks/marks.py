"""The parts of a prompt that belong to the template, and how to cut text without cutting them."""

import re
from collections.abc import Callable

# Liquid outputs, Liquid tags and snippets; a snippet needs a left boundary, so that e-mail addresses are left alone.
# No mark holds another opening and none is endless, so that the search stays linear in a text of nothing but braces;
# what is missed for that reason leaves stray braces behind and makes the prompt irregular.
_MARK = re.compile(
    r"\{\{(?:(?!\{\{).){0,500}?\}\}|\{%(?:(?!\{%).){0,500}?%\}|(?<![\w@.])@@?[A-Za-z0-9][\w-]*(?:@\d+)?",
    re.DOTALL,
)
_PARAMETER = re.compile(r"\{\{-?\s*([A-Za-z_][\w.-]*)")
_WRAPPED = re.compile(r"<prompt>(.*)</prompt>", re.DOTALL)
_LIST_MARKER = re.compile(r"^\s*(?:[-*•+]|\d{1,3}[.)])\s+")
_LINE_END = re.compile(r"\r?\n|\r")
_SENTENCE_END = re.compile(r"(?<=[.!?])[ \t]+(?=\S)")


def unwrap_prompt(text: str) -> str:
    """The prompt inside `<prompt>...</prompt>`, or the whole text; outer blank lines are dropped."""
    found = _WRAPPED.search(text)
    return (found.group(1) if found else text).strip("\r\n")


def replace_marks(text: str, spell: Callable[[str], str]) -> str:
    """The text with each mark spelled otherwise."""
    return _MARK.sub(lambda found: spell(found.group()), text)


def without_marks(text: str) -> str:
    """The text with each mark blanked by one space."""
    return replace_marks(text, lambda _: " ")


def parameter_names(text: str) -> list[str]:
    """The names of the parameters that a template prints, each once, in order of appearance."""
    return list(dict.fromkeys(_PARAMETER.findall(text)))


def spoken_mark(mark: str) -> str:
    """How a mark reads aloud: a parameter by its name, a tag not at all, a snippet by its words."""
    if mark.startswith("{%"):
        return " "
    parameter = _PARAMETER.match(mark)
    name = parameter.group(1) if parameter else mark.strip("@{} ").partition("@")[0]
    return re.sub(r"[_.-]+", " ", name)


def split_units(text: str) -> list[str]:
    """The prompt's sentences and list items, each copied character by character, list markers dropped.

    A line that goes on in lower case belongs to the line before it. No mark is ever cut or changed.
    """
    return [unit for line in _logical_lines(text) for unit in _split_sentences(line)]


def _logical_lines(text: str) -> list[str]:
    lines: list[str] = []
    is_open = False
    for raw in _lines_outside_marks(text):
        line = raw.strip()
        goes_on = is_open and line[:1].islower() and not _LIST_MARKER.match(raw)
        if goes_on:
            lines[-1] = f"{lines[-1]} {line}"
        elif line:
            lines.append(_LIST_MARKER.sub("", line))
        is_open = bool(line) and line[-1] not in ".!?:;"
    return lines


def _lines_outside_marks(text: str) -> list[str]:
    return _cut(text, _LINE_END)


def _split_sentences(line: str) -> list[str]:
    return _cut(line, _SENTENCE_END)


def _cut(text: str, gap: re.Pattern[str]) -> list[str]:
    masked = replace_marks(text, lambda mark: "\0" * len(mark))
    parts, start = [], 0
    for found in gap.finditer(masked):
        parts.append(text[start : found.start()])
        start = found.end()
    return [*parts, text[start:]]
