"""What a model's rewrite must keep, and how its answers are cleaned."""

from collections.abc import Collection

MAX_TITLE_CHARACTERS = 200
_FENCES = ("```", "~~~")
# The curly ones are what models put round a title when they are asked for none.
_QUOTES = "\"'`\u201c\u201d\u2018\u2019\u00ab\u00bb\u201e*# \t"


def without_fence(text: str) -> str:
    """Take off a code fence around the whole answer; fences inside it belong to the prompt and stay."""
    lines = text.strip().split("\n")
    first, last = lines[0].strip(), lines[-1].strip()
    is_fenced = len(lines) > 1 and first.startswith(_FENCES) and last == first[:3]
    inside = lines[1:-1]
    if not is_fenced or sum(line.strip().startswith(first[:3]) for line in inside) % 2:
        return text.strip()
    return "\n".join(inside).strip()


def difference(original: Collection[str], rewritten: Collection[str]) -> tuple[list[str], list[str]]:
    """Name what a rewrite lost and what it added, sorted."""
    return sorted(set(original) - set(rewritten)), sorted(set(rewritten) - set(original))


def clean_title(answer: str) -> str:
    """Take the first line of an answer without quotation marks or a final full stop; empty where there is none."""
    lines = (line.strip().strip(_QUOTES) for line in answer.splitlines())
    first = next((line for line in lines if line), "")
    return first.removesuffix(".").strip(_QUOTES)[:MAX_TITLE_CHARACTERS].strip()
