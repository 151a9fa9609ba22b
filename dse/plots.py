"""Pareto plots: readable in grey, fit for a paper."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dse.report import Axis, Row, front_of, rows_of
from rtl_gen import write_atomic

STYLES: dict[str, dict[str, Any]] = {
    "integer": {"marker": "o", "facecolor": "#1b6ca8"},
    "minifloat": {"marker": "s", "facecolor": "#f2a541"},
    "mixed": {"marker": "D", "facecolor": "#8f8f8f"},
    "L-Mul": {"marker": "^", "facecolor": "white"},
}
"""Families differ in shape and in lightness, so that they differ without colour."""


def family(row: Row) -> str:
    """The family of a row, a key of `STYLES`."""
    if row["product"] == "lmul":
        return "L-Mul"
    kinds = {"integer" if "int" in row[port] else "minifloat" for port in "ab"}
    return "mixed" if len(kinds) > 1 else kinds.pop()


def label(row: Row) -> str:
    """A design's name as short as the plot allows."""
    operands = row["a"] if row["a"] == row["b"] else f"{row['a']}x{row['b']}"
    product = "" if row["product"] == "exact" else f" {row['product']}"
    return f"{operands}{product}" + ("" if row["pipeline"] == 1 else f" p{row['pipeline']}")


def pareto(axis: Axis, rows: Sequence[Row], reference: float, folder: Path) -> list[Path]:
    """Draw accuracy against a cost, all designs labelled, the frontier as a line.

    Parameters
    ----------
    axis : Axis
        The cost.
    rows : sequence of rows
        All results.
    reference : float
        Accuracy in float64, drawn as a line.
    folder : Path
        Where ``FILE.png`` and ``FILE.svg`` go.

    Returns
    -------
    The paths written.
    """
    # The picture's own machinery: no display is asked for, and no global state is left behind.
    from adjustText import adjust_text
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with rc_context({"font.size": 9, "svg.hashsalt": "macsmith", "svg.fonttype": "none"}):
        figure = Figure(figsize=(7, 4.6), layout="constrained")
        FigureCanvasAgg(figure)
        plot = figure.subplots()
        shown, best = rows_of(axis, rows), front_of(axis, rows)
        plot.axhline(100 * reference, color="#666666", linewidth=0.8, linestyle=":", label="float64", zorder=1)
        steps = ([row[axis.column] for row in best], [100 * row["accuracy"] for row in best])
        plot.step(*steps, where="post", color="black", linewidth=1.2, label="frontier", zorder=2)
        for name, style in STYLES.items():
            if members := [row for row in shown if family(row) == name]:
                at = ([row[axis.column] for row in members], [100 * row["accuracy"] for row in members])
                spread = [100 * row["accuracy_stderr"] for row in members]
                plot.errorbar(*at, yerr=spread, fmt="none", ecolor="#bbbbbb", elinewidth=0.8, zorder=1)
                plot.scatter(*at, s=42, edgecolor="black", linewidth=0.9, label=name, zorder=3, **style)
        plot.set_xlabel(axis.title)
        plot.set_ylabel("test accuracy on digits, % (± standard error)")
        plot.set_xlim(0, 1.1 * max(row[axis.column] for row in shown))
        plot.grid(color="#e4e4e4", linewidth=0.6)
        plot.set_axisbelow(True)
        plot.legend(loc="lower right", frameon=True, framealpha=0.9, fontsize=8)
        ground = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.4}
        texts = [
            plot.text(row[axis.column], 100 * row["accuracy"], label(row), fontsize=8, bbox=ground, zorder=2.5)
            for row in shown
        ]
        places = ([row[axis.column] for row in shown], [100 * row["accuracy"] for row in shown])
        arrows = {"arrowstyle": "-", "color": "#888888", "linewidth": 0.5}
        # Steps, not the second it takes by default: a picture must not depend on how busy the machine is.
        adjust_text(texts, *places, ax=plot, expand=(1.5, 2.0), iter_lim=300, arrowprops=arrows)
        return [save(figure, folder / f"{axis.file}.{ending}") for ending in ("png", "svg")]


def save(figure: Any, path: Path) -> Path:
    """Write a figure, whole or not at all, and the same bytes each time."""
    image = io.BytesIO()
    figure.savefig(image, format=path.suffix[1:], dpi=200, metadata=_DATELESS.get(path.suffix, {}))
    write_atomic(path, image.getvalue())
    return path


_DATELESS: dict[str, dict[str, Any]] = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
