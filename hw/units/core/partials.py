"""Sums of slices, until the last slice of a row has been added."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.specs.gemm import GemmSpec
from hw.target import Target
from hw.units.core import index_bits
from hw.units.core.banks import add_memory
from hw.units.core.count import add_count, add_supply


class Partials(wiring.Component):
    """Takes rows of sums; those of a last slice go on, the others are kept until they are to be added to.

    Rows come out of the array in the order in which they went in; so what a row is to be added to is there if any is
    that has not been added to.

    Parameters
    ----------
    spec : GemmSpec
    width : int
        Bits of a row of sums.
    target : Target

    Members
    -------
    prime, clear : In(1)
        As the planner says.
    last_slice : In
        The number of a row's last slice.
    row, first : In
        The row that goes in next, and whether this is its first slice.
    ready : Out(1)
        What it is to be added to is there.
    step : In(1)
        It goes in.
    go : In(1)
        While it is low, what was read waits.
    c : Out(width)
        What the row is to be added to that went in two cycles before, while `go` was high: zero in the first slice.
    x, last, valid, ready_x : In(width), In(1), In(1), Out(1)
        A row of sums comes out, the last one of its slice.
    y_valid, y_ready : Out(1), In(1)
        It goes on.
    """

    def __init__(self, spec: GemmSpec, width: int, target: Target) -> None:
        self.spec, self.target = spec, target
        ports = {name: In(1) for name in ("prime", "clear", "first", "step", "go", "last", "valid", "y_ready")}
        ports |= {"last_slice": In(index_bits(spec.slices)), "row": In((spec.height - 1).bit_length())}
        ports |= {"x": In(width), "c": Out(width), **{name: Out(1) for name in ("ready", "ready_x", "y_valid")}}
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m, spec = Module(), self.spec
        row, taken, kept = Signal(index_bits(spec.height), init=1), Signal(), Signal()
        number = add_count(m, "number", self.last_slice, (taken & self.last) | self.prime, self.clear)
        place, added = row[: len(self.row)], Signal()
        m.d.comb += [
            self.y_valid.eq(self.valid & number.ends),
            self.ready_x.eq(self.y_ready | ~number.ends),
            taken.eq(self.valid & self.ready_x),
            kept.eq(self.valid & ~number.ends),
            added.eq(self.step & ~self.first),
        ]
        some, _ = add_supply(m, "waiting", spec.height, kept, added, self.clear)
        m.d.comb += self.ready.eq(self.first | some)
        with m.If(taken):
            m.d.sync += row.eq(Mux(self.last, 1, (row + 1)[: len(row)]))
        with m.If(self.clear):
            m.d.sync += row.eq(1)
        word = add_memory(m, self.target, kept, (kept, place, self.x), self.row, self.go, 1 << len(self.row))
        again = Signal(2)
        with m.If(self.go):
            m.d.sync += again.eq(Cat(~self.first, again[0]))
        m.d.comb += self.c.eq(word & again[1].replicate(len(self.c)))
        return m
