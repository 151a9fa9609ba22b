"""From what a factor and an offset are as numbers to a requantiser's codes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dse.encoder.units import Parameters
from hw.formats.messages import cut
from hw.specs.requant import RequantSpec
from sim.golden.codes import Codes
from sim.golden.encoding import encode_steps
from sim.golden.requantize import dyadics


class NotInUnits(ValueError):
    """A layer whose numbers are beyond what the units' parameters hold."""


def parameters(spec: RequantSpec, name: str, factor: ArrayLike, offset: ArrayLike = 0.0) -> Parameters:
    """Codes for ``y = x * factor + offset``, in steps of input and output.

    A factor that leaves nothing of any number is 0, and the offset goes, in whole steps, where the zero point is.

    Raises
    ------
    NotInUnits
        A factor or an offset that the parameters don't hold; the message begins with `name`.
    """
    ratio = np.atleast_1d(np.asarray(factor, dtype=np.float64))
    ratio, steps = np.broadcast_arrays(ratio, np.asarray(offset, dtype=np.float64))
    formats, bits = spec.parameters, spec.multiplier
    reach = max(-spec.input.span.lo, spec.input.span.hi)
    dead = np.abs(ratio) * reach < 2.0 ** (spec.output.span.lsb - 1)
    if np.any(~dead & (ratio < 0)):
        raise NotInUnits(f"{name}: factors must not be below zero, got {ratio.min():.3g}")
    m, e = _shifted(*dyadics(np.where(dead, 0, ratio), bits), formats["e"].span.hi)
    if np.any(e < 0):
        raise NotInUnits(f"{name}: factors must be less than {1 << bits} for {cut(spec)}, got {ratio.max():.3g}")
    bias = np.where(dead, 0, np.rint(steps / np.where(dead, 1, ratio)))
    span = formats["bias"].span
    if np.any((bias < span.lo) | (bias > span.hi)):
        raise NotInUnits(
            f"{name}: biases must be {span.lo}..{span.hi} in steps of what comes in, "
            f"got {bias.min():.0f}..{bias.max():.0f}"
        )
    zeros = np.clip(np.where(dead, np.rint(steps), 0), spec.output.span.lo, spec.output.span.hi)
    codes = {"bias": _codes(formats["bias"], bias), "m": m, "e": e}
    return codes | ({"zero": _codes(formats["zero"], zeros)} if "zero" in formats else {})


def _shifted(m: NDArray[np.int64], e: NDArray[np.int64], most: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The same with shifts of at most so much: what they lack, m has less."""
    beyond = np.maximum(e - most, 0)
    return m >> beyond, e - beyond


def _codes(fmt: Any, numbers: NDArray[np.float64]) -> Codes:
    return encode_steps(fmt, numbers.astype(np.int64), 0)
