"""What people take away: a table, plots, and the frontier in the terminal."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dse.frontier import frontier
from rtl_gen import write_atomic

Row = dict[str, Any]
COLUMNS = [
    "spec", "a", "b", "product", "accumulator", "pipeline", "verified", "target", "lut", "lut_kind", "carry", "ff",
    "dsp", "bram", "flow", "fmax_mhz", "accuracy", "accuracy_stderr", "sqnr_db", "energy_pj", "energy_low_pj",
    "energy_high_pj", "nand2", "frontier_lut", "frontier_energy",
]  # fmt: skip


@dataclass(frozen=True)
class Axis:
    """A cost to set accuracy against.

    Attributes
    ----------
    column : str
        Of the rows.
    title : str
        For the plot.
    file : str
        Name of the plot, without ending.
    target : str or None
        The rows it is for; None for a cost that all targets share.
    """

    column: str
    title: str
    file: str
    target: str | None


def axes(rows: Sequence[Row], titles: dict[str, str]) -> list[Axis]:
    """LUTs for each target, then energy."""
    kinds = {row["target"]: row["lut_kind"] for row in rows}
    luts = [Axis("lut", f"{kind}s on {titles[name]}", f"pareto_{name}", name) for name, kind in kinds.items()]
    title = "energy of one MAC, pJ (estimate: 45 nm logic, not FPGA power)"
    return [*luts, Axis("energy_pj", title, "pareto_energy", None)]


def rows_of(axis: Axis, rows: Sequence[Row]) -> list[Row]:
    """The rows that an axis shows, one a design."""
    target = axis.target or rows[0]["target"]
    return [row for row in rows if row["target"] == target]


def front_of(axis: Axis, rows: Sequence[Row]) -> list[Row]:
    """The rows on an axis's frontier, from the cheapest on."""
    shown = rows_of(axis, rows)
    return [shown[i] for i in frontier([row[axis.column] for row in shown], [row["accuracy"] for row in shown])]


def mark(rows: list[Row]) -> None:
    """Note in each row whether it is on its target's LUT frontier, and on that of energy."""
    for name in {row["target"] for row in rows}:
        of_target = [row for row in rows if row["target"] == name]
        for kind, column in (("frontier_lut", "lut"), ("frontier_energy", "energy_pj")):
            best = set(frontier([row[column] for row in of_target], [row["accuracy"] for row in of_target]).tolist())
            for index, row in enumerate(of_target):
                row[kind] = int(index in best)


def write_csv(rows: Sequence[Row], path: Path) -> None:
    """All rows, in `COLUMNS`; an empty field means that it can't be had."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomic(path, text.getvalue())


def table(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Text in columns; all but the first are set to the right."""
    grid = [list(header), *map(list, lines)]
    widths = [max(len(line[column]) for line in grid) for column in range(len(header))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in grid
    )


def frontier_table(axis: Axis, rows: Sequence[Row]) -> str:
    """The frontier of an axis as text."""
    lines = [
        [
            row["spec"],
            f"{row[axis.column]:.3f}" if axis.column == "energy_pj" else str(row[axis.column]),
            f"{row['fmax_mhz']:.0f}" if row["fmax_mhz"] and axis.target else "-",
            f"{100 * row['accuracy']:.2f} ± {100 * row['accuracy_stderr']:.2f}",
            f"{row['energy_pj']:.3f}",
        ]
        for row in front_of(axis, rows)
    ]
    unit = "pJ" if axis.column == "energy_pj" else "LUT"
    return table([f"frontier: {axis.title}", unit, "MHz", "accuracy %", "est. pJ"], lines)
