"""Carry rows: what an FPGA adds with, and what it can fold into the adding for nothing.

A row adds two numbers. In each of its `Place`s the two bits are functions of a few wires, and a LUT
that sits before the carry chain can compute both. `Fabric` writes rows as portable RTL. A family
whose cells are known has a subclass that writes cells, and gives the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from amaranth.hdl import Cat, Const, Mux, Signal, Value

from hw.arith.logic import Logic
from hw.arith.place import Place, bit, table
from hw.arith.product import halves
from hw.arith.select import tree
from hw.arith.steps import Row, Step, bits, extend
from hw.arith.term import Bit, Term, place_of, sum_of, wired
from hw.arith.wires import lookup


class Fabric:
    """Portable RTL; and, for its subclasses, what they do not do better.

    Attributes
    ----------
    folds_four : bool
        Whether a place takes functions of four wires for nothing.
    table_inputs : int
        Wires of a truth table that costs little: one LUT, or LUTs with multiplexers beside them.
    pre_adds : bool
        Whether a multiplier block has an adder before it, where synthesis puts a plain sum.
    lut_inputs, lut_outputs : int
        Wires that a LUT takes, and functions that it makes, of a wire less if they are two.
    addends : int
        Numbers that a row adds, 2 or 3.
    counted : int
        Bits, each a function of two wires, that `add_bits` adds up without others before it.
    inverts : bool
        Whether a row inverts what it puts out, for nothing, but nothing of what it takes in.
    """

    folds_four = False
    lut_inputs = 4
    lut_outputs = 1
    addends = 2
    counted = 2
    inverts = False
    table_inputs = 4
    pre_adds = False

    def row(self, m: Logic, name: str, places: Sequence[Place], carry: Value | int = 0) -> Signal:
        """The sum of the places' two numbers and `carry`, modulo ``2**len(places)``.

        Parameters
        ----------
        m : Logic
            Where it is added.
        name : str
            Of the sum's wire.
        places : sequence of Place
            Lowest first.
        carry : Value of one bit, or 0 or 1
            Enters at the lowest place.
        """
        x = m.wire(f"{name}_x", Cat(bit(place.x(*place.inputs)) for place in places))
        y = m.wire(f"{name}_y", Cat(bit(place.y(*place.inputs)) for place in places))
        return Fabric.add(self, m, name, x, y, len(places), carry)

    def add(self, m: Logic, name: str, x: Value, y: Value, width: int, carry: Value | int = 0) -> Signal:
        """``x + y + carry`` modulo ``2**width``; unsigned, whatever the operands are."""
        return m.row(name, _Sum(carry, fitted(x, width), fitted(y, width)), width)

    def add_three(
        self, m: Logic, name: str, x: Value, y: Value, z: Value, width: int, carries: Sequence[Value] = ()
    ) -> Signal:
        """``x + y + z`` and at most two bits more, modulo ``2**width``; unsigned, whatever the operands are."""
        first, second = [*carries, 0, 0][:2]
        return self.add(m, name, self.add(m, f"{name}_two", x, y, width, first), z, width, second)

    def add_bits(self, m: Logic, name: str, given: Sequence[Bit]) -> Value:
        """The sum of two or three bits that depend on no more wires than a LUT takes, as a number of two bits."""
        wires = [wire for bit in given for wire in bit.inputs]
        return Cat(
            self.gate(m, f"{name}_{index}", wires, lambda *values, index=index: sum_of(given, values) >> index & 1)
            for index in range(2)
        )

    def add_signed(self, m: Logic, name: str, numbers: Sequence[Value], minus: Sequence[bool]) -> Signal:
        """The sum of two or three numbers, equally wide, modulo a power of two; those that `minus` says are taken away.

        Parameters
        ----------
        m : Logic
            Where it is added.
        name : str
            Of the sum's wire.
        numbers : sequence of Value
            No more than three, in which their sign, if they have one, is a bit like others.
        minus : sequence of bool
            Of each; of at least one it is false.
        """
        first, second, *third = sorted(zip(minus, numbers, strict=True), key=lambda pair: pair[0])
        total = _signed_row(self, m, f"{name}_two" if third else name, first[1], second[1], second[0])
        return _signed_row(self, m, name, total, third[0][1], third[0][0]) if third else total

    def add_constant(
        self, m: Logic, name: str, x: Value, constant: int, overrides: Sequence[tuple[Value, int]] = ()
    ) -> Signal:
        """``x + constant`` modulo ``2**len(x)``, or what the first override whose flag is set says instead."""
        mask = (1 << len(x)) - 1
        result: Value = (x + Const(constant & mask, len(x)))[: len(x)]
        for flag, value in reversed(overrides):
            result = Mux(flag, Const(value & mask, len(x)), result)
        return m.wire(name, result)

    def accumulate(
        self, m: Logic, name: str, total: Value, clear: Value, x: Value, negate: Value | None = None
    ) -> Signal:
        """``(0 if clear else total) + (-x if negate else x)`` modulo ``2**len(total)``."""
        # -x is ~x + 1, and the one enters as the carry.
        return self.accumulate_part(m, name, total, clear, x, negate, 0 if negate is None else negate)

    def accumulate_segments(
        self, m: Logic, name: str, totals: Sequence[Value], clear: Value, x: Value, negate: Value | None = None
    ) -> list[Signal]:
        """The same for a total in segments, lowest first, a row for each; between rows the carry is on a wire."""
        parts = _cut(m, f"{name}_term", x, [len(total) for total in totals])
        carry: Value | int = 0 if negate is None else negate
        following = []
        for index, (total, part) in enumerate(zip(totals, parts, strict=True)):
            above = int(index + 1 < len(totals))
            row = self.accumulate_part(m, f"{name}_row{index}", total, clear, part, negate, carry, above)
            segment, carry = Signal(len(total), name=f"{name}_{index}"), Signal(above, name=f"{name}_carry{index}")
            m.split([segment, carry][: 1 + above], row)
            following.append(segment)
        return following

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
        """``(0 if clear else total) + (~x if negate else x) + carry``, and `above` places more for what it carries."""
        base, width = m.wire(f"{name}_base", Mux(clear, 0, total)), len(total)
        if negate is not None:
            x = m.wire(f"{name}_addend", Cat(*fitted(x, width)) ^ negate.replicate(width))
        return self.add(m, name, base, x, width + above, carry)

    def accumulate_moved(self, m: Logic, name: str, total: Value, move: Value, x: Value) -> Signal:
        """``(total >> 1 if move else total) + x`` modulo ``2**len(total)``, where `total` is a number with a sign."""
        base = m.wire(f"{name}_base", Mux(move, Cat(total[1:], total[-1]), total))
        return self.add(m, name, base, x, len(total))

    def negate(self, m: Logic, name: str, x: Value, negate: Value, width: int) -> Signal:
        """``-x if negate else x`` modulo ``2**width``."""
        flipped = m.wire(f"{name}_flipped", Cat(*fitted(x, width)) ^ negate.replicate(width))
        return self.add(m, name, flipped, Const(0, 1), width, negate)

    def lookup(self, m: Logic, name: str, wires: Value, width: int, function: Callable[[int], int]) -> Value:
        """``function(wires)`` modulo ``2**width``, a truth table for each bit."""
        return lookup(m, name, wires, width, function)

    def select(self, m: Logic, name: str, words: Sequence[Value], index: Value) -> Value:
        """``words[index]``, of words that are equally wide; anything if there is none of that number.

        Parameters
        ----------
        m : Logic
            Where it is added.
        name : str
            Of its wires.
        words : sequence of Value
            At least one.
        index : Value
            Unsigned, of as many bits as the last word's number.
        """
        return m.wire(name, tree(words, index))

    def choose(self, m: Logic, name: str, choices: Sequence[Sequence[Value]], select: Value) -> Signal:
        """A word whose bits are each one of two or four wires, all chosen by the same number.

        Parameters
        ----------
        m : Logic
            Where it is added.
        name : str
            Of the word's wire.
        choices : sequence of sequence of Value
            Of each bit the wires, as many as `select` has numbers.
        select : Value
            Unsigned, of one or two bits.
        """
        return m.wire(name, Cat(tree(wires, select) for wires in choices))

    def gate(self, m: Logic, name: str, wires: Sequence[Value], function: Callable[..., int]) -> Value:
        """A function of at most `lut_inputs` wires: a LUT that synthesis leaves alone, where a family's is known."""
        contents = table(function, len(wires))
        return m.wire(
            name, Const(sum(value << n for n, value in enumerate(contents)), len(contents)).bit_select(Cat(*wires), 1)
        )

    def room(self, negated: bool) -> int:
        """Of how many wires a bit of a term may be a function, for nothing, in `add_terms`; less one if `negated`."""
        return self.lut_inputs - 1 - negated if self.folds_four else 1

    def add_terms(self, m: Logic, name: str, terms: Sequence[Term], widths: Sequence[int]) -> Value:
        """The sum of terms, a row for each; after the n-th it has ``widths[n]`` bits, which must hold it."""
        signed, total = any(term.negate is not None or term.signed for term in terms), None
        for index, (term, width) in enumerate(zip(terms, widths, strict=True)):
            room = self.room(term.negate is not None)
            given = wired(m, f"{name}_{index}_term", term.extended(width), room)
            if total is None and term.negate is None:
                total = Cat(bit.value() for bit in given)
            else:
                before = [Const(0, 1)] * width if total is None else fitted(total, width)
                places = [place_of(wire, bit, term.negate) for wire, bit in zip(before, given, strict=True)]
                total = self.row(m, f"{name}_{index}", places, 0 if term.negate is None else term.negate)
            total = total.as_signed() if signed else total
        assert total is not None
        return total

    def conditional(
        self, m: Logic, name: str, total: Sequence[Value], x: Sequence[Value], select: Value, flips: Sequence[bool]
    ) -> Value:
        """``total + (x if select else 0)`` modulo ``2**len(total)``, the bits inverted where `flips` says so."""
        row = self.add(m, name, Cat(*total), Mux(select, Cat(*x), 0), len(total))
        return Cat(~wire if flip else wire for wire, flip in zip(bits(row), flips, strict=True))

    def multiply(self, m: Logic, name: str, x: Value, y: Value, fast: bool = False) -> Signal:
        """``x * y``, exactly, signed if one of them is.

        Parameters
        ----------
        fast : bool
            Whether rows go in a tree, not in a chain, where that makes a difference.
        """
        return halves(m, name, x, y, m.stages)


