"""Which design to take of a frontier, where nothing more is asked: the one where it bends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dse.reporting.comparison import Comparison, Rows
from dse.reporting.sheet import Reason, command, reasons


@dataclass(frozen=True)
class Choice:
    """What to take on a device.

    Attributes
    ----------
    row : int
        Of the comparison's table.
    spec : str
    reason : Reason
        Why it is on the frontier, and what the next better one costs.
    command : str
        What writes its Verilog.
    """

    row: int
    spec: str
    reason: Reason
    command: str


def choice(compared: Comparison, place: int) -> Choice | None:
    """The design to take on a device; None if nothing is known of the first two objectives there.

    Of the frontier of these two, as a plot of them has it, the design that is nearest to the corner that is best in
    both: before it a little more of the second objective brings much of the first, behind it much brings little. Of
    two that are as near, it is the one that is better in the second.
    """
    line = compared.line(1, 0, place)
    if not len(line):
        return None
    away = _share(compared, 0, line) + _share(compared, 1, line)
    row = int(line[np.argmin(away.round(9))])
    record = {str(name): value for name, value in compared.table.iloc[row].items()}
    return Choice(row, compared.spec(row), reasons(compared, 1, 0, place)[row], command(record))


def _share(compared: Comparison, number: int, line: Rows) -> NDArray[np.float64]:
    """How far each is from the best in an objective: 0 for that, 1 for the worst, on the objective's axis."""
    values = compared.best[number].values[line]
    objective = compared.objectives[number]
    costs = objective.sign * (np.log(values) if objective.log and (values > 0).all() else values)
    span = np.ptp(costs)
    return np.asarray((costs - costs.min()) / span if span else np.zeros(len(line)))
