"""From frames of A and B to sums, in a core whose array keeps one of them."""

from __future__ import annotations

from amaranth.hdl import ClockSignal, Instance, Module, Mux, ResetSignal, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.specs.gemm import GemmSpec
from hw.units.core import index_bits
from hw.units.core.control import Run
from hw.units.core.operands import Sums, add_store
from hw.units.core.partials import Partials
from hw.units.core.slices import SliceStore, Walk
from hw.units.core.stores import MatrixStore
from hw.units.stream import pins_in, pins_out


class ResidentFeeder(wiring.Component):
    """Offers what stays, tile by tile: rows of it, and rows of zeros where the last slice is not as deep as the array.

    Members
    -------
    run : In(1)
        While low, it starts anew.
    k : In
        Rows across which sums go.
    ready : In(1)
        The next row is there.
    step : Out(1)
        It is read.
    valid, zero : Out(1)
        What the store shows is offered, or zeros.
    taken : In(1)
    """

    def __init__(self, spec: GemmSpec) -> None:
        self.rows = spec.rows
        ports = {"run": In(1), "k": In(range(spec.max_k + 1)), "ready": In(1), "taken": In(1)}
        super().__init__(ports | {name: Out(1) for name in ("step", "valid", "zero")})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        # Rows of B count from one, so their number is the last one's.
        row, count = Signal(index_bits(self.rows)), Signal.like(self.k, init=1)
        fill, go, end = Signal(), Signal(), Signal()
        m.d.comb += [
            go.eq(self.run & (self.ready | fill) & (~self.valid | self.taken)),
            self.step.eq(go & ~fill),
            end.eq(row == self.rows - 1),
        ]
        with m.If(~self.valid | self.taken):
            m.d.sync += [self.valid.eq(go), self.zero.eq(fill)]
        with m.If(go):
            m.d.sync += row.eq(Mux(end, 0, (row + 1)[: len(row)]))
            m.d.sync += fill.eq(~end & (fill | (count == self.k)))
        with m.If(self.step):
            m.d.sync += count.eq(Mux(count == self.k, 1, (count + 1)[: len(count)]))
        with m.If(~self.run):
            m.d.sync += [row.eq(0), count.eq(1), fill.eq(0), self.valid.eq(0)]
        return m


class MovingFeeder(wiring.Component):
    """Offers the rows that move: for each block, for each tile of what stays across, for each slice.

    Members
    -------
    run : In(1)
        While low, it starts anew.
    last_tile : In
        The number of the last tile across.
    ready, summed : In(1)
        The word is there; what its products are added to is.
    ends, short : In(1)
        It is the last of its block, of its slice.
    step, leave : Out(1)
        It is read; and that for the last time.
    valid, last, held : Out(1)
        It is offered; the last of its slice. If none is, whether it was for a sum.
    taken : In(1)
    """

    def __init__(self, spec: GemmSpec) -> None:
        ports = {"run": In(1), "last_tile": In(index_bits(spec.tiles))}
        ports |= {name: In(1) for name in ("ready", "summed", "ends", "short", "taken")}
        super().__init__(ports | {name: Out(1) for name in ("step", "leave", "valid", "last", "held")})

    def elaborate(self, platform: object) -> Module:
        m, move, tile, across = Module(), Signal(), Signal.like(self.last_tile), Signal()
        m.d.comb += [
            move.eq(~self.valid | self.taken),
            self.step.eq(self.run & self.ready & self.summed & move),
            across.eq(tile == self.last_tile),
            self.leave.eq(across & self.ends),
        ]
        with m.If(move):
            m.d.sync += [self.valid.eq(self.step), self.last.eq(self.short), self.held.eq(~self.summed)]
        with m.If(self.step & self.ends):
            m.d.sync += tile.eq(Mux(across, 0, (tile + 1)[: len(tile)]))
        with m.If(~self.run):
            m.d.sync += [tile.eq(0), self.valid.eq(0)]
        return m


