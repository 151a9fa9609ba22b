"""What became of each unit's mutants, as it is kept in the file beside the page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import hw


@dataclass(frozen=True)
class Row:
    """A unit's line of the page.

    Attributes
    ----------
    unit, spec : str
    options : str
        With what the command was run.
    of_domain, killed, equivalent, untried : int
        Mutants: faults of the domain among those that were tried, what became of these, and how many were not tried.
    survivors : list of str
        What is wrong with each survivor, and what is known of it.
    seconds : float
        That a mutant took, building and proofs included.
    load : float
        Programs that wanted a core, on an average of the last minute, when it ended.
    cores : int
        Of the machine.
    argued : list of str
        What is wrong with each mutant that is argued to be equivalent, and the reason.
    """

    unit: str
    spec: str
    options: str
    of_domain: int
    killed: int
    equivalent: int
    untried: int
    survivors: list[str]
    seconds: float
    load: float
    cores: int
    argued: list[str] = field(default_factory=list)

    @property
    def tried(self) -> int:
        return self.killed + self.equivalent + len(self.argued) + len(self.survivors)

    @property
    def score(self) -> float:
        """The share of the killed among those that are not equivalent."""
        return self.killed / max(1, self.killed + len(self.survivors))


def merged(old: Iterable[Row], new: Iterable[Row]) -> list[Row]:
    """One row for each unit, the new one if there is one, in the order of the units."""
    rows = {row.unit: row for row in [*old, *new]}
    return [rows[unit] for unit in hw.UNITS if unit in rows]
