"""A space too large to look at all of it, searched at random; what a search has looked at, and what was best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dse.frontier import pareto
from hw.formats import check_int
from hw.formats.messages import echo

Indices = NDArray[np.int64]
Costs = NDArray[np.float64]
Mask = NDArray[np.bool_]

COUNTED = 10**7
"""Points of a space from which points are drawn without repetition; in larger ones few are drawn twice."""


class Space(Protocol):
    """A product of axes, each with so many choices.

    Attributes
    ----------
    axes : sequence of int
        How many choices each axis has.
    """

    @property
    def axes(self) -> Sequence[int]: ...

    def evaluate(self, indices: Indices) -> tuple[Costs, Mask]:
        """What points, as numbers of choices of shape (n, axes), cost, and whether there are such designs.

        Returns
        -------
        Costs of shape (n, m), less is better in each, at least one; and a mask of shape (n,). What a point that is not
        valid costs does not matter.
        """
        ...


@dataclass(frozen=True)
class Searched:
    """Points in the order in which a search looked at them.

    Attributes
    ----------
    indices : int64 array of shape (n, axes)
    costs : float64 array of shape (n, m)
    valid : bool array of shape (n,)
    """

    indices: Indices
    costs: Costs
    valid: Mask

    def front(self, evaluations: int | None = None) -> Indices:
        """Numbers of the points, of all or of so many first ones, that are valid and that none of them dominates."""
        numbers = np.flatnonzero(self.valid[:evaluations])
        return numbers[pareto(self.costs[numbers])]

    def first(self, evaluations: int) -> Searched:
        """What had been looked at after so many evaluations."""
        return Searched(self.indices[:evaluations], self.costs[:evaluations], self.valid[:evaluations])

    @classmethod
    def together(cls, parts: Sequence[Searched]) -> Searched:
        """What several searches have looked at."""
        arrays = zip(*((part.indices, part.costs, part.valid) for part in parts), strict=True)
        return cls(*(np.concatenate(some) for some in arrays))


def check_space(space: Space) -> tuple[int, ...]:
    """The axes of a space.

    Raises
    ------
    TypeError, ValueError
        An axis is no int of at least 1, or there is none.
    """
    axes = tuple(space.axes)
    if not axes:
        raise ValueError("a space must have at least one axis, got none")
    for axis in axes:
        check_int("an axis's number of choices", axis, 1, 2**31)
    return axes


def look(space: Space, indices: Indices) -> Searched:
    """Evaluate points.

    Raises
    ------
    ValueError
        What the space answers has another shape, or a cost of a valid point is NaN.
    """
    costs, valid = space.evaluate(indices)
    costs, valid = np.asarray(costs, dtype=float), np.asarray(valid)
    if costs.ndim != 2 or len(costs) != len(indices) or not costs.shape[1]:
        raise ValueError(f"evaluate must give costs of shape ({len(indices)}, m), got {costs.shape}")
    if valid.shape != (len(indices),) or valid.dtype != bool:
        raise ValueError(f"evaluate must give a mask of shape ({len(indices)},), got {valid.dtype} of {valid.shape}")
    wrong = np.flatnonzero(np.isnan(costs).any(axis=1) & valid)
    if wrong.size:
        raise ValueError(f"the costs of a valid point must not be NaN, got {echo(indices[wrong[0]].tolist())} with one")
    return Searched(indices, costs, valid)


def random_search(space: Space, evaluations: int, seed: int = 0) -> Searched:
    """Look at points that are drawn, each as likely: what any search is compared with.

    Parameters
    ----------
    space : Space
        What is searched.
    evaluations : int
        Points, at least 1; of a small space, at most all.
    seed : int
        Of what is drawn: 0..2^32 - 1.
    """
    axes = check_space(space)
    check_int("evaluations", evaluations, 1, 10**9)
    check_int("seed", seed, 0, 2**32 - 1)
    random, size = np.random.default_rng(seed), prod(axes)
    if size <= COUNTED:
        numbers = random.choice(size, min(evaluations, size), replace=False)
        return look(space, np.stack(np.unravel_index(numbers, axes), axis=1).astype(np.int64))
    return look(space, random.integers(axes, size=(evaluations, len(axes))))
