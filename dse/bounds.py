"""What constraints leave nothing of a table: how far the design that comes nearest is from them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas
from numpy.typing import NDArray

from dse.objectives import OBJECTIVES, Objective

Floats = NDArray[np.float64]


def unmet(table: pandas.DataFrame, constraints: Mapping[str, float], is_sure: bool) -> str:
    """Why no design is left, with the one that comes nearest, and by how much it misses what it misses.

    Parameters
    ----------
    table : DataFrame
        At least a row of it has a value of each.
    constraints : mapping of str to float
        By objectives' names; no row meets all of them.
    is_sure : bool
        Whether all that may meet them was measured.
    """
    goals = {OBJECTIVES[name]: bound for name, bound in constraints.items()}
    wanted = " and ".join(f"{goal.name} {goal.side} {bound:g}" for goal, bound in goals.items())
    values = {goal: goal.best(table).values for goal in goals}
    over = np.max([_over(goal, values[goal], bound) for goal, bound in goals.items()], axis=0)
    row = int(np.nanargmin(over))
    misses = [
        f"{goal.amount(values[goal][row])}, {goal.missed(values[goal][row], bound)}"
        for goal, bound in goals.items()
        if not goal.reaches(values[goal][row], bound)
    ]
    known = "measured, none meets" if is_sure else "by what is known so far, none meets"
    hope = "though the estimates had let some hope" if is_sure else "though the estimates let some hope"
    nearest = f"{table['spec'].iat[row]} on {table['device'].iat[row]}"
    return f"no design is left: {known} {wanted}, {hope}; nearest is {nearest}: {' and '.join(misses)}"


def _over(goal: Objective, values: Floats, bound: float) -> Floats:
    """By how much each value is beyond a bound, as a share of that; 0 where it is not."""
    return np.maximum(goal.sign * (values - bound), 0) / max(abs(bound), 1e-9)
