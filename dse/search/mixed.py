"""The best format for each layer within budgets, by integer programming, with a proof.

A choice of a group of layers is a variable that is 0 or 1. HiGHS takes a budget as kept if it is exceeded by a little,
so what it finds is added up again, exactly. If that exceeds a budget, choices that are at least as dear are cut off,
and it goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from dse.search.assignment import Assignment, Budget, MixedPrecision, Table
from hw.formats.messages import cut, echo

SPREAD = 1e4
"""What objectives are scaled to span: HiGHS stops at an absolute difference of 1e-6 between its bounds."""
PROVEN = 1e-9
"""Of what an objective spans: optima that differ by less are equal."""
INFEASIBLE = 2
"""In `scipy.optimize.milp`."""


@dataclass(frozen=True)
class Solution:
    """What a solver found.

    Attributes
    ----------
    best : Assignment
        The best that was found.
    bound : float
        No assignment within the budgets has a smaller loss.
    proven : bool
        Whether the best is at that bound, so far as floats tell.
    """

    best: Assignment
    bound: float
    proven: bool

    @property
    def gap(self) -> float:
        """By how much the best may be above the least possible loss."""
        return max(0.0, self.best.loss - self.bound)


def solve(problem: MixedPrecision, seconds: float = 60.0) -> Solution:
    """Choices for all layers at the smallest sum of losses within all budgets.

    Parameters
    ----------
    problem : MixedPrecision
        What is asked.
    seconds : float
        The solver's, at most. Where they end first, the best so far is not proven.

    Raises
    ------
    ValueError
        The budgets can't be kept; which one, and what the least possible is. Or seconds are not positive.
    TimeoutError
        Nothing within the budgets was found in that time.
    """
    if not seconds > 0:
        raise ValueError(f"seconds must be positive, got {echo(seconds)}")
    losses = problem.summed(problem.losses)
    found = _minimise(problem, losses, problem.budgets, seconds)
    if found is None:
        raise ValueError(_what_is_too_small(problem, seconds))
    chosen, bound = found
    best = problem.assignment(chosen)
    return Solution(best, min(bound, best.loss), best.loss - bound <= PROVEN * _span(losses))


def uniform(problem: MixedPrecision) -> Assignment:
    """The same choice for all layers, at the smallest loss within all budgets: what a mixture is compared with.

    Raises
    ------
    ValueError
        No choice that all layers can take is within the budgets.
    """
    all_alike = [problem.of(dict.fromkeys(problem.layers, choice)) for choice in problem.choices]
    within = [one for one in all_alike if one.within and np.isfinite(one.loss)]
    if not within:
        raise ValueError("no choice is within the budgets if all layers have the same")
    return min(within, key=lambda one: one.loss)


def _minimise(
    problem: MixedPrecision, objective: Table, budgets: Sequence[Budget], seconds: float
) -> tuple[NDArray[np.int64], float] | None:
    """Numbers of choices, shape (groups,), and a lower bound of the objective; None if no budgets can be kept."""
    possible = np.isfinite(problem.summed(problem.losses))
    scale = SPREAD / _span(objective)
    costs = np.where(possible, objective, 0) * scale
    one_each = np.kron(np.eye(len(objective)), np.ones(objective.shape[1]))
    rules = [LinearConstraint(one_each, 1, 1)]
    for budget in budgets:
        unit = budget.costs.max() or 1.0
        rules.append(LinearConstraint(problem.summed(budget.costs).ravel() / unit, ub=budget.bound / unit))
    while True:
        result = milp(
            costs.ravel(),
            integrality=np.ones(costs.size),
            bounds=Bounds(0, possible.ravel().astype(float)),
            constraints=rules,
            options={"mip_rel_gap": 0.0, "time_limit": seconds},
        )
        if result.status == INFEASIBLE:
            return None
        if result.x is None:
            raise TimeoutError(f"nothing within the budgets was found: {cut(result.message)}")
        picks = np.asarray(result.x).reshape(costs.shape).argmax(axis=1)
        spent = problem.assignment(picks).spent
        exceeded = [budget for budget in budgets if budget.exceeded(spent[budget.name])]
        if not exceeded:
            return picks, float(result.mip_dual_bound) / scale
        rules += [_cheaper_somewhere(problem.summed(budget.costs), picks) for budget in exceeded]


def _cheaper_somewhere(costs: Table, picks: NDArray[np.int64]) -> LinearConstraint:
    """Choices of which one group's is cheaper than what was picked."""
    picked = costs[np.arange(len(costs)), picks][:, None]
    cheapest = picked == costs.min(axis=1, keepdims=True)
    return LinearConstraint(((costs >= picked) & ~cheapest).ravel().astype(float), ub=float((~cheapest).sum()) - 1)


def _span(table: Table) -> float:
    """What sums of one finite value of each row span; 1 if they are all equal."""
    finite = np.isfinite(table)
    tops, lows = np.where(finite, table, -np.inf).max(axis=1), np.where(finite, table, np.inf).min(axis=1)
    return float((tops - lows).sum()) or 1.0


def _what_is_too_small(problem: MixedPrecision, seconds: float) -> str:
    """The first budget that can't be kept together with those before it, and the least that it could be."""
    for place, budget in enumerate(problem.budgets):
        before = problem.budgets[:place]
        found = _minimise(problem, problem.summed(budget.costs), before, seconds)
        if found is None:
            break
        least = problem.assignment(found[0]).spent[budget.name]
        if budget.exceeded(least):
            names = ", ".join(other.name for other in before)
            given = f" with {cut(names)} kept" if _least(problem, budget) < least else ""
            return f"{cut(budget.name)} can't be at most {budget.bound:g}: the least possible{given} is {least:g}"
    raise AssertionError("budgets that can be kept are not infeasible")


def _least(problem: MixedPrecision, budget: Budget) -> float:
    possible = np.isfinite(problem.summed(problem.losses))
    return float(np.where(possible, problem.summed(budget.costs), np.inf).min(axis=1).sum())
