"""The formats of an ONNX model's tensors: those that QONNX's quantisers say, and the integers and floats of ONNX."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil
from typing import Any

from hw.formats import Format, Minifloat, parse_scalar

PASSING = frozenset(
    ("Identity", "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "MaxPool", "Relu", "Slice", "Dropout")
)
"""Operators whose first output has values of their first input, and zero, only: so they are in its format."""
TYPES = {
    "INT8": "int8",
    "UINT8": "uint8",
    "INT4": "int4",
    "UINT4": "uint4",
    "INT2": "int2",
    "UINT2": "uint2",
    "FLOAT16": "fp16",
    "BFLOAT16": "bf16",
    "FLOAT8E4M3FN": "e4m3fn",
    "FLOAT8E4M3FNUZ": "e4m3fnuz",
    "FLOAT8E5M2": "e5m2",
    "FLOAT8E5M2FNUZ": "e5m2fnuz",
    "FLOAT4E2M1": "e2m1",
}
"""ONNX's types that are formats; those of 32 bits and more say nothing of what is needed."""


def _quant(values: list[float | None], attributes: Mapping[str, Any]) -> Format | None:
    """Quant: scale, zero point, width. A width between two integers is held by the wider; a narrow one has symmetry."""
    width = values[3]
    if width is None or not 1 <= width <= 32:
        return None
    bits = ceil(width)
    if not attributes.get("signed", 1):
        return parse_scalar(f"uint{bits}")
    if not attributes.get("narrow", 0) or bits == 1:
        return parse_scalar(f"int{bits}")
    return parse_scalar("ternary" if bits == 2 else f"int{bits}-sym")


def _bipolar(values: list[float | None], attributes: Mapping[str, Any]) -> Format:
    return parse_scalar("binary")


def _float(values: list[float | None], attributes: Mapping[str, Any]) -> Format | None:
    """FloatQuant: scale, bits of exponent and mantissa, bias, highest value; None if no convention has that highest."""
    exponent, mantissa, bias, highest = values[2:6]
    if exponent is None or mantissa is None or bias is None or not all(x == int(x) for x in (exponent, mantissa, bias)):
        return None
    convention = "ieee" if attributes.get("has_inf", 0) else "fn" if attributes.get("has_nan", 0) else "finite"
    try:
        found = Minifloat(int(exponent), int(mantissa), convention, int(bias), bool(attributes.get("has_subnormal", 0)))
    except ValueError:
        return None
    return found if highest is None or found.max == highest else None


QUANTISERS: dict[str, Callable[[list[float | None], Mapping[str, Any]], Format | None]] = {
    "Quant": _quant,
    "IntQuant": _quant,
    "BipolarQuant": _bipolar,
    "FloatQuant": _float,
}
"""QONNX's operators that give a tensor a format, of their inputs, where these are single numbers, and attributes."""


class Formats:
    """The formats of a model's tensors, as far as it says them."""

    def __init__(self, model: Any) -> None:
        import onnx

        self._onnx, self._makers = onnx, {name: node for node in model.graph.node for name in node.output}
        self._numbers = {each.name: each for each in model.graph.initializer}
        typed = (*model.graph.input, *model.graph.value_info, *model.graph.output)
        self._types = {each.name: each.type.tensor_type.elem_type for each in typed}
        self._types |= {each.name: each.data_type for each in model.graph.initializer}

    def of(self, name: str) -> Format | None:
        """The format of a tensor; None if the model does not say one that is known."""
        node = self._makers.get(name)
        while node is not None and node.op_type in PASSING:
            name, node = node.input[0], self._makers.get(node.input[0])
        if node is not None and node.op_type == "DequantizeLinear":
            name, node = node.input[0], None
        if node is not None and node.op_type in QUANTISERS:
            attributes = {each.name: self._onnx.helper.get_attribute_value(each) for each in node.attribute}
            return QUANTISERS[node.op_type]([self._number(each) for each in node.input], attributes)
        kind = TYPES.get(self._onnx.TensorProto.DataType.Name(self._types.get(name, 0)))
        return None if kind is None else parse_scalar(kind)

    def _number(self, name: str) -> float | None:
        """A tensor of one constant number."""
        node, tensor = self._makers.get(name), self._numbers.get(name)
        if node is not None and node.op_type == "Constant":
            tensor = next((each.t for each in node.attribute if each.name == "value"), None)
        if tensor is None or tensor.data_location == self._onnx.TensorProto.EXTERNAL:
            return None
        values = self._onnx.numpy_helper.to_array(tensor)
        return float(values.reshape(-1)[0]) if values.size == 1 else None
