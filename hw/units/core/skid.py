"""A place to step aside: it cuts the way back of a handshake, and costs no cycle."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class Skid(wiring.Component):
    """Passes beats on, and keeps the one that comes while the next block can't take it.

    Parameters
    ----------
    width : int
        Bits of a beat.

    Members
    -------
    clear : In(1)
        It becomes empty.
    x, valid, free : In(width), In(1), Out(1)
        What comes is taken while it is free, which a register says.
    y, y_valid, y_ready : Out(width), Out(1), In(1)
    """

    def __init__(self, width: int) -> None:
        super().__init__(
            {
                "clear": In(1),
                "x": In(width),
                "valid": In(1),
                "free": Out(1, init=1),
                "y": Out(width),
                "y_valid": Out(1),
                "y_ready": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m, kept = Module(), Signal(len(self.x), reset_less=True)
        m.d.comb += [self.y.eq(Mux(self.free, self.x, kept)), self.y_valid.eq(self.valid | ~self.free)]
        with m.If(self.free):
            m.d.sync += kept.eq(self.x)
        m.d.sync += self.free.eq(self.clear | self.y_ready | (self.free & ~self.valid))
        return m
