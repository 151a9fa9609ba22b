"""A requantiser's parameters: dyadic scales and whole biases for what stands behind a product."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dse.compiling.lowering import Layer, NotOnCore
from dse.compiling.steps import Array
from hw.formats.messages import cut
from hw.specs.gemm import GemmSpec
from sim.golden.requantize import dyadics

FINER = 8
"""Bits below a code's step in which the bias of a column without weights is written."""
UNSEEN = 2.0**-16
"""Of a code's step: what sums of a column that never reach it are not seen by."""


@dataclass(frozen=True, eq=False)
class Parameters:
    """Of each column, arrays of shape (groups, N).

    Attributes
    ----------
    codes : dict of str to integer array
        Codes of the core's parameters.
    dead : bool array
        Columns whose scale is too small for any sum to be seen: their weights are zero, only the bias counts.
    scale_error : float
        The largest relative error of a scale.
    bias_error : float
        The largest error of a bias, in steps of a result's code.
    """

    codes: dict[str, Array]
    dead: Array
    scale_error: float
    bias_error: float


def parameters(spec: GemmSpec, layer: Layer) -> Parameters:
    """What a core is given for a layer that it requantises.

    Raises
    ------
    NotOnCore
        A scale or a bias is beyond what the core's parameters hold.
    """
    behind = layer.behind
    assert behind is not None and spec.bias_format is not None
    lsb = spec.array.pe.mac.term_span.lsb
    bits, most = spec.scale["m"].width, spec.scale["e"].span.hi
    ratio = behind.factor / behind.quantise.scale * 2.0**lsb
    # Sums that no code shows, or that no shift of the core brings up to one.
    dead = (ratio * _reach(layer) * 2.0**-lsb < UNSEEN) | (ratio < 2.0 ** (bits - 1 - most))
    ratio = np.where(dead, 2.0**-FINER, ratio)
    m, e = dyadics(ratio, bits)
    if np.any(e < 0):
        raise NotOnCore(f"{cut(layer.name)}: scales must be less than {1 << bits} for the core, got {ratio.max():.3g}")
    steps = behind.offset / behind.quantise.scale / ratio
    correction = layer.correction
    steps = steps if correction is None else steps - np.where(dead, 0, correction) * 2.0**-lsb
    bias = np.rint(steps)
    low, high = spec.bias_format.span.lo, spec.bias_format.span.hi
    if np.any((bias < low) | (bias > high)):
        raise NotOnCore(
            f"{cut(layer.name)}: biases must be {low}..{high} in steps of the sums, "
            f"got {bias.min():.0f}..{bias.max():.0f}"
        )
    scale_error = float(np.max(np.abs(m / 2.0**e / ratio - 1) * ~dead))
    bias_error = float(np.max(np.abs(bias - steps) * ratio))
    mask = (1 << spec.bias_format.width) - 1
    kind = object if spec.bias_format.width > 62 else np.int64
    biases = np.array([int(each) & mask for each in bias.ravel()], dtype=kind).reshape(bias.shape)
    codes = {"bias": biases, "m": m, "e": e}
    if "zero" in spec.scale:
        zero = int(behind.quantise.zero) & ((1 << spec.scale["zero"].width) - 1)
        codes["zero"] = np.full(m.shape, zero, dtype=np.int64)
    return Parameters(codes, dead, scale_error, bias_error)


def _reach(layer: Layer) -> Array:
    """The largest magnitude that the sums of each column may have, of shape (groups, N)."""
    a = max(abs(layer.a.low - layer.a.zero), abs(layer.a.high - layer.a.zero))
    return np.asarray(np.abs(layer.product.weights.q).sum(axis=1) * a)
