"""Places in a text as editors count them: lines and columns from 1, columns in UTF-16 units."""


def utf16_length(text: str) -> int:
    """Count UTF-16 units: characters beyond the basic plane take two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Find the line and column of a character offset; an offset past the end means the end."""
    before = text[: max(0, offset)]
    line_start = before.rfind("\n") + 1
    return before.count("\n") + 1, utf16_length(before[line_start:]) + 1
