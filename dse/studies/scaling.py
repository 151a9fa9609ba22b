"""How the cost of an array grows with its sides.

docs/units/array_scaling.csv has arrays of several shapes, docs/images/array_scaling.png draws them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import hw
from dse.csvfile import csv_text
from dse.making import measure_job
from dse.reporting.figure import save
from dse.studies.study import Jobs, Study, Values
from dse.studies.text import drawn, tools
from hw.specs.array import ArraySpec

SHAPES = [(2, 2), (4, 4), (8, 8), (4, 16), (16, 16)]
STYLES: dict[str, dict[str, Any]] = {
    "os": {"marker": "o", "facecolor": "#1b6ca8"},
    "ws": {"marker": "s", "facecolor": "#f2a541"},
}
"""The flows that are measured; they differ in shape and in lightness, so that they differ without colour."""
HEADER = """\
# Cells of INT8 arrays on {title}, after synthesis, without DSPs; an element's share is the whole, divided by them all.
# Made by `python -m dse.studies scaling` with {tools}.
"""
Row = dict[str, Any]


@dataclass(frozen=True)
class Scaling(Study[hw.Spec]):
    """The table and its picture; its rows are the arrays."""

    name: ClassVar[str] = "scaling"
    about: ClassVar[str] = "how the cost of an array grows with its sides"
    page: ClassVar[str] = "units/array_scaling.csv"
    code: ClassVar[tuple[str, ...]] = ("dse.reporting.figure",)

    def __post_init__(self) -> None:
        if len(self.targets) != 1:
            raise ValueError(f"scaling is of one target, got {len(self.targets)}")

    @classmethod
    def load(cls) -> Self:
        specs = [hw.parse(f"array/int8xint8/{rows}x{columns}/{flow}") for flow in STYLES for rows, columns in SHAPES]
        return cls(tuple(specs), (hw.parse_target("ecp5"),))

    def jobs(self, row: hw.Spec, logs: Path) -> Jobs:
        return {("measure",): measure_job(row, self.targets[0], timed=False)}

    def files(self, found: Sequence[tuple[hw.Spec, Values]]) -> dict[str, str | bytes]:
        title = self.targets[0].title
        rows = [row(spec, values["measure",]) for spec, values in found if isinstance(spec, ArraySpec)]
        header = HEADER.format(title=title, tools=tools(values["measure",]["versions"] for _, values in found))
        picture = drawn(lambda path: draw(rows, title, path))
        return {self.page: table(rows, header), "images/array_scaling.png": picture}


def row(spec: ArraySpec, cost: dict[str, Any]) -> Row:
    """What the table says of an array."""
    elements = spec.rows * spec.columns
    shares = {f"{kind}_per_element": round(cost[kind] / elements, 1) for kind in ("lut", "ff")}
    shape = {"flow": spec.flow, "rows": spec.rows, "columns": spec.columns}
    return {"spec": spec.name, **shape, "lut": cost["lut"], "ff": cost["ff"], **shares, "synthesis": cost["flow"]}


def table(rows: Sequence[Row], header: str) -> str:
    """The rows as CSV."""
    return csv_text(header, list(rows[0]), rows)


def draw(rows: Sequence[Row], title: str, path: Path) -> None:
    """LUTs of the whole, and each element's share of them, over the number of elements."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with rc_context({"font.size": 9}):
        figure = Figure(figsize=(7, 3.2), layout="constrained")
        FigureCanvasAgg(figure)
        whole, share = figure.subplots(1, 2)
        for flow in dict.fromkeys(row["flow"] for row in rows):
            ours, style = [row for row in rows if row["flow"] == flow], STYLES[flow]
            elements = [row["rows"] * row["columns"] for row in ours]
            for plot, column in ((whole, "lut"), (share, "lut_per_element")):
                values = [row[column] for row in ours]
                plot.scatter(elements, values, s=36, edgecolor="black", linewidth=0.9, label=flow, zorder=3, **style)
            largest = max(ours, key=lambda row: row["lut"])
            line = [0, largest["rows"] * largest["columns"]], [0, largest["lut"]]
            whole.plot(*line, color="#666666", linewidth=0.8, linestyle=":", zorder=1)
        sizes = sorted({row["rows"] * row["columns"] for row in rows})
        share.set_xscale("log")
        share.set_xticks(sizes, [str(size) for size in sizes])
        share.minorticks_off()
        whole.set_ylabel(f"LUTs of the array, {title}")
        share.set_ylabel("LUTs per element")
        for plot in (whole, share):
            plot.set_ylim(0, 1.1 * plot.get_ylim()[1])
            plot.set_xlabel("elements, rows times columns")
            plot.grid(color="#e4e4e4", linewidth=0.6)
            plot.set_axisbelow(True)
        whole.legend(loc="lower right", frameon=True, fontsize=8)
        save(figure, path)