def _signed_row(fabric: Fabric, m: Logic, name: str, x: Value, y: Value, minus: bool) -> Signal:
    """``x - y if minus else x + y``, of numbers that are equally wide."""
    flip = int(minus)
    places = [Place(pair, lambda a, b: a, lambda a, b: b ^ flip) for pair in zip(bits(x), bits(y), strict=True)]
    return fabric.row(m, name, places, flip)


@dataclass(frozen=True)
class _Sum(Row):
    """A row as an operator: the sum of two numbers, given by their bits."""

    carry: Value | int
    x: Sequence[Value]
    y: Sequence[Value]

    def write(self, name: str, total: Signal, low: int, carry: Value | int, leaves: Signal | None) -> Step:
        width = len(total)
        x, y = (Cat(*number[low : low + width]) for number in (self.x, self.y))
        above = Signal(1, name=f"unused_above_{name}") if leaves is None else leaves
        if not isinstance(carry, Value):
            return Step(name, [total, above], Cat(total, above), (x + y + carry)[: width + 1] if carry else x + y)
        # Into one adder, from a bit below: as a third number it would cost a second.
        below = Signal(1, name=f"unused_below_{name}")
        return Step(name, [total, below, above], Cat(below, total, above), Cat(1, x) + Cat(carry, y))


def _cut(m: Logic, name: str, x: Value, widths: Sequence[int]) -> list[Value]:
    """A number in pieces of such widths, unsigned; each is on a wire of its own, so that it is delayed by itself."""
    number, fill, low, pieces = x, Const(0, 1), 0, []
    if x.shape().signed:
        number, fill = x[:-1], m.wire(f"{name}_sign", x[-1])
    for index, width in enumerate(widths):
        piece = number[low : low + width]
        if len(piece):
            piece = m.wire(f"{name}{index}", piece)
        pieces.append(Cat(piece, fill.replicate(width - len(piece))))
        low += width
    return pieces


def fitted(value: Value, width: int) -> list[Value]:
    """The lowest `width` bits of a value, extended if it has fewer."""
    return bits(extend(value, max(width, len(value))))[:width]
