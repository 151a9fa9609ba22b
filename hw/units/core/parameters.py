"""The memory for what each column of C has of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.units.core import index_bits
from hw.units.core.banks import add_memory
from hw.units.core.stores import add_frame, frame_members


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

    Members
    -------
    tdata, tvalid, tready, tlast, begin, error
        As for `Frame`.
    run : In(1)
        While low, loading starts anew.
    keep : In(1)
        What is there stays, and no frame is taken.
    bias : In(1)
        If low, all biases are zero, whatever is kept if there is nothing else.
    n : In
        Columns of C.
    last_tile : In
        The number of the last tile.
    tile, turn : In
        What is to be read.
    ready : Out(1)
        All of that tile is there.
    step : In(1)
        It is read: `data` shows it from the next cycle on.
    data : Out
        The parameters of the lanes, those of the first one in the lowest bits.
    """

    def __init__(
        self, fields: Mapping[str, int], slots: Sequence[int], shape: tuple[int, int], tiles: int, optional: bool
    ) -> None:
        self.fields, self.slots, self.optional = fields, slots, optional
        self.lanes, self.turns = shape
        columns, tile = self.lanes * self.turns * tiles, In(index_bits(tiles))
        loading = {"run": In(1), "keep": In(1), "bias": In(1), "n": In(range(columns + 1)), "last_tile": tile}
        reading = {"tile": tile, "turn": In(index_bits(self.turns)), "ready": Out(1), "step": In(1)}
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
        count, loaded, absent = Signal.like(self.n, init=1), Signal(), Signal()
        word, wide, full, ends = Signal(), Signal(), Signal(), Signal()
        m.d.comb += [
            absent.eq(~self.bias if self.optional else 0),
            frame.want.eq(self.run & ~loaded & ~absent),
            frame.final.eq(count == self.n),
            word.eq(frame.word | (self.run & ~loaded & absent)),
            wide.eq(absent | (lane == self.lanes - 1)),
            full.eq(wide & (turn == self.turns - 1)),
            ends.eq(Mux(absent, full & (tile == self.last_tile), frame.final)),
            self.ready.eq(loaded | (tile != self.tile)),
        ]
        with m.If(word):
            m.d.sync += [count.eq((count + 1)[: len(count)]), loaded.eq(ends)]
            m.d.sync += lane.eq(Mux(wide, 0, (lane + 1)[: len(lane)]))
            with m.If(wide):
                m.d.sync += turn.eq(Mux(full, 0, (turn + 1)[: len(turn)]))
            with m.If(full):
                m.d.sync += tile.eq((tile + 1)[: len(tile)])
        with m.If(~self.run):
            m.d.sync += [count.eq(1), lane.eq(0), turn.eq(0), tile.eq(0), loaded.eq(self.keep & ~absent)]
        enable = Cat(word & (absent | (lane == n)) for n in range(self.lanes))
        into, out_of = Cat(turn, tile), Cat(self.turn, self.tile)
        shown = add_memory(m, (enable, into, self._fields()), (self.step, out_of), 1 << len(into))
        m.d.comb += self.data.eq(shown)
        return m

    def _fields(self) -> Value:
        """What is written for each lane. Only the bias can be left out; then it is zero."""
        parts, low = [], 0
        for width, slot in zip(self.fields.values(), self.slots, strict=True):
            parts.append(self.tdata[low : low + width])
            low += slot
        return Cat(parts[0] & self.bias.replicate(len(parts[0])), *parts[1:]).replicate(self.lanes)
