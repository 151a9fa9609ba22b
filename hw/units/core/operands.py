"""From frames of A and B to sums: stores, a feeder, the array."""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Cat, ClockSignal, Instance, Module, ResetSignal, Signal, Value
from amaranth.lib import wiring

from hw.specs.gemm import MAX_ROWS, GemmSpec, slot
from hw.specs.registers import WORD
from hw.specs.stream import beat_width
from hw.units.core.control import Run
from hw.units.core.feeder import Feeder
from hw.units.core.parameters import ParameterStore
from hw.units.core.skid import Skid
from hw.units.core.stores import MatrixStore, TileStore
from hw.units.stream import pins_in, pins_out


@dataclass
class Sums:
    """Rows of sums, as the array gives them."""

    x: Value
    status: Value
    last: Value
    valid: Signal
    ready: Signal


def add_store(run: Run, name: str, store: wiring.Component, ports: wiring.Component) -> None:
    """A store, behind the ports ``s_axis_NAME_*``."""
    run.add(f"store_{name}", store)
    stream = {part: getattr(ports, f"s_axis_{name}_{part}") for part in ("tdata", "tvalid", "tlast", "tready")}
    run.m.d.comb += [
        store.tdata.eq(stream["tdata"][: len(store.tdata)]),
        store.tvalid.eq(stream["tvalid"]),
        store.tlast.eq(stream["tlast"]),
        stream["tready"].eq(store.tready),
        store.begin.eq(run.planner.begun),
        run.shown[f"error_{name}"].eq(store.error),
    ]


def add_parameters(m: Module, spec: GemmSpec, run: Run, ports: wiring.Component) -> ParameterStore | None:
    """The store of parameters, if the core has any."""
    if not spec.parameters:
        return None
    widths = {name: fmt.width for name, fmt in spec.parameters.items()}
    slots = [slot(width) for width in widths.values()]
    planner, rowwise = run.planner, spec.flow == "is"
    shape, tiles = ((1, 1), spec.limits[0]) if rowwise else ((spec.output_lanes, spec.turns), spec.tiles)
    store = ParameterStore(widths, slots, shape, tiles, optional=spec.scope == "tensor", target=run.target)
    add_store(run, "p", store, ports)
    columns, last = (planner.m, (planner.m - 1)[:WORD]) if rowwise else (planner.n, planner.last_tile)
    m.d.comb += [
        store.keep.eq(run.settings["keep"]),
        store.bias.eq(run.settings["bias"]),
        store.n.eq(columns[: len(store.n)]),
        store.last_tile.eq(last[: len(store.last_tile)]),
    ]
    return store


@dataclass
class Fed:
    """Words of A and B on offer, side by side, and whether they end a tile; `taken` says that they are taken."""

    a: Value
    b: Value
    ends: Value
    valid: Value
    taken: Signal


def add_operands(m: Module, spec: GemmSpec, run: Run, ports: wiring.Component) -> Sums:
    """Everything up to the sums."""
    return add_array(m, spec, run, add_stores(m, spec, run, ports))


def add_stores(m: Module, spec: GemmSpec, run: Run, ports: wiring.Component) -> Fed:
    """The stores of both operands, and what reads them."""
    planner, widths = run.planner, spec.word_widths
    a = TileStore(widths["a"], spec.max_k, spec.rows, MAX_ROWS.bit_length(), run.target)
    b = MatrixStore(widths["b"], spec.words, run.target)
    add_store(run, "a", a, ports)
    add_store(run, "b", b, ports)
    feeder, skid = run.add("feeder", Feeder(spec.tiles)), run.add("pairs", Skid(widths["a"] + widths["b"] + 1))
    m.d.comb += [
        a.k.eq(planner.k[: len(a.k)]),
        a.m.eq(planner.m[: len(a.m)]),
        a.leaves.eq(feeder.leaves),
        b.keep.eq(run.settings["keep"]),
        b.words.eq(planner.words),
        *(store.step.eq(feeder.step) for store in (a, b)),
        *(block.go.eq(skid.free) for block in (a, b, feeder)),
        feeder.last_tile.eq(planner.last_tile),
        feeder.last.eq(a.last),
        feeder.last_next.eq(a.last_next),
        feeder.ready.eq(a.ready & b.ready),
        skid.x.eq(Cat(feeder.ends, a.data, b.data)),
        skid.valid.eq(feeder.valid),
    ]
    ends, words = skid.y[0], skid.y[1:]
    fed = Fed(words[: widths["a"]], words[widths["a"] :], ends, skid.y_valid, skid.y_ready)
    run.events["starved"] = planner.run & ~fed.valid & (~a.done | feeder.coming)
    run.events["work"] = fed.valid & fed.taken
    return fed


def add_array(m: Module, spec: GemmSpec, run: Run, fed: Fed) -> Sums:
    """The array, which takes words of both at once."""
    width = spec.columns * spec.array.accumulator_format.width
    codes, last, valid, ready = Signal(beat_width(spec.array.sum_beat)), Signal(), Signal(), Signal()
    m.submodules.array = Instance(
        "array",
        i_clk=ClockSignal(),
        i_rst=ResetSignal() | run.planner.clear,
        **pins_in(spec.array, "a", fed.a, fed.valid, fed.taken, fed.ends),
        **pins_in(spec.array, "b", fed.b, fed.valid, Signal(name="unused_ready"), fed.ends),
        **pins_out(spec.array, "sum", codes, valid, ready, last),
        o_error=Signal(name="unused_error"),
    )
    return Sums(codes[:width], codes[width:], last, valid, ready)
