"""Sums of slices, until the last slice of a row has been added."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.specs.gemm import MAX_ROWS, GemmSpec
from hw.units.core import index_bits
from hw.units.core.banks import add_memory


class Partials(wiring.Component):
    """Takes rows of sums; those of a last slice go on, the others are kept until they are to be added to.

    Rows come out of the array in the order in which they went in. So what a row is to be added to has come out when
    fewer rows are on their way than a block has.

    Parameters
    ----------
    spec : GemmSpec
    width : int
        Bits of a row of sums.

    Members
    -------
    run : In(1)
        While low, it starts anew.
    last_slice : In
        The number of a row's last slice.
    row, rows, first : In
        The row that goes in next, the rows in its block, and whether this is its first slice.
    ready : Out(1)
        What it is to be added to is there.
    step : In(1)
        It goes in: `c` shows what it is to be added to from the next cycle on.
    c : Out(width)
        Zero in the first slice.
    x, last, valid, ready_x : In(width), In(1), In(1), Out(1)
        A row of sums comes out, the last one of its slice.
    y_valid, y_ready : Out(1), In(1)
        It goes on.
    """

    def __init__(self, spec: GemmSpec, width: int) -> None:
        self.spec = spec
        row = (spec.height - 1).bit_length()
        ports = {
            "run": In(1),
            "last_slice": In(index_bits(spec.slices)),
            "row": In(row),
            "rows": In(MAX_ROWS.bit_length()),
        }
        ports |= {"first": In(1), "ready": Out(1), "step": In(1), "c": Out(width)}
        ports |= {"x": In(width), "last": In(1), "valid": In(1), "ready_x": Out(1), "y_valid": Out(1), "y_ready": In(1)}
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m, spec = Module(), self.spec
        number, row, deep, taken = (
            Signal.like(self.last_slice),
            Signal(index_bits(spec.height), init=1),
            Signal(),
            Signal(),
        )
        # One more waits before the array, one at its end.
        under_way, kept, out = Signal(range(spec.array.latency + 3)), Signal(), Signal()
        place = row[: len(self.row)]
        m.d.comb += [
            deep.eq(number == self.last_slice),
            self.y_valid.eq(self.valid & deep),
            self.ready_x.eq(self.y_ready | ~deep),
            taken.eq(self.valid & self.ready_x),
            kept.eq(self.valid & ~deep),
            # That none is written where one is read follows from the rest; it is said so that the memory need not care.
            out.eq((under_way < spec.height) & (under_way < self.rows) & ~(kept & (place == self.row))),
            self.ready.eq(self.first | out),
        ]
        with m.If(taken):
            m.d.sync += row.eq(Mux(self.last, 1, (row + 1)[: len(row)]))
            with m.If(self.last):
                m.d.sync += number.eq(Mux(deep, 0, (number + 1)[: len(number)]))
        with m.If(self.step & ~taken):
            m.d.sync += under_way.eq((under_way + 1)[: len(under_way)])
        with m.If(taken & ~self.step):
            m.d.sync += under_way.eq((under_way - 1)[: len(under_way)])
        with m.If(~self.run):
            m.d.sync += [row.eq(1), number.eq(0), under_way.eq(0)]
        again = Signal()
        with m.If(self.step):
            m.d.sync += again.eq(~self.first)
        word = add_memory(m, (kept, place, self.x), (self.step & ~self.first, self.row), 1 << len(self.row))
        m.d.comb += self.c.eq(word & again.replicate(len(self.c)))
        return m
