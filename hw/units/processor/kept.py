"""Parameters of a row, kept for all rows."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hw.target import Target
from hw.units.core import index_bits
from hw.units.core.banks import add_memory


class Kept(wiring.Component):
    """Takes the beats of a row, and gives them again and again.

    Parameters
    ----------
    width, depth : int
        Bits of a beat, and the most beats of a row.
    target : Target

    Members
    -------
    start : In(1)
        Other beats come.
    most : In
        The number of the last one.
    x : In(stream)
    y : Out(stream)
    """

    def __init__(self, width: int, depth: int, target: Target) -> None:
        self.depth, self.target = depth, target
        beat = stream.Signature(width)
        super().__init__({"start": In(1), "most": In(index_bits(depth)), "x": In(beat), "y": Out(beat)})

    def elaborate(self, platform: object) -> Module:
        m, place, loading = Module(), Signal.like(self.most, name="place"), Signal(init=1)
        move, ends = Signal(), place == self.most
        written, there, asked = (Signal(name=name) for name in ("written", "there", "asked"))
        m.d.comb += [
            self.x.ready.eq(loading),
            written.eq(loading & self.x.valid),
            move.eq(self.y.ready | ~self.y.valid),
        ]
        given = written, place, self.x.payload
        m.d.comb += self.y.payload.eq(add_memory(m, self.target, loading, given, place, move, max(2, self.depth)))
        with m.If(written | (there & move)):
            m.d.sync += place.eq(Mux(ends, 0, (place + 1)[: len(place)]))
        with m.If(written & ends):
            m.d.sync += [loading.eq(0), there.eq(1)]
        with m.If(move):
            m.d.sync += [asked.eq(there), self.y.valid.eq(asked)]
        with m.If(self.start):
            m.d.sync += [loading.eq(1), there.eq(0), place.eq(0), asked.eq(0), self.y.valid.eq(0)]
        return m
