"""Numbers for a carry row to take in whose bits are not wires yet, but functions of a few: the row computes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from amaranth.hdl import Cat, Value

from hw.arith.logic import Logic
from hw.arith.place import Function, Place, always, bit
from hw.arith.steps import bits


@dataclass(frozen=True)
class Bit:
    """A function of a few wires.

    Parameters
    ----------
    inputs : tuple of Value
        One-bit wires.
    function : function
        Of as many bits.
    """

    inputs: tuple[Value, ...]
    function: Function

    def value(self) -> Value:
        return bit(self.function(*self.inputs))


def lone(wire: Value) -> Bit:
    """A wire as it is."""
    return Bit((wire,), lambda a: a)


ZERO = Bit((), always(0))


def sum_of(given: Sequence[Bit], values: Sequence[int]) -> int:
    """The sum of bits, of the values of all their wires one after the other."""
    rest = iter(values)
    return sum(bit.function(*islice(rest, len(bit.inputs))) & 1 for bit in given)


def wired(m: Logic, name: str, given: Sequence[Bit], room: int) -> list[Bit]:
    """The same bits, those that are functions of more than `room` wires as wires."""
    wide = [bit.value() for bit in given if len(bit.inputs) > room]
    wires = iter(bits(m.wire(name, Cat(*wide))) if wide else [])
    return [bit if len(bit.inputs) <= room else lone(next(wires)) for bit in given]


@dataclass(frozen=True)
class Term:
    """A number, ``-value if negate else value``.

    Parameters
    ----------
    bits : sequence of Bit
        The value's, lowest first.
    signed : bool
        Whether the value is in two's complement.
    negate : Value of one bit, or None
    """

    bits: Sequence[Bit]
    signed: bool
    negate: Value | None = None

    def extended(self, width: int) -> list[Bit]:
        """The lowest `width` bits of the value."""
        fill = self.bits[-1] if self.signed else ZERO
        return [*self.bits, *[fill] * (width - len(self.bits))][:width]


def plain_term(number: Value) -> Term:
    """A number with its own sign, if it has one."""
    return Term([lone(wire) for wire in bits(number)], number.shape().signed)


def place_of(before: Value, term: Bit, negate: Value | None) -> Place:
    """The place that adds a term's bit, inverted if so, to a wire."""
    inputs, function = (before, *term.inputs), term.function
    if negate is None:
        return Place(inputs, lambda total, *given: total, lambda total, *given: function(*given), whole=True)
    return Place(
        (*inputs, negate),
        lambda total, *given: total,
        lambda total, *given: function(*given[:-1]) ^ given[-1],
        whole=True,
    )
