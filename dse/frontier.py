"""Which designs no other one beats: for certain, and where values are only known to lie between two ends."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dse.dominance import dominated, front_of
from hw.formats.messages import echo

Rows = NDArray[np.float64]
Mask = NDArray[np.bool_]


def frontier(cost: ArrayLike, worth: ArrayLike) -> NDArray[np.int64]:
    """Designs that no other is at least as cheap and as good as, and better in one.

    Parameters
    ----------
    cost : array of shape (n,)
        Less is better.
    worth : array of shape (n,)
        More is better.

    Returns
    -------
    Indices, from the cheapest on; of equal designs, each.

    Raises
    ------
    ValueError
        The shapes differ, or a value is NaN.
    """
    costs, worths = np.asarray(cost, dtype=float), np.asarray(worth, dtype=float)
    if costs.ndim != 1 or costs.shape != worths.shape:
        raise ValueError(f"cost and worth must have one shape (n,), got {costs.shape} and {worths.shape}")
    if np.isnan(costs).any() or np.isnan(worths).any():
        raise ValueError("cost and worth must not be NaN")
    order = np.lexsort((-worths, costs))
    return order[front_of(np.stack([costs, -worths]))[order]].astype(np.int64)


def pareto(costs: ArrayLike) -> Mask:
    """Rows that no other row dominates: is at most as dear as in each objective, and cheaper in one.

    Parameters
    ----------
    costs : array of shape (n, m)
        Less is better in each of the m objectives; give what should be large with the other sign. Infinity is a value.

    Returns
    -------
    A mask of shape (n,); of equal rows, each is kept.

    Raises
    ------
    ValueError
        The shape is another, or a value is NaN.
    """
    return front_of(_columns(_rows("costs", costs)))


def band(low: ArrayLike, high: ArrayLike) -> Mask:
    """Rows that may be on the frontier: no row's worst case dominates their best case.

    Parameters
    ----------
    low, high : array of shape (n, m)
        Each row's costs are between them. Where they are equal, the band is the frontier.

    Returns
    -------
    A mask of shape (n,).

    Raises
    ------
    ValueError
        The shapes differ or are others, a value is NaN, or a low end is above its high end.
    """
    lows, highs = _ends(low, high)
    worst = _columns(highs)
    return ~dominated(_columns(lows), worst[:, front_of(worst)])


class Front:
    """The frontier, or band, of rows that come in chunks; only what may be on it is kept.

    What a later chunk's worst case dominates leaves then. So memory holds one chunk and the band of what has come.

    Parameters
    ----------
    objectives : int
        m, at least 1.

    Attributes
    ----------
    numbers : int64 array of shape (k,)
        Of the rows kept, in the order in which they came: as they were given, or counted from 0.
    low, high : float64 array of shape (k, m)
        Their ends.
    seen : int
        Rows that have come.
    """

    def __init__(self, objectives: int) -> None:
        if not isinstance(objectives, int) or isinstance(objectives, bool):
            raise TypeError(f"objectives must be an int, got {echo(objectives)}")
        if objectives < 1:
            raise ValueError(f"objectives must be at least 1, got {objectives}")
        self.seen = 0
        self.numbers = np.empty(0, dtype=np.int64)
        self.low = self.high = np.empty((0, objectives))
        self._worst = np.empty((0, objectives))
        """The frontier of all worst cases, each once: whatever one of any row dominates, one of these does."""

    def __len__(self) -> int:
        return len(self.numbers)

    def add(self, low: ArrayLike, high: ArrayLike | None = None, numbers: ArrayLike | None = None) -> None:
        """Take a chunk.

        Parameters
        ----------
        low, high : array of shape (n, m)
            Less is better. Without `high`, the costs are certain.
        numbers : int array of shape (n,), optional
            What the rows are called. Without it they are counted from the first row of all on.

        Raises
        ------
        TypeError
            Numbers are not integers.
        ValueError
            As `band` raises it; or there are other than m objectives, or numbers of another shape.
        """
        lows, highs = _ends(low, low if high is None else high)
        if lows.shape[1] != self.low.shape[1]:
            raise ValueError(f"low must have {self.low.shape[1]} objectives, got {lows.shape[1]}")
        names = self._named(numbers, len(lows))
        self.seen += len(lows)
        near = ~dominated(_columns(lows), _columns(self._worst))
        lows, highs, names = lows[near], highs[near], names[near]
        fresh = np.unique(highs, axis=0)
        worst = np.concatenate([self._worst, fresh])
        best = front_of(_columns(worst))
        self._worst, fresh = np.unique(worst[best], axis=0), worst[len(self._worst) :][best[len(self._worst) :]]
        stays = ~dominated(_columns(self.low), _columns(fresh))
        comes = ~dominated(_columns(lows), _columns(fresh))
        self.low = np.concatenate([self.low[stays], lows[comes]])
        self.high = np.concatenate([self.high[stays], highs[comes]])
        self.numbers = np.concatenate([self.numbers[stays], names[comes]])

    def _named(self, numbers: ArrayLike | None, count: int) -> NDArray[np.int64]:
        if numbers is None:
            return np.arange(self.seen, self.seen + count, dtype=np.int64)
        names = np.asarray(numbers)
        if names.dtype.kind not in "iu":
            raise TypeError(f"numbers must be integers, got an array of {names.dtype}")
        if names.shape != (count,):
            raise ValueError(f"numbers must have shape ({count},), one for each row, got {names.shape}")
        return names.astype(np.int64)


def _columns(rows: Rows) -> Rows:
    return np.ascontiguousarray(rows.T)


def _ends(low: ArrayLike, high: ArrayLike) -> tuple[Rows, Rows]:
    lows, highs = _rows("low", low), _rows("high", high)
    if lows.shape != highs.shape:
        raise ValueError(f"low and high must have one shape (n, m), got {lows.shape} and {highs.shape}")
    wrong = np.argwhere(lows > highs)
    if wrong.size:
        row, column = wrong[0].tolist()
        raise ValueError(
            f"low must be at most high, got {lows[row, column]:g} and {highs[row, column]:g} "
            f"in row {row}, objective {column}"
        )
    return lows, highs


def _rows(name: str, values: ArrayLike) -> Rows:
    rows = np.asarray(values, dtype=float)
    if rows.ndim != 2 or not rows.shape[1]:
        raise ValueError(f"{name} must have shape (n, m) with m objectives, at least one, got {rows.shape}")
    wrong = np.argwhere(np.isnan(rows))
    if wrong.size:
        row, column = wrong[0].tolist()
        raise ValueError(f"{name} must not be NaN, got one in row {row}, objective {column}")
    return rows