def add_resident_operands(m: Module, spec: GemmSpec, run: Run, ports: wiring.Component) -> Sums:
    """Everything up to the sums."""
    pe, formats = spec.array.pe, {"a": spec.a, "b": spec.b}
    slices = SliceStore(spec, spec.rows * formats[pe.moving].width)
    matrix = MatrixStore(spec.columns * formats[pe.other].width, spec.words)
    add_store(run, pe.moving, slices, ports)
    add_store(run, pe.other, matrix, ports)
    resident = add_resident_feeder(m, spec, run, matrix)
    moving, partials = add_moving_feeder(m, spec, run, slices)
    run.events["work"] = moving.valid & moving.taken
    waiting = run.planner.run & ~slices.idle & ~moving.valid & ~moving.held
    run.events["starved"] = waiting | (moving.valid & ~moving.taken & ~resident.valid)
    return add_resident_array(m, spec, run, (resident, matrix), (moving, slices), partials)


def add_resident_feeder(m: Module, spec: GemmSpec, run: Run, matrix: MatrixStore) -> ResidentFeeder:
    """What offers the operand that stays."""
    feeder = run.add("resident", ResidentFeeder(spec))
    m.d.comb += [
        matrix.keep.eq(run.settings["keep"]),
        matrix.words.eq(run.planner.words),
        matrix.step.eq(feeder.step),
        feeder.run.eq(run.planner.run),
        feeder.k.eq(run.planner.k[: len(feeder.k)]),
        feeder.ready.eq(matrix.ready),
    ]
    return feeder


def add_moving_feeder(m: Module, spec: GemmSpec, run: Run, slices: SliceStore) -> tuple[MovingFeeder, Partials]:
    """What offers the operand that moves, and what keeps the sums that it is added to."""
    planner, width = run.planner, sum(field.width for field in spec.array.sum_beat.values())
    walk, feeder, partials = run.add("walk", Walk(spec)), run.add("moving", MovingFeeder(spec)), Partials(spec, width)
    run.add("partials", partials)
    m.d.comb += [
        *(block.run.eq(planner.run) for block in (walk, feeder, partials)),
        *(block.m.eq(planner.m[: len(block.m)]) for block in (walk, slices)),
        *(block.last_slice.eq(planner.last_slice) for block in (walk, slices, partials)),
        *(block.step.eq(feeder.step) for block in (walk, slices, partials)),
        walk.leave.eq(feeder.leave),
        slices.leave.eq(feeder.leave),
        slices.place.eq(walk.place),
        partials.row.eq(walk.row),
        partials.rows.eq(walk.rows),
        partials.first.eq(walk.first),
        feeder.last_tile.eq(planner.last_tile),
        feeder.ready.eq(slices.ready),
        feeder.summed.eq(partials.ready),
        feeder.ends.eq(walk.ends),
        feeder.short.eq(walk.short),
    ]
    return feeder, partials


def add_resident_array(
    m: Module,
    spec: GemmSpec,
    run: Run,
    resident: tuple[ResidentFeeder, MatrixStore],
    moving: tuple[MovingFeeder, SliceStore],
    partials: Partials,
) -> Sums:
    """The array; between runs it is in reset, for it may have loaded a tile more than it needed."""
    pe, width = spec.array.pe, spec.columns * spec.array.accumulator_format.width
    last, valid, ready = Signal(), Signal(), Signal()
    (staying, matrix), (going, slices) = resident, moving
    stays = matrix.data & ~staying.zero.replicate(len(matrix.data))
    m.submodules.array = Instance(
        "array",
        i_clk=ClockSignal(),
        i_rst=ResetSignal() | run.reset | ~run.planner.run,
        **pins_in(spec.array, pe.other, stays, staying.valid, staying.taken),
        **pins_in(spec.array, pe.moving, slices.data, going.valid, going.taken, going.last),
        **pins_in(spec.array, "c", partials.c, going.valid, Signal(name="unused_ready")),
        **pins_out(spec.array, "sum", partials.x, partials.valid, partials.ready_x, last),
    )
    m.d.comb += [partials.last.eq(last), valid.eq(partials.y_valid), partials.y_ready.eq(ready)]
    return Sums(partials.x[:width], partials.x[width:], last, valid, ready)
