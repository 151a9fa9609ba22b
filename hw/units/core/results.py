"""From sums to frames of C: a drain, a requantiser or none, the stream out."""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Cat, ClockSignal, Const, Instance, Module, Mux, ResetSignal, Signal, Value
from amaranth.lib import wiring

from hw.arith.steps import extend
from hw.specs.gemm import GemmSpec, slot
from hw.target import Target
from hw.units.core.control import Run
from hw.units.core.drain import Drain
from hw.units.core.operands import Sums
from hw.units.core.parameters import ParameterStore
from hw.units.core.skid import Skid
from hw.units.core.wide import Wide
from hw.units.stream import moved, pins_in, pins_out


@dataclass
class Piece:
    """Some lanes of a row, as they pass: of sums, with the lanes' parameters by name, or of C.

    Attributes
    ----------
    x, status : Value
    last, final : Value
        They are the last ones of their row; and of all rows.
    valid, ready : Value
    parameters : dict of str to Value
    """

    x: Value
    status: Value
    last: Value
    final: Value
    valid: Value
    ready: Signal
    parameters: dict[str, Value]


def add_drain(
    m: Module, spec: GemmSpec, run: Run, sums: Sums, parameters: ParameterStore | None
) -> tuple[Drain, Piece]:
    """A drain, and what it gives: sums, some lanes at a time, and what belongs to them."""
    width, lanes = spec.sums.width, spec.output_lanes
    extra = 2 if spec.has_status else 0
    drain = run.add("drain", Drain(spec, width + extra, run.target))
    m.d.comb += [
        drain.m.eq(run.planner.m[: len(drain.m)]),
        drain.last_tile.eq(run.planner.last_tile),
        drain.kept.eq(run.kept),
        drain.x.eq(
            Cat(Cat(sums.x.word_select(n, width), sums.status.word_select(n, extra)) for n in range(spec.columns))
        ),
        drain.last.eq(sums.last),
        drain.valid.eq(sums.valid),
        sums.ready.eq(drain.ready),
        drain.known.eq(Const(1, 1) if parameters is None else parameters.ready),
    ]
    words = [drain.y.word_select(lane, width + extra) for lane in range(lanes)]
    if extra:
        special = Cat(word[width:].any() for word in words) & (drain.tail | ~drain.y_last.replicate(lanes))
        run.remember("special", drain.y_valid & special.any())
    given: dict[str, Value] = {}
    if parameters is not None:
        m.d.comb += [
            parameters.tile.eq(drain.tile),
            parameters.tile_next.eq(drain.tile_next),
            parameters.go.eq(drain.go),
            parameters.turn.eq(0 if spec.flow == "is" else drain.turn),
            parameters.step.eq(drain.fetch),
        ]
        # With the lanes that they belong to, which are chosen in that cycle.
        data = Signal(len(parameters.data), name="parameters_shown")
        with m.If(drain.go):
            m.d.sync += data.eq(parameters.data)
        given = by_field(spec, data)
    x, status = (Cat(word[part] for word in words) for part in (slice(width), slice(width, None)))
    return drain, behind_skid(
        m, run, Piece(x, status, drain.y_last, drain.y_final, drain.y_valid, drain.y_ready, given)
    )


def behind_skid(m: Module, run: Run, piece: Piece) -> Piece:
    """A piece that what gives it need not wait for."""
    parts = [piece.last, piece.final, piece.x, piece.status, *piece.parameters.values()]
    skid, taken = run.add("piece", Skid(len(Cat(parts)))), [Signal(len(part), name="piece_part") for part in parts]
    m.d.comb += [
        skid.x.eq(Cat(parts)),
        skid.valid.eq(piece.valid),
        piece.ready.eq(skid.free),
        Cat(taken).eq(skid.y),
    ]
    last, final, x, status, *values = taken
    parameters = dict(zip(piece.parameters, values, strict=True))
    return Piece(x, status, last, final, skid.y_valid, skid.y_ready, parameters)


