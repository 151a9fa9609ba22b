"""NSGA-II by pymoo, of extra ``search``, over a space of choices.

A child takes each choice from either parent; one of its axes, on average, is drawn anew or moves on by one: axes may be
ordered, or just names. No point is looked at twice in a generation or beside its parents.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dse.search.space import Indices, Searched, Space, check_space, look
from hw.formats import check_int

try:
    from pymoo.algorithms.moo.nsga2 import NSGA2
    from pymoo.core.mutation import Mutation
    from pymoo.core.problem import Problem
    from pymoo.operators.crossover.ux import UX
    from pymoo.optimize import minimize
except ModuleNotFoundError as error:
    raise ModuleNotFoundError("NSGA-II needs pymoo: pip install 'macsmith[search]'", name=error.name) from error


def nsga2(space: Space, evaluations: int, seed: int = 0, population: int = 100) -> Searched:
    """Look at points near those that were good, and far from each other.

    Parameters
    ----------
    space : Space
        What is searched.
    evaluations : int
        Points, at least 1; fewer are looked at where there are no more.
    seed : int
        Of what is drawn: 0..2^32 - 1.
    population : int
        Points of a generation, at least 4.

    Raises
    ------
    TypeError, ValueError
        A number is none or out of its range, or what the space says is (`check_space`, `look`).
    """
    axes = check_space(space)
    check_int("evaluations", evaluations, 1, 10**9)
    check_int("seed", seed, 0, 2**32 - 1)
    check_int("population", population, 4, 10**6)
    first = np.random.default_rng(seed).integers(axes, size=(min(population, evaluations), len(axes)))
    # Each once, in the order in which they were drawn: sorted ones would not be few at random.
    first = first[np.sort(np.unique(first, axis=0, return_index=True)[1])]
    record = _Record(space, axes, look(space, first))
    algorithm = NSGA2(
        pop_size=population, sampling=first, crossover=UX(), mutation=_Mutation(), eliminate_duplicates=True
    )
    minimize(record, algorithm, ("n_eval", evaluations), seed=seed)
    return Searched.together(record.looked).first(evaluations)


class _Record(Problem):
    """The space as pymoo asks for it; a point that is no design breaks a constraint. What it looked at is kept."""

    def __init__(self, space: Space, axes: tuple[int, ...], first: Searched) -> None:
        self.space, self.looked, self._first = space, [first], True
        objectives = first.costs.shape[1]
        super().__init__(n_var=len(axes), n_obj=objectives, n_ieq_constr=1, xl=0, xu=np.array(axes) - 1, vtype=int)

    def _evaluate(self, x: Any, out: dict[str, Any], *args: Any, **given: Any) -> None:
        # The first generation was looked at before, to see how many objectives there are.
        if not self._first:
            self.looked.append(look(self.space, np.asarray(x, dtype=np.int64)))
        self._first, found = False, self.looked[-1]
        # Costs of what is no design are not compared; NaN would spread.
        out["F"], out["G"] = np.where(found.valid[:, None], found.costs, 0.0), np.where(found.valid, -1.0, 1.0)[:, None]


class _Mutation(Mutation):
    def _do(self, problem: Any, x: Indices, *args: Any, random_state: Any, **given: Any) -> Indices:
        top = problem.xu.astype(np.int64)
        anew = random_state.integers(0, top + 1, size=x.shape)
        moved = np.clip(x.astype(np.int64) + random_state.choice([-1, 1], size=x.shape), 0, top)
        chosen = np.where(random_state.random(x.shape) < 0.5, anew, moved)
        return np.where(random_state.random(x.shape) < 1 / problem.n_var, chosen, x)
