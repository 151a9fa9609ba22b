"""Columns of an array that are built as one: those whose elements share multiplier blocks."""

from __future__ import annotations

from dataclasses import dataclass

from hw.specs.array import ArraySpec
from hw.target import Target
from hw.units.pe import most_lanes


@dataclass(frozen=True)
class Group:
    """Neighbouring columns, which begin in the same cycle: that in which the first of them would by itself.

    Parameters
    ----------
    first : int
        The number of the first, which is also how many cycles it is behind the array's first column.
    lanes : int
        How many they are.
    """

    first: int
    lanes: int

    @property
    def part(self) -> str:
        """The name of its module among the array's parts."""
        return "column" if self.lanes == 1 else f"columns{self.lanes}"

    @property
    def columns(self) -> range:
        """Their numbers."""
        return range(self.first, self.first + self.lanes)


def groups(spec: ArraySpec, target: Target) -> list[Group]:
    """All columns of an array, left to right."""
    lanes = most_lanes(spec.pe, target)
    return [Group(first, min(lanes, spec.columns - first)) for first in range(0, spec.columns, lanes)]
