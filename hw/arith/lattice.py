"""Carry rows of the Lattice families that descend from ECP2: two places a cell, a LUT4 before each carry.

A place puts out ``LUT4 ^ carry`` and passes the carry on where the LUT4 is one; where it is zero the
carry out is a smaller table of the first wires, which shares the LUT4's contents. Sources: Yosys's
cell models, share/lattice/ccu2c_sim.vh and ccu2d_sim.vh, share/nexus/cells_sim.v.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

from amaranth.hdl import Cat, Const, Signal, Value

from hw.arith.carry import CarryFabric
from hw.arith.gated import gated
from hw.arith.logic import Logic
from hw.arith.place import NOTHING, Function, Place, adjoin, bit, plain, table
from hw.arith.product import parts
from hw.arith.select import chained, joined
from hw.arith.steps import Cell, Row, Step, bits
from hw.arith.term import Bit
from hw.arith.wires import truncate

WIDE = 8
"""Bits of a factor beyond which chains of four rows save LUTs; up to there they are slower only."""


@dataclass(frozen=True)
class CarryCell:
    """How one family's cell makes a carry.

    Attributes
    ----------
    kind : str
        The cell's type.
    seen : int
        How many of the four wires the carry's table sees.
    base : int
        Where in the LUT4 that table begins.
    inverted : bool
        Whether the carry is the inverse of it.
    parameters : dict
        What else the cell is told.
    text : bool
        Whether tables are given as text.
    wide : bool
        Whether PFUMX and L6MUX21 join LUT4s.
    """

    kind: str
    seen: int
    base: int
    inverted: bool
    parameters: tuple[tuple[str, str], ...]
    text: bool = False
    wide: bool = False


CELLS = {
    cell.kind: cell
    for cell in (
        CarryCell("CCU2C", 2, 0, False, (("INJECT1_0", "NO"), ("INJECT1_1", "NO")), wide=True),
        CarryCell("CCU2D", 2, 12, True, (("INJECT1_0", "NO"), ("INJECT1_1", "NO")), wide=True),
        CarryCell("CCU2", 3, 0, False, (("INJECT", "NO"),), text=True),
    )
}


Half = tuple[list[Value], int]
"""The wires A to D of a place, and its table."""


class Lattice(CarryFabric):
    """Rows of carry cells.

    Parameters
    ----------
    kind : str
        The cell: a key of `CELLS`.
    """

    folds_four = True
    counted = 3

    def __init__(self, kind: str) -> None:
        self.cell = CELLS[kind]
        self.table_inputs = 6 if self.cell.wide else 4

    def row(self, m: Logic, name: str, places: Sequence[Place], carry: Value | int = 0) -> Signal:
        first = int(isinstance(carry, Value))
        halves = [self._fit(m, f"{name}_{index}", place) for index, place in enumerate(places, first)]
        return m.row(name, _Row(self, halves, carry), len(places))

    def add_bits(self, m: Logic, name: str, given: Sequence[Bit]) -> Value:
        if len(given) < 3:
            return super().add_bits(m, name, given)
        # The lowest place makes nothing but a carry, and the highest shows one.
        below, x, y = (Place(bit.inputs, bit.function, bit.function) for bit in given)
        return truncate(m, f"{name}_above", self.row(m, name, [below, adjoin(x, y), NOTHING]), 2, 1)

    def lookup(self, m: Logic, name: str, wires: Value, width: int, function: Callable[[int], int]) -> Value:
        if not self.cell.wide or not 5 <= len(wires) <= 6:
            return super().lookup(m, name, wires, width, function)
        return Cat(_joined(m, f"{name}_{n}", parts(wires), _bit_of(function, n)) for n in range(width))

    def multiply(self, m: Logic, name: str, x: Value, y: Value, fast: bool = False) -> Signal:
        x, y = (x, y) if len(x) >= len(y) else (y, x)
        return gated(m, self, name, x, y, 2 if fast or len(x) <= WIDE else 4)

    def select(self, m: Logic, name: str, words: Sequence[Value], index: Value) -> Value:
        if self.cell.wide:
            kinds = [("PFUMX", "BLUT", "ALUT", "C0", "Z"), ("L6MUX21", "D0", "D1", "SD", "Z")]
            return joined(m, name, words, index, 2, kinds, self._lut)
        return chained(m, name, words, index, self._lut)

    def choose(self, m: Logic, name: str, choices: Sequence[Sequence[Value]], select: Value) -> Signal:
        if not self.cell.wide or len(select) < 2:
            return super().choose(m, name, choices, select)
        word, luts = Signal(len(choices), name=name), Signal(2 * len(choices), name=f"{name}_luts")
        cells = []
        for n, (a, b, c, d) in enumerate(choices):
            for half, pair in enumerate([(a, b), (c, d)]):
                cells.append(_lut4([*pair, select[0]], lambda code: code >> (code >> 2), luts[2 * n + half]))
            inputs = {"BLUT": luts[2 * n], "ALUT": luts[2 * n + 1], "C0": select[1]}
            cells.append(Cell("PFUMX", {}, inputs, {"Z": word[n]}))
        m.cells(name, cells, [word, luts])
        return word

    def gate(self, m: Logic, name: str, wires: Sequence[Value], function: Function) -> Value:
        output, idle = Signal(1, name=name), [Const(0, 1)] * (4 - len(wires))
        m.cells(name, [self._lut([*wires, *idle], lambda *given: function(*given[: len(wires)]), output)], [output])
        return output

    def _lut(self, wires: Sequence[Value], function: Function, output: Value) -> Cell:
        """A LUT of four wires."""
        init = self._init(sum(value << n for n, value in enumerate(table(function, 4))))
        return Cell("LUT4", {"INIT": init}, dict(zip("ABCD", wires, strict=True)), {"Z": output})

    def _init(self, contents: int) -> Const | str:
        """A table as a parameter."""
        return f"0x{contents:04x}" if self.cell.text else Const(contents, 16)

    def cells(self, halves: Sequence[Half], outputs: Sequence[Value], carry: int, carries: Signal) -> list[Cell]:
        """The cells of an even number of places; `carries` are those that leave them."""
        cells = []
        for index in range(0, len(halves), 2):
            inputs = {"CIN": carries[index // 2 - 1] if index else Const(carry, 1)}
            parameters: dict[str, Any] = dict(self.cell.parameters)
            for half, (wires, contents) in enumerate(halves[index : index + 2]):
                inputs |= {f"{letter}{half}": wire for letter, wire in zip("ABCD", wires, strict=True)}
                parameters[f"INIT{half}"] = self._init(contents)
            leaves = {"S0": outputs[index], "S1": outputs[index + 1], "COUT": carries[index // 2]}
            cells.append(Cell(self.cell.kind, parameters, inputs, leaves))
        return cells

    def contents(self, place: Place) -> Half:
        """The half of a cell that is a place which is known to fit."""
        fitted = self._contents(place)
        assert fitted is not None
        return fitted

    def _fit(self, m: Logic, name: str, place: Place) -> Half:
        """The half of a cell that is a place; functions that do not fit get a LUT before it."""
        if fitted := self._contents(place):
            return fitted
        x = m.wire(f"{name}_x", bit(place.x(*place.inputs)))
        # The other number may still fit beside a wire.
        if fitted := self._contents(Place((x, *place.inputs), lambda a, *_: a, lambda _, *rest: place.y(*rest))):
            return fitted
        y = m.wire(f"{name}_y", bit(place.y(*place.inputs)))
        return self.contents(plain(x, y))

    def _contents(self, place: Place) -> Half | None:
        place = place.trimmed()
        count = len(place.inputs)
        if count > 4:
            return None
        x, y = place.tables()
        # An unread wire is held where it leaves the carry's part of the table to the carry.
        idle = 0 if self.cell.base else 1
        for slots in permutations(range(4), count):
            contents = self._table(x, y, slots, idle)
            if contents is not None:
                wires: list[Value] = [Const(idle, 1)] * 4
                for slot, wire in zip(slots, place.inputs, strict=True):
                    wires[slot] = wire
                return wires, contents
        return None

    def _table(self, x: list[int], y: list[int], slots: tuple[int, ...], idle: int) -> int | None:
        """The LUT4 with input n at ``slots[n]``; None if it can't make the carry."""
        entries: dict[int, int] = {}
        rest = sum(idle << slot for slot in range(4) if slot not in slots)
        for index, (a, b) in enumerate(zip(x, y, strict=True)):
            address = rest | sum((index >> n & 1) << slot for n, slot in enumerate(slots))
            entries[address] = a ^ b
        for index, (a, b) in enumerate(zip(x, y, strict=True)):
            if a ^ b:
                continue
            address = rest | sum((index >> n & 1) << slot for n, slot in enumerate(slots))
            seen = self.cell.base | address & ((1 << self.cell.seen) - 1)
            if entries.setdefault(seen, a ^ self.cell.inverted) != a ^ self.cell.inverted:
                return None
        return sum(value << address for address, value in entries.items())