def by_field(spec: GemmSpec, data: Value) -> dict[str, Value]:
    """Each parameter, for all lanes, of a store's words."""
    # Where the input stays, all lanes are of one column of C.
    words = 1 if spec.flow == "is" else spec.output_lanes
    width, low, fields = len(data) // words, 0, {}
    for name, fmt in spec.parameters.items():
        codes = Cat(data.word_select(n, width)[low : low + fmt.width] for n in range(words))
        fields[name] = codes.replicate(spec.output_lanes // words)
        low += fmt.width
    return fields


def requantised(m: Module, spec: GemmSpec, run: Run, sums: Piece) -> Piece:
    """What a requantiser makes of sums."""
    assert spec.requant is not None
    common = [name for name in spec.scale if name not in sums.parameters]
    scales = {name: run.settings[f"scale_{name}"].replicate(spec.output_lanes) for name in common} | sums.parameters
    codes, last, valid, ready = Signal(spec.output_lanes * spec.result.width), Signal(), Signal(), Signal()
    z = Cat(sums.x, sums.status if spec.requant.status else [])
    p = Cat(scales[name] for name in spec.requant.parameters)
    clock = {"i_clk": ClockSignal(), "i_rst": ResetSignal() | run.planner.clear} if spec.requant.latency else {}
    m.submodules.requant = Instance(
        "requant",
        **clock,
        **pins_in(spec.requant, "z", z, sums.valid, sums.ready, sums.last),
        # Always there, so that the sums are ready to move on whether there are any or not.
        **pins_in(spec.requant, "p", p, Const(1, 1), Signal(name="unused_parameters_ready")),
        i_relu=run.settings["relu"],
        **pins_out(spec.requant, "y", codes, valid, ready, last),
    )
    final = _beside(m, sums, spec.requant.latency)
    if spec.requant.latency:
        # While a beat is aside, as `hw.units.outlet` has it, so is this.
        aside = Signal(name="final_aside")
        with m.If(sums.ready):
            m.d.sync += aside.eq(final)
        final = Mux(sums.ready, final, aside)
    return Piece(codes, Const(0, 0), last, final, valid, ready, {})


def wide(m: Module, spec: GemmSpec, target: Target, run: Run, sums: Piece) -> Piece:
    """The sums themselves, and their biases."""
    out = run.add("wide", Wide(spec, target))
    m.d.comb += [
        out.x.eq(sums.x),
        out.last.eq(sums.last),
        out.valid.eq(sums.valid),
        sums.ready.eq(out.ready),
        *(out.bias.eq(value) for value in sums.parameters.values()),
    ]
    return Piece(out.y, Const(0, 0), out.y_last, _beside(m, sums, 1), out.y_valid, out.y_ready, {})


def _beside(m: Module, sums: Piece, stages: int) -> Value:
    """Whether results are the last ones, known beside what makes them of sums, which it moves with."""
    return moved(m, sums.final, sums.ready, stages, "final")


def add_stream(m: Module, spec: GemmSpec, run: Run, drain: Drain, piece: Piece, ports: wiring.Component) -> None:
    """The stream out."""
    size, lanes = slot(spec.result.width), spec.output_lanes
    codes = [piece.x.word_select(lane, spec.result.width) for lane in range(lanes)]
    passed, emitted, late = Signal(), Signal(), Signal()
    planner = run.planner
    kept = drain.tail | ~piece.last.replicate(lanes)
    m.d.comb += [
        ports.m_axis_tdata.eq(Cat(extend(code.as_signed() if spec.signed else code, size) for code in codes)),
        ports.m_axis_tkeep.eq(Cat(flag.replicate(size // 8) for flag in kept)),
        # What a command to reset ends is not on offer any more, though it is cleared two cycles later.
        ports.m_axis_tvalid.eq(piece.valid & ~run.reset & ~planner.clear),
        ports.m_axis_tlast.eq(piece.final),
        piece.ready.eq(ports.m_axis_tready),
        passed.eq(ports.m_axis_tvalid & piece.ready),
        planner.ended.eq(emitted & drain.empty),
    ]
    m.d.sync += [emitted.eq((emitted | (passed & ports.m_axis_tlast)) & ~planner.clear), late.eq(emitted)]
    # Planning begins a cycle after the start.
    run.events["cycles"] = planner.busy & ~late
    run.events["stalled"] = ports.m_axis_tvalid & ~piece.ready
    run.events["beats"] = passed
