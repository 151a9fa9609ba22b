"""What is known of each unit, in one table of docs/verification.md, read from the pages that have it all."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import hw
from dse.studies.study import Study, Values
from rtl_gen.columns import markdown

DOCS = Path("docs")
BEGIN, END = "<!-- made by python -m dse.studies trust -->", "<!-- up to here -->"
NONE = "-"
Line = dict[str, str]
"""The cells of a line of a table, by head."""


@dataclass(frozen=True)
class Column:
    """What a page says of a unit.

    Attributes
    ----------
    head : str
    page : str
        In docs/verification/.
    first : str
        Head of the column that tells whose line it is: a unit or a design.
    cell : function of lines
        What the lines of a unit come to.
    command : str
        That makes the page.
    """

    head: str
    page: str
    first: str
    cell: Callable[[Sequence[Line]], str]
    command: str

    def of(self, text: str) -> dict[str, str]:
        """The cell of each unit that the page has."""
        found: dict[str, list[Line]] = {}
        for table in tables(text):
            for line in table:
                # Another table of the page has other lines, as of structures.
                unit = line.get(self.first, "").strip("`").partition("/")[0]
                if unit in hw.UNITS:
                    found.setdefault(unit, []).append(line)
        return {unit: self.cell(lines) for unit, lines in found.items()}


def _bins(lines: Sequence[Line]) -> str:
    (line,) = lines[:1]
    return f"{line['hit']} of {line['bins']}" if "bins" in line else NONE


def _passed(columns: str) -> Callable[[Sequence[Line]], str]:
    """How many cells of columns that are called so passed, of those that the designs can have."""

    def cell(lines: Sequence[Line]) -> str:
        cells = [cell for line in lines for head, cell in line.items() if re.search(columns, head) and cell != NONE]
        return f"{sum(not re.match('failed|not ', cell) for cell in cells)} of {len(cells)}"

    return cell


def _score(lines: Sequence[Line]) -> str:
    (line,) = lines
    return f"{line['score']} of {line['mutants']}"


def _proved(lines: Sequence[Line]) -> str:
    cells = [cell for line in lines for head, cell in line.items() if head != "design" and cell != NONE]
    return f"{sum(cell.startswith('proved') for cell in cells)} of {len(cells)}"


def _masked(lines: Sequence[Line]) -> str:
    # Those of all bits alike.
    shares = [float(line["masked"]) for line in lines if "structure" not in line]
    return f"{min(shares):.0f} to {max(shares):.0f} %" if shares else NONE


COLUMNS = (
    Column("bins hit", "coverage", "unit", _bins, "python -m dse.studies coverage"),
    Column("Verilog passed", "levels", "design", _passed("Verilog|Icarus"), "python -m dse.studies levels"),
    Column("netlists passed", "levels", "design", _passed("netlist"), "python -m dse.studies levels"),
    Column("mutants killed", "mutants", "unit", _score, "python -m sim.mutants --write docs/verification/mutants.md"),
    Column("proved", "proofs", "design", _proved, "make proofs"),
    Column("flips masked", "upsets", "design", _masked, "python -m dse.studies upsets"),
)


@dataclass(frozen=True)
class Trust(Study[Any]):
    """The table in the page, between two comments; the rest of the page is written by hand."""

    name: ClassVar[str] = "trust"
    about: ClassVar[str] = "what is known of each unit's correctness, in one table"
    page: ClassVar[str] = "verification.md"

    @classmethod
    def load(cls) -> Self:
        return cls()

    def files(self, found: Sequence[tuple[Any, Values]]) -> dict[str, str | bytes]:
        page = (DOCS / self.page).read_text()
        pages = {column.page: (DOCS / "verification" / f"{column.page}.md").read_text() for column in COLUMNS}
        return {self.page: with_table(page, summary(pages))}


def with_table(page: str, table: str) -> str:
    """The page with this table in the place of its own.

    Raises
    ------
    ValueError
        It has no place for it.
    """
    before, begin, rest = page.partition(f"{BEGIN}\n")
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{Trust.page} must have a line {BEGIN} and one {END}")
    return f"{before}{begin}\n{table}\n{end}{after}"


def summary(pages: Mapping[str, str]) -> str:
    """The table, of the texts of pages by their names."""
    heads = [f"[{column.head}](verification/{column.page}.md)" for column in COLUMNS]
    known = [column.of(pages[column.page]) for column in COLUMNS]
    lines = [[f"`{unit}`", *(cells.get(unit, NONE) for cells in known)] for unit in hw.UNITS]
    commands = [*[f"`{column.command}`" for column in COLUMNS]]
    return markdown(["unit", *heads], [*lines, ["made by", *commands]])


def tables(text: str) -> list[list[Line]]:
    """The tables of a page in Markdown, as lines of cells by head."""
    found = []
    for block in re.findall(r"(?m)(?:^\|.*\n)+", text):
        heads, _, *lines = ([cell.strip() for cell in line.strip("|").split(" | ")] for line in block.splitlines())
        found.append([dict(zip(heads, line, strict=True)) for line in lines])
    return found
