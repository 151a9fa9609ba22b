"""Numbers that are made in the row that adds them: a negation, or a choice between two, costs no logic of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from amaranth.hdl import Cat, Const, Value

from hw.arith import Logic, fabric
from hw.arith.fabric import fitted
from hw.arith.place import Function, Place, adjoin
from hw.formats import Span


@dataclass(frozen=True)
class Folded:
    """A number ``(function of value, bit by bit) + carry``, somewhere in `span`.

    Attributes
    ----------
    value : Value
        Extended by its sign where the row is wider.
    span : Span
    function : Function
        Of a bit of the value, and of `beside`.
    beside : Value or None
        One bit, the same at every place.
    carry : Value of one bit, or 0 or 1
        Still to be added.
    """

    value: Value
    span: Span
    function: Function = lambda bit: bit
    beside: Value | None = None
    carry: Value | int = 0

    def places(self, width: int) -> list[Place]:
        """The lowest `width` bits, before the carry."""
        beside = () if self.beside is None else (self.beside,)
        return [Place((wire, *beside), self.function, self.function) for wire in fitted(self.value, width)]

    @property
    def is_plain(self) -> bool:
        return self.beside is None


def plain(value: Value, span: Span) -> Folded:
    """A number that is there."""
    return Folded(value.as_signed() if span.signed else value, span)


def negated(value: Value, span: Span, negate: Value) -> Folded:
    """``-value if negate else value``, for a value in `span`."""
    both = span * Span(-1, 1, 0)
    given = value.as_signed() if span.signed else value
    carry = negate.value if isinstance(negate, Const) else negate
    return Folded(given, both, lambda bit, n: bit ^ n, negate, carry)


def cleared(value: Value, span: Span, clear: Value) -> Folded:
    """``0 if clear else value``."""
    return replace(plain(value, span), function=lambda bit, c: bit & (1 ^ c), beside=clear)


def add(m: Logic, name: str, x: Folded, y: Folded, most: int | None = None, at: int = 0) -> Folded:
    """``x + y * 2**at``, exactly, or modulo ``2**most`` where that has fewer bits.

    A row takes in one carry: if both have one, that of x is still to be added to the sum.
    """
    span = x.span + y.span * Span(1 << at, 1 << at, 0)
    width = span.width if most is None else min(span.width, most)
    if at and not x.is_plain:
        x = plain(finish(m, f"{name}_below", x, width), x.span)
    places = [adjoin(*pair) for pair in zip(x.places(width)[at:], y.places(width - at), strict=True)]
    if not (x.is_plain and y.is_plain):
        places = [replace(place, whole=True) for place in places]
    entering, left = y.carry, x.carry
    if not at and isinstance(entering, int) and not entering:
        entering, left = left, 0
    row = fabric(m).row(m, name, places, entering)
    total = Cat(*fitted(x.value, width)[:at], row)
    return replace(plain(total, span), carry=left)


def add_all(m: Logic, name: str, terms: Sequence[Folded], most: int | None = None) -> Folded:
    """The sum of terms, in a tree of rows."""
    sums = list(terms)
    while len(sums) > 1:
        pairs = [sums[i : i + 2] for i in range(0, len(sums), 2)]
        sums = [pair[0] if len(pair) < 2 else add(m, name, *pair, most) for pair in pairs]
    return sums[0]


def finish(m: Logic, name: str, x: Folded, width: int) -> Value:
    """The number itself, modulo ``2**width``."""
    if x.is_plain and isinstance(x.carry, int) and not x.carry:
        return Cat(*fitted(x.value, width))
    zero = Folded(Const(0, 1), Span(0, 0, x.span.lsb))
    places = [adjoin(*pair) for pair in zip(x.places(width), zero.places(width), strict=True)]
    return fabric(m).row(m, name, places, x.carry)
