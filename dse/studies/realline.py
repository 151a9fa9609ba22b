"""Formats on the real line: where their values are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from dse.reporting.figure import save
from hw.formats import Block, Format, FourthRoots, Notation
from hw.formats.messages import cut

DRAWN_WIDTH = 12
"""Formats of more bits have too many values to tell apart."""


def real_line(formats: Sequence[Notation], path: Path) -> Path:
    """Draw every value of some formats as a tick, a row for each.

    On the left each format is scaled to its largest magnitude, as when it is fitted to data; on the right
    are its positive values themselves, on a logarithmic axis. Of a block format the elements are drawn.

    Parameters
    ----------
    formats : sequence of formats
        At least one; each of at most 12 bits.
    path : Path
        ``.png``, ``.svg`` or ``.pdf``.

    Returns
    -------
    The path, written.

    Raises
    ------
    ValueError
        A format too wide or not of real numbers, none at all, or another ending.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    if path.suffix not in (".png", ".svg", ".pdf"):
        raise ValueError(f"the plot must be a .png, .svg or .pdf file, got {path}")
    rows = [(fmt.name, _values(fmt)) for fmt in formats]
    if not rows:
        raise ValueError("formats must name at least one format to plot")
    with rc_context({"font.size": 9, "svg.hashsalt": "macsmith", "svg.fonttype": "none"}):
        figure = Figure(figsize=(7, 1.5 + 0.45 * len(rows)), layout="constrained")
        FigureCanvasAgg(figure)
        fitted, positive = figure.subplots(1, 2)
        fitted.eventplot([_fitted(values) for _, values in rows], linelengths=0.6, linewidths=0.7, colors="black")
        above = [[value for value in values if value > 0] for _, values in rows]
        positive.eventplot(above, linelengths=0.6, linewidths=0.7, colors="black")
        positive.set_xscale("log", base=2)
        for plot, labels in ((fitted, [name for name, _ in rows]), (positive, [])):
            plot.set_yticks(range(len(rows)) if labels else [], labels)
            plot.set_ylim(len(rows) - 0.5, -0.5)
            plot.grid(axis="x", color="#e4e4e4", linewidth=0.6)
            plot.set_axisbelow(True)
        fitted.set_xlabel("value / largest magnitude")
        positive.set_xlabel("positive values")
        return save(figure, path)


def _values(fmt: Notation) -> list[float]:
    """The different finite values, ascending."""
    if isinstance(fmt, Block):
        fmt = fmt.element
    if isinstance(fmt, FourthRoots):
        raise ValueError(f"the formats to plot must be of real numbers, got {cut(fmt)}")
    assert isinstance(fmt, Format)
    if fmt.width > DRAWN_WIDTH:
        raise ValueError(f"the formats to plot must have at most {DRAWN_WIDTH} bits, got {cut(fmt)} of {fmt.width}")
    codes = (code for code in range(1 << fmt.width) if not fmt.is_reserved(code))
    values = {float(fmt.value(code)) for code in codes}
    return sorted(value for value in values if math.isfinite(value))


def _fitted(values: list[float]) -> list[float]:
    largest = max(map(abs, values))
    return [value / largest for value in values]
