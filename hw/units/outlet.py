"""The end of a unit whose registers move on together."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, Signal, Value


class Outlet:
    """Offers beats on a stream, and keeps one that is not taken at once aside.

    So whether everything behind it may move on is known from a register: `move` goes to the enables of all a unit's
    registers, and a gate before it would be in the way of each. While a beat is aside nothing moves.

    Parameters
    ----------
    m : Module
        Where it goes.
    output : stream
        Where beats are offered.

    Attributes
    ----------
    move : Signal
        Whether everything behind may move on.
    full : Signal
        Whether there is a beat aside.
    aside : Signal
        That beat, as long as its payload.
    """

    def __init__(self, m: Module, output: Any) -> None:
        self.m, self.output = m, output
        # Two registers for one fact: that of all the enables is far from here.
        self.move, self.full = Signal(name="move", init=1), Signal(name="aside_full")
        self.aside = Signal(len(Value.cast(output.payload)), name="aside", reset_less=True)

    def offer(self, valid: Value, payload: Value, shown: Value | None = None) -> None:
        """Offer a payload if there is one, unless one is aside.

        Parameters
        ----------
        valid : Value
            Whether there is one.
        payload : Value
            As long as that of the stream.
        shown : Value, optional
            `chosen` of the payload, where that is a part of other logic.
        """
        m, output = self.m, self.output
        m.d.comb += [
            output.valid.eq(valid | self.full),
            Value.cast(output.payload).eq(self.chosen(payload) if shown is None else shown),
        ]
        m.d.sync += [self.full.eq(output.valid & ~output.ready), self.move.eq(~output.valid | output.ready)]
        with m.If(self.move):
            m.d.sync += self.aside.eq(payload)

    def chosen(self, payload: Value) -> Value:
        """What the stream shows."""
        return Mux(self.full, self.aside, payload)
