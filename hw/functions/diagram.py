"""Truth tables of many inputs as few LUTs: decision diagrams that share what is equal or inverse.

A table is an int of ``2**inputs`` bits, bit n for input n. One that depends on few enough inputs is a LUT; of any other
an input chooses between the tables that are left when it is 0 and 1. Yosys maps what comes of it, and has more tricks;
that equal parts are there once is what it does not find.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

LUT, CHOICE = 1.0, 0.75
"""What a LUT counts, and a choice between two: a LUT, where it goes into no other and no multiplexer is beside."""
LEAF = 4
"""Inputs of a LUT, where nobody says."""


@dataclass(frozen=True)
class Node:
    """A choice: input `by` chooses `one` or `zero`; or, without it, a LUT of `wires`. Tables are their own names."""

    table: int
    wires: tuple[int, ...]
    by: int | None = None
    zero: int = 0
    one: int = 0


@dataclass
class Diagram:
    """Tables of the same inputs, taken apart.

    Parameters
    ----------
    inputs : int
    leaf : int
        Inputs of a LUT.

    Attributes
    ----------
    nodes : dict of int to Node
        By table, each behind those that it is made of. A table whose bit 0 is set is there as its inverse.
    cost : float
        Of all LUTs and choices; what is a wire costs nothing.
    """

    inputs: int
    leaf: int = LEAF
    nodes: dict[int, Node] = field(default_factory=dict)
    cost: float = 0.0

    def __post_init__(self) -> None:
        self.ones = (1 << (1 << self.inputs)) - 1
        # In masks[n], the inputs in which bit n is set.
        self.masks = [self.ones // ((1 << (1 << n)) + 1) << (1 << n) for n in range(self.inputs)]

    def add(self, table: int, wires: Sequence[int] | None = None) -> None:
        """Take a table apart, as far as it is not there; it may be known that it depends on no other wires."""
        table = self.plain(table)
        if not table or table in self.nodes:
            return
        wires = tuple(n for n in (range(self.inputs) if wires is None else wires) if self._depends(table, n))
        if len(wires) <= self.leaf:
            self.nodes[table] = Node(table, wires)
            self.cost += LUT * (len(wires) > 1)
            return
        zero, one = self.when(table, wires[-1])
        self.add(zero, wires[:-1])
        self.add(one, wires[:-1])
        self.nodes[table] = Node(table, wires, wires[-1], zero, one)
        self.cost += CHOICE

    def plain(self, table: int) -> int:
        """A table or its inverse: the one whose bit 0 is not set."""
        return table ^ self.ones if table & 1 else table

    def when(self, table: int, by: int) -> tuple[int, int]:
        """What is left of a table when an input is 0, and when it is 1; neither depends on it any more."""
        step, mask = 1 << by, self.masks[by]
        zero, one = table & ~mask, table & mask
        return zero | zero << step, one | one >> step

    def _depends(self, table: int, by: int) -> bool:
        mask = self.masks[by]
        return (table & mask) >> (1 << by) != table & ~mask


def columns(entries: NDArray[np.int64], width: int) -> list[int]:
    """The tables of a word's bits, lowest first, of all words in the order of their inputs."""
    bits = entries >> np.arange(width)[:, None] & 1
    packed = np.packbits(bits.astype(np.uint8), axis=1, bitorder="little")
    return [int.from_bytes(row.tobytes(), "little") for row in packed]
