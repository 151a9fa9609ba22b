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
        handshake, wrong = Signal(), Signal()
        m.d.comb += [
            self.tready.eq(Mux(cut, ~self.begin, self.want & ~fill)),
            self.word.eq(self.want & (fill | (self.tvalid & ~cut))),
            handshake.eq(self.tvalid & self.tready),
            wrong.eq(handshake & ~cut & (self.tlast != self.final)),
        ]
        with m.If(self.begin):
            m.d.sync += self.error.eq(0)
        with m.Elif(wrong):
            m.d.sync += self.error.eq(1)
        with m.If(wrong):
            m.d.sync += [fill.eq(self.tlast), cut.eq(self.final)]
        with m.Elif(self.word & self.final):
            m.d.sync += fill.eq(0)
        with m.Elif(self.begin | (handshake & self.tlast)):
            m.d.sync += cut.eq(0)
        return m
