"""ONNX's own quantisers, a pair of nodes: QuantizeLinear makes codes of numbers, DequantizeLinear numbers of codes.

Both together are what QONNX's Quant is, but that the zero point is added to what was rounded.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from dse.compiling.nodes import Constant, Node
from dse.compiling.quantisers import LARGEST, Quantiser, Unsupported, covering, quantised
from dse.compiling.steps import Array
from hw.formats import Integer

QUANTIZE, DEQUANTIZE = "QuantizeLinear", "DequantizeLinear"


def quantiser(node: Node) -> Quantiser:
    """What a QuantizeLinear says.

    Raises
    ------
    Unsupported
        Its codes are no integers, or too wide; or it has several zero points, or a scale that is not positive.
    """
    fmt, scale, zero = _integer(_kind(node)), _scale(node), _zero(node)
    if fmt.width > LARGEST:
        raise Unsupported(f"must have {LARGEST} bits at most, got {fmt.width}")
    if np.unique(zero).size != 1:
        raise Unsupported("has several zero points")
    (number,) = np.unique(zero).tolist()
    return Quantiser(fmt, scale, number, float(fmt.span.lo), float(fmt.span.hi), "nearest_even", number)


def check_same(node: Node, of: Quantiser | None) -> None:
    """Raise Unsupported unless a DequantizeLinear gives the numbers of codes that a quantiser has made."""
    if of is None:
        raise Unsupported(f"has no {QUANTIZE} before it, and no constant")
    zero = np.unique(_zero(node))
    if not np.array_equal(_scale(node), of.scale) or zero.tolist() != [of.zero]:
        raise Unsupported(f"has another scale or zero point than the {QUANTIZE} before it")


def coded(node: Node) -> Constant:
    """The codes of constants."""
    of = quantiser(node)
    return Constant((quantised(of, node.constant(0, "an input").values) + of.zero).astype(_kind(node)))


def numbers(node: Node) -> Constant:
    """The numbers that constants are the codes of."""
    codes = node.constant(0, "an input").values
    fmt, scale, zero = _integer(codes.dtype), _scale(node), _zero(node)
    q = codes.astype(np.float64) - zero
    every = np.broadcast_to(scale.astype(np.float64), q.shape)
    return Constant(q.astype(np.float32) * scale, q, every, covering(q) if zero.any() else fmt)


def _kind(node: Node) -> Any:
    """The type of what a QuantizeLinear gives."""
    import onnx

    if (zero := node.optional(2)) is not None:
        return zero.values.dtype
    return onnx.helper.tensor_dtype_to_np_dtype(node.attributes.get("output_dtype", 0) or onnx.TensorProto.UINT8)


def _integer(kind: Any) -> Integer:
    match = re.fullmatch(r"(u?)int([0-9]+)", np.dtype(kind).name)
    if not match or int(match[2]) > np.iinfo(np.int32).bits:
        raise Unsupported(f"has codes of type {np.dtype(kind).name}, where integers of at most 32 bits go")
    return Integer(int(match[2]), not match[1])


def _scale(node: Node) -> Array:
    scale = _along(node, node.constant(1, "a scale").values.astype(np.float32))
    if not np.all(np.isfinite(scale) & (scale > 0)):
        raise Unsupported("has a scale that is not positive")
    return scale


def _zero(node: Node) -> Array:
    zero = node.optional(2)
    return _along(node, np.zeros(()) if zero is None else zero.values.astype(np.float64))


def _along(node: Node, values: Array) -> Array:
    """Settings, one for all or one for each place of an axis, so that they broadcast to the tensor."""
    if node.attributes.get("block_size", 0):
        raise Unsupported("has a scale for each block")
    if values.size == 1:
        return values.reshape(())
    rank = len(node.shapes[0])
    axis = node.attributes.get("axis", 1) % max(rank, 1)
    if values.ndim != 1 or not rank or node.shapes[0][axis] != values.size:
        raise Unsupported(f"has settings of shape {values.shape}, for a tensor of {node.shapes[0]}")
    return values.reshape([-1 if place == axis else 1 for place in range(rank)])
