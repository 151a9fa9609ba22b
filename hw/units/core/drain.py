"""The way out of the array: rows of sums wait in two banks, and go on piece by piece."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.specs.gemm import MAX_ROWS, GemmSpec
from hw.specs.gemm_cycles import row_waits
from hw.target import Target
from hw.units.core import index_bits
from hw.units.core.banks import Banks, add_memory
from hw.units.core.count import add_heights, add_rows


class Drain(wiring.Component):
    """Takes tiles, all their rows, and gives the rows that are rows of C, some lanes at a time.

    A row takes ``spec.turns`` cycles; those of its turns that have no lane in C give nothing. What is fetched next is
    known a step ahead, so that no comparison is waited for.

    Parameters
    ----------
    spec : GemmSpec
    width : int
        Bits of a lane.
    target : Target

    Members
    -------
    idle, prime, stopped, clear : In(1)
        As the planner says.
    m : In
        Rows of C.
    last_tile : In
        The number of the last tile across.
    kept : In(columns)
        For each lane, whether it is in C in that tile.
    x, last, valid, ready : In(columns * width), In(1), In(1), Out(1)
        A row of sums; `last` if it is the last of its tile.
    fetch, tile, tile_next, turn : Out
        In this cycle it is decided which lanes come next: those of that turn, in that tile across; where the input
        stays, `tile` is the row. And the tile after that.
    known : In(1)
        What belongs to them is there.
    go : Out(1)
        What is on its way moves on.
    y, y_last, y_final, y_valid, y_ready : Out(output_lanes * width), Out(1), Out(1), Out(1), In(1)
        Lanes of a row, three moves later; `y_last` if they are the last of it that are in C, in its last tile; and
        `y_final` if the row is the last one.
        `y_ready` moves all on, whether there is something or not.
    tail : Out(output_lanes)
        With `y_last`: which of them are in C. It stays for all of a run.
    empty : Out(1)
        No tile is under way.
    """

    def __init__(self, spec: GemmSpec, width: int, target: Target) -> None:
        self.spec, self.width, self.target = spec, width, target
        tile, lanes = index_bits(spec.tiles), spec.output_lanes
        line = index_bits(spec.limits[0]) if spec.flow == "is" else tile
        ports = {name: In(1) for name in ("idle", "prime", "stopped", "clear")}
        ports |= {"m": In(MAX_ROWS.bit_length()), "last_tile": In(tile), "kept": In(spec.columns)}
        ports |= {"x": In(spec.columns * width), "last": In(1), "valid": In(1), "ready": Out(1)}
        ports |= {"fetch": Out(1), "tile": Out(line), "tile_next": Out(line), "turn": Out(index_bits(spec.turns))}
        ports |= {"known": In(1), "go": Out(1), "empty": Out(1), "tail": Out(lanes)}
        ports |= {"y": Out(lanes * width), "y_last": Out(1), "y_valid": Out(1), "y_ready": In(1)}
        ports |= {"y_final": Out(1)}
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m, spec = Module(), self.spec
        m.submodules.banks = banks = Banks()
        # Rows count from one, as those of a block do: so the last one is where the count is their number.
        into, row, row_next = (Signal(range(spec.height + 1), init=1, name=n) for n in ("into", "row", "row_after"))
        write, bits = Signal(), (spec.height - 1).bit_length()
        x, last, came = self._coming(m, banks.write)
        m.d.comb += [
            self.ready.eq(banks.write),
            write.eq(came & banks.write),
            banks.clear.eq(self.stopped),
            banks.word.eq(write),
            banks.ends.eq(last),
            banks.step.eq(self.fetch),
            banks.differ.eq(into[:bits] != row[:bits]),
            banks.differ_next.eq(into[:bits] != row_next[:bits]),
            self.empty.eq(banks.empty),
            self.go.eq(self.y_ready),
            self.fetch.eq(banks.read & self.known & self.go),
        ]
        with m.If(write):
            m.d.sync += into.eq(Mux(last, 1, (into + 1)[: len(into)]))
        with m.If(self.clear):
            m.d.sync += into.eq(1)
        counts, ends, final = Signal(), Signal(), Signal()
        self._walk(m, row, row_next, banks.leaves, (counts, ends, final))
        places = [Cat(index[:bits], bank) for index, bank in ((into, banks.into), (row, banks.out_of))]
        word = add_memory(m, self.target, banks.write, (write, places[0], x), places[1], self.go, 2 << bits)
        self._pass(m, word, counts, Cat(ends, final))
        return m

    def _coming(self, m: Module, move: Value) -> tuple[Value, Value, Value]:
        """A row, whether it is a tile's last, and whether there is one. The array is large, so it is far away."""
        x, last, came = self.x, self.last, self.valid
        for stage in range(row_waits(self.spec)):
            kept = [Signal(len(value), name=f"came_{stage}", reset_less=True) for value in (x, last)]
            there = Signal(name=f"valid_{stage}")
            with m.If(move):
                m.d.sync += [kept[0].eq(x), kept[1].eq(last), there.eq(came)]
            with m.If(self.clear):
                m.d.sync += there.eq(0)
            (x, last), came = kept, there
        return x, last, came

    def _walk(self, m: Module, row: Signal, row_next: Signal, leaves: Signal, flags: Sequence[Signal]) -> None:
        """Go through the turns of the rows of the tiles across, and then down, a step ahead of what is fetched."""
        spec, step, (counts, last, final) = self.spec, Signal(), flags
        turn, tile = Signal.like(self.turn, name="turn_next"), Signal.like(self.last_tile, name="across_next")
        across, alone, end, leave, ends = (Signal(name=n) for n in ("across", "alone", "end", "leave", "ends"))
        tile_after = Signal.like(tile, init=1, name="across_after")
        block = add_heights(m, self.m, spec.height, self.idle, step & leave & across)
        rows = add_rows(m, block, step & end, across, self.clear)
        begins = [self.kept[turn * spec.output_lanes] for turn in range(spec.turns)]
        m.d.comb += [
            step.eq(self.fetch | self.prime),
            end.eq(turn == spec.turns - 1),
            row_next.eq(rows.number),
            leave.eq(end & rows.ends),
            ends.eq(across & ~Cat(*begins[1:], 0).bit_select(turn, 1)),
            self.tail.eq(self._tail(begins)),
        ]
        m.d.sync += alone.eq(self.last_tile == 0)
        with m.If(step):
            m.d.sync += [self.turn.eq(turn), row.eq(row_next), self.tile.eq(self.tile_next), leaves.eq(leave)]
            m.d.sync += [
                counts.eq(Cat(begins).bit_select(turn, 1) | ~across),
                last.eq(ends),
                final.eq(ends & rows.ends & block.bottom),
                turn.eq(Mux(end, 0, (turn + 1)[: len(turn)])),
            ]
            with m.If(leave):
                m.d.sync += [
                    tile.eq(Mux(across, 0, tile_after)),
                    tile_after.eq(Mux(across, 1, (tile_after + 1)[: len(tile)])),
                    across.eq(Mux(across, alone, tile_after == self.last_tile)),
                ]
        with m.If(self.clear):
            m.d.sync += [turn.eq(0), tile.eq(0), tile_after.eq(1), across.eq(alone)]
        if spec.flow == "is":
            self._count_lines(m, step & end, step & leave, across)
        else:
            m.d.comb += self.tile_next.eq(tile)

    def _count_lines(self, m: Module, step: Value, leave: Value, across: Value) -> None:
        """The number of the row, which begins anew for each tile across."""
        line = self.tile_next
        begin, following = Signal.like(line, name="line_begin"), (line + 1)[: len(line)]
        with m.If(leave):
            m.d.sync += line.eq(Mux(across, following, begin))
            with m.If(across):
                m.d.sync += begin.eq(following)
        with m.Elif(step):
            m.d.sync += line.eq(following)
        with m.If(self.clear):
            m.d.sync += [line.eq(0), begin.eq(0)]

    def _pass(self, m: Module, word: Value, counts: Value, ends: Value) -> None:
        """From a fetch to its lanes: two moves through the memory, one to choose."""
        flags = Cat(self.fetch & counts, ends, self.turn)
        for stage in ("read", "shown"):
            register = Signal(len(flags), name=f"{stage}_flags")
            with m.If(self.go):
                m.d.sync += register.eq(flags)
            with m.If(self.clear):
                m.d.sync += register[0].eq(0)
            flags = register
        with m.If(self.go):
            m.d.sync += [self.y_valid.eq(flags[0]), self.y_last.eq(flags[1]), self.y_final.eq(flags[2])]
            m.d.sync += self.y.eq(word.word_select(flags[3:], len(self.y)))
        with m.If(self.clear):
            m.d.sync += self.y_valid.eq(0)

    def _tail(self, begins: list[Value]) -> Value:
        """For each lane, whether it is in C in the last turn that is."""
        lanes, following = self.spec.output_lanes, [*begins[1:], Const(0, 1)]
        turns = [self.kept[turn * lanes : (turn + 1) * lanes] for turn in range(self.spec.turns)]
        chosen = [
            lane & (now & ~then).replicate(lanes) for lane, now, then in zip(turns, begins, following, strict=True)
        ]
        return reduce(or_, chosen)
