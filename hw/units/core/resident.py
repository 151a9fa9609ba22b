"""From frames of A and B to sums, in a core whose array keeps one of them."""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Cat, ClockSignal, Instance, Module, Mux, ResetSignal, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.specs.gemm import GemmSpec
from hw.units.core import index_bits
from hw.units.core.control import Run
from hw.units.core.operands import Sums, add_store
from hw.units.core.partials import Partials
from hw.units.core.skid import Skid
from hw.units.core.slices import SliceStore, Walk
from hw.units.core.stores import MatrixStore
from hw.units.stream import pins_in, pins_out


class ResidentFeeder(wiring.Component):
    """Offers what stays, tile by tile: rows of it, and rows of zeros where the last slice is not as deep as the array.

    Members
    -------
    prime, clear : In(1)
        As the planner says.
    k : In
        Rows across which sums go.
    ready : In(1)
        The next row is there.
    go : In(1)
        While it is low, everything waits.
    step : Out(1)
        It is read.
    valid, zero : Out(1)
        What the store shows is offered, or zeros.
    """

    def __init__(self, spec: GemmSpec) -> None:
        self.rows = spec.rows
        ports = {"k": In(range(spec.max_k + 1)), **{name: In(1) for name in ("prime", "clear", "ready", "go")}}
        super().__init__(ports | {name: Out(1) for name in ("step", "valid", "zero")})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        # Rows of B count from one, so their number is the last one's.
        row, count = Signal(index_bits(self.rows)), Signal.like(self.k, init=1)
        fill, filled, offer, step, end, last = Signal(), Signal(), Signal(), Signal(), Signal(), Signal()
        m.d.comb += [
            # The feeder is a row ahead of what it offers: `fill` is of the next one.
            offer.eq(self.go & (self.ready | filled)),
            self.step.eq(self.go & self.ready & ~filled),
            step.eq(offer | self.prime),
            end.eq(row == self.rows - 1),
            last.eq(count == self.k),
        ]
        with m.If(step):
            m.d.sync += [filled.eq(fill), row.eq(Mux(end, 0, (row + 1)[: len(row)]))]
            m.d.sync += fill.eq(~end & (fill | last))
            with m.If(~fill):
                m.d.sync += count.eq(Mux(last, 1, (count + 1)[: len(count)]))
        coming = Signal(2)
        with m.If(self.go):
            m.d.sync += [coming.eq(Cat(offer, filled)), self.valid.eq(coming[0]), self.zero.eq(coming[1])]
        with m.If(self.clear):
            m.d.sync += [row.eq(0), count.eq(1), fill.eq(0), filled.eq(0), coming.eq(0), self.valid.eq(0)]
        return m


class MovingFeeder(wiring.Component):
    """Offers the rows that move.

    Members
    -------
    prime, clear : In(1)
        As the planner says.
    ready, summed : In(1)
        The word is there; what its products are added to is.
    short : In(1)
        It is the last of its slice.
    go : In(1)
        While it is low, everything waits.
    step : Out(1)
        It is read.
    valid, last, held : Out(1)
        It is offered; the last of its slice. If none is, whether it was for a sum.
    coming : Out(1)
        One is going to be.
    """

    def __init__(self) -> None:
        ports = {name: In(1) for name in ("prime", "clear", "ready", "summed", "short", "go")}
        super().__init__(ports | {name: Out(1) for name in ("step", "valid", "last", "held", "coming")})

    def elaborate(self, platform: object) -> Module:
        m, coming = Module(), Signal(3)
        m.d.comb += [self.step.eq(self.ready & self.summed & self.go), self.coming.eq(coming[0])]
        with m.If(self.go):
            m.d.sync += coming.eq(Cat(self.step, self.short, ~self.summed))
            m.d.sync += Cat(self.valid, self.last, self.held).eq(coming)
        with m.If(self.clear | self.prime):
            m.d.sync += [coming.eq(0), self.valid.eq(0)]
        return m


@dataclass
class Offer:
    """What the array is offered of an operand, and that it is taken."""

    words: Value
    valid: Value
    taken: Signal


