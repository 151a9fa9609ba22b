"""Carry rows of iCE40: a carry that sees two bare wires, and a LUT4 behind it that sees them, the carry and one more.

Nothing can be folded in before the carry, but anything after it. Sources: Yosys's cell models,
share/ice40/cells_sim.v, SB_CARRY and SB_LUT4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from amaranth.hdl import Const, Signal, Value

from hw.arith.carry import CarryFabric
from hw.arith.fabric import Fabric, fitted
from hw.arith.logic import Logic
from hw.arith.multiplier import conditional
from hw.arith.place import Function, Place, table
from hw.arith.product import star
from hw.arith.select import chained
from hw.arith.steps import Cell, Row, Step, bits, extend
from hw.arith.term import Term, lone, wired

CELLS_A_TILE = 8
"""In a tile with 32 wires from outside: eight cells of four inputs leave none for an enable or a reset."""
Column = tuple[Value, Value, Value, Function]
"""One place: a wire beside, the two that are added, and what the LUT puts out of those three and the carry."""

LEAVES: Column = (Const(0, 1), Const(0, 1), Const(0, 1), lambda _k, _a, _b, c: c)
"""The place that a carry leaves the chain by."""


class Ice40(CarryFabric):
    """Rows of SB_CARRY and SB_LUT4."""

    inverts = True

    def row(self, m: Logic, name: str, places: Sequence[Place], carry: Value | int = 0) -> Signal:
        columns: list[Column] = []
        for place in places:
            x, y = _bare(place, place.x), _bare(place, place.y)
            if x is None or y is None:
                # Cells pay where a place is one LUT. Where it needs others before, synthesis makes less of an operator.
                return Fabric.row(self, m, name, places, carry)
            columns.append((Const(0, 1), x, y, lambda _, a, b, c: a ^ b ^ c))
        return self._columns(m, name, columns, carry)

    def add_inverted(
        self, m: Logic, name: str, x: Sequence[Value], y: Sequence[Value], carry: int, inverts: Sequence[bool]
    ) -> Signal:
        """``x + y + carry`` of numbers that are equally wide, modulo a power of two, with such bits inverted."""
        functions = [(lambda _, a, b, c, flip=int(flip): flip ^ a ^ b ^ c) for flip in inverts]
        columns = [(Const(0, 1), a, b, function) for a, b, function in zip(x, y, functions, strict=True)]
        return self._columns(m, name, columns, carry)

    def conditional(
        self, m: Logic, name: str, total: Sequence[Value], x: Sequence[Value], select: Value, flips: Sequence[bool]
    ) -> Value:
        functions = [(lambda g, s, b, c, flip=int(flip): flip ^ s ^ (g & (b ^ c))) for flip in flips]
        columns = [(select, s, b, function) for s, b, function in zip(total, x, functions, strict=True)]
        return self._columns(m, name, columns, 0)

    def add_constant(
        self, m: Logic, name: str, x: Value, constant: int, overrides: Sequence[tuple[Value, int]] = ()
    ) -> Signal:
        if len(overrides) > 2:
            return super().add_constant(m, name, x, constant, overrides)
        (first, first_value), (second, second_value) = (*overrides, *[(Const(0, 1), 0)] * (2 - len(overrides)))
        columns: list[Column] = []
        for index, wire in enumerate(bits(x)):
            k, one, two = (value >> index & 1 for value in (constant, first_value, second_value))

            # While the second flag is set the carry is of no use, so the flag may spoil the constant.
            def function(f: int, a: int, b: int, c: int, k: int = k, one: int = one, two: int = two) -> int:
                return one if f else two if b != k else a ^ b ^ c

            columns.append((first, wire, ~second if k else second, function))
        return self._columns(m, name, columns, 0)

    def accumulate(
        self, m: Logic, name: str, total: Value, clear: Value, x: Value, negate: Value | None = None
    ) -> Signal:
        return super().accumulate(m, name, total, clear, self._negated(m, name, x, negate, len(total)))

    def accumulate_segments(
        self, m: Logic, name: str, totals: Sequence[Value], clear: Value, x: Value, negate: Value | None = None
    ) -> list[Signal]:
        x = self._negated(m, name, x, negate, sum(map(len, totals)))
        return super().accumulate_segments(m, name, totals, clear, x)

    def _negated(self, m: Logic, name: str, x: Value, negate: Value | None, width: int) -> Value:
        """A LUT behind the carry can't both clear and negate: first one, then the other."""
        if negate is None:
            return x
        return self.negate(m, f"{name}_addend", x, negate, min(len(x) + 1, width)).as_signed()

    def accumulate_part(
        self,
        m: Logic,
        name: str,
        total: Value,
        clear: Value,
        x: Value,
        negate: Value | None,
        carry: Value | int,
        above: int = 0,
    ) -> Signal:
        addend = bits(extend(x, max(len(x), len(total))))
        columns: list[Column] = [
            (clear, s, b, lambda k, a, b, c: b if k else a ^ b ^ c) for s, b in zip(bits(total), addend, strict=False)
        ]
        return self._columns(
            m, name, [*columns, *[LEAVES] * above], carry, 0 if isinstance(clear, Const) else CELLS_A_TILE
        )

    def negate(self, m: Logic, name: str, x: Value, negate: Value, width: int) -> Signal:
        # In -x the bits above the lowest one of x are inverted. The carry says whether there was a one below.
        columns: list[Column] = [
            (Const(0, 1), wire, negate, lambda _, b, n, c: b ^ (n & c)) for wire in fitted(x, width)
        ]
        return self._columns(m, name, columns, 0)

    def add_terms(self, m: Logic, name: str, terms: Sequence[Term], widths: Sequence[int]) -> Value:
        if any(term.negate is None for term in terms):
            return super().add_terms(m, name, terms, widths)
        # s - x is ~(~s + x): before a row that subtracts the sum is inverted, and after it again, and both inversions
        # are one, in the LUT behind the carry.
        negates = [term.negate for term in terms if term.negate is not None]
        total: Value = negates[0].replicate(widths[0])
        for index, (term, width) in enumerate(zip(terms, widths, strict=True)):
            # A full LUT gains nothing from what synthesis would make of it with its neighbours.
            given = [
                lone(self.gate(m, f"{name}_{index}_term{n}", bit.inputs, bit.function)) if len(bit.inputs) == 4 else bit
                for n, bit in enumerate(term.extended(width))
            ]
            here = wired(m, f"{name}_{index}_term", given, 1)
            flip = negates[index]
            if index + 1 < len(terms):
                flip = m.wire(f"{name}_{index}_flip", flip ^ negates[index + 1])
            columns: list[Column] = [
                (flip, before, bit.value(), lambda f, s, x, c: f ^ s ^ x ^ c)
                for before, bit in zip(fitted(total, width), here, strict=True)
            ]
            total = self._columns(m, f"{name}_{index}", columns, 0).as_signed()
        return total

    def multiply(self, m: Logic, name: str, x: Value, y: Value, fast: bool = False) -> Signal:
        return conditional(m, self, name, x, y, fast) if min(len(x), len(y)) > 1 else star(m, name, x, y)

    def select(self, m: Logic, name: str, words: Sequence[Value], index: Value) -> Value:
        return chained(m, name, words, index, _lut)

    def gate(self, m: Logic, name: str, wires: Sequence[Value], function: Function) -> Value:
        output, idle = Signal(1, name=name), [Const(0, 1)] * (4 - len(wires))
        m.cells(name, [_lut([*wires, *idle], lambda *given: function(*given[: len(wires)]), output)], [output])
        return output

    def _columns(self, m: Logic, name: str, columns: Sequence[Column], carry: Value | int, spaced: int = 0) -> Signal:
        """A row; with a cell that only hands the carry on as the last of so many, if `spaced` is not 0."""
        return m.row(name, _Row(columns, carry, spaced), len(columns))


