"""Which of many points others dominate: at most as dear in each objective, and cheaper in one.

A few strong points first take out what they dominate, in one pass each: most of what is not near the front. What is
left is compared in blocks, as ranks, from the smallest sum of ranks on. Who dominates has the smaller sum, so a block's
own front is final when its turn comes, and what it dominates of the rest leaves. That is front x rest comparisons, at
worst n^2 / 2, where all points are on the front.

Points are columns here, of shape (m, n): an objective's values lie side by side.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Columns = NDArray[Any]
STRONG = 32
"""Points of the first sieve."""
BLOCK, SLICE = 512, 4096
"""Points that are compared with so many others at a time; the sets of one by the other stay in a core's cache."""
QUANTILES = 1000
"""Places of a column by which the first sieve finds strong points."""


def front_of(points: Columns) -> NDArray[np.bool_]:
    """Points that no other dominates, shape (n,); of equal points, each."""
    if len(points) == 1:
        return np.asarray(points[0] == points[0].min(initial=np.inf))
    found = np.zeros(points.shape[1], dtype=bool)
    left = _sieve(points, points[:, _strongest(points)])
    points = points[:, left]
    found[left] = _staircase(points) if len(points) == 2 else _front_of_ranks(_ranks(points))
    return found


def dominated(points: Columns, by: Columns) -> NDArray[np.bool_]:
    """Points, shape (n,), that one of others, of shape (m, k), dominates."""
    found = np.ones(points.shape[1], dtype=bool)
    left = _sieve(points, by[:, _strongest(by)])
    ranks = _ranks(np.concatenate([points[:, left], by], axis=1))
    ranks, others = ranks[:, : len(left)], ranks[:, len(left) :]
    found[left] = _covered(ranks, others[:, np.argsort(others[-1])])
    return found


def _staircase(points: Columns) -> NDArray[np.bool_]:
    """The front of two objectives: along the first, whatever is below all before it in the second."""
    found = np.zeros(points.shape[1], dtype=bool)
    if not found.size:
        return found
    order = np.lexsort(points[::-1])
    first, second = points[:, order]
    starts = np.concatenate([[True], first[1:] != first[:-1]])
    place = np.flatnonzero(starts)[np.cumsum(starts) - 1]
    before = np.concatenate([[np.inf], np.minimum.accumulate(second)[:-1]])[place]
    # Infinity itself is not below what is before the first point: there is nothing.
    found[order] = (second == second[place]) & ((second < before) | (place == 0))
    return found


def _strongest(points: Columns) -> NDArray[np.intp]:
    """A few points that are low in all columns, by the sum of the places that they have in them."""
    if points.shape[1] <= STRONG:
        return np.arange(points.shape[1])
    step = max(1, points.shape[1] // QUANTILES)
    places = sum(np.searchsorted(np.sort(column[::step]), column) for column in points)
    return np.argpartition(places, STRONG)[:STRONG]


def _sieve(points: Columns, strong: Columns) -> NDArray[np.intp]:
    """Numbers of the points that none of a few strong ones dominates."""
    left = np.arange(points.shape[1])
    for column in strong.T:
        beaten = np.ones(points.shape[1], dtype=bool)
        below = np.zeros(points.shape[1], dtype=bool)
        for values, value in zip(points, column, strict=True):
            beaten &= values >= value
            below |= values > value
        kept = ~(beaten & below)
        if not kept.all():
            left, points = left[kept], points[:, kept]
    return left


def _ranks(points: Columns) -> NDArray[np.int32]:
    """Each column's values as 0, 1, 2, ..., equal ones alike, and below them the sum of these."""
    ranks = np.empty((len(points) + 1, points.shape[1]), dtype=np.int64)
    for row, column in zip(ranks, points, strict=False):
        row[:] = np.unique(column, return_inverse=True)[1]
    total = ranks[:-1].sum(axis=0)
    # The sums as ranks, too: int32 holds them, and twice as many are compared at once.
    ranks[-1] = np.unique(total, return_inverse=True)[1]
    return ranks.astype(np.int32)


def _front_of_ranks(ranks: NDArray[np.int32]) -> NDArray[np.bool_]:
    order = np.lexsort(ranks)  # by the last row, the sum, first
    ranks = ranks[:, order]
    new = np.concatenate([[True] * bool(order.size), (ranks[:, 1:] != ranks[:, :-1]).any(axis=0)]).astype(bool)
    left, best = np.flatnonzero(new), np.zeros(len(order), dtype=bool)
    while left.size:
        block, left = left[:BLOCK], left[BLOCK:]
        block = block[~_covered(ranks[:, block], ranks[:, block])]
        best[block] = True
        left = left[~_covered(ranks[:, left], ranks[:, block])]
    found = np.zeros(len(order), dtype=bool)
    found[order] = best[np.flatnonzero(new)[np.cumsum(new) - 1]]
    return found


def _covered(ranks: NDArray[np.int32], by: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Points, as ranks with their sums, that one of others dominates."""
    found = np.zeros(ranks.shape[1], dtype=bool)
    for start in range(0, by.shape[1], BLOCK):
        columns = [_Below(column) for column in by[:, start : start + BLOCK]]
        left = np.flatnonzero(~found)
        for first in range(0, len(left), SLICE):
            some = left[first : first + SLICE]
            # Where no rank is larger, a smaller sum says that one is smaller.
            below = columns[-1].sets(ranks[-1, some], "left")
            for column, values in zip(columns[:-1], ranks[:-1, some], strict=True):
                below &= column.sets(values, "right")
            found[some] = below.any(axis=1)
    return found


class _Below:
    """Which of a block's values are below others, as sets: a bit for each value of the block."""

    def __init__(self, block: NDArray[np.int32]) -> None:
        order = np.argsort(block)
        self._sorted = block[order]
        bits = np.zeros((len(block) + 1, -(-len(block) // 64)), dtype=np.uint64)
        bits[np.arange(len(block)) + 1, order // 64] = np.uint64(1) << (order % 64).astype(np.uint64)
        self._prefixes = np.bitwise_or.accumulate(bits)

    def sets(self, values: NDArray[np.int32], side: Literal["left", "right"]) -> NDArray[np.uint64]:
        """The values of the block below each of `values`, or, on the right side, at most that."""
        return self._prefixes[np.searchsorted(self._sorted, values, side)]