def add_resident_operands(m: Module, spec: GemmSpec, run: Run, ports: wiring.Component) -> Sums:
    """Everything up to the sums."""
    pe, formats, planner = spec.array.pe, {"a": spec.a, "b": spec.b}, run.planner
    slices = SliceStore(spec, spec.rows * formats[pe.moving].width, run.target)
    matrix = MatrixStore(spec.columns * formats[pe.other].width, spec.words, run.target)
    add_store(run, pe.moving, slices, ports)
    add_store(run, pe.other, matrix, ports)
    staying = add_resident_feeder(run, spec, matrix)
    width = sum(field.width for field in spec.array.sum_beat.values())
    partials = run.add("partials", Partials(spec, width, run.target))
    moving, feeder = add_moving_feeder(run, spec, slices, partials)
    run.events["work"] = moving.valid & moving.taken
    waiting = planner.run & ~moving.valid & ~feeder.held & (~slices.done | feeder.coming)
    run.events["starved"] = waiting | (moving.valid & ~moving.taken & ~staying.valid)
    return add_resident_array(m, spec, run, staying, moving, partials)


def add_resident_feeder(run: Run, spec: GemmSpec, matrix: MatrixStore) -> Offer:
    """What offers the operand that stays."""
    width = len(matrix.data)
    feeder, skid = run.add("resident", ResidentFeeder(spec)), run.add("staying", Skid(width))
    run.m.d.comb += [
        matrix.keep.eq(run.settings["keep"]),
        matrix.words.eq(run.planner.words),
        matrix.step.eq(feeder.step),
        *(block.go.eq(skid.free) for block in (matrix, feeder)),
        feeder.k.eq(run.planner.k[: len(feeder.k)]),
        feeder.ready.eq(matrix.ready),
        skid.x.eq(matrix.data & ~feeder.zero.replicate(width)),
        skid.valid.eq(feeder.valid),
    ]
    return Offer(skid.y, skid.y_valid, skid.y_ready)


def add_moving_feeder(run: Run, spec: GemmSpec, slices: SliceStore, partials: Partials) -> tuple[Offer, MovingFeeder]:
    """What offers the operand that moves, beside the sums that it is added to."""
    planner, width = run.planner, 1 + len(slices.data) + len(partials.c)
    walk, feeder, skid = run.add("walk", Walk(spec)), run.add("moving", MovingFeeder()), run.add("moved", Skid(width))
    run.m.d.comb += [
        *(block.m.eq(planner.m[: len(block.m)]) for block in (walk, slices)),
        *(block.last_slice.eq(planner.last_slice) for block in (walk, slices, partials)),
        *(block.step.eq(feeder.step) for block in (walk, slices, partials)),
        *(block.go.eq(skid.free) for block in (feeder, slices, partials)),
        walk.last_tile.eq(planner.last_tile),
        slices.leave.eq(walk.leave),
        slices.place.eq(walk.place),
        slices.again.eq(walk.again),
        partials.row.eq(walk.row),
        partials.first.eq(walk.first),
        feeder.ready.eq(slices.ready),
        feeder.summed.eq(partials.ready),
        feeder.short.eq(walk.short),
        skid.x.eq(Cat(feeder.last, slices.data, partials.c)),
        skid.valid.eq(feeder.valid),
    ]
    return Offer(skid.y, skid.y_valid, skid.y_ready), feeder


def add_resident_array(m: Module, spec: GemmSpec, run: Run, staying: Offer, moving: Offer, partials: Partials) -> Sums:
    """The array; between runs it is in reset, for it may have loaded a tile more than it needed."""
    pe, width = spec.array.pe, spec.columns * spec.array.accumulator_format.width
    last, valid, ready, ends = Signal(), Signal(), Signal(), moving.words[0]
    rest = moving.words[1:]
    code, c = rest[: len(rest) - len(partials.c)], rest[len(rest) - len(partials.c) :]
    m.submodules.array = Instance(
        "array",
        i_clk=ClockSignal(),
        i_rst=ResetSignal() | run.planner.clear,
        **pins_in(spec.array, pe.other, staying.words, staying.valid, staying.taken),
        **pins_in(spec.array, pe.moving, code, moving.valid, moving.taken, ends),
        **pins_in(spec.array, "c", c, moving.valid, Signal(name="unused_ready")),
        **pins_out(spec.array, "sum", partials.x, partials.valid, partials.ready_x, last),
    )
    m.d.comb += [partials.last.eq(last), valid.eq(partials.y_valid), partials.y_ready.eq(ready)]
    return Sums(partials.x[:width], partials.x[width:], last, valid, ready)
