"""The moving operand of an array in which the other one stays: blocks of rows, cut into slices as deep as the array."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.arith.compare import below
from hw.specs.gemm import MAX_ROWS, GemmSpec
from hw.units.core import index_bits
from hw.units.core.banks import Banks, add_memory
from hw.units.core.stores import add_frame, frame_members


def walk_members(spec: GemmSpec) -> dict[str, wiring.Member]:
    """The members of a `Walk`."""
    slices, row, rows = index_bits(spec.slices), (spec.height - 1).bit_length(), MAX_ROWS.bit_length()
    ports = {"run": In(1), "m": In(rows), "last_slice": In(slices), "step": In(1), "leave": In(1)}
    ports |= {name: Out(1) for name in ("first", "short", "ends", "final")}
    return {**ports, "place": Out(row + slices), "row": Out(row), "rows": Out(rows)}


class Walk(wiring.Component):
    """Goes through a block: the rows of a slice, then the slices; and from block to block.

    Parameters
    ----------
    spec : GemmSpec

    Members
    -------
    run : In(1)
        While low, it starts anew.
    m : In
        Rows in all.
    last_slice : In
        The number of a row's last slice.
    step, leave : In(1)
        It goes on; at the end of the block, to the next one, or to the beginning of the same.
    place : Out
        Where it is in the block.
    row : Out
        The same without the slice.
    first : Out(1)
        It is in the first slice.
    short, ends, final : Out(1)
        It is at the slice's last row; at the block's; at the last one of all.
    rows : Out
        Rows in this block, or more than there are in any.
    """

    def __init__(self, spec: GemmSpec) -> None:
        self.height = spec.height
        super().__init__(walk_members(spec))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        # Rows count from one, as those that are left do.
        row, number = Signal(range(self.height + 1), init=1), Signal.like(self.last_slice)
        deep = Signal()
        m.d.comb += [
            self.row.eq(row[: len(self.row)]),
            self.place.eq(Cat(self.row, number)),
            self.first.eq(number == 0),
            self.short.eq((row == self.height) | (row == self.rows)),
            deep.eq(number == self.last_slice),
            self.ends.eq(self.short & deep),
            self.final.eq(self.ends & below(self.rows, self.height + 1)),
        ]
        with m.If(self.step):
            m.d.sync += row.eq(Mux(self.short, 1, (row + 1)[: len(row)]))
            with m.If(self.short):
                m.d.sync += number.eq(Mux(deep, 0, (number + 1)[: len(number)]))
            with m.If(self.ends & self.leave):
                m.d.sync += self.rows.eq((self.rows - self.height)[: len(self.rows)])
        with m.If(~self.run):
            m.d.sync += [row.eq(1), number.eq(0), self.rows.eq(self.m)]
        return m


class SliceStore(wiring.Component):
    """Two blocks of the moving operand: one is read, again and again, while the next is loaded.

    Parameters
    ----------
    spec : GemmSpec
    width : int
        Bits of a word: a slice of a row.

    Members
    -------
    tdata, tvalid, tready, tlast, begin, error
        As for `Frame`.
    run, m, last_slice
        As for `Walk`.
    place : In
        The word that is to be read.
    ready : Out(1)
        It is there.
    step, leave : In(1)
        It is read: `data` shows it from the next cycle on; and then no other of the block is.
    idle : Out(1)
        Every block has been read.
    data : Out(width)
    """

    def __init__(self, spec: GemmSpec, width: int) -> None:
        self.spec = spec
        walk = walk_members(spec)
        ports = {name: walk[name] for name in ("run", "m", "last_slice", "step", "leave")}
        ports |= {"place": walk["place"].flip(), "ready": Out(1), "idle": Out(1), "data": Out(width)}
        super().__init__({**frame_members(width), **ports})

    def elaborate(self, platform: object) -> Module:
        m, loaded = Module(), Signal()
        frame = add_frame(m, self)
        m.submodules.walk = walk = Walk(self.spec)
        m.submodules.banks = banks = Banks()
        m.d.comb += [
            *(getattr(walk, name).eq(getattr(self, name)) for name in ("run", "m", "last_slice")),
            walk.step.eq(frame.word),
            walk.leave.eq(1),
            frame.want.eq(self.run & ~loaded & banks.write),
            frame.final.eq(walk.final),
            banks.clear.eq(~self.run),
            banks.filled.eq(frame.word & walk.ends),
            banks.emptied.eq(self.step & self.leave),
            banks.differ.eq(walk.place != self.place),
            self.ready.eq(banks.read),
            self.idle.eq(loaded & banks.empty),
        ]
        with m.If(~self.run):
            m.d.sync += loaded.eq(0)
        with m.Elif(frame.word):
            m.d.sync += loaded.eq(walk.final)
        places = [Cat(place, bank) for place, bank in ((walk.place, banks.into), (self.place, banks.out_of))]
        word = add_memory(m, (frame.word, places[0], self.tdata), (self.step, places[1]), 1 << len(places[0]))
        m.d.comb += self.data.eq(word)
        return m
