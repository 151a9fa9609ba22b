"""Which designs no other one beats."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


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
    best, kept = (np.nan, -np.inf), []
    for index in order:
        if worths[index] > best[1] or (costs[index], worths[index]) == best:
            best = (costs[index], worths[index])
            kept.append(int(index))
    return np.array(kept, dtype=np.int64)
