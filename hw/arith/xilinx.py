"""Carry rows of AMD's fabrics: a LUT of six wires before each place of the carry chain.

A place puts out ``S ^ carry`` and passes the carry on where S is one; where it is zero the carry out
is the wire DI, which can be one of the LUT's second output. Sources: Yosys's cell models,
share/xilinx/cells_sim.v, CARRY4, CARRY8, LUT6_2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from amaranth.hdl import Cat, Const, Mux, Signal, Value

from hw.arith.carry import CarryFabric
from hw.arith.fabric import Fabric, fitted
from hw.arith.logic import Logic
from hw.arith.multiplier import booth
from hw.arith.place import Function, Place, always, bit, plain, shared
from hw.arith.product import parts, star, tabled
from hw.arith.select import joined
from hw.arith.steps import Cell, Row, Step, bits
from hw.arith.term import Bit, sum_of

CHAIN = {"CARRY4": 4, "CARRY8": 8}
LUT_INPUTS = 6


class Xilinx(CarryFabric):
    """Rows of LUTs and carry cells.

    Parameters
    ----------
    kind : str
        The carry cell: a key of `CHAIN`.
    """

    folds_four = True
    pre_adds = True
    table_inputs = lut_inputs = LUT_INPUTS
    lut_outputs = 2
    addends = counted = 3

    def __init__(self, kind: str) -> None:
        self.kind, self.length = kind, CHAIN[kind]

    def row(self, m: Logic, name: str, places: Sequence[Place], carry: Value | int = 0) -> Signal:
        if not any(place.whole for place in places) and any(_generate(place) is None for place in places):
            # Cells pay where a place is one LUT. Where DI needs one as well, synthesis makes less of an operator.
            return Fabric.row(self, m, name, places, carry)
        fitting = [_fitting(m, f"{name}_{n}", place) for n, place in enumerate(places)]
        return m.row(name, _Row(self, fitting, carry), len(places))

    def chain(
        self, name: str, fits: Sequence[Fit], made: Sequence[Signal], outputs: Sequence[Signal], carry: Value | int
    ) -> Step:
        """The chain of places that fit, which put out the bits of `outputs`; `made` are what their LUTs put out."""
        width = len(fits)
        count = -(-width // self.length) * self.length
        carries, beyond = Signal(count, name=f"{name}_carry"), Signal(count - width, name=f"unused_above_{name}")
        fill = [Const(0, 1)] * (count - width)
        s, d, o = [*(fit.s for fit in fits), *fill], [*(fit.d for fit in fits), *fill], Cat(*outputs, beyond)
        chain = []
        for low in range(0, count, self.length):
            here = slice(low, low + self.length)
            chain.append(
                Cell(
                    self.kind,
                    {"CARRY_TYPE": "SINGLE_CY8"} if self.kind == "CARRY8" else {},
                    {**self._enter(carries[low - 1] if low else None, carry), "S": Cat(s[here]), "DI": Cat(d[here])},
                    {"O": o[here], "CO": carries[here]},
                )
            )
        luts = [fit.lut for fit in fits if fit.lut is not None]
        return Step(name, [*outputs, *made, carries, beyond], None, None, [*luts, *chain])

    def add_three(
        self, m: Logic, name: str, x: Value, y: Value, z: Value, width: int, carries: Sequence[Value] = ()
    ) -> Signal:
        numbers = [Cat(*fitted(value, width)) for value in (x, y, z)]
        return self._add_three(m, name, numbers, [False] * 3, carries)

    def add_bits(self, m: Logic, name: str, given: Sequence[Bit]) -> Value:
        place = shared(_summed(given))
        if len(place.inputs) >= LUT_INPUTS:
            return super().add_bits(m, name, given)
        total, tables = Signal(2, name=name), place.tables()
        contents = sum(table[n % len(table)] << n + 32 * k for k, table in enumerate(tables) for n in range(32))
        inputs = {f"I{n}": wire for n, wire in enumerate([*place.inputs, *[Const(0, 1)] * 5][:5])} | {"I5": Const(1, 1)}
        m.cells(
            name, [Cell("LUT6_2", {"INIT": Const(contents, 64)}, inputs, {"O5": total[1], "O6": total[0]})], [total]
        )
        return total

    def add_signed(self, m: Logic, name: str, numbers: Sequence[Value], minus: Sequence[bool]) -> Signal:
        three = len(numbers) == 3
        return self._add_three(m, name, numbers, minus) if three else super().add_signed(m, name, numbers, minus)

    def _add_three(
        self, m: Logic, name: str, numbers: Sequence[Value], minus: Sequence[bool], carries: Sequence[Value] = ()
    ) -> Signal:
        # A LUT adds up three bits, and hands on their carry: the place above adds that as a second number. What is
        # taken away is inverted, and for each such number a one enters: as one handed on from below, and as the carry.
        width, ones = len(numbers[0]), sum(minus)
        enters, handed = [*carries, *[Const(1, 1)] * ones, *[Const(0, 1)] * 2][:2]
        first, passed = Signal(width, name=f"{name}_s"), Signal(width - 1, name=f"{name}_passed")
        fits = []
        for n, wires in enumerate(zip(*map(bits, numbers), strict=True)):
            below = passed[n - 1] if n else handed
            inputs = {f"I{i}": wire for i, wire in enumerate([*wires, below])}
            outputs = {"O6": first[n], "O5": passed[n]} if n < width - 1 else {"O": first[n]}
            fits.append(Fit(first[n], below, _three(inputs, outputs, minus)))
        total = Signal(width, name=name)
        added = self.chain(name, fits, [first, passed], [total], enters)
        m.cells(name, added.cells, added.targets)
        return total

    def accumulate(
        self, m: Logic, name: str, total: Value, clear: Value, x: Value, negate: Value | None = None
    ) -> Signal:
        if m.form != "dsp" or negate is not None:
            return super().accumulate(m, name, total, clear, x, negate)
        # As an operator, which synthesis can draw into the multiplier block. The wire keeps each bit to one LUT.
        base = m.wire(f"{name}_base", Mux(clear, 0, total))
        return Fabric.add(self, m, name, base, x, len(total))

    def multiply(self, m: Logic, name: str, x: Value, y: Value, fast: bool = False) -> Signal:
        if sum(not isinstance(bit, Const) for bit in [*parts(x), *parts(y)]) <= LUT_INPUTS:
            return tabled(m, name, x, y)
        return booth(m, self, name, x, y, fast) if min(len(x), len(y)) > 1 else star(m, name, x, y)

    def select(self, m: Logic, name: str, words: Sequence[Value], index: Value) -> Value:
        return joined(m, name, words, index, 4, [("MUXF7", "I0", "I1", "S", "O"), ("MUXF8", "I0", "I1", "S", "O")])

    def choose(self, m: Logic, name: str, choices: Sequence[Sequence[Value]], select: Value) -> Signal:
        if len(select) < 2:
            return super().choose(m, name, choices, select)
        # As cells, for synthesis does not find the LUT6 that chooses one of four again.
        word, cells = Signal(len(choices), name=name), []
        for wires, output in zip(choices, bits(word), strict=True):
            cells.append(_lut([*wires, *bits(select)], _one_of_four, output))
        m.cells(name, cells, [word])
        return word

    def gate(self, m: Logic, name: str, wires: Sequence[Value], function: Function) -> Value:
        output = Signal(1, name=name)
        m.cells(name, [_lut(wires, function, output)], [output])
        return output

    def _enter(self, before: Value | None, carry: Value | int) -> dict[str, Value]:
        carry = carry if isinstance(carry, Value) else Const(carry, 1)
        if self.kind == "CARRY8":
            return {"CI": carry if before is None else before, "CI_TOP": Const(0, 1)}
        return {"CI": Const(0, 1) if before is None else before, "CYINIT": carry if before is None else Const(0, 1)}


@dataclass(frozen=True)
class _Row(Row):
    """A row of LUTs and carry cells, given by its places."""

    fabric: Xilinx
    places: Sequence[Place]
    carry: Value | int

    def write(self, name: str, total: Signal, low: int, carry: Value | int, leaves: Signal | None) -> Step:
        width = len(total)
        first, second = Signal(width, name=f"{name}_s"), Signal(width, name=f"{name}_d")
        fits = [_fit_of(place, first[n], second[n]) for n, place in enumerate(self.places[low : low + width])]
        if leaves is None:
            return self.fabric.chain(name, fits, [first, second], [total], carry)
        fits.append(Fit(Const(0, 1), Const(0, 1), None))
        return self.fabric.chain(name, fits, [first, second], [total, leaves], carry)


@dataclass
class Fit:
    """The wires S and DI of a place, and the LUT that makes them, if one does."""

    s: Value
    d: Value
    lut: Cell | None


def _fitting(m: Logic, name: str, place: Place) -> Place:
    """A place that one LUT can make; functions that do not fit into it get LUTs before it."""
    nowhere = Const(0, 1)
    if not place.whole or _fit(place.trimmed(), nowhere, nowhere) is not None:
        return place
    return replace(_split(m, name, place), whole=True)


def _fit_of(place: Place, first: Value, second: Value) -> Fit:
    """What a place needs that one LUT can make."""
    if not place.whole:
        # Synthesis may draw logic that stands before the row into its LUTs.
        generate = _generate(place)
        assert generate is not None
        return Fit(bit(place.x(*place.inputs) ^ place.y(*place.inputs)), generate, None)
    fit = _fit(place.trimmed(), first, second)
    assert fit is not None
    return fit


def _fit(place: Place, first: Value, second: Value) -> Fit | None:
    """One LUT with outputs `first` and `second` for a place, or bare wires; None if it does not fit."""
    count = len(place.inputs)
    if count > LUT_INPUTS:
        return None
    x, y = place.tables()
    s = [a ^ b for a, b in zip(x, y, strict=True)]
    wires = [Const(0, 1), Const(1, 1), *place.inputs]
    columns = [[0] * len(x), [1] * len(x), *([i >> n & 1 for i in range(len(x))] for n in range(count))]
    bare = next((wire for wire, column in zip(wires, columns, strict=True) if column == s), None)
    carry = next(
        (
            wire
            for wire, column in zip(wires, columns, strict=True)
            if all(a == v for a, v, p in zip(x, column, s, strict=True) if not p)
        ),
        None,
    )
    inputs = {f"I{n}": wire for n, wire in enumerate(place.inputs)}
    if carry is not None and bare is not None:
        return Fit(bare, carry, None)
    if carry is not None:
        contents = Const(sum(value << n for n, value in enumerate(s)), 1 << count)
        return Fit(first, carry, Cell(f"LUT{count}", {"INIT": contents}, inputs, {"O": first}))
    if count == LUT_INPUTS:
        return _fit_six(place, first, second)
    # The lower half of the table is the second output's.
    both = sum((x[n % len(x)] << n) | (s[n % len(s)] << n + 32) for n in range(32))
    inputs |= {f"I{n}": Const(0, 1) for n in range(count, 5)} | {"I5": Const(1, 1)}
    return Fit(first, second, Cell("LUT6_2", {"INIT": Const(both, 64)}, inputs, {"O6": first, "O5": second}))


def _lut(wires: Sequence[Value], function: Function, output: Value) -> Cell:
    """A LUT of at most six wires, each of them once."""
    place = shared(Place(tuple(wires), function, always(0))).trimmed()
    # There is no LUT without wires.
    given = place.inputs or (Const(0, 1),)
    contents = sum((place.x(*(n >> k & 1 for k in range(len(place.inputs)))) & 1) << n for n in range(1 << len(given)))
    inputs = {f"I{n}": wire for n, wire in enumerate(given)}
    return Cell(f"LUT{len(given)}", {"INIT": Const(contents, 1 << len(given))}, inputs, {"O": output})


def _one_of_four(a: int, b: int, c: int, d: int, low: int, high: int) -> int:
    return (((a & (1 ^ low)) | (b & low)) & (1 ^ high)) | (((c & (1 ^ low)) | (d & low)) & high)


def _fit_six(place: Place, first: Value, second: Value) -> Fit | None:
    """A LUT of six wires, whose second output is the lower half of the first: what it is where one wire is zero.

    So one of the numbers must not depend on a wire that masks the other.
    """
    x, y = place.tables()
    for n, mask in enumerate(place.inputs):
        lower = [i for i in range(1 << LUT_INPUTS) if not i >> n & 1]
        for number, masked in ((x, y), (y, x)):
            if all(number[i] == number[i | 1 << n] and not masked[i] for i in lower):
                addresses = [*lower, *(i | 1 << n for i in lower)]
                contents = sum((x[i] ^ y[i]) << address for address, i in enumerate(addresses))
                wires = [*place.inputs[:n], *place.inputs[n + 1 :], mask]
                inputs = {f"I{k}": wire for k, wire in enumerate(wires)}
                cell = Cell("LUT6_2", {"INIT": Const(contents, 64)}, inputs, {"O6": first, "O5": second})
                return Fit(first, second, cell)
    return None


def _summed(given: Sequence[Bit]) -> Place:
    """A place whose numbers are the carry and the sum of bits."""
    wires = tuple(wire for bit in given for wire in bit.inputs)
    return Place(wires, lambda *values: sum_of(given, values) >> 1, lambda *values: sum_of(given, values))


def _three(inputs: dict[str, Value], outputs: dict[str, Value], minus: Sequence[bool]) -> Cell:
    """The sum of four bits without its carry; and, if there is a second output, the carry of the first three.

    Of these, bits are inverted where `minus` says so.
    """
    flips = sum(flip << n for n, flip in enumerate(minus))
    odd = sum(((n ^ flips).bit_count() & 1) << n for n in range(16))
    if "O" in outputs:
        return Cell("LUT4", {"INIT": Const(odd, 16)}, inputs, outputs)
    carry = sum(((n & 7 ^ flips).bit_count() >> 1) << n for n in range(32))
    contents = Const(carry | (odd | odd << 16) << 32, 64)
    return Cell("LUT6_2", {"INIT": contents}, inputs | {"I4": Const(0, 1), "I5": Const(1, 1)}, outputs)


def _split(m: Logic, name: str, place: Place) -> Place:
    """The place with its functions on wires."""
    x, y = (
        m.wire(f"{name}_{part}", bit(function(*place.inputs))) for part, function in (("x", place.x), ("y", place.y))
    )
    return plain(x, y)


def _generate(place: Place) -> Value | None:
    """A bare wire that makes the carry where the two numbers' bits are equal, if one does."""
    trimmed = place.trimmed()
    count = len(trimmed.inputs)
    if count <= LUT_INPUTS:
        x, y = trimmed.tables()
        columns = [[0] * len(x), [1] * len(x), *([i >> n & 1 for i in range(len(x))] for n in range(count))]
        for wire, column in zip([Const(0, 1), Const(1, 1), *trimmed.inputs], columns, strict=True):
            if all(a == v for a, b, v in zip(x, y, column, strict=True) if a == b):
                return wire
    return None
