"""Two objectives against each other as PNG and SVG: fit for a paper, readable in grey."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dse.reporting.comparison import STATUS_TITLES, Comparison, Rows, Status
from dse.reporting.figure import save
from dse.reporting.labels import place as place_names
from dse.reporting.names import short_names

MARKS: dict[Status, dict[str, Any]] = {
    Status.FRONTIER: {"marker": "o", "s": 40, "color": "#155a92", "zorder": 4, "linewidth": 1.1},
    Status.BAND: {"marker": "D", "s": 24, "color": "#c97a10", "zorder": 3, "linewidth": 1.0},
    Status.DOMINATED: {"marker": ".", "s": 10, "color": "#9aa3ad", "zorder": 2, "linewidth": 0.6},
}
"""Statuses differ in shape, size and lightness, so that they differ without colour. What is measured is filled."""
ENDINGS = ("png", "svg")
WIDTH, HEIGHT = 7.0, 4.6
"""Inches: two columns of a paper."""
LABELS = 40
"""Designs that have their names beside them, at most."""
SIZES = {15: 8.0, 25: 6.5, LABELS: 5.5}
"""Points of names, by how many there are at most."""
SETTINGS: dict[Any, Any] = {
    "font.size": 9,
    "svg.hashsalt": "macsmith",
    "svg.fonttype": "none",
    "text.parse_math": False,
}


def pareto(compared: Comparison, x: int, y: int, place: int, drawn: Rows, path: Path) -> list[Path]:
    """Draw two objectives of the designs on a device; those on their frontier have their names.

    Parameters
    ----------
    compared : Comparison
    x, y : int
        Objectives, by number.
    place : int
        The device, by number.
    drawn : array of int
        The rows to draw.
    path : Path
        Of the files, without ending.

    Returns
    -------
    The paths written, PNG and SVG; none if no design there has values of both.
    """
    rows = drawn[compared.known(x, y)[drawn] & (compared.place[drawn] == place)]
    if not len(rows):
        return []
    with _plot() as (figure, plot):
        _axes(plot, compared, x, y)
        for status in Status:
            _marks(plot, compared, (x, y), rows[compared.status[rows] == status], status)
        line = compared.line(x, y, place)
        at = [compared.best[number].values[line] for number in (x, y)]
        plot.step(*at, where="post", color="black", linewidth=1.2, label="frontier of these two", zorder=2.5)
        _window(plot, compared, (x, y), rows, line)
        _legend(plot, compared, (x, y), rows)
        _label(plot, compared, (x, y), rows, line)
        return [save(figure, path.with_name(f"{path.name}.{ending}")) for ending in ENDINGS]


@contextmanager
def _plot() -> Iterator[tuple[Any, Any]]:
    """An empty figure: no display is asked for, and no global state is left behind."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with rc_context(SETTINGS):
        figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
        FigureCanvasAgg(figure)
        yield figure, figure.subplots()


def _axes(plot: Any, compared: Comparison, x: int, y: int) -> None:
    from matplotlib.ticker import LogFormatter

    def numbers() -> Any:
        # As numbers, not powers: what is drawn spans a decade or two.
        return LogFormatter(minor_thresholds=(2, 0.7))

    arrows = {0: {"less": "←", "more": "→"}, 1: {"less": "↓", "more": "↑"}}
    for axis, number in enumerate((x, y)):
        objective = compared.objectives[number]
        name = "xy"[axis]
        getattr(plot, f"set_{name}label")(f"{objective.head}  ({arrows[axis][objective.better]} better)")
        if objective.log and np.nanmin(compared.best[number].low) > 0:
            getattr(plot, f"set_{name}scale")("log")
            for formatter in ("major", "minor"):
                getattr(getattr(plot, f"{name}axis"), f"set_{formatter}_formatter")(numbers())
    plot.grid(color="#e4e4e4", linewidth=0.6, which="both")
    plot.set_axisbelow(True)


def _marks(plot: Any, compared: Comparison, pair: tuple[int, int], rows: Rows, status: Status) -> None:
    """Designs of a status: filled where both values were measured, hollow elsewhere, with bars of what is known."""
    look = dict(MARKS[status])
    color = look.pop("color")
    x, y = (compared.best[number] for number in pair)
    filled = x.is_measured[rows] & y.is_measured[rows]
    if status is not Status.DOMINATED:
        bars = [np.abs([best.values[rows] - best.low[rows], best.high[rows] - best.values[rows]]) for best in (x, y)]
        plot.errorbar(
            x.values[rows], y.values[rows], bars[1], bars[0], fmt="none", ecolor=color, elinewidth=0.7, alpha=0.5
        )
    for which, face in ((filled, color), (~filled, "white")):
        some = rows[which]
        plot.scatter(x.values[some], y.values[some], facecolor=face, edgecolor=color, **look)


