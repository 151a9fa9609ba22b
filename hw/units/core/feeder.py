"""What reads tiles from their stores and offers them to the array."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.units.core import index_bits


class Feeder(wiring.Component):
    """For each tile of A, for each tile of B: every word of both, side by side.

    Parameters
    ----------
    tiles : int
        Tiles in N, at most.

    Members
    -------
    run : In(1)
        While low, it starts anew.
    last_tile : In
        The number of the last tile in N.
    ready : In(1)
        All that is to be read is there.
    last : In(1)
        The word of A is the last of its tile.
    step : Out(1)
        A word is read from each store.
    leave : Out(1)
        The tile of A is read for the last time.
    valid, ends : Out(1)
        What the stores show is offered; it ends a tile.
    taken : In(1)
        It is taken.
    """

    def __init__(self, tiles: int) -> None:
        ports = {"run": In(1), "last_tile": In(index_bits(tiles)), "ready": In(1), "last": In(1), "taken": In(1)}
        ports |= {name: Out(1) for name in ("step", "leave", "valid", "ends")}
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m, move, tile = Module(), Signal(), Signal.like(self.last_tile)
        m.d.comb += [
            move.eq(~self.valid | self.taken),
            self.step.eq(self.run & self.ready & move),
            self.leave.eq(tile == self.last_tile),
        ]
        with m.If(move):
            m.d.sync += [self.valid.eq(self.step), self.ends.eq(self.last)]
        with m.If(self.step & self.last):
            m.d.sync += tile.eq(Mux(self.leave, 0, (tile + 1)[: len(tile)]))
        with m.If(~self.run):
            m.d.sync += tile.eq(0)
        return m
