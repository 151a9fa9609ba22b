"""A division that makes a bit of the quotient in a cycle."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value


class Division:
    """``quotient = numerator // divisor``, by restoring steps, the highest bit first.

    Parameters
    ----------
    m : Module
        Where it is added.
    name : str
        Of its registers.
    divisor : Value
        Unsigned; it stays while bits are made.
    bits : int
        Of the quotient, which is known to have no more: so many cycles.
    step : Value
        Whether a bit is made in this cycle.

    Attributes
    ----------
    quotient : Signal
        When all bits were made.
    rest : Signal
        What is left then.
    """

    def __init__(self, m: Module, name: str, divisor: Value, bits: int, step: Value) -> None:
        self.m, width = m, len(divisor)
        self.rest = Signal(width, name=f"{name}_rest", reset_less=True)
        # The numerator leaves it above while the quotient comes in below.
        self.quotient = Signal(bits, name=f"{name}_quotient", reset_less=True)
        brought, taken = Signal(width + 1, name=f"{name}_brought"), Signal(width + 2, name=f"{name}_taken")
        m.d.comb += [brought.eq(Cat(self.quotient[-1], self.rest)), taken.eq(brought - divisor)]
        fits = ~taken[-1]
        with m.If(step):
            # What is left is less than the divisor, whether that was taken away or did not fit.
            m.d.sync += self.rest.eq(Mux(fits, taken[:width], brought[:width]))
            m.d.sync += self.quotient.eq(Cat(fits, self.quotient)[:bits])

    def start(self, numerator: Value) -> None:
        """Begin, at the end of this cycle: what is above the quotient's bits is less than the divisor."""
        bits, width = len(self.quotient), len(self.rest)
        high = numerator[bits:]
        self.m.d.sync += [
            self.quotient.eq(numerator[:bits]),
            self.rest.eq(high[:width]),
        ]
