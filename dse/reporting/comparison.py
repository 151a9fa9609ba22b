"""Designs side by side, as a report needs them: what each is worth, which are on the frontier, what is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import combinations

import numpy as np
import pandas
from numpy.typing import NDArray

from dse.frontier import frontier
from dse.objectives import Best, Objective
from hw.formats.messages import cut, echo

Rows = NDArray[np.int64]


class Status(IntEnum):
    """Where a design stands."""

    FRONTIER = 0
    BAND = 1
    DOMINATED = 2


STATUS_TITLES = {
    Status.FRONTIER: "on the frontier",
    Status.BAND: "within the intervals of it",
    Status.DOMINATED: "dominated",
}


@dataclass(frozen=True)
class Comparison:
    """A table with what its objectives make of it.

    Attributes
    ----------
    table : DataFrame
        Rows by number.
    objectives : tuple of Objective
    best : tuple of Best
        One for each objective.
    status : array of shape (rows,)
        A `Status` each.
    places : tuple of str
        The devices; designs are compared within one. An empty text where the table does not say.
    place : array of int of shape (rows,)
        Each row's.
    frontier_of : tuple of Objective
        Those that ``frontier`` and ``band`` are of.
    """

    table: pandas.DataFrame
    objectives: tuple[Objective, ...]
    best: tuple[Best, ...]
    status: NDArray[np.int8]
    places: tuple[str, ...]
    place: Rows
    frontier_of: tuple[Objective, ...]

    @property
    def frontier_title(self) -> str:
        """What the frontier is of: ``loss and LUT``."""
        return joined([objective.title for objective in self.frontier_of])

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """All that may be set against each other, by number."""
        return list(combinations(range(len(self.objectives)), 2))

    def beside(self, x: int, y: int) -> list[int]:
        """Beside two of its objectives the others that a frontier of three or more is of, by number."""
        if len(self.frontier_of) < 3:
            return []
        return [n for n, goal in enumerate(self.objectives) if goal in self.frontier_of and n not in (x, y)]

    def spec(self, row: int) -> str:
        return str(self.table["spec"].iat[row])

    def known(self, x: int, y: int) -> NDArray[np.bool_]:
        """Which rows have values of both objectives."""
        found: NDArray[np.bool_] = np.isfinite(self.best[x].values) & np.isfinite(self.best[y].values)
        return found

    def costs(self, number: int) -> NDArray[np.float64]:
        """An objective's values so that less is better."""
        return self.objectives[number].sign * self.best[number].values

    def line(self, x: int, y: int, place: int, among: NDArray[np.bool_] | None = None) -> Rows:
        """The frontier of two objectives on a device, of the best that is known: rows, from the best in `x` on.

        Of designs that are equal in both (of counts of blocks, thousands may be) it has one: of those on the frontier
        of all objectives, if there are any, the first. `among`: of these rows alone.
        """
        some = self.known(x, y) & (self.place == place)
        cost, rows = self.costs(x), np.flatnonzero(some if among is None else some & among)
        line = rows[frontier(cost[rows], -self.costs(y)[rows])]
        line = line[np.lexsort((line, self.status[line], cost[line]))]
        return line[np.unique(cost[line], return_index=True)[1]]

    def drawn(self, band: int, dominated: int, seed: int) -> Rows:
        """Rows that a page shows: all on a frontier, of two objectives or of all, and a sample of the others.

        Parameters
        ----------
        band, dominated : int
            How many of each, at most.
        seed : int
            For which they are.
        """
        some = np.logical_or.reduce([np.isfinite(best.values) for best in self.best])
        kept = some & (self.status == Status.FRONTIER)
        for x, y in self.pairs:
            for place in range(len(self.places)):
                kept[self.line(x, y, place)] = True
        random = np.random.default_rng(seed)
        for status, most in ((Status.BAND, band), (Status.DOMINATED, dominated)):
            others = np.flatnonzero(some & ~kept & (self.status == status))
            kept[random.choice(others, min(most, len(others)), replace=False)] = True
        return np.flatnonzero(kept)


def joined(texts: Sequence[str]) -> str:
    """Texts as a sentence lists them: ``a``, ``a and b``, ``a, b and c``."""
    *others, last = texts
    return f"{', '.join(others)} and {last}" if others else last


def compare(
    table: pandas.DataFrame, objectives: Sequence[Objective], frontier_of: Sequence[Objective] | None = None
) -> Comparison:
    """Ready a table for a report.

    Parameters
    ----------
    table : DataFrame
        A row for a design on a device, with ``spec`` and ``frontier``; ``band`` and ``device`` (else ``target``) count
        where they are there. Rows without a value of any two objectives stay, and are never drawn.
    objectives : sequence of Objective
        At least two.
    frontier_of : sequence of Objective, optional
        Those that ``frontier`` and ``band`` are of, for a report to say so; all of them by default.

    Raises
    ------
    TypeError
        `table` is no DataFrame, or an objective no Objective.
    ValueError
        The table has no row, none with a value of two objectives, or lacks a column; or there are fewer than two
        objectives, or two of one name.
    """
    if not isinstance(table, pandas.DataFrame):
        raise TypeError(f"table must be a DataFrame, got {echo(table)}")
    asked = _checked("objectives", objectives)
    of = asked if frontier_of is None else _checked("frontier_of", frontier_of)
    if table.empty:
        raise ValueError("table must have a row, got none")
    if absent := [name for name in ("spec", "frontier") if name not in table]:
        raise ValueError(f"table must have columns spec and frontier, got none named {' or '.join(absent)}")
    best = tuple(objective.best(table) for objective in asked)
    if np.sum([np.isfinite(one.values) for one in best], axis=0).max() < 2:
        names = ", ".join(objective.name for objective in asked)
        raise ValueError(f"table must have a row with values of two objectives, got none with two of {cut(names)}")
    table = table.reset_index(drop=True)
    where = next((table[name].fillna("").astype(str) for name in ("device", "target") if name in table), None)
    place, places = pandas.factorize(where) if where is not None else (np.zeros(len(table), dtype=np.int64), [""])
    return Comparison(table, asked, best, _status(table), tuple(places), np.asarray(place, dtype=np.int64), of)


def _checked(argument: str, objectives: Sequence[Objective]) -> tuple[Objective, ...]:
    asked = tuple(objectives)
    for objective in asked:
        if not isinstance(objective, Objective):
            raise TypeError(f"{argument} must be Objectives, got {echo(objective)}")
    names = [objective.name for objective in asked]
    if len(names) < 2 or len(set(names)) < len(names):
        raise ValueError(f"{argument} must be at least two, each once, got {cut(', '.join(names) or 'none')}")
    return asked


def _status(table: pandas.DataFrame) -> NDArray[np.int8]:
    """From the columns ``frontier`` and ``band``."""
    found = np.full(len(table), Status.DOMINATED, dtype=np.int8)
    for name, status in (("band", Status.BAND), ("frontier", Status.FRONTIER)):
        if name in table:
            found[table[name].eq(True).to_numpy(dtype=bool)] = status
    return found