@dataclass(frozen=True)
class _Row(Row):
    """A row as cells, given by its places."""

    fabric: Lattice
    halves: Sequence[Half]
    carry: Value | int

    def write(self, name: str, total: Signal, low: int, carry: Value | int, leaves: Signal | None) -> Step:
        halves, outputs = list(self.halves[low : low + len(total)]), bits(total)
        nothing = Signal(2, name=f"unused_beside_{name}")
        if isinstance(carry, Value):
            # A carry can enter from a wire only through a place of its own.
            halves.insert(0, self.fabric.contents(Place((carry,), lambda c: c, lambda c: c)))
            outputs.insert(0, nothing[0])
            carry = 0
        if leaves is not None:
            # And leave only through one.
            halves.append(self.fabric.contents(NOTHING))
            outputs.append(leaves)
        if len(halves) % 2:
            halves.append(self.fabric.contents(NOTHING))
            outputs.append(nothing[1])
        carries = Signal(len(halves) // 2, name=f"{name}_carry")
        unread = [nothing] if len(outputs) > len(total) + (leaves is not None) else []
        targets = [total, carries, *unread, *([] if leaves is None else [leaves])]
        return Step(name, targets, None, None, self.fabric.cells(halves, outputs, carry, carries))


def _bit_of(function: Callable[[int], int], n: int) -> Callable[[int], int]:
    return lambda code: function(code) >> n


def _lut4(wires: Sequence[Value], function: Callable[[int], int], output: Value) -> Cell:
    """A LUT4 with the lowest bit of a function of at most four wires."""
    contents = sum((function(n % (1 << len(wires))) & 1) << n for n in range(16))
    inputs = dict(zip("ABCD", [*wires, *[Const(0, 1)] * 4], strict=False))
    return Cell("LUT4", {"INIT": Const(contents, 16)}, inputs, {"Z": output})


def _joined(m: Logic, name: str, wires: Sequence[Value], function: Callable[[int], int]) -> Signal:
    """The lowest bit of a function of five or six wires: LUT4s, and the multiplexers that join them."""
    bit, pairs = Signal(1, name=name), 1 << len(wires) - 5
    luts, joined = Signal(2 * pairs, name=f"{name}_lut"), Signal(pairs, name=f"{name}_five")
    cells = [
        _lut4(wires[:4], lambda code, n=n: function(n << 4 | code), luts[n])  # type: ignore[misc]
        for n in range(2 * pairs)
    ]
    for n in range(pairs):
        here = bit if pairs == 1 else joined[n]
        inputs = {"BLUT": luts[2 * n], "ALUT": luts[2 * n + 1], "C0": wires[4]}
        cells.append(Cell("PFUMX", {}, inputs, {"Z": here}))
    if pairs == 2:
        cells.append(Cell("L6MUX21", {}, {"D0": joined[0], "D1": joined[1], "SD": wires[5]}, {"Z": bit}))
    m.cells(name, cells, [bit, luts, joined])
    return bit
