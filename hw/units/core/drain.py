"""The way out of the array: rows of sums wait in two banks, and go on piece by piece."""

from __future__ import annotations

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.specs.gemm import MAX_ROWS, GemmSpec
from hw.units.core import index_bits
from hw.units.core.banks import Banks, add_memory


class Drain(wiring.Component):
    """Takes tiles, all their rows, and gives the rows that are rows of C, some lanes at a time.

    A row takes ``spec.turns`` cycles; those of its turns that have no lane in C give nothing.

    Parameters
    ----------
    spec : GemmSpec
    width : int
        Bits of a lane.

    Members
    -------
    run : In(1)
        While low, it starts anew.
    m : In
        Rows of C.
    last_tile : In
        The number of the last tile across.
    kept : In(columns)
        For each lane, whether it is in C in that tile.
    x, last, valid, ready : In(columns * width), In(1), In(1), Out(1)
        A row of sums; `last` if it is the last of its tile.
    fetch, tile, turn, line : Out
        In this cycle it is decided which lanes come next: those of that turn, in that tile across, in that row of C, or
        its transpose; rows are counted only where the input stays.
    known : In(1)
        What belongs to them is there.
    y, y_last, y_valid, y_ready : Out(output_lanes * width), Out(1), Out(1), In(1)
        Lanes of a row; `y_last` if they are the last of it that are in C, in its last tile.
    tail : Out(output_lanes)
        With `y_last`: which of them are in C. It stays for all of a run.
    empty : Out(1)
        No tile is under way.
    """

    def __init__(self, spec: GemmSpec, width: int) -> None:
        self.spec, self.width = spec, width
        tile, lanes = index_bits(spec.tiles), spec.output_lanes
        ports = {"run": In(1), "m": In(MAX_ROWS.bit_length()), "last_tile": In(tile), "kept": In(spec.columns)}
        ports |= {"x": In(spec.columns * width), "last": In(1), "valid": In(1), "ready": Out(1)}
        ports |= {"fetch": Out(1), "tile": Out(tile), "turn": Out(index_bits(spec.turns)), "known": In(1)}
        ports |= {"line": Out(index_bits(spec.limits[0])), "empty": Out(1), "tail": Out(lanes)}
        ports |= {"y": Out(lanes * width), "y_last": Out(1), "y_valid": Out(1), "y_ready": In(1)}
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m, spec = Module(), self.spec
        m.submodules.banks = banks = Banks()
        # Rows count from one, as those that are left do: so the last one is where the count is their number.
        into, row = (Signal(range(spec.height + 1), init=1, name=name) for name in ("into", "row"))
        write, bits = Signal(), (spec.height - 1).bit_length()
        m.d.comb += [
            self.ready.eq(banks.write),
            write.eq(self.valid & self.ready),
            banks.clear.eq(~self.run),
            banks.filled.eq(write & self.last),
            banks.differ.eq(into[:bits] != row[:bits]),
            self.empty.eq(banks.empty),
        ]
        with m.If(write):
            m.d.sync += into.eq(Mux(self.last, 1, (into + 1)[: len(into)]))
        with m.If(~self.run):
            m.d.sync += into.eq(1)
        self._fetch(m, banks, row)
        places = [Cat(index[:bits], bank) for index, bank in ((into, banks.into), (row, banks.out_of))]
        word = add_memory(m, (write, places[0], self.x), (self.fetch, places[1]), 2 << bits)
        turn = Signal.like(self.turn, name="turn_shown")
        with m.If(self.fetch):
            m.d.sync += turn.eq(self.turn)
        m.d.comb += self.y.eq(word.word_select(turn, len(self.y)))
        return m

    def _fetch(self, m: Module, banks: Banks, row: Signal) -> None:
        """Go through the turns of the rows of the tiles across, and then down."""
        spec, move = self.spec, Signal()
        left = Signal.like(self.m)
        across, down, end, kept, more = (Signal(name=n) for n in ("across", "down", "end", "counts", "more"))
        begins = [self.kept[turn * spec.output_lanes] for turn in range(spec.turns)]
        m.d.comb += [
            move.eq(~self.y_valid | self.y_ready),
            self.fetch.eq(self.run & banks.read & self.known & move),
            across.eq(self.tile == self.last_tile),
            end.eq(self.turn == spec.turns - 1),
            down.eq((row == spec.height) | (row == left)),
            kept.eq(Cat(begins).bit_select(self.turn, 1) | ~across),
            more.eq(Cat(*begins[1:], 0).bit_select(self.turn, 1)),
            banks.emptied.eq(self.fetch & end & down),
            self.tail.eq(self._tail(begins)),
        ]
        with m.If(move):
            m.d.sync += [self.y_valid.eq(self.fetch & kept), self.y_last.eq(across & ~more)]
        with m.If(self.fetch):
            m.d.sync += self.turn.eq(Mux(end, 0, (self.turn + 1)[: len(self.turn)]))
            with m.If(end):
                m.d.sync += row.eq(Mux(down, 1, (row + 1)[: len(row)]))
        with m.If(banks.emptied):
            m.d.sync += self.tile.eq(Mux(across, 0, (self.tile + 1)[: len(self.tile)]))
            with m.If(across):
                m.d.sync += left.eq((left - spec.height)[: len(left)])
        with m.If(~self.run):
            m.d.sync += [left.eq(self.m), row.eq(1), self.turn.eq(0), self.tile.eq(0)]
        if spec.flow == "is":
            self._count_lines(m, self.fetch & end, banks.emptied, across)

    def _count_lines(self, m: Module, step: Value, leave: Value, across: Value) -> None:
        """The number of the row, which begins anew for each tile across."""
        begin, following = Signal.like(self.line), (self.line + 1)[: len(self.line)]
        with m.If(leave):
            m.d.sync += self.line.eq(Mux(across, following, begin))
            with m.If(across):
                m.d.sync += begin.eq(following)
        with m.Elif(step):
            m.d.sync += self.line.eq(following)
        with m.If(~self.run):
            m.d.sync += [self.line.eq(0), begin.eq(0)]

    def _tail(self, begins: list[Value]) -> Value:
        """For each lane, whether it is in C in the last turn that is."""
        lanes, following = self.spec.output_lanes, [*begins[1:], Const(0, 1)]
        turns = [self.kept[turn * lanes : (turn + 1) * lanes] for turn in range(self.spec.turns)]
        chosen = [
            lane & (now & ~then).replicate(lanes) for lane, now, then in zip(turns, begins, following, strict=True)
        ]
        return reduce(or_, chosen)
