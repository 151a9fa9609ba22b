"""From sums of blocks to sums of tiles, if operands are in block formats: each is scaled, and added to those before."""

from __future__ import annotations

from amaranth.hdl import Cat, ClockSignal, Const, Instance, Module, Mux, ResetSignal, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.lib.wiring import In, Out

from hw.specs.blockadd import BlockAddSpec
from hw.specs.blockgemm import BlockGemmSpec
from hw.units.core import index_bits
from hw.units.core.control import Run
from hw.units.core.count import add_count
from hw.units.core.operands import Fed, Sums, add_array, add_stores
from hw.units.core.skid import Skid
from hw.units.stream import pins_in, pins_out

ON_THE_WAY = 4
"""Blocks that may be in the array at a time: fed, and not all rows of sums out."""


class ScaleQueue(wiring.Component):
    """The scales of the blocks that are in the array.

    They come with the block's words, one a word: with word j that of row j of A, and of column j of B. A block
    has at least as many words as the array rows, or columns.

    Parameters
    ----------
    spec : BlockAddSpec
        With as many lanes as the array has columns.
    rows : int
        Of the array.

    Members
    -------
    clear : In(1)
        It starts anew.
    a, b : In
        The scales that come with a word.
    fed : In(1)
        The word goes into the array.
    ends : Out(1)
        It is the last of its block.
    free : Out(1)
        There is room for another block's.
    row, rows, columns, valid : Out
        The scale of row `row` of the block whose sums come next, and those of the columns.
    step, leave : In(1)
        The next row's is wanted; it was the last row.
    """

    def __init__(self, spec: BlockAddSpec, rows: int) -> None:
        self.spec, self.rows = spec, rows
        a, b = spec.a.scale.width, spec.b.scale.width
        ports = {"clear": In(1), "a": In(a), "b": In(b), "fed": In(1), "ends": Out(1), "free": Out(1)}
        ports |= {"row": Out(a), "columns": Out(b * spec.lanes), "valid": Out(1), "step": In(1), "leave": In(1)}
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m, spec = Module(), self.spec
        m.submodules.queue = queue = SyncFIFOBuffered(
            width=self.rows * spec.a.scale.width + spec.lanes * spec.b.scale.width, depth=ON_THE_WAY
        )
        word, gathered = Signal(range(spec.a.size)), []
        with m.If(self.fed):
            m.d.sync += word.eq(Mux(self.ends, 0, (word + 1)[: len(word)]))
        for name, count in (("a", self.rows), ("b", spec.lanes)):
            scale = getattr(self, name)
            kept, following = (Signal(count * len(scale), name=f"{name}_{part}") for part in ("kept", "following"))
            # The first comes to the lowest place, when the last has entered at the top.
            m.d.comb += following.eq(Mux(word < count, Cat(kept, scale)[len(scale) :], kept))
            with m.If(self.fed):
                m.d.sync += kept.eq(following)
            gathered.append(following)
        number = Signal(index_bits(self.rows))
        rows = queue.r_data[: self.rows * spec.a.scale.width]
        m.d.comb += [
            self.ends.eq(word == spec.a.size - 1),
            queue.w_data.eq(Cat(*gathered)),
            queue.w_en.eq(self.fed & self.ends),
            # One may be on its way into the queue while another is said to fit.
            self.free.eq(queue.level < ON_THE_WAY - 1),
            self.valid.eq(queue.r_rdy),
            self.row.eq(rows.word_select(number, spec.a.scale.width)),
            self.columns.eq(queue.r_data[len(rows) :]),
            queue.r_en.eq((self.step & self.leave) | self.clear),
        ]
        with m.If(self.step):
            m.d.sync += number.eq(Mux(self.leave, 0, (number + 1)[: len(number)]))
        with m.If(self.clear):
            m.d.sync += [word.eq(0), number.eq(0)]
        return m


