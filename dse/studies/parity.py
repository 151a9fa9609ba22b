"""Estimated against measured, a point a design, a panel a family."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from pathlib import Path

from costmodel.estimate.heldout import Tried

NAMES = {"lut": "LUTs", "ff": "registers", "mhz": "MHz"}
ACROSS = 4


def parity(quantity: str, found: Mapping[str, Tried], path: Path) -> None:
    """Draw it, into a file; lines stand for equal, and for 10 % more and less."""
    # The picture's own machinery: no display is asked for, and no global state is left behind.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    across = min(ACROSS, max(1, len(found)))
    down = ceil(len(found) / across)
    figure = Figure(figsize=(3.1 * across, 3.0 * down), layout="constrained")
    FigureCanvasAgg(figure)
    for place, (title, of) in enumerate(found.items()):
        axes = figure.add_subplot(down, across, place + 1)
        low, high = (bound(of.measured.min(), of.measured.max()) for bound in (min, max))
        low = max(low, 1.0)
        for factor, style in ((1.0, "-"), (1.1, ":"), (1 / 1.1, ":")):
            axes.plot([low, high], [low * factor, high * factor], style, color="black", linewidth=0.8, zorder=1)
        axes.scatter(of.measured, of.estimated, s=9, facecolors="none", edgecolors="0.35", linewidths=0.6, zorder=2)
        axes.set(xscale="log", yscale="log", title=title)
        axes.set_xlabel(f"measured {NAMES[quantity]}")
        axes.set_ylabel(f"estimated {NAMES[quantity]}")
        axes.set_aspect("equal", adjustable="datalim")
    figure.savefig(path, dpi=110)
