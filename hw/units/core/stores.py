"""Memories for operands: each takes a frame, and is read in the order that the array needs.

What is read has been written before, but not long before: a run begins with its first words.
"""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.arith.compare import below
from hw.units.core.banks import Banks, add_memory
from hw.units.core.frame import Frame

FRAME = {"tdata": In(1), "tvalid": In(1), "tready": Out(1), "tlast": In(1), "begin": In(1), "error": Out(1)}


def frame_members(width: int) -> dict[str, wiring.Member]:
    """An AXI4-Stream that comes in, and what a `Frame` says of it."""
    return {**FRAME, "tdata": In(width)}


def add_frame(m: Module, store: wiring.Component) -> Frame:
    """The frame of a store's stream."""
    m.submodules.frame = frame = Frame()
    m.d.comb += [
        frame.tvalid.eq(store.tvalid),
        frame.tlast.eq(store.tlast),
        frame.begin.eq(store.begin),
        store.tready.eq(frame.tready),
        store.error.eq(frame.error),
    ]
    return frame


class TileStore(wiring.Component):
    """Two tiles of A: one is read, again and again, while the next is loaded.

    Parameters
    ----------
    width : int
        Bits of a word: a column of the tile.
    depth : int
        Words of the longest tile.
    rows : int
        Rows of A in a tile.

    Members
    -------
    tdata, tvalid, tready, tlast, begin, error
        As for `Frame`.
    run : In(1)
        While low, all is empty.
    k, m : In
        Words of each tile, and rows of A.
    ready : Out(1)
        There is a word to read.
    step : In(1)
        It is read: `data` shows it from the next cycle on.
    leave : In(1)
        After its last word the tile is not read again.
    last : Out(1)
        It is the last word of the tile.
    idle : Out(1)
        Every tile has been read.
    data : Out(width)
    """

    def __init__(self, width: int, depth: int, rows: int, rows_bits: int) -> None:
        self.depth, self.rows = depth, rows
        shape = {"run": In(1), "k": In(range(depth + 1)), "m": In(rows_bits)}
        reading = {"ready": Out(1), "step": In(1), "leave": In(1), "last": Out(1), "idle": Out(1), "data": Out(width)}
        super().__init__({**frame_members(width), **shape, **reading})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        frame = add_frame(m, self)
        m.submodules.banks = banks = Banks()
        # Words count from one, so the number of words is the last one's.
        written, read = (Signal.like(self.k, init=1, name=name) for name in ("written", "read"))
        left, loaded, ends, bits = Signal.like(self.m), Signal(), Signal(), (self.depth - 1).bit_length()
        m.d.comb += [
            frame.want.eq(self.run & ~loaded & banks.write),
            ends.eq(written == self.k),
            frame.final.eq(ends & below(left, self.rows + 1)),
            self.ready.eq(banks.read),
            self.last.eq(read == self.k),
            self.idle.eq(loaded & banks.empty),
            banks.clear.eq(~self.run),
            banks.filled.eq(frame.word & ends),
            banks.emptied.eq(self.step & self.last & self.leave),
            banks.differ.eq(written[:bits] != read[:bits]),
        ]
        with m.If(frame.word):
            m.d.sync += written.eq(Mux(ends, 1, (written + 1)[: len(written)]))
            with m.If(ends):
                m.d.sync += [loaded.eq(frame.final), left.eq((left - self.rows)[: len(left)])]
        with m.If(self.step):
            m.d.sync += read.eq(Mux(self.last, 1, (read + 1)[: len(read)]))
        with m.If(~self.run):
            m.d.sync += [written.eq(1), read.eq(1), loaded.eq(0), left.eq(self.m)]
        places = [Cat(index[:bits], bank) for index, bank in ((written, banks.into), (read, banks.out_of))]
        word = add_memory(m, (frame.word, places[0], self.tdata), (self.step, places[1]), 2 << bits)
        m.d.comb += self.data.eq(word)
        return m


class MatrixStore(wiring.Component):
    """All of B, read from beginning to end once for each tile of A.

    Parameters
    ----------
    width : int
        Bits of a word: a piece of a row.
    depth : int
        Words that there is room for.

    Members
    -------
    tdata, tvalid, tready, tlast, begin, error
        As for `Frame`.
    run : In(1)
        While low, reading starts anew.
    keep : In(1)
        What is there stays, and no frame is taken.
    words : In
        Words of the matrix.
    ready, step, data
        As for `TileStore`.
    """

    def __init__(self, width: int, depth: int) -> None:
        self.depth = depth
        shape = {"run": In(1), "keep": In(1), "words": In(range(depth + 1))}
        super().__init__({**frame_members(width), **shape, "ready": Out(1), "step": In(1), "data": Out(width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        frame = add_frame(m, self)
        written, read = (Signal.like(self.words, init=1, name=name) for name in ("written", "read"))
        full, bits = Signal(), (self.depth - 1).bit_length()
        m.d.comb += [
            frame.want.eq(self.run & ~full & ~self.keep),
            frame.final.eq(written == self.words),
            self.ready.eq(full | (written[:bits] != read[:bits])),
        ]
        with m.If(frame.word):
            m.d.sync += written.eq((written + 1)[: len(written)])
        # What is kept is there when the first word of a frame would be: so a run takes as long.
        m.d.sync += full.eq(self.run & (full | self.keep | (frame.word & frame.final)))
        with m.If(self.step):
            m.d.sync += read.eq(Mux(read == self.words, 1, (read + 1)[: len(read)]))
        with m.If(~self.run):
            m.d.sync += [written.eq(1), read.eq(1)]
        word = add_memory(m, (frame.word, written[:bits], self.tdata), (self.step, read[:bits]), 1 << bits)
        m.d.comb += self.data.eq(word)
        return m
