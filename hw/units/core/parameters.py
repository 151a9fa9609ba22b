"""The memory for what each column of C has of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.target import Target
from hw.units.core import index_bits
from hw.units.core.banks import add_memory
from hw.units.core.count import add_count
from hw.units.core.stores import add_frame, add_wanted, frame_members


class ParameterStore(wiring.Component):
    """What belongs to the columns of C: biases and scales, read for some lanes at a time.

    Parameters
    ----------
    fields : dict of str to int
        Bits of each parameter, the bias first. In `tdata` each has a slot, the first in the lowest bits.
    slots : sequence of int
        Bits of each slot.
    lanes, turns : int
        Columns at a time, and how many times so many are a tile.
    tiles : int
        Tiles that there is room for.
    optional : bool
        There is nothing but the bias, so a frame comes only if there is one.
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
    bias : In(1)
        If low, all biases are zero, whatever is kept if there is nothing else.
    n : In
        Columns of C.
    last_tile : In
        The number of the last tile.
    tile, turn, tile_next : In
        What is to be read; and the tile after that.
    ready : Out(1)
        All of that tile is there.
    step : In(1)
        It is read.
    go : In(1)
        While it is low, what was read waits.
    data : Out
        The parameters of the lanes that were read two cycles before, while `go` was high; those of the first one in the
        lowest bits.
    """

    def __init__(
        self,
        fields: Mapping[str, int],
        slots: Sequence[int],
        shape: tuple[int, int],
        tiles: int,
        optional: bool,
        target: Target,
    ) -> None:
        self.fields, self.slots, self.optional, self.target = fields, slots, optional, target
        self.lanes, self.turns = shape
        columns, tile = self.lanes * self.turns * tiles, In(index_bits(tiles))
        loading = {"keep": In(1), "bias": In(1), "n": In(range(columns + 1)), "last_tile": tile}
        reading = {"tile": tile, "tile_next": tile, "turn": In(index_bits(self.turns))}
        reading |= {"ready": Out(1), "step": In(1), "go": In(1)}
        data = {"data": Out(self.lanes * sum(fields.values()))}
        super().__init__({**frame_members(sum(slots)), **loading, **reading, **data})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        frame = add_frame(m, self)
        tile, turn, lane = (
            Signal.like(self.tile, name="into"),
            Signal.like(self.turn, name="turn_into"),
            Signal(index_bits(self.lanes)),
        )
        loaded, absent = Signal(), Signal()
        word, wide, full, ends, there = Signal(), Signal(), Signal(), Signal(), Signal()
        kept = self.keep & ~absent
        may = add_wanted(m, self, word, ends, kept)
        count = add_count(m, "count", self.n, frame.word | self.prime, self.clear, 1)
        m.d.comb += [
            absent.eq(~self.bias if self.optional else 0),
            frame.want.eq(may & ~absent),
            frame.final.eq(count.ends),
            word.eq(frame.word | (may & absent)),
            wide.eq(absent | (lane == self.lanes - 1)),
            full.eq(wide & (turn == self.turns - 1)),
            ends.eq(Mux(absent, full & (tile == self.last_tile), frame.final)),
            there.eq(loaded | Mux(self.step, tile != self.tile_next, tile != self.tile)),
        ]
        m.d.sync += self.ready.eq(there)
        with m.If(word):
            m.d.sync += loaded.eq(ends)
            m.d.sync += lane.eq(Mux(wide, 0, (lane + 1)[: len(lane)]))
            with m.If(wide):
                m.d.sync += turn.eq(Mux(full, 0, (turn + 1)[: len(turn)]))
            with m.If(full):
                m.d.sync += tile.eq((tile + 1)[: len(tile)])
        with m.If(self.stopped):
            m.d.sync += [lane.eq(0), turn.eq(0), tile.eq(0), loaded.eq(kept), self.ready.eq(kept)]
        enable = Cat(word & (absent | (lane == n)) for n in range(self.lanes))
        into, out_of = Cat(turn, tile), Cat(self.turn, self.tile)
        shown = add_memory(m, self.target, may, (enable, into, self._fields()), out_of, self.go, 1 << len(into))
        m.d.comb += self.data.eq(shown)
        return m

    def _fields(self) -> Value:
        """What is written for each lane. Only the bias can be left out; then it is zero."""
        parts, low = [], 0
        for width, slot in zip(self.fields.values(), self.slots, strict=True):
            parts.append(self.tdata[low : low + width])
            low += slot
        return Cat(parts[0] & self.bias.replicate(len(parts[0])), *parts[1:]).replicate(self.lanes)
