"""The frame of stream `w` that a program has: first an instruction's parameters, then perhaps an operand."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from hw.units.core import index_bits
from hw.units.processor.pieces import Gather


class Weights(wiring.Component):
    """A frame of words: filled up with zeros if it ends early, and thrown away if something is left.

    Parameters
    ----------
    width : int
        Bits of a word.

    Members
    -------
    x : In(stream)
        Words, and with the last one of a frame `last`.
    y : Out(stream)
        Words, as many as are wanted.
    drain : In(1)
        Nobody wants any more.
    ended : Out(1)
        The frame is over.
    begin : In(1)
        The next one begins.
    error : Out(1)
        The frame has not been as long as what was wanted.
    """

    def __init__(self, width: int) -> None:
        ports = {"drain": In(1), "begin": In(1), "ended": Out(1), "error": Out(1)}
        word = stream.Signature(data.StructLayout({"x": width, "last": 1}))
        super().__init__({**ports, "x": In(word), "y": Out(stream.Signature(width))})

    def elaborate(self, platform: object) -> Module:
        m, some, taken = Module(), Signal(), Signal()
        m.d.comb += [
            self.y.valid.eq(self.x.valid | self.ended),
            self.y.payload.eq(Mux(self.ended, 0, self.x.payload.x)),
            self.x.ready.eq(~self.ended & (self.y.ready | self.drain)),
            taken.eq(self.x.valid & self.x.ready),
        ]
        with m.If(taken):
            m.d.sync += [some.eq(1), self.ended.eq(self.x.payload.last)]
        # One word may come alone where none is wanted.
        with m.If((self.ended & self.y.ready) | (taken & self.drain & (some | ~self.x.payload.last))):
            m.d.sync += self.error.eq(1)
        with m.If(self.begin):
            m.d.sync += [some.eq(0), self.ended.eq(0), self.error.eq(0)]
        return m


class Parameters(wiring.Component):
    """Words as beats of parameters, so many of them; of short ones the words are at the top.

    Parameters
    ----------
    width, words, count : int
        Bits of a word, the most words of a beat, and bits of the number of beats.

    Members
    -------
    start : In(1)
        If `used`, it begins.
    used : In(1)
    most, words_most : In
        The numbers of the last beat, and of the last word of a beat: that of the beat two cycles before `start`.
    busy : Out(1)
        Words are still to come.
    x : In(stream)
    y : Out(stream)
        Beats, and with the last one `last`.
    """

    def __init__(self, width: int, words: int, count: int) -> None:
        self.words = words
        ports = {"start": In(1), "used": In(1), "busy": Out(1), "most": In(count), "words_most": In(index_bits(words))}
        beat = stream.Signature(data.StructLayout({"x": width * words, "last": 1}))
        super().__init__({**ports, "x": In(stream.Signature(width)), "y": Out(beat)})

    def elaborate(self, platform: object) -> Module:
        m, left = Module(), Signal.like(self.most, name="left")
        most, single, ends = Signal.like(self.most, name="most_kept"), Signal(name="single"), Signal(name="ends")
        m.d.sync += [most.eq(self.most), single.eq(most == 0)]
        m.submodules.gather = gather = Gather(len(self.x.payload), self.words)
        m.d.comb += [
            gather.most.eq(self.words_most),
            gather.x.payload.eq(self.x.payload),
            gather.x.valid.eq(self.x.valid & self.busy),
            self.x.ready.eq(gather.x.ready & self.busy),
            self.y.payload.x.eq(gather.y.payload),
            self.y.payload.last.eq(ends),
            self.y.valid.eq(gather.y.valid),
            gather.y.ready.eq(self.y.ready),
        ]
        with m.If(self.y.valid & self.y.ready):
            m.d.sync += [left.eq((left - 1)[: len(left)]), ends.eq(left == 1)]
            with m.If(ends):
                m.d.sync += self.busy.eq(0)
        with m.If(self.start):
            m.d.sync += [self.busy.eq(self.used), left.eq(most), ends.eq(single)]
        return m
