"""Which design to take of a frontier, where nothing more is asked: the one where it bends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dse.reporting.comparison import Comparison, Rows, Status
from dse.reporting.sheet import Reason, command, reasons, told


@dataclass(frozen=True)
class Choice:
    """What to take on a device.

    Attributes
    ----------
    row : int
        Of the comparison's table.
    spec : str
    because : str
        Why this one, in a few words.
    reason : Reason
        Why it is on the frontier, and what the next better one costs.
    command : str
        What writes its Verilog.
    """

    row: int
    spec: str
    because: str
    reason: Reason
    command: str


def choice(compared: Comparison, place: int) -> Choice | None:
    """The design to take on a device; None if nothing is known of the first two objectives there.

    Of the frontier, as a plot of these two has it, the design that is nearest to the corner that is best in both: short
    of it a little more of the second objective brings much of the first, behind it much brings little. Of two that are
    as near, it is the one that is better in the second. Of two designs alone none is between, and that one is taken
    which is better by more in proportion. Further objectives have no say, and `because` tells what it has of them.
    """
    # What breaks a constraint is on no frontier, however good it is.
    among = compared.status == Status.FRONTIER
    line = compared.line(1, 0, place, among)
    if not len(line):
        return None
    measure = _share if len(line) > 2 else _proportion
    away = measure(compared, 0, line) + measure(compared, 1, line)
    row = int(line[np.argmin(away.round(9))])
    record = {str(name): value for name, value in compared.table.iloc[row].items()}
    reason = reasons(compared, 1, 0, place, among)[row]
    because = _ways(compared, len(line)) + _beside(compared, row, np.flatnonzero(among & (compared.place == place)))
    return Choice(row, compared.spec(row), because, reason, command(record))


def _ways(compared: Comparison, count: int) -> str:
    """Why that one, in a few words."""
    first, second = (objective.title for objective in compared.objectives[:2])
    if count == 1:
        return f"it is alone on the frontier of {first} and {second}"
    if count == 2:
        return f"of two on the frontier of {first} and {second} it is better by more in proportion"
    return f"there the frontier of {first} and {second} bends"


def _beside(compared: Comparison, row: int, rows: Rows) -> str:
    """What it has of the objectives that had no say, beside what others of the frontier have."""
    said = ""
    for number in compared.beside(0, 1):
        objective, values = compared.objectives[number], compared.best[number].values[rows]
        least, most = (objective.shown(end(values)) for end in (np.min, np.max))
        span = f"the frontier has {least} to {most}" if least < most or least > most else "as all of the frontier"
        said += f"; {objective.title} had no say: it has {told(compared, number, row)}, {span}"
    return said


def _share(compared: Comparison, number: int, line: Rows) -> NDArray[np.float64]:
    """How far each is from the best in an objective: 0 for that, 1 for the worst, on the objective's axis."""
    values = compared.best[number].values[line]
    objective = compared.objectives[number]
    costs = objective.sign * (np.log(values) if objective.log and (values > 0).all() else values)
    span = np.ptp(costs)
    return np.asarray((costs - costs.min()) / span if span else np.zeros(len(line)))


def _proportion(compared: Comparison, number: int, line: Rows) -> NDArray[np.float64]:
    """How much worse each is than the best in an objective, as a share of the larger of both."""
    costs = compared.objectives[number].sign * compared.best[number].values[line]
    largest = np.abs(costs).max()
    return np.asarray((costs - costs.min()) / largest if largest else np.zeros(len(line)))