@dataclass(frozen=True)
class _Row(Row):
    """A row as cells, given by its places."""

    columns: Sequence[Column]
    carry: Value | int
    spaced: int

    def write(self, name: str, total: Signal, low: int, carry: Value | int, leaves: Signal | None) -> Step:
        columns, outputs = list(self.columns[low : low + len(total)]), bits(total)
        if leaves is not None:
            columns.append(LEAVES)
            outputs.append(leaves)
        spaced, carries = self.spaced, Signal(len(columns) + 1, name=f"{name}_carry")
        passed = Signal((len(columns) - 1) // (spaced - 1) if spaced else 0, name=f"{name}_passed")
        cells: list[Cell] = []
        zero, one = Const(0, 1), Const(1, 1)
        enters: Value = carry if isinstance(carry, Value) else Const(carry, 1)
        if not isinstance(enters, Const):
            # The wire at one input only: nextpnr can route one that is at two of a cell's for ever.
            cells.append(Cell("SB_CARRY", {}, {"I0": enters, "I1": zero, "CI": one}, {"CO": carries[0]}))
            enters = carries[0]
        for index, (beside, x, y, function) in enumerate(columns):
            if spaced and index and index % (spaced - 1) == 0:
                onward = passed[index // (spaced - 1) - 1]
                cells.append(Cell("SB_CARRY", {}, {"I0": zero, "I1": one, "CI": enters}, {"CO": onward}, kept=True))
                enters = onward
            cells.append(_lut((beside, x, y, enters), function, outputs[index]))
            if index < len(columns) - 1:
                cells.append(Cell("SB_CARRY", {}, {"I0": x, "I1": y, "CI": enters}, {"CO": carries[index + 1]}))
                enters = carries[index + 1]
        more = [*([passed] if len(passed) else []), *([] if leaves is None else [leaves])]
        return Step(name, [total, carries, *more], None, None, cells)


def _lut(wires: Sequence[Value], function: Function, output: Value) -> Cell:
    """A LUT of four wires."""
    contents = sum(value << n for n, value in enumerate(table(function, 4)))
    inputs = {f"I{n}": wire for n, wire in enumerate(wires)}
    return Cell("SB_LUT4", {"LUT_INIT": Const(contents, 16)}, inputs, {"O": output})


def _bare(place: Place, function: Function) -> Value | None:
    """The wire that carries a function's value, one of the place's or a constant, if there is one."""
    trimmed = Place(place.inputs, function, function).trimmed()
    contents = table(trimmed.x, len(trimmed.inputs))
    if not trimmed.inputs:
        return Const(contents[0], 1)
    return trimmed.inputs[0] if contents == [0, 1] else None
