"""What reads tiles from their stores and offers them to the array."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.units.core import index_bits
from hw.units.core.count import add_count


class Feeder(wiring.Component):
    """For each tile of A, for each tile of B: every word of both, side by side.

    Parameters
    ----------
    tiles : int
        Tiles in N, at most.

    Members
    -------
    prime, clear : In(1)
        As the planner says.
    last_tile : In
        The number of the last tile in N.
    ready : In(1)
        All that is to be read is there.
    last, last_next : In(1)
        The word of A is the last of its tile; the one after it is.
    go : In(1)
        While it is low, everything waits.
    step : Out(1)
        A word is read from each store.
    leaves : Out(1)
        It is the last one for the last time.
    valid, ends, coming : Out(1)
        What the stores show is offered; it ends a tile; and they are going to show something.
    """

    def __init__(self, tiles: int) -> None:
        ports = {name: In(1) for name in ("prime", "clear", "ready", "last", "last_next", "go")}
        ports |= {name: Out(1) for name in ("step", "leaves", "valid", "ends", "coming")}
        super().__init__({**ports, "last_tile": In(index_bits(tiles))})

    def elaborate(self, platform: object) -> Module:
        m, coming_ends = Module(), Signal()
        tile = add_count(m, "tile", self.last_tile, (self.step & self.last) | self.prime, self.clear)
        m.d.comb += self.step.eq(self.ready & self.go)
        with m.If(self.step | self.prime):
            across = Mux(self.last | self.prime, tile.following_ends, tile.ends)
            m.d.sync += self.leaves.eq(self.last_next & across)
        with m.If(self.go):
            m.d.sync += [self.coming.eq(self.step), coming_ends.eq(self.last)]
            m.d.sync += [self.valid.eq(self.coming), self.ends.eq(coming_ends)]
        with m.If(self.clear):
            m.d.sync += [self.coming.eq(0), self.valid.eq(0)]
        return m
