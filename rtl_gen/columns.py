"""Text in columns: for the terminal, and for pages."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from textwrap import wrap

LEAST = 20
"""Characters that a column has at least, however narrow the terminal."""


def table(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Text in columns; all but the first are set to the right."""
    return _laid([[*header], *map(list, lines)], {0})


def wrapped(header: Sequence[str], lines: Sequence[Sequence[str]], width: int) -> str:
    """Text in columns, the last of which is set to the left: what makes a line longer than `width` goes on below."""
    grid = [[*header], *map(list, lines)]
    others = sum(max(map(len, column)) + 2 for column in [*zip(*grid, strict=True)][:-1])
    rows = [row for line in grid for row in _split(line, max(LEAST, width - others))]
    return _laid(rows, {0, len(header) - 1})


def markdown(heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: Collection[str] = ()) -> str:
    """A table in Markdown; the columns in `numbers` are set to the right."""
    rules = ["---:" if head in numbers else "---" for head in heads]
    return "".join(f"| {' | '.join(row)} |\n" for row in (heads, rules, *rows))


def _laid(grid: Sequence[Sequence[str]], left: Collection[int]) -> str:
    widths = [max(map(len, column)) for column in zip(*grid, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in grid
    )


def _split(line: Sequence[str], width: int) -> list[list[str]]:
    """A line of cells, the last of which is at most so wide, and the lines below it that this takes."""
    first, *more = wrap(line[-1], width) or [""]
    return [[*line[:-1], first], *([*[""] * (len(line) - 1), text] for text in more)]
