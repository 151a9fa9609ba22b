"""A square root that makes a bit in a cycle."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value


class Root:
    """``isqrt(number)``, digit by digit, the highest bit first.

    Parameters
    ----------
    m : Module
        Where it is added.
    bits : int
        Of the root: so many cycles.
    step : Value
        Whether a bit is made in this cycle.

    Attributes
    ----------
    root : Signal
        When all bits were made.
    """

    def __init__(self, m: Module, bits: int, step: Value) -> None:
        self.m = m
        self.root = Signal(bits, name="root", reset_less=True)
        self.number = Signal(2 * bits, name="root_of", reset_less=True)
        # What is left is at most twice the root.
        self.rest = Signal(bits + 1, name="root_rest", reset_less=True)
        brought, taken = Signal(bits + 3, name="root_brought"), Signal(bits + 4, name="root_taken")
        m.d.comb += [
            brought.eq(Cat(self.number[-2:], self.rest)),
            taken.eq(brought - Cat(Const(1, 2), self.root)),
        ]
        fits = ~taken[-1]
        with m.If(step):
            m.d.sync += [
                self.rest.eq(Mux(fits, taken, brought)[: bits + 1]),
                self.root.eq(Cat(fits, self.root)[:bits]),
                self.number.eq(Cat(Const(0, 2), self.number)[: 2 * bits]),
            ]

    def start(self, number: Value) -> None:
        """Begin, at the end of this cycle."""
        self.m.d.sync += [self.root.eq(0), self.rest.eq(0), self.number.eq(number)]
