"""A frame of an AXI4-Stream, as many words long as it has to be."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class Frame(wiring.Component):
    """Takes the words of a frame, and gives just as many as are asked for, whatever the frame's length.

    A frame that ends early is filled up: with words of no meaning, so that what waits for them does not wait for ever.
    One that is too long is cut: what is left of it is thrown away, up to its end or to the next `begin`.

    Members
    -------
    tvalid, tready, tlast : of the AXI4-Stream, without its data
    begin : In(1)
        A new frame is expected.
    want : In(1)
        A word is wanted in this cycle. It does not depend on `tvalid`.
    final : In(1)
        It is the last one.
    word : Out(1)
        It is there, and is gone after this cycle.
    error : Out(1)
        Since `begin`, a frame had not the length that was expected.
    """

    def __init__(self) -> None:
        inputs, outputs = ("tvalid", "tlast", "begin", "want", "final"), ("tready", "word", "error")
        super().__init__({name: In(1) for name in inputs} | {name: Out(1) for name in outputs})

    def elaborate(self, platform: object) -> Module:
        m, fill, cut = Module(), Signal(), Signal()
        taken, early, late = Signal(), Signal(), Signal()
        m.d.comb += [
            self.tready.eq(Mux(cut, ~self.begin, self.want & ~fill)),
            self.word.eq(self.want & (fill | (self.tvalid & ~cut))),
            taken.eq(self.tvalid & self.want & ~fill & ~cut),
            early.eq(taken & self.tlast & ~self.final),
            late.eq(taken & ~self.tlast & self.final),
        ]
        # Said of each state whether it is entered or left: what comes last is looked at once.
        m.d.sync += [
            fill.eq(early | (fill & ~(self.want & self.final))),
            cut.eq(late | (cut & ~self.begin & ~(self.tvalid & self.tlast))),
            self.error.eq(~self.begin & (self.error | early | late)),
        ]
        return m
