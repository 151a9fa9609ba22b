"""The frontier as a table in the terminal."""

from __future__ import annotations

import numpy as np
from rich.markup import escape
from rich.table import Table

from dse.objectives import Best, Objective
from dse.reporting.choice import choice
from dse.reporting.comparison import Comparison, Status
from dse.reporting.sheet import ABOUT


def frontier_table(compared: Comparison, place: int, most: int = 40) -> Table:
    """The designs on a device's frontier, from the best in the second objective on: what they cost, and are worth.

    Parameters
    ----------
    compared : Comparison
    place : int
        The device, by number.
    most : int
        Lines, at most; the caption says how many there are.

    Returns
    -------
    rich.table.Table
        With a mark at what is estimated, and the ends of its 90 %.
    """
    rows = np.flatnonzero((compared.status == Status.FRONTIER) & (compared.place == place))
    # NaN goes last.
    ordered = rows[np.argsort(compared.costs(1)[rows], kind="stable")]
    where = compared.places[place]
    shown = f"{min(most, len(rows))} of {len(rows)}" if len(rows) > most else str(len(rows))
    table = Table(
        title=escape(f"frontier of {compared.frontier_title}" + (f" on {where}" if where else "")),
        caption=f"{shown} of {_here(compared, place):,} designs compared; {ABOUT} is estimated, with its 90 %",
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


def _here(compared: Comparison, place: int) -> int:
    return int(np.sum(compared.place == place))


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
