"""Neighbours that are built as one, for their products share multiplier blocks."""

from __future__ import annotations

from dataclasses import dataclass

from hw.datapath import PRODUCTS
from hw.specs.mac import MacSpec
from hw.target import Target

MAX_SHARED = 8
"""The most products that share a multiplier block."""


@dataclass(frozen=True)
class Group:
    """Neighbours, of a column's number, or of an element's.

    Parameters
    ----------
    first : int
        The number of the first. A group of an array's columns begins when its first would by itself: that many cycles
        behind the first of all.
    lanes : int
        How many they are.
    """

    first: int
    lanes: int

    def part(self, name: str) -> str:
        """The name of its module among a unit's parts; `name` is that of one alone."""
        return name if self.lanes == 1 else f"{name}s{self.lanes}"

    @property
    def numbers(self) -> range:
        return range(self.first, self.first + self.lanes)


def groups(count: int, lanes: int) -> list[Group]:
    """All of so many, in order, so many at a time."""
    return [Group(first, min(lanes, count - first)) for first in range(0, count, lanes)]


def most_lanes(mac: MacSpec, other: str, target: Target) -> int:
    """How many products with one operand in common share a multiplier block; `other` is the one that differs."""
    if mac.form != "dsp":
        return 1
    rule, counts = PRODUCTS[mac.product], {n: (1, n) if other == "b" else (n, 1) for n in range(1, MAX_SHARED + 1)}
    return max(n for n, count in counts.items() if rule.shares(mac.a, mac.b, count, target))
