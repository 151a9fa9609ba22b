"""The moving operand of an array in which the other one stays: blocks of rows, cut into slices as deep as the array."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.specs.gemm import MAX_ROWS, GemmSpec
from hw.target import Target
from hw.units.core import index_bits
from hw.units.core.banks import Banks, add_memory
from hw.units.core.count import add_heights, add_rows
from hw.units.core.stores import add_frame, add_ready, add_wanted, frame_members


def walk_members(spec: GemmSpec) -> dict[str, wiring.Member]:
    """The members of a `Walk`."""
    slices, row = index_bits(spec.slices), (spec.height - 1).bit_length()
    ports = {"idle": In(1), "prime": In(1), "clear": In(1)}
    ports |= {"m": In(MAX_ROWS.bit_length()), "last_slice": In(slices), "last_tile": In(index_bits(spec.tiles))}
    ports |= {"step": In(1), **{name: Out(1) for name in ("first", "short", "leave", "again", "final")}}
    return {**ports, "place": Out(row + slices), "row": Out(row)}


class Walk(wiring.Component):
    """Goes through a block, for each tile across: the rows of a slice, then the slices; and from block to block.

    It is a step ahead of what it shows, so that this comes from registers.

    Parameters
    ----------
    spec : GemmSpec

    Members
    -------
    idle, prime, clear : In(1)
        As the planner says.
    m : In
        Rows in all.
    last_slice, last_tile : In
        The number of a row's last slice, and of the last tile across.
    step : In(1)
        It goes on.
    place : Out
        Where it is in the block.
    row : Out
        The same without the slice.
    first : Out(1)
        It is in the first slice.
    short, leave, again, final : Out(1)
        It is at the slice's last row; at the block's, in the last tile, or in another; at the last one of all.
    """

    def __init__(self, spec: GemmSpec) -> None:
        self.height = spec.height
        super().__init__(walk_members(spec))

    def elaborate(self, platform: object) -> Module:
        m, step = Module(), Signal()
        number = Signal.like(self.last_slice)
        tile = Signal.like(self.last_tile, name="tile_next")
        deep, ends, leave, over = (Signal(name=f"{name}_next") for name in ("deep", "ends", "leave", "over"))
        block = add_heights(m, self.m, self.height, self.idle, step & leave)
        rows = add_rows(m, block, step, over, self.clear)
        short = rows.ends
        m.d.comb += [
            step.eq(self.step | self.prime),
            self.row.eq(self.place[: len(self.row)]),
            deep.eq(number == self.last_slice),
            over.eq(deep & (tile == self.last_tile)),
            ends.eq(short & deep),
            leave.eq(short & over),
        ]
        with m.If(step):
            m.d.sync += [
                self.place.eq(Cat(rows.number[: len(self.row)], number)),
                self.first.eq(number == 0),
                self.short.eq(short),
                self.leave.eq(leave),
                self.again.eq(ends & ~leave),
                self.final.eq(leave & block.bottom),
            ]
            with m.If(short):
                m.d.sync += number.eq(Mux(deep, 0, (number + 1)[: len(number)]))
            with m.If(ends):
                m.d.sync += tile.eq(Mux(leave, 0, (tile + 1)[: len(tile)]))
        with m.If(self.clear):
            m.d.sync += [number.eq(0), tile.eq(0)]
        return m


class SliceStore(wiring.Component):
    """Two blocks of the moving operand: one is read, again and again, while the next is loaded.

    Parameters
    ----------
    spec : GemmSpec
    width : int
        Bits of a word: a slice of a row.
    target : Target

    Members
    -------
    tdata, tvalid, tready, tlast, begin, error
        As for `Frame`.
    reset : In(1)
        Of the frame alone.
    run, stopped : In(1)
        As the planner says.
    idle, prime, clear, m, last_slice
        As for `Walk`.
    place : In
        The word that is to be read.
    ready : Out(1)
        It is there.
    step, leave, again : In(1)
        It is read; and then no other of the block is; or the first one again.
    go : In(1)
        While it is low, what was read waits.
    done : Out(1)
        Every block has been read.
    data : Out(width)
        The word that was read two cycles before, while `go` was high.
    """

    def __init__(self, spec: GemmSpec, width: int, target: Target) -> None:
        self.spec, self.target = spec, target
        walk = walk_members(spec)
        ports = {name: walk[name] for name in ("idle", "m", "last_slice", "step")}
        ports |= {name: walk[name].flip() for name in ("place", "leave", "again")}
        ports |= {"ready": Out(1), "go": In(1), "done": Out(1), "data": Out(width)}
        super().__init__({**frame_members(width), **ports})

    def elaborate(self, platform: object) -> Module:
        m, loaded = Module(), Signal()
        frame = add_frame(m, self)
        m.submodules.walk = walk = Walk(self.spec)
        m.submodules.banks = banks = Banks()
        phases = ("idle", "prime", "clear")
        m.d.comb += [
            *(getattr(walk, name).eq(getattr(self, name)) for name in (*phases, "m", "last_slice")),
            walk.step.eq(frame.word),
            frame.want.eq(add_wanted(m, self, frame.word, walk.final, Const(0, 1)) & banks.write),
            frame.final.eq(walk.final),
            banks.clear.eq(self.stopped),
            banks.word.eq(frame.word),
            banks.ends.eq(walk.leave),
            banks.step.eq(self.step),
            banks.leaves.eq(self.leave),
            self.done.eq(loaded & banks.empty),
        ]
        add_ready(m, self, frame.word, self.again, self.leave, 2 << len(walk.place))
        with m.If(self.stopped):
            m.d.sync += loaded.eq(0)
        with m.Elif(frame.word):
            m.d.sync += loaded.eq(walk.final)
        into, out_of = Cat(walk.place, banks.into), Cat(self.place, banks.out_of)
        word = add_memory(m, self.target, frame.want, (frame.word, into, self.tdata), out_of, self.go, 1 << len(into))
        m.d.comb += self.data.eq(word)
        return m
