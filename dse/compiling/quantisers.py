"""QONNX's quantisers: what each makes of a tensor, as a step of a network or of constants at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dse.compiling.driver import quantise
from dse.compiling.steps import Array, Quantise, Shape
from dse.workloads.gemms.onnxformats import QUANTISERS as FORMATS
from hw.formats import Format, Integer, Minifloat, parse_scalar
from hw.formats.messages import cut
from sim.golden import decode, encode

ROUNDING_MODES = {
    "ROUND": "nearest_even",
    "HALF_EVEN": "nearest_even",
    "HALF_UP": "nearest_away",
    "DOWN": "toward_zero",
    "CEIL": "up",
    "FLOOR": "down",
}
"""QONNX's names of roundings, and ours."""
LARGEST = 24
"""Bits of an integer that a float32 holds."""


class Unsupported(ValueError):
    """What can't be compiled, in words that follow a node's name."""


@dataclass(frozen=True, eq=False)
class Quantiser:
    """What a node says.

    Attributes
    ----------
    format : Format
    scale : float32 array
        Of a shape that broadcasts to the tensor's.
    zero, low, high : float
    rounding : str
    after : float
        As `dse.compiling.steps.Quantise` has it.
    """

    format: Format
    scale: Array
    zero: float
    low: float
    high: float
    rounding: str
    after: float = 0.0

    def step(self, name: str, shape: Shape) -> Quantise:
        """It as a step, which has one scale."""
        if self.scale.size != 1:
            raise Unsupported(f"has {self.scale.size} scales, where one goes")
        scale = float(self.scale.reshape(-1)[0])
        return Quantise(name, shape, self.format, scale, self.zero, self.low, self.high, self.rounding, self.after)


def quantiser(kind: str, inputs: list[Array | None], attributes: Mapping[str, Any]) -> Quantiser:
    """A node's, of its inputs behind the tensor, where these are constants.

    Raises
    ------
    Unsupported
        It has inputs that are none, or a format or a rounding that is not known here.
    """
    if not inputs or any(each is None for each in inputs):
        raise Unsupported("has settings that are no constants")
    scale, *rest = [np.asarray(each, dtype=np.float32) for each in inputs]
    if any(each.size != 1 for each in rest):
        raise Unsupported("has several widths or zero points")
    if not np.all(np.isfinite(scale) & (scale > 0)):
        raise Unsupported("has a scale that is not positive")
    numbers = [float(each.reshape(-1)[0]) for each in rest]
    fmt = FORMATS[kind]([None, None, *numbers], attributes)
    if fmt is None:
        raise Unsupported(f"has no format that is known, of {cut(numbers)}")
    if kind == "BipolarQuant":
        return Quantiser(fmt, scale, 0.0, -1.0, 1.0, "nearest_even")
    mode = attributes.get("rounding_mode", b"ROUND")
    mode = (mode.decode() if isinstance(mode, bytes) else str(mode)).upper()
    if mode not in ROUNDING_MODES:
        raise Unsupported(f"rounds by {cut(mode)}, which is none of {', '.join(ROUNDING_MODES)}")
    if kind == "FloatQuant":
        return _float(fmt, scale, attributes, mode)
    return _integer(fmt, scale, numbers, attributes, mode)


def _integer(fmt: Format, scale: Array, numbers: list[float], attributes: Mapping[str, Any], mode: str) -> Quantiser:
    zero, width = numbers[:2]
    if width != int(width) or width > LARGEST or zero != int(zero):
        raise Unsupported(
            f"must have whole bits, {LARGEST} at most, and a whole zero point, got {width:g} and {zero:g}"
        )
    signed, narrow, bits = attributes.get("signed", 1), attributes.get("narrow", 1), int(width)
    if bits == 1 and signed:
        if zero:
            raise Unsupported("has one bit and a zero point")
        return Quantiser(parse_scalar("binary"), scale, 0.0, -1.0, 1.0, "nearest_even")
    whole = Integer(bits, bool(signed))
    low = whole.span.lo + (1 if signed and narrow else 0)
    high = whole.span.hi - (1 if narrow and not signed else 0)
    return Quantiser(fmt, scale, zero, float(low), float(high), ROUNDING_MODES[mode])


def _float(fmt: Format, scale: Array, attributes: Mapping[str, Any], mode: str) -> Quantiser:
    assert isinstance(fmt, Minifloat)
    if not attributes.get("saturation", 1):
        raise Unsupported("does not saturate")
    if not fmt.subnormals:
        raise Unsupported("has no subnormals")
    if ROUNDING_MODES[mode] != "nearest_even":
        raise Unsupported(f"rounds by {mode}, where a float rounds to the nearest")
    return Quantiser(fmt, scale, 0.0, float(fmt.min), float(fmt.max), "nearest_even")


def quantised(of: Quantiser, values: Array) -> Array:
    """The numbers that constants become, without scale: the zero point is taken away."""
    flat = of.step("", values.shape) if of.scale.size == 1 else None
    settings = flat.settings if flat else _with_scale(of)
    return np.asarray(quantise(np.asarray(values, dtype=np.float32), settings), dtype=np.float64) - of.zero


def _with_scale(of: Quantiser) -> dict[str, Any]:
    one = Quantise("", (), of.format, 1.0, of.zero, of.low, of.high, of.rounding, of.after)
    return {**one.settings, "scale": of.scale}


def covering(q: Array) -> Format:
    """The narrowest integer that holds numbers from which a zero point was taken away."""
    low, high = int(q.min(initial=0)), int(q.max(initial=0))
    return Integer(max(1, (-low - 1).bit_length() + 1 if low < 0 else 1, high.bit_length() + (low < 0)), low < 0)


def holds(fmt: Format, values: Array) -> bool:
    """Whether numbers are all of a format."""
    unique = np.unique(np.asarray(values, dtype=np.float64))
    if fmt.width > LARGEST or unique.size == 0:
        return fmt.width <= LARGEST
    return bool(np.all(decode(fmt, encode(fmt, unique)) == unique))
