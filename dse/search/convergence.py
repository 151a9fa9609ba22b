"""How soon searches find what is good: the hypervolume of their fronts against the points that they looked at.

Hypervolume is the part of a box that a front dominates. The box goes from the best of each objective, on the front of
all runs together, to a tenth of its range beyond the worst there; infinite costs are outside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from dse.reporting.figure import save
from dse.search.space import Costs, Searched, Space, random_search
from hw.formats import check_int
from hw.formats.messages import echo

MARGIN = 0.1
"""Of the range of an objective: a front's worst points count for something, too."""
STEPS = 25
"""Places at which a front is weighed."""
LINES = [("-", "black"), ("--", "#7a7a7a"), (":", "#444444"), ("-.", "#a0a0a0")]


class Search(Protocol):
    """A search, as `nsga2` and `random_search` are."""

    def __call__(self, space: Space, evaluations: int, seed: int) -> Searched: ...


class Box:
    """Where hypervolumes are taken.

    Parameters
    ----------
    front : array of shape (n, m)
        Costs that none of them dominates, finite ones among them.
    """

    def __init__(self, front: Costs) -> None:
        finite = front[np.isfinite(front).all(axis=1)]
        if not len(finite):
            raise ValueError("there must be a valid point with finite costs to compare fronts with, got none")
        self.low = finite.min(axis=0)
        spans = np.ptp(finite, axis=0)
        self.size = (1 + MARGIN) * np.where(spans > 0, spans, 1.0)

    def share(self, costs: Costs) -> float:
        """The part of the box that costs dominate, 0 to 1."""
        from pymoo.indicators.hv import HV

        inside = (costs - self.low) / self.size
        inside = inside[(inside < 1).all(axis=1)]
        # What is better than the box in one objective counts from its edge.
        return float(HV(ref_point=np.ones(costs.shape[1]))(inside.clip(0))) if len(inside) else 0.0


def converge(
    space: Space, evaluations: int, seeds: int = 5, searches: Mapping[str, Search] | None = None
) -> pd.DataFrame:
    """Run searches with several seeds, and weigh their fronts as they grow.

    Parameters
    ----------
    space : Space
        What is searched.
    evaluations : int
        Points that each run looks at.
    seeds : int
        Runs of each search, with seeds from 0 on.
    searches : mapping of str to function, optional
        By name. Without it, NSGA-II (which needs extra ``search``) and random search.

    Returns
    -------
    A row for each search, seed and number of evaluations: columns `search`, `seed`, `evaluations`, `hypervolume`.

    Raises
    ------
    ModuleNotFoundError
        Pymoo is not installed.
    ValueError
        A number is out of its range, or no point that was found is valid.
    """
    check_int("seeds", seeds, 1, 10**4)
    check_int("evaluations", evaluations, 1, 10**9)
    if searches is None:
        from dse.search.nsga2 import nsga2

        searches = {"NSGA-II": nsga2, "random": random_search}
    runs = {
        (name, seed): search(space, evaluations, seed) for name, search in searches.items() for seed in range(seeds)
    }
    return weigh(runs, evaluations)


def weigh(runs: Mapping[tuple[str, int], Searched], evaluations: int, front: Costs | None = None) -> pd.DataFrame:
    """The hypervolumes of runs, by name and seed, as `converge` returns them.

    Parameters
    ----------
    runs : mapping of (str, int) to Searched
    evaluations : int
        Of each run.
    front : array of shape (n, m), optional
        The front of all points, where that is known: hypervolumes are then shares of its own. Without it they are
        shares of a box around the front of all runs.
    """
    everything = Searched.together(list(runs.values()))
    best = everything.costs[everything.front()] if front is None else front
    box = Box(best)
    whole = 1.0 if front is None else box.share(front)
    places = np.unique(np.geomspace(min(10, evaluations), evaluations, STEPS).round().astype(int)).tolist()
    rows = [
        (name, seed, place, box.share(run.costs[run.front(place)]) / whole)
        for (name, seed), run in runs.items()
        for place in places
    ]
    return pd.DataFrame(rows, columns=["search", "seed", "evaluations", "hypervolume"])


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Over the seeds: columns `search`, `evaluations`, `least`, `median` and `most` of the hypervolumes."""
    found = table.groupby(["search", "evaluations"], sort=False)["hypervolume"]
    return found.agg(least="min", median="median", most="max").reset_index()


def draw(table: pd.DataFrame, path: Path, of: str = "the box") -> Path:
    """Draw hypervolume against evaluations, the median of the seeds as a line, all of them as a band; PNG, SVG or PDF.

    `of` says what hypervolumes are shares of.

    Raises
    ------
    ValueError
        The table has none of its columns, no row, or more searches than there are kinds of lines.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    _check(table)
    with rc_context({"font.size": 9, "svg.hashsalt": "macsmith", "svg.fonttype": "none"}):
        figure = Figure(figsize=(5, 3.4), layout="constrained")
        FigureCanvasAgg(figure)
        plot = figure.subplots()
        for (name, rows), (line, shade) in zip(summary(table).groupby("search", sort=False), LINES, strict=False):
            plot.fill_between(rows["evaluations"], rows["least"], rows["most"], color=shade, alpha=0.2, linewidth=0)
            plot.plot(rows["evaluations"], rows["median"], line, color=shade, linewidth=1.4, label=name)
        plot.set_xscale("log")
        plot.set_xlabel("designs evaluated")
        plot.set_ylabel(f"hypervolume, share of {of}")
        plot.set_ylim(0, 1)
        plot.grid(color="#e4e4e4", linewidth=0.6)
        # Lines may be anywhere in the plot, so the legend is above it.
        figure.legend(loc="outside upper center", ncols=len(LINES), frameon=False, fontsize=8, title=_seeds(table))
        return save(figure, path)


def _seeds(table: pd.DataFrame) -> str:
    count = table["seed"].nunique()
    return f"median and range of {count} seeds" if count > 1 else "one seed"


def _check(table: Any) -> None:
    columns: Sequence[str] = ("search", "seed", "evaluations", "hypervolume")
    missing = [name for name in columns if name not in table.columns]
    if missing or table.empty:
        raise ValueError(f"a table to draw must have rows with {', '.join(columns)}, got {echo(list(table.columns))}")
    if table["search"].nunique() > len(LINES):
        raise ValueError(f"a table to draw must have at most {len(LINES)} searches, got {table['search'].nunique()}")
