"""What is right: numpy models on codes, independent of the hardware beyond the formats.

`model(spec)` gives the model of a spec. It reads the spec's fields and needs nothing else of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hw.formats import Fixed
from sim.golden.accumulators import Accumulator, Floating, Wide
from sim.golden.add import Add
from sim.golden.decoding import decode
from sim.golden.dot import Dot
from sim.golden.encoding import encode
from sim.golden.mac import Mac
from sim.golden.mul import Mul
from sim.golden.pack import Pack

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
    return Dot(spec.a, spec.b, spec.product, spec.result, spec.rounding)


MODELS: dict[str, Callable[[Any], Any]] = {
    "mac": _mac,
    "mul": _mul,
    "add": _add,
    "pack": _pack,
    "dot": _dot,
}
"""How to make each unit's model from a spec, by the unit's name."""


def model(spec: Any) -> Any:
    """The golden model of a spec: the same ports, the same codes.

    Raises
    ------
    TypeError
        `spec` is not a spec of a unit that has a model.
    """
    if isinstance(spec, type) or getattr(spec, "unit", None) not in MODELS:
        raise TypeError(f"spec must be a spec of {', '.join(MODELS)}, got {spec!r}")
    return MODELS[spec.unit](spec)