class BlockSums(wiring.Component):
    """Adds up the sums of a tile's blocks, row by row; what a tile comes to goes on.

    Parameters
    ----------
    spec : BlockAddSpec
        What adds a row: a `BlockAdd`, instantiated by name.
    rows : int
        Of the array.
    pieces_bits : int
        Of the number of a tile's last block.

    Members
    -------
    prime, clear : In(1)
        As the planner says.
    last_piece : In
        The number of the last block of each tile, from zero.
    x, status, last, valid, ready : In, In, In(1), In(1), Out(1)
        Rows of sums of a block, as an array gives them; the last one of the block.
    row_scale, column_scales, scaled, step : In, In, In(1), Out(1)
        Their scales, whether these are there, and that a row of sums is taken.
    y, y_last, y_valid, y_ready : Out, Out(1), Out(1), In(1)
        Rows of sums of a tile, and the last one of it.
    """

    def __init__(self, spec: BlockAddSpec, rows: int, pieces_bits: int) -> None:
        self.spec, self.rows = spec, rows
        ports = {"prime": In(1), "clear": In(1), "last_piece": In(pieces_bits)}
        ports |= {"x": In(spec.lanes * spec.sum_format.width), "status": In(2 * spec.lanes * spec.has_status)}
        ports |= {"last": In(1), "valid": In(1), "ready": Out(1)}
        ports |= {"row_scale": In(spec.a.scale.width), "column_scales": In(spec.lanes * spec.b.scale.width)}
        ports |= {"scaled": In(1), "step": Out(1)}
        ports |= {"y": Out(spec.lanes * spec.result.width), "y_last": Out(1), "y_valid": Out(1), "y_ready": In(1)}
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m, width = Module(), len(self.y)
        # Rows come in one order, so those that are to be added to wait in a queue.
        m.submodules.partial = partial = SyncFIFOBuffered(width=width, depth=max(2, self.rows))
        y, y_valid, y_ready = Signal(width), Signal(), Signal()
        first, offered, left_row = Signal(init=1), Signal(), Signal()
        row = Signal(index_bits(self.rows))
        entered = add_count(m, "entered", self.last_piece, (self.step & self.last) | self.prime, self.clear)
        left = add_count(m, "left", self.last_piece, (left_row & self.y_last) | self.prime, self.clear)
        m.d.comb += offered.eq(self.valid & self.scaled & (first | partial.r_rdy))
        self._add(m, offered, Mux(first, Const(0, width), partial.r_data), y, y_valid, y_ready)
        m.d.comb += [
            self.step.eq(offered & self.ready),
            partial.r_en.eq((self.step & ~first) | self.clear),
            partial.w_data.eq(y),
            partial.w_en.eq(y_valid & ~left.ends),
            self.y.eq(y),
            self.y_valid.eq(y_valid & left.ends),
            self.y_last.eq(row == self.rows - 1),
            y_ready.eq(Mux(left.ends, self.y_ready, partial.w_rdy)),
            left_row.eq(y_valid & y_ready),
        ]
        with m.If(self.step & self.last):
            m.d.sync += first.eq(entered.ends)
        with m.If(left_row):
            m.d.sync += row.eq(Mux(self.y_last, 0, (row + 1)[: len(row)]))
        with m.If(self.clear):
            m.d.sync += [first.eq(1), row.eq(0)]
        return m

    def _add(self, m: Module, offered: Signal, so_far: Value, y: Signal, y_valid: Signal, y_ready: Signal) -> None:
        """The unit that adds a row; its three inputs go together."""
        ready = [Signal(name=f"{name}_ready") for name in ("unused_scale", "unused_c", "x")]
        m.d.comb += self.ready.eq(ready[2] & offered)
        m.submodules.add = Instance(
            "add",
            i_clk=ClockSignal(),
            i_rst=ResetSignal() | self.clear,
            **pins_in(self.spec, "x", Cat(self.x, self.status), offered, ready[2]),
            **pins_in(self.spec, "scale", Cat(self.row_scale, self.column_scales), offered, ready[0]),
            **pins_in(self.spec, "c", so_far, offered, ready[1]),
            **pins_out(self.spec, "y", y, y_valid, y_ready),
        )


def add_block_operands(m: Module, spec: BlockGemmSpec, run: Run, ports: wiring.Component) -> Sums:
    """Everything up to the sums of tiles."""
    scales, blocks = run.add("scales", ScaleQueue(spec.add, spec.rows)), _block_sums(spec, run)
    words = add_stores(m, spec, run, ports)
    widths = [fmt.width * count for fmt, count in spec.operands.values()]
    a, b = (word[:width] for word, width in zip((words.a, words.b), widths, strict=True))
    # The end of a block, where that of a tile is known.
    fed = Fed(a, b, scales.ends, Signal(name="fed_valid"), Signal(name="fed_taken"))
    m.d.comb += [
        scales.a.eq(words.a[widths[0] :]),
        scales.b.eq(words.b[widths[1] :]),
        fed.valid.eq(words.valid & scales.free),
        words.taken.eq(fed.taken & fed.valid),
        scales.fed.eq(words.taken),
    ]
    sums = add_array(m, spec, run, fed)
    skid = run.add("sums", Skid(1 + len(blocks.x) + len(blocks.status)))
    m.d.comb += [
        skid.x.eq(Cat(sums.last, sums.x, sums.status)),
        skid.valid.eq(sums.valid),
        sums.ready.eq(skid.free),
        Cat(blocks.last, blocks.x, blocks.status).eq(skid.y),
        blocks.valid.eq(skid.y_valid),
        skid.y_ready.eq(blocks.ready),
        blocks.row_scale.eq(scales.row),
        blocks.column_scales.eq(scales.columns),
        blocks.scaled.eq(scales.valid),
        scales.step.eq(blocks.step),
        scales.leave.eq(blocks.last),
    ]
    return Sums(blocks.y, Const(0, 0), blocks.y_last, blocks.y_valid, blocks.y_ready)


def _block_sums(spec: BlockGemmSpec, run: Run) -> BlockSums:
    shift = spec.granule.bit_length() - 1
    blocks = run.add("blocks", BlockSums(spec.add, spec.rows, index_bits(spec.max_k >> shift)))
    count = run.planner.k[shift : shift + len(blocks.last_piece) + 1]
    run.m.d.comb += blocks.last_piece.eq((count - 1)[: len(blocks.last_piece)])
    return blocks
