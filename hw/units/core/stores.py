"""Memories for operands: each takes a frame, and is read in the order that the array needs.

What is read has been written before, but not long before: a run begins with its first words.
"""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, ResetInserter, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.target import Target
from hw.units.core.banks import Banks, add_memory
from hw.units.core.count import add_count, add_heights, add_supply
from hw.units.core.frame import Frame

FRAME = {"tdata": In(1), "tvalid": In(1), "tready": Out(1), "tlast": In(1), "begin": In(1), "error": Out(1)}
FRAME |= {"reset": In(1)}
PHASES = {name: In(1) for name in ("prime", "run", "stopped", "clear")}


def frame_members(width: int) -> dict[str, wiring.Member]:
    """An AXI4-Stream that comes in, what a `Frame` says of it, and what a planner says."""
    return {**FRAME, "tdata": In(width), **PHASES}


def add_frame(m: Module, store: wiring.Component) -> Frame:
    """The frame of a store's stream."""
    frame = Frame()
    m.submodules.frame = ResetInserter(store.reset)(frame)
    m.d.comb += [
        frame.tvalid.eq(store.tvalid),
        frame.tlast.eq(store.tlast),
        frame.begin.eq(store.begin),
        store.tready.eq(frame.tready),
        store.error.eq(frame.error),
    ]
    return frame


def add_wanted(m: Module, store: wiring.Component, word: Value, ends: Value, kept: Value) -> Signal:
    """Whether words of a store's frame are wanted: in a run, up to the last one; in none if they are kept.

    Parameters
    ----------
    m : Module
    store : a component with a frame
    word, ends : Value of one bit
        One is taken, or filled up; it is the last.
    kept : Value of one bit
        None is wanted in the run that begins.
    """
    wanted = Signal(name="wanted")
    with m.If(word):
        m.d.sync += wanted.eq(~ends)
    with m.If(store.stopped):
        m.d.sync += wanted.eq(store.prime & ~kept)
    with m.If(store.reset):
        m.d.sync += wanted.eq(0)
    return wanted


def add_ready(m: Module, store: wiring.Component, word: Value, again: Value, leaves: Value, most: int) -> None:
    """Whether a store of two banks has a word to read: one that has been read already, or one that came since.

    Parameters
    ----------
    m : Module
    store : TileStore or SliceStore
    word : Value
        One comes.
    again, leaves : Value
        After the one that is read the same tile is read again, or another one.
    most : int
        Words in both banks.
    """
    anew, following = Signal(name="anew"), Signal(name="anew_next")
    _, there = add_supply(m, "words", most, word, store.step & ~anew, store.stopped)
    m.d.comb += following.eq((anew & ~(store.step & leaves)) | (store.step & again))
    m.d.sync += [anew.eq(following), store.ready.eq(following | there)]
    with m.If(store.stopped):
        m.d.sync += [anew.eq(0), store.ready.eq(0)]


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
    rows_bits : int
        Of the number of A's rows.
    target : Target

    Members
    -------
    tdata, tvalid, tready, tlast, begin, error
        As for `Frame`.
    reset : In(1)
        Of the frame alone.
    idle, prime, run, stopped, clear : In(1)
        As the planner says.
    k, m : In
        Words of each tile, and rows of A.
    ready : Out(1)
        There is a word to read.
    step : In(1)
        It is read.
    go : In(1)
        While it is low, what was read waits. Only then may a word be read.
    leaves : In(1)
        It is the last word of the tile, and the tile is not read again.
    last, last_next : Out(1)
        It is the last word of the tile; the one after it is.
    done : Out(1)
        Every tile has been read.
    data : Out(width)
        The word that was read two cycles before, while `go` was high.
    """

    def __init__(self, width: int, depth: int, rows: int, rows_bits: int, target: Target) -> None:
        self.depth, self.rows, self.target = depth, rows, target
        shape = {"idle": In(1), "k": In(range(depth + 1)), "m": In(rows_bits)}
        reading = {
            "ready": Out(1),
            "step": In(1),
            "go": In(1),
            "leaves": In(1),
            "done": Out(1),
            "last": Out(1),
            "last_next": Out(1),
        }
        super().__init__({**frame_members(width), **shape, **reading, "data": Out(width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        frame = add_frame(m, self)
        m.submodules.banks = banks = Banks()
        loaded, ended, bits = Signal(), Signal(), (self.depth - 1).bit_length()
        written = add_count(m, "written", self.k, frame.word | self.prime, self.clear, 1)
        read = add_count(m, "read", self.k, self.step | self.prime, self.clear, 1)
        tile = add_heights(m, self.m, self.rows, self.idle, ended, quick=True)
        m.d.comb += [
            frame.want.eq(add_wanted(m, self, frame.word, frame.final, Const(0, 1)) & banks.write),
            frame.final.eq(written.ends & tile.bottom),
            ended.eq(frame.word & written.ends),
            self.last.eq(read.ends),
            self.last_next.eq(read.following_ends),
            self.done.eq(loaded & banks.empty),
            banks.clear.eq(self.stopped),
            banks.word.eq(frame.word),
            banks.ends.eq(written.ends),
            banks.step.eq(self.step),
            banks.leaves.eq(self.leaves),
        ]
        add_ready(m, self, frame.word, self.last & ~self.leaves, self.leaves, 2 * self.depth)
        with m.If(frame.word):
            m.d.sync += loaded.eq(frame.final)
        with m.If(self.stopped):
            m.d.sync += loaded.eq(0)
        into, out_of = Cat(written.number[:bits], banks.into), Cat(read.number[:bits], banks.out_of)
        word = add_memory(m, self.target, frame.want, (frame.word, into, self.tdata), out_of, self.go, 2 << bits)
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
    target : Target

    Members
    -------
    tdata, tvalid, tready, tlast, begin, error
        As for `Frame`.
    reset : In(1)
        Of the frame alone.
    prime, run, stopped, clear : In(1)
        As the planner says.
    keep : In(1)
        What is there stays, and no frame is taken.
    words : In
        Words of the matrix.
    ready, step, go, data
        As for `TileStore`.
    """

    def __init__(self, width: int, depth: int, target: Target) -> None:
        self.depth, self.target = depth, target
        shape = {"keep": In(1), "words": In(range(depth + 1))}
        reading = {"ready": Out(1), "step": In(1), "go": In(1), "data": Out(width)}
        super().__init__({**frame_members(width), **shape, **reading})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        frame = add_frame(m, self)
        full, complete, bits = Signal(), Signal(), (self.depth - 1).bit_length()
        _, there = add_supply(m, "words", self.depth, frame.word, self.step, self.stopped)
        written = add_count(m, "written", self.words, frame.word | self.prime, self.clear, 1)
        read = add_count(m, "read", self.words, self.step | self.prime, self.clear, 1)
        into = written.number[:bits]
        m.d.comb += [
            frame.want.eq(add_wanted(m, self, frame.word, frame.final, self.keep)),
            frame.final.eq(written.ends),
            # What is kept is there when the first word of a frame would be: so a run takes as long.
            complete.eq(full | self.keep | (frame.word & frame.final)),
        ]
        m.d.sync += [full.eq(self.run & complete), self.ready.eq(self.run & (complete | there))]
        word = add_memory(
            m, self.target, frame.want, (frame.word, into, self.tdata), read.number[:bits], self.go, 1 << bits
        )
        m.d.comb += self.data.eq(word)
        return m
