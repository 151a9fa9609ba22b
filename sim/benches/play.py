"""A play: what to drive in each cycle and what must be seen, as plain numbers in a file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

Planned = TypeVar("Planned")

LEAD = 1
"""Cycles of reset before a play of a unit with a clock."""


@dataclass(frozen=True)
class Play:
    """One test of a clocked unit, from reset on.

    Attributes
    ----------
    name : str
        Name of the test.
    inputs : dict of port to list of int
        The code on each input in each cycle. Unless `rst` is here, it is low after the reset that a play begins with.
    expected : dict of port to list of int
        The code on each output after the edge that ends each cycle, or, without a clock, in it; -1
        where nothing is promised yet.
    cause : list of int
        For each cycle, the cycle whose inputs the outputs are the newest result of; -1 for none.
    exhaustive : bool
        Every combination of operands is among the inputs.
    """

    name: str
    inputs: dict[str, list[int]]
    expected: dict[str, list[int]]
    cause: list[int]
    exhaustive: bool = False
    arrays: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What `sim.arrays` has made of these lists, or what they were made of."""

    bench: ClassVar[str] = "sim.benches.clocked"

    @classmethod
    def of(
        cls, name: str, inputs: Mapping[str, Any], expected: Mapping[str, Any], cause: Any, exhaustive: bool = False
    ) -> Self:
        """A play of numpy arrays, of which those of int64 are kept for whoever needs arrays again."""
        given = {port: _listed(codes) for port, codes in inputs.items()}
        right = {port: _listed(codes) for port, codes in expected.items()}
        play = cls(name, given, right, cause.tolist(), exhaustive)
        arrays = {**expected, **inputs, "cause": cause}
        play.arrays.update({port: codes for port, codes in arrays.items() if codes.dtype.str == "<i8"})
        return play

    @property
    def samples(self) -> int:
        """Comparisons that the play is good for."""
        return sum(len(codes) - codes.count(-1) for codes in self.expected.values())

    @property
    def cycles(self) -> int:
        return len(self.cause)

    def explain(self, cycle: int) -> str:
        """What led to the outputs of a cycle, for a message."""
        cause = self.cause[cycle]
        if cause < 0:
            return "before any result"
        values = " ".join(f"{port}={codes[cause]:#x}" for port, codes in self.inputs.items())
        return f"after {values} of cycle {cause}"


def _listed(codes: Any) -> list[int]:
    """Numpy's numbers as Python's; flags as 0 and 1."""
    numbers: list[int] = (codes.astype(int) if codes.dtype == bool else codes).tolist()
    return numbers


def told(play: Any) -> dict[str, Any]:
    """A play as JSON has it."""
    return {name: of for name, of in vars(play).items() if name != "arrays"}


def save(plays: Sequence[Any], path: Path) -> None:
    """Write plays of one kind for a simulator to read."""
    path.write_text(json.dumps([told(play) for play in plays]))


def load(path: Path, kind: type[Planned]) -> list[Planned]:
    """Read what `save` wrote, or a file that has that as its ``plays``."""
    found = json.loads(path.read_text())
    return [kind(**play) for play in (found["plays"] if isinstance(found, dict) else found)]


def note(path: Path, name: str, compared: int, cycles: int, **more: Any) -> None:
    """Add to the evidence what a play compared, and in how many cycles, and what else there is to say."""
    known = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps(known | {name: {"compared": compared, "cycles": cycles, **more}}))
