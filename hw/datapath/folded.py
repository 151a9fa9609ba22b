"""Numbers that are made in the row that adds them: a negation costs no logic of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from amaranth.hdl import Cat, Const, Value

from hw.arith import Logic, fabric
from hw.arith.fabric import fitted
from hw.arith.place import Place, adjoin
from hw.arith.steps import bits
from hw.arith.term import Term, lone
from hw.arith.tree import sum_terms
from hw.formats import Span


@dataclass(frozen=True)
class Folded:
    """A number in `span`: ``value``, its bits inverted or cleared, plus ``carry``.

    Attributes
    ----------
    value : Value
        Extended by its sign where a row is wider.
    span : Span
    invert, clear : Value of one bit, or None
        If set, all bits are inverted, or zeros. Not both are there.
    carry : Value of one bit, or 0 or 1
        Still to be added.
    """

    value: Value
    span: Span
    invert: Value | None = None
    clear: Value | None = None
    carry: Value | int = 0

    @property
    def is_plain(self) -> bool:
        """Whether its bits are wires."""
        return self.invert is None and self.clear is None

    def places(self, width: int) -> list[Place]:
        """The lowest `width` bits, before the carry."""
        wires = fitted(self.value, width)
        if self.invert is not None:
            return [Place((wire, self.invert), lambda b, n: b ^ n, lambda b, n: b ^ n) for wire in wires]
        if self.clear is not None:
            return [Place((w, self.clear), lambda b, c: b & (1 ^ c), lambda b, c: b & (1 ^ c)) for w in wires]
        return [Place((wire,), lambda b: b, lambda b: b) for wire in wires]


def plain(value: Value, span: Span) -> Folded:
    """A number that is there."""
    return Folded(value.as_signed() if span.signed else value, span)


def negated(value: Value, span: Span, negate: Value) -> Folded:
    """``-value if negate else value``, for a value in `span`."""
    number, carry = plain(value, span), negate.value if isinstance(negate, Const) else negate
    return replace(number, span=span * Span(-1, 1, 0), invert=negate, carry=carry)


def cleared(value: Value, span: Span, clear: Value) -> Folded:
    """``0 if clear else value``."""
    return replace(plain(value, span), clear=clear)


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


def add_all(m: Logic, name: str, terms: Sequence[Folded], absorbed: bool = False) -> Folded:
    """The sum of numbers of one span, plain or negated; if `absorbed`, a carry may be left to be added to it."""
    first = terms[0]
    if first.is_plain or not fabric(m).folds_four:
        each = [Term(list(map(lone, bits(t.value))), t.value.shape().signed, t.invert) for t in terms]
        return plain(sum_terms(m, name, each, first.span), first.span.accumulate(len(terms)))
    if not absorbed:
        # Each row of the tree takes in one carry, so one would be left.
        first = plain(finish(m, f"{name}_first", first, first.span.width), first.span)
    sums = [first, *terms[1:]]
    while len(sums) > 1:
        pairs = [sums[low : low + 2] for low in range(0, len(sums), 2)]
        sums = [pair[0] if len(pair) == 1 else add(m, name, pair[0], pair[1]) for pair in pairs]
    return sums[0]


def finish(m: Logic, name: str, x: Folded, width: int) -> Value:
    """The number itself, modulo ``2**width``."""
    if x.is_plain and isinstance(x.carry, int) and not x.carry:
        return Cat(*fitted(x.value, width))
    zero = Folded(Const(0, 1), Span(0, 0, x.span.lsb))
    places = [adjoin(*pair) for pair in zip(x.places(width), zero.places(width), strict=True)]
    return fabric(m).row(m, name, places, x.carry)
