"""A sum of numbers ``m * 2**-q`` that is kept as one itself: where a larger one comes, what is there moves down."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value

from hw.units.skew import delayed

BITS = 4
WINDOW = 1 << BITS
"""Exponents that share a place for their lowest bit: of these steps the sum moves, so that its loop is short."""


class Running:
    """Adds up numbers in a window of exponents, and cuts off what leaves it below.

    Parameters
    ----------
    m : Module
        Where it is added.
    number : (Value, Value)
        `m` and `q`, unsigned.
    enable, first : Value
        Whether it is added, and whether it begins a sum.
    move : Value
        While it is low, all holds.
    width : int
        Of the sum.

    Attributes
    ----------
    exponent : Signal
        The least `q`, a move after the number.
    mantissa : Signal
        The sum in the units of `m` at that, four moves after the number.
    """

    def __init__(
        self, m: Module, number: tuple[Value, Value], enable: Value, first: Value, move: Value, width: int
    ) -> None:
        mantissa, q = number
        self.exponent = Signal(len(q), name="exponent", reset_less=True)
        with m.If(move & enable & (first | (q < self.exponent))):
            m.d.sync += self.exponent.eq(q)
        window, before = q[BITS:], self.exponent[BITS:]
        rises, falls = (Signal(2, name=name, reset_less=True) for name in ("rises", "falls"))
        with m.If(move):
            m.d.sync += [
                rises.eq(Mux(first, 2, _steps(before, window))),
                falls.eq(Mux(first, 0, _steps(window, before))),
            ]
        place = delayed(m, "place_in_window", _low(q), move, 1)
        term, added = delayed(m, "term", mantissa, move, 1), delayed(m, "added", enable, move, 1)
        placed, by = Signal(len(mantissa) + WINDOW - 1, name="term_placed", reset_less=True), Signal(name="sum_moves")
        follows = delayed(m, "follows", added, move, 1)
        total = Signal(width + WINDOW - 1, name="sum", reset_less=True)
        with m.If(move):
            wide = Cat(Const(0, WINDOW - 1), term)
            m.d.sync += [placed.eq(Mux(falls[1], 0, wide >> Cat(place, falls[0]))), by.eq(rises[0])]
        with m.If(move & follows):
            m.d.sync += total.eq((Mux(by, total >> WINDOW, total) + placed)[: len(total)])
        # What is all too small makes way a cycle ahead, even if something is just being added to it.
        with m.If(move & added & rises[1]):
            m.d.sync += total.eq(0)
        self.mantissa = Signal(width, name="mantissa", reset_less=True)
        with m.If(move):
            m.d.sync += self.mantissa.eq((total >> ~_low(self.exponent))[:width])


def _steps(more: Value, less: Value) -> Value:
    """``more - less`` where that is 1, 2 where it is more than that, or else 0."""
    if not len(more):
        return Const(0, 2)
    return Mux(more > less, Mux(more == (less + 1)[: len(less)], 1, 2), 0)


def _low(q: Value) -> Value:
    """The place in the window."""
    return Cat(q[:BITS], Const(0, BITS - min(BITS, len(q))))
