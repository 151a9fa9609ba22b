"""What takes the words of a result, to the memory or to stream `y`."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hw.units.core import index_bits
from hw.units.processor.walk import Walk


class Taker(wiring.Component):
    """Takes words of a matrix, row by row or column by column. Of a transposed one each code goes to another word.

    Parameters
    ----------
    address, code, lanes, count : int
        Bits of a word's address and of a code, codes in a word, and bits of a count.

    Members
    -------
    start : In(1)
    busy : Out(1)
        Words are still to come.
    by_columns, streamed, transposed : In(1)
        Rows are the inner count; words go to `y`; code j of row i is code i of row j.
    base, stride : In(address)
    rows_most, words_most : In(count)
    x : In(stream)
    y : Out(stream)
    into, data, enable : Out
        Where the memory is written, what, and which of its codes.
    """

    def __init__(self, address: int, code: int, lanes: int, count: int) -> None:
        self.code, self.lanes, self.count = code, lanes, count
        ports = {name: In(1) for name in ("start", "by_columns", "streamed", "transposed")} | {"busy": Out(1)}
        ports |= {name: In(address) for name in ("base", "stride")} | {"into": Out(address)}
        ports |= {name: In(count) for name in ("rows_most", "words_most")}
        word = stream.Signature(code * lanes)
        ports |= {"data": Out(code * lanes), "enable": Out(lanes)}
        super().__init__({**ports, "x": In(word), "y": Out(word)})

    def elaborate(self, platform: object) -> Module:
        m, lanes, lane_bits = Module(), self.lanes, index_bits(self.lanes)
        # Addresses of codes.
        width = len(self.base) + lane_bits
        m.submodules.walk = walk = Walk(width, (lane_bits, self.count, self.count))
        line, row, word = (Signal(width, name=name) for name in ("line", "row_stride", "word_stride"))
        through, written, number = Signal(), Signal(name="written"), Signal(lane_bits, name="code_number")
        code = self.x.payload.word_select(number, self.code)
        m.d.comb += [
            line.eq(Cat(Const(0, lane_bits), self.stride)),
            row.eq(Mux(self.transposed, 1, line)),
            word.eq(Mux(self.transposed, Cat(Const(0, lane_bits), line)[:width], lanes)),
            walk.base.eq(Cat(Const(0, lane_bits), self.base)),
            walk.start.eq(self.start),
            walk.step.eq(through),
            walk.most0.eq(self.transposed.replicate(lane_bits)),
            walk.stride0.eq(line),
            walk.most1.eq(Mux(self.by_columns, self.rows_most, self.words_most)),
            walk.stride1.eq(Mux(self.by_columns, row, word)),
            walk.most2.eq(Mux(self.by_columns, self.words_most, self.rows_most)),
            walk.stride2.eq(Mux(self.by_columns, word, row)),
            through.eq(self.busy & self.x.valid & (self.y.ready | ~self.streamed)),
            written.eq(through & ~self.streamed),
            self.x.ready.eq(self.busy & Mux(self.streamed, self.y.ready, ~self.transposed | (number == lanes - 1))),
            self.y.valid.eq(self.busy & self.streamed & self.x.valid),
            self.y.payload.eq(self.x.payload),
            self.into.eq(walk.address[lane_bits:]),
            self.data.eq(Mux(self.transposed, code.replicate(lanes), self.x.payload)),
        ]
        here = [~self.transposed | (walk.address[:lane_bits] == lane) for lane in range(lanes)]
        m.d.comb += self.enable.eq(Cat(here) & written.replicate(lanes))
        with m.If(through & self.transposed):
            m.d.sync += number.eq((number + 1)[:lane_bits])
        with m.If(through & walk.last):
            m.d.sync += self.busy.eq(0)
        with m.If(self.start):
            m.d.sync += self.busy.eq(1)
        return m
