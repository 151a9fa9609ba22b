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
        m, kept, full = Module(), Signal(len(self.x), reset_less=True), Signal()
        m.d.comb += [self.y.eq(Mux(full, kept, self.x)), self.y_valid.eq(self.valid | full)]
        with m.If(self.free):
            m.d.sync += kept.eq(self.x)
        # Two registers for one fact: what comes from afar is told by one of its own.
        m.d.sync += [
            self.free.eq(self.clear | self.y_ready | (self.free & ~self.valid)),
            full.eq(~self.clear & ~self.y_ready & (full | self.valid)),
        ]
        return m
