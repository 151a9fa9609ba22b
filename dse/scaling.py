"""How the cost of an array grows with its sides.

``python -m dse.scaling`` measures arrays of several shapes, writes costmodel/data/array_scaling.csv and draws
docs/images/array_scaling.png. What has been measured before comes from build/scaling.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import hw
from dse.explore import measure_job
from dse.jobs import guarded, run
from dse.plots import save
from dse.store import Store
from hw.specs.array import ArraySpec
from rtl_gen import write_atomic

SHAPES = [(2, 2), (4, 4), (8, 8), (4, 16), (16, 16)]
STYLES: dict[str, dict[str, Any]] = {
    "os": {"marker": "o", "facecolor": "#1b6ca8"},
    "ws": {"marker": "s", "facecolor": "#f2a541"},
}
"""The flows that are measured; they differ in shape and in lightness, so that they differ without colour."""
STORE, TABLE = Path("build/scaling/store.sqlite"), Path("costmodel/data/array_scaling.csv")
PICTURE = Path("docs/images/array_scaling.png")
HEADER = """\
# Cells of INT8 arrays on {title}, after synthesis, without DSPs; an element's share is the whole, divided by them all.
# Made by `python -m dse.scaling` with {tools}, {date}.
"""
Row = dict[str, Any]


def measure(target: hw.Target, workers: int) -> tuple[list[Row], dict[str, str]]:
    """A row for each array, and what measured them."""
    specs = [hw.parse(f"array/int8xint8/{rows}x{columns}/{flow}") for flow in STYLES for rows, columns in SHAPES]
    with Store(STORE) as store:
        found = run([measure_job(spec, target, timed=False) for spec in specs], store, workers)
    rows = [row(spec, cost) for spec, cost in zip(specs, found, strict=True) if isinstance(spec, ArraySpec)]
    return rows, found[0]["versions"]


def row(spec: ArraySpec, cost: dict[str, Any]) -> Row:
    """What the table says of an array."""
    elements = spec.rows * spec.columns
    shares = {f"{kind}_per_element": round(cost[kind] / elements, 1) for kind in ("lut", "ff")}
    shape = {"flow": spec.flow, "rows": spec.rows, "columns": spec.columns}
    return {"spec": spec.name, **shape, "lut": cost["lut"], "ff": cost["ff"], **shares}


def table(rows: Sequence[Row], header: str) -> str:
    """The rows as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return header + text.getvalue()


def draw(rows: Sequence[Row], title: str, path: Path) -> None:
    """LUTs of the whole, and each element's share of them, over the number of elements."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with rc_context({"font.size": 9}):
        figure = Figure(figsize=(7, 3.2), layout="constrained")
        FigureCanvasAgg(figure)
        whole, share = figure.subplots(1, 2)
        for flow, style in STYLES.items():
            ours = [row for row in rows if row["flow"] == flow]
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


def main() -> int:
    """Measure, write and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-j", type=int, default=2, metavar="N", help="measurements at a time")
    options = parser.parse_args()
    return guarded("scaling", lambda: _run(options.j))


def _run(workers: int) -> None:
    target = hw.parse_target("ecp5")
    rows, versions = measure(target, workers)
    tools = ", ".join(f"{name} {version}" for name, version in versions.items())
    write_atomic(TABLE, table(rows, HEADER.format(title=target.title, tools=tools, date=date.today().isoformat())))
    draw(rows, target.title, PICTURE)
    print(TABLE.read_text())


if __name__ == "__main__":
    sys.exit(main())
