"""What is right: numpy models on codes, independent of the hardware beyond the formats.

`model(spec)` gives the model of a spec. It reads the spec's fields and needs nothing else of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hw.formats import Fixed, parse_scalar
from sim.golden.accumulators import Accumulator, Floating, Wide
from sim.golden.add import Add
from sim.golden.array import Array
from sim.golden.blockadd import BlockAdd
from sim.golden.blockdot import BlockDot
from sim.golden.blockgemm import BlockFrames, BlockGemm
from sim.golden.decoding import decode
from sim.golden.dot import Dot
from sim.golden.encoding import encode
from sim.golden.frames import Frames
from sim.golden.gemm import Gemm
from sim.golden.mac import Mac
from sim.golden.matvec import MatVec
from sim.golden.mul import Mul
from sim.golden.pack import Pack
from sim.golden.pe import Pe
from sim.golden.requant import Requant
from sim.golden.streams import Streamed
from sim.golden.tellme import Tellme
from sim.golden.tmac import Tmac

__all__ = ["MODELS", "Add", "Dot", "Mac", "Mul", "Pack", "decode", "encode", "model"]


def _mac(spec: Any) -> Mac:
    return Mac(spec.a, spec.b, spec.product, _accumulator(spec), spec.latency)


def _accumulator(spec: Any) -> Accumulator:
    if isinstance(spec.accumulator_format, Fixed):
        return Wide(spec.accumulator_format, saturate=spec.saturates)
    return Floating(spec.accumulator_format, rounding=spec.rounding)


def _mul(spec: Any) -> Mul:
    return Mul(spec.a, spec.b, spec.product, spec.result, spec.rounding, spec.pipeline)


def _add(spec: Any) -> Add:
    return Add(spec.a, spec.b, spec.result, spec.rounding, spec.pipeline)


def _pack(spec: Any) -> Pack:
    return Pack(spec.operands, spec.products, spec.port_formats["p0"], spec.pipeline)


def _dot(spec: Any) -> Dot:
    return Dot(spec.a, spec.b, spec.product, spec.result, spec.rounding, spec.sums == "rounded")


def _blockdot(spec: Any) -> BlockDot:
    return BlockDot(spec.a, spec.b, spec.result, spec.rounding, spec.keeps_scale and spec.is_exact)


def _pe(spec: Any) -> Pe:
    return Pe(_mac(spec.mac), spec.flow, spec.latency)


def _array(spec: Any) -> Array:
    return Array(_mac(spec.pe.mac), spec.rows, spec.columns, spec.flow)


def _blockadd(spec: Any) -> BlockAdd:
    return BlockAdd(spec.a, spec.b, spec.sum_format, spec.result, spec.rounding)


def _requant(spec: Any) -> Requant:
    return Requant(spec.input, spec.output, spec.rounding, spec.parameters)


def _gemm(spec: Any) -> Gemm:
    requant = None if spec.requant is None else _requant(spec.requant)
    shape = (spec.flow, spec.rows, spec.columns, spec.height)
    frames = Frames(spec.a, spec.b, spec.result, *shape, spec.parameters)
    return Gemm(_mac(spec.array.pe.mac), requant, frames, spec.max_k)


def _blockgemm(spec: Any) -> BlockGemm:
    a, b = spec.a, spec.b
    shape = (spec.flow, spec.rows, spec.columns, spec.height)
    frames = BlockFrames(a.element, b.element, spec.result, *shape, spec.parameters, a.scale, b.scale, a.size)
    return BlockGemm(Floating(spec.add.result, rounding=spec.add.rounding), frames)


def _tellme(spec: Any) -> Tellme:
    return Tellme(parse_scalar("ternary"), *_lookup(spec))


def _tmac(spec: Any) -> Tmac:
    return Tmac(spec.w, *_lookup(spec))


def _lookup(spec: Any) -> tuple[Any, ...]:
    half, serial = spec.entries == "half", spec.planes_a_beat < spec.planes
    return spec.x, spec.group, spec.tables, spec.lookups, half, spec.planes, serial, spec.result


def _matvec(spec: Any) -> MatVec:
    folds = (spec.neuron_folds, spec.synapse_folds) if spec.resident else None
    return MatVec(spec.a, spec.b, spec.product, _accumulator(spec.mac), spec.elements, spec.lanes, folds)


MODELS: dict[str, Callable[[Any], Any]] = {
    "mac": _mac,
    "mul": _mul,
    "add": _add,
    "pack": _pack,
    "dot": _dot,
    "blockdot": _blockdot,
    "pe": _pe,
    "array": _array,
    "blockadd": _blockadd,
    "requant": _requant,
    "tellme": _tellme,
    "tmac": _tmac,
    "gemm": _gemm,
    "blockgemm": _blockgemm,
    "matvec": _matvec,
}
"""How to make each unit's model from a spec, by the unit's name."""

STREAMED = {"dot", "blockdot", "blockadd", "array", "matvec", "requant", "tellme", "tmac"}
"""Units whose models take streams: these are looked at first."""


def model(spec: Any) -> Any:
    """The golden model of a spec: the same ports, the same codes.

    Raises
    ------
    TypeError
        `spec` is not a spec of a unit that has a model.
    """
    if isinstance(spec, type) or getattr(spec, "unit", None) not in MODELS:
        raise TypeError(f"spec must be a spec of {', '.join(MODELS)}, got {spec!r}")
    made = MODELS[spec.unit](spec)
    return Streamed(made, spec.inputs) if spec.unit in STREAMED else made
