"""The frontier as a table in the terminal."""

from __future__ import annotations

import numpy as np
from rich.markup import escape
from rich.table import Table

from dse.dominance import dominated
from dse.objectives import Best, Objective
from dse.reporting.choice import choice
from dse.reporting.comparison import Comparison, Status
from dse.reporting.sheet import ABOUT
from rtl_gen.steps import many


def frontier_table(compared: Comparison, place: int, most: int = 40) -> Table:
    """The designs on a device's frontier, from the best in the second objective on: what they cost, and are worth.

    Parameters
    ----------
    compared : Comparison
    place : int
        The device, by number.
    most : int
        Lines, at most; the caption says how many there are, and why the other designs are not among them.

    Returns
    -------
    rich.table.Table
        With a mark at what is estimated, and the ends of its 90 %.
    """
    rows = np.flatnonzero((compared.status == Status.FRONTIER) & (compared.place == place))
    # NaN goes last.
    ordered = rows[np.argsort(compared.costs(1)[rows], kind="stable")]
    where = compared.places[place]
    table = Table(
        title=escape(f"frontier of {compared.frontier_title}" + (f" on {where}" if where else "")),
        caption="\n".join([*_counted(compared, place, most), f"{ABOUT} is estimated, with its 90 %"]),
        caption_justify="left",
    )
    table.add_column("design", overflow="fold")
    for objective in compared.objectives:
        table.add_column(escape(objective.head), justify="right")
    for row in ordered[:most]:
        values = (
            value(objective, best, row) for objective, best in zip(compared.objectives, compared.best, strict=True)
        )
        table.add_row(escape(compared.spec(row)), *map(escape, values))
    return table


def _counted(compared: Comparison, place: int, most: int) -> list[str]:
    """How many designs are compared on a device, and why those that are not on its frontier are not."""
    here = compared.place == place
    first, near, rest = (here & (compared.status == status) for status in Status)
    goals = [number for number, goal in enumerate(compared.objectives) if goal in compared.frontier_of]
    costs = np.stack([compared.costs(number) for number in goals])
    is_known = np.isfinite(costs).all(axis=0)
    beaten = np.zeros(len(here), dtype=bool)
    if first.any():
        beaten[rest & is_known] = dominated(costs[:, rest & is_known], costs[:, first & is_known])
    others = {
        "so near to it that their 90 % overlap with it": near,
        "no better in anything than one that is on it": beaten,
        "of which not all of these values are known": rest & ~is_known,
        "that break a constraint": rest & is_known & ~beaten,
    }
    listed = f", the first {most} of them here" if first.sum() > most else ""
    lines = [f"{first.sum():,} of {many(int(here.sum()), 'design')} in the table are on the frontier{listed}"]
    return [*lines, *(f"not listed: {of.sum():,} {why}" for why, of in others.items() if of.any())]


def advice(compared: Comparison, place: int) -> str:
    """Which design to take on a device, why, what the next better one costs, and how to get it; empty if none is."""
    taken = choice(compared, place)
    if taken is None:
        return ""
    where = f" on {compared.places[place]}" if compared.places[place] else ""
    first = compared.objectives[0].title
    further = taken.reason.further
    return (
        f"Take {taken.spec}{where}: {taken.because}.\n"
        f"  {taken.reason.why}\n"
        f"  {further if further.startswith('None') else f'Next better in {first}: {further}'}\n"
        f"  Its Verilog: {taken.command}\n"
    )


def value(objective: Objective, best: Best, row: int) -> str:
    """What is known of a row, for people: ``≈ 412 (380..440)`` if it is estimated."""
    found, low, high = (float(column[row]) for column in best[:3])
    ends = f" ({objective.shown(low)}..{objective.shown(high)})" if low < high else ""
    mark = "" if best.is_measured[row] or np.isnan(found) else f"{ABOUT} "
    return f"{mark}{objective.shown(found)}{ends}"