def _window(plot: Any, compared: Comparison, pair: tuple[int, int], rows: Rows, line: Rows) -> None:
    """What the frontiers and their bands span, with room for names; what lies outside is counted."""
    near = np.union1d(rows[compared.status[rows] < Status.DOMINATED], line)
    for name, number in zip("xy", pair, strict=True):
        best, scaled = compared.best[number], getattr(plot, f"get_{name}scale")() == "log"
        low, high = float(np.nanmin(best.low[near])), float(np.nanmax(best.high[near]))
        if scaled:
            factor = (high / low) ** 0.08 * 1.05
            ends = low / factor, high * factor
        else:
            room = 0.08 * (high - low) or 0.1 * abs(high) or 1.0
            ends = low - room, high + room
        getattr(plot, f"set_{name}lim")(*ends)


def _legend(plot: Any, compared: Comparison, pair: tuple[int, int], rows: Rows) -> None:
    from matplotlib.lines import Line2D

    def mark(status: Status, filled: bool) -> Any:
        color = MARKS[status]["color"]
        face = {"markerfacecolor": color if filled else "white", "markeredgecolor": color}
        return Line2D([], [], linestyle="none", marker=MARKS[status]["marker"], markersize=6, **face)

    (xlow, xhigh), (ylow, yhigh) = plot.get_xlim(), plot.get_ylim()
    x, y = (compared.best[number] for number in pair)
    inside = (x.values >= xlow) & (x.values <= xhigh) & (y.values >= ylow) & (y.values <= yhigh)
    filled = x.is_measured & y.is_measured
    handles, titles = [Line2D([], [], color="black", linewidth=1.2)], ["frontier of these two"]
    for status in Status:
        here = rows[compared.status[rows] == status]
        for of, title in ((filled, "measured"), (~filled, "estimated")):
            number, seen = int(of[here].sum()), int((of & inside)[here].sum())
            if number:
                outside = f", {number - seen} outside" if seen < number else ""
                handles.append(mark(status, of is filled))
                titles.append(f"{STATUS_TITLES[status]}, {title} ({number}{outside})")
    plot.figure.legend(handles, titles, loc="outside lower center", ncols=2, frameon=False, fontsize=8)


def _label(plot: Any, compared: Comparison, pair: tuple[int, int], rows: Rows, line: Rows) -> None:
    """Names of those on the frontier, that keep clear of each other, of the marks and of its line."""
    named = line[np.linspace(0, len(line) - 1, min(LABELS, len(line))).astype(int)]
    names = short_names([compared.spec(int(row)) for row in named])
    size = next(size for most, size in SIZES.items() if len(named) <= most)
    ground = {"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.2}
    texts = [plot.text(0, 0, name, fontsize=size, zorder=5, in_layout=False, bbox=ground) for name in names]
    plot.figure.draw_without_rendering()
    # From here on nothing may move.
    plot.figure.set_layout_engine("none")

    def pixels(of: Rows) -> Any:
        values = [compared.best[number].values[of] for number in pair]
        return plot.transData.transform(np.column_stack(values))

    extents = [text.get_window_extent() for text in texts]
    sizes = [(extent.width + 2, extent.height) for extent in extents]
    frame = plot.get_window_extent()
    seen = np.concatenate([pixels(rows), _stairs(pixels(line), sizes[0][1])])
    boxes = place_names(pixels(named), sizes, seen, (frame.x0, frame.y0, frame.x1, frame.y1))
    back = plot.transData.inverted()
    for text, box, extent, own in zip(texts, boxes, extents, pixels(named), strict=True):
        # A text stands on its base line, not on the lower edge of its box.
        base = plot.transData.transform(text.get_position())
        text.set_position(back.transform(box[:2] + base - (extent.x0 - 1, extent.y0)))
        end = np.clip(own, box[:2], box[2:])
        if np.hypot(*(end - own)) > sizes[0][1] / 2:
            plot.plot(*back.transform([own, end]).T, color="#777777", linewidth=0.5, zorder=3.5)


def _stairs(corners: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """Points along the frontier's line, so far apart, in pixels."""
    found = [corners[:0]]
    for (x, y), (next_x, next_y) in pairwise(corners):
        across, down = (np.arange(min(ends), max(ends), step) for ends in ((x, next_x), (y, next_y)))
        found += [np.column_stack([across, np.full(len(across), y)])]
        found += [np.column_stack([np.full(len(down), next_x), down])]
    return np.concatenate(found)
