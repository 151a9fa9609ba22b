"""A group of a design space as axes that a search moves along: its rows by estimate, one at a time or all."""

from __future__ import annotations

from math import prod

import numpy as np
from numpy.typing import NDArray

from dse.groups import Group
from dse.screen import Rows, known, middles
from dse.search.space import Costs, Indices, Mask
from hw.formats import check_int


class Designs:
    """The designs of a group on one device, by what is estimated of them.

    Parameters
    ----------
    rows : Rows
        Of a space; objectives and constraints are that space's.
    group, device : int
        Which of the space's.

    Raises
    ------
    TypeError, ValueError
        There is no such group or device.

    Attributes
    ----------
    words : tuple of str
        The group's axes, by name: first those that make parts, then sizes.
    axes : tuple of int
        How many values each has.
    """

    def __init__(self, rows: Rows, group: int = 0, device: int = 0) -> None:
        space = rows.pool.space
        check_int("group", group, 0, len(space.groups) - 1)
        check_int("device", device, 0, len(space.devices) - 1)
        self.rows, of = rows, space.groups[group]
        self.words = (*of.shaping, *of.sized)
        self.axes = tuple(len(of.axes[word]) for word in self.words)
        self._first = _first_rows(rows, group, device)
        self._within = _within(of, rows.pool.grids[group])

    def __len__(self) -> int:
        """Points, whether there are such designs or not."""
        return prod(self.axes)

    def numbers(self, indices: Indices) -> NDArray[np.int64]:
        """The numbers of points' rows; -1 where there is no such design."""
        flat = np.ravel_multi_index(tuple(np.asarray(indices).T), self.axes)
        first, within = self._first[flat // len(self._within)], self._within[flat % len(self._within)]
        return np.where((first < 0) | (within < 0), -1, first + within)

    def evaluate(self, indices: Indices) -> tuple[Costs, Mask]:
        """As `dse.search.space.Space`: middles of estimates, and what is known and meets the constraints by them."""
        space, numbers = self.rows.pool.space, self.numbers(indices)
        there = np.flatnonzero(numbers >= 0)
        columns = self.rows.columns(numbers[there])
        found = {name: known(objective, columns) for name, objective in space.asked.items()}
        right = np.logical_and.reduce([np.isfinite(best.values) for best in found.values()])
        for name, bound in space.constraints.items():
            sign = space.asked[name].sign
            right &= sign * found[name].values <= sign * bound
        costs, valid = np.full((len(numbers), len(space.objectives)), np.inf), np.zeros(len(numbers), dtype=bool)
        costs[there] = middles(space.objectives, [found[objective.name] for objective in space.objectives])
        valid[there] = right
        return costs, valid

    def every(self) -> Indices:
        """All points."""
        return np.stack(np.unravel_index(np.arange(len(self)), self.axes), axis=1).astype(np.int64)


def _first_rows(rows: Rows, group: int, device: int) -> NDArray[np.int64]:
    """By choice of the group's parts: its first row; -1 where there is none."""
    space = rows.pool.space
    starts = {
        tuple(placement.choice.items()): rows.first(place)
        for place, placement in enumerate(rows.pool.placements)
        if placement.group == group and placement.device == space.devices[device]
    }
    return np.array([starts.get(tuple(choice.items()), -1) for choice in space.groups[group].choices()])


def _within(group: Group, grid: NDArray[np.int64]) -> NDArray[np.int64]:
    """By sizes of the group: which row of a part it is; -1 where there are none of these."""
    places = {tuple(sizes): place for place, sizes in enumerate(grid.tolist())}
    return np.array([places.get(tuple(sizes), -1) for sizes in group.sizes().tolist()])
