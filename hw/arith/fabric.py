"""Carry rows: what an FPGA adds with, and what it can fold into the adding for nothing.

A row adds two numbers. In each of its `Place`s the two bits are functions of a few wires, and a LUT
that sits before the carry chain can compute both. `Fabric` writes rows as portable RTL. A family
whose cells are known has a subclass that writes cells, and gives the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Cat, Signal, Value

from hw.arith.logic import CARRY, Logic, bits, extend
from hw.arith.multiplier import halves, star
from hw.arith.place import Place, always, bit, choose, plain


class Fabric:
    """Portable RTL; and, for its subclasses, what they do not do better."""

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
        total = Signal(len(places), name=name)
        unused = Signal(2 if isinstance(carry, Value) or carry else 1, name=f"unused_above_{name}")
        m.split([total, unused], x + y + carry if isinstance(carry, Value) or carry else x + y)
        return total

    def add(self, m: Logic, name: str, x: Value, y: Value, width: int, carry: Value | int = 0) -> Signal:
        """``x + y + carry`` modulo ``2**width``; unsigned, whatever the operands are."""
        return self.row(m, name, [plain(*pair) for pair in zip(_fit(x, width), _fit(y, width), strict=True)], carry)

    def add_constant(
        self, m: Logic, name: str, x: Value, constant: int, overrides: Sequence[tuple[Value, int]] = ()
    ) -> Signal:
        """``x + constant`` modulo ``2**len(x)``, or what the first override whose flag is set says instead."""
        # Where the result is known, the row adds what gives it: then the flags enter before the carry.
        mask = (1 << len(x)) - 1
        flags = [flag for flag, _ in overrides]
        places = []
        for index, wire in enumerate(bits(x)):
            known = [((value - constant) & mask) >> index & 1 for _, value in overrides]
            places.append(Place((wire, *flags), choose(known), always(constant >> index & 1)))
        return self.row(m, name, places)

    def accumulate(
        self, m: Logic, name: str, total: Value, clear: Value, x: Value, negate: Value | None = None
    ) -> Signal:
        """``(0 if clear else total) + (-x if negate else x)`` modulo ``2**len(total)``."""
        places = []
        for sum_bit, x_bit in zip(bits(total), _fit(x, len(total)), strict=True):
            if negate is None:
                places.append(Place((sum_bit, clear, x_bit), lambda s, c, b: s & (1 ^ c), lambda s, c, b: b))
            else:
                places.append(
                    Place((sum_bit, clear, x_bit, negate), lambda s, c, b, n: s & (1 ^ c), lambda s, c, b, n: b ^ n)
                )
        return self.row(m, name, places, 0 if negate is None else negate)

    def negate(self, m: Logic, name: str, x: Value, negate: Value, width: int) -> Signal:
        """``-x if negate else x`` modulo ``2**width``."""
        places = [Place((x_bit, negate), lambda b, n: b ^ n, always(0)) for x_bit in _fit(x, width)]
        return self.row(m, name, places, negate)

    def conditional(
        self, m: Logic, name: str, total: Sequence[Value], x: Sequence[Value], select: Value, flips: Sequence[bool]
    ) -> Value:
        """``total + (x if select else 0)`` modulo ``2**len(total)``, the bits inverted where `flips` says so."""
        places = [
            Place((s, b, select), lambda s, b, g: s, lambda s, b, g: b & g) for s, b in zip(total, x, strict=True)
        ]
        row = self.row(m, name, places)
        return Cat(~wire if flip else wire for wire, flip in zip(bits(row), flips, strict=True))

    def multiply(self, m: Logic, name: str, x: Value, y: Value, fast: bool = False) -> Signal:
        """``x * y``, exactly, signed if one of them is.

        Parameters
        ----------
        fast : bool
            Whether rows go in a tree, not in a chain, where that makes a difference.
        """
        return star(m, name, x, y) if m.stages <= 2 or len(y) < 4 else halves(m, name, x, y)


def row_delay(places: int) -> float:
    """Of a row of cells."""
    return 1.0 + CARRY * places


def _fit(value: Value, width: int) -> list[Value]:
    """The lowest `width` bits of a value, extended if it has fewer."""
    return bits(extend(value, max(width, len(value))))[:width]
