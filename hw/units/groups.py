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
    form : str
        The form of their logic.
    """

    first: int
    lanes: int
    form: str

    def part(self, name: str) -> str:
        """The name of its module among a unit's parts; `name` is that of one alone."""
        if self.form == "luts":
            return f"{name}_luts"
        return name if self.lanes == 1 else f"{name}s{self.lanes}"

    @property
    def numbers(self) -> range:
        return range(self.first, self.first + self.lanes)


def groups(mac: MacSpec, count: int, in_blocks: int, lanes: int) -> list[Group]:
    """All of `count` neighbours, in order.

    Parameters
    ----------
    mac : MacSpec
        What each does.
    count : int
    in_blocks : int
        How many of them are in multiplier blocks, if the form is dsp.
    lanes : int
        How many share a block.
    """
    found = [Group(first, min(lanes, in_blocks - first), mac.form) for first in range(0, in_blocks, lanes)]
    return [*found, *(Group(first, 1, "luts") for first in range(in_blocks, count))]


def most_lanes(mac: MacSpec, other: str, target: Target) -> int:
    """How many products with one operand in common share a multiplier block; `other` is the one that differs."""
    if mac.form != "dsp":
        return 1
    rule, counts = PRODUCTS[mac.product], {n: (1, n) if other == "b" else (n, 1) for n in range(1, MAX_SHARED + 1)}
    return max(n for n, count in counts.items() if rule.shares(mac.a, mac.b, count, target))


def squares(mac: MacSpec, target: Target) -> bool:
    """Whether a block makes all products of two a and two b, and these are the most that share it."""
    square = mac.form == "dsp" and PRODUCTS[mac.product].shares(mac.a, mac.b, (2, 2), target)
    return square and most_lanes(mac, "b", target) < 4
