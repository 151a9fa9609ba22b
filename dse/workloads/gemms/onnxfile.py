"""The matrix products and convolutions of an ONNX file, of extra ``onnx``; of QONNX's files their formats too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from dse.workloads.gemms.onnxformats import QUANTISERS, Formats
from dse.workloads.gemms.onnxshapes import named_shapes, resolved
from dse.workloads.gemms.product import GemmList, Product
from hw.formats import check_int
from hw.formats.messages import cut, echo
from rtl_gen.tools import ToolError

Shape = tuple[int, ...]
Sizes = tuple[int, int, int, int]
"""m, k, n and how often."""


@dataclass(frozen=True)
class Operands:
    """Which inputs of an operator are the operands, and the sizes of its product.

    Attributes
    ----------
    a, b : int
        Places among its inputs.
    sizes : callable
        Of both operands' shapes, the output's, and the attributes.
    """

    a: int
    b: int
    sizes: Callable[[Shape, Shape, Shape, Mapping[str, Any]], Sizes]


def _matmul(a: Shape, b: Shape, out: Shape, attributes: Mapping[str, Any]) -> Sizes:
    """Where all rows meet one B, they are rows of one product; else each pair of matrices is one."""
    m, n = (a[-2] if len(a) > 1 else 1), (b[-1] if len(b) > 1 else 1)
    if prod(b[:-2]) == 1:
        return prod(a[:-2]) * m, a[-1], n, 1
    return m, a[-1], n, prod(out) // (m * n)


def _gemm(a: Shape, b: Shape, out: Shape, attributes: Mapping[str, Any]) -> Sizes:
    return out[0], a[0] if attributes.get("transA") else a[1], out[1], 1


def _conv(a: Shape, b: Shape, out: Shape, attributes: Mapping[str, Any]) -> Sizes:
    """A row for each place of the output, a product for each group."""
    groups = attributes.get("group", 1)
    return out[0] * prod(out[2:]), prod(b[1:]), b[0] // groups, groups


PRODUCTS: dict[str, Operands] = {
    "MatMul": Operands(0, 1, _matmul),
    "MatMulInteger": Operands(0, 1, _matmul),
    "QLinearMatMul": Operands(0, 3, _matmul),
    "Gemm": Operands(0, 1, _gemm),
    "Conv": Operands(0, 1, _conv),
    "ConvInteger": Operands(0, 1, _conv),
    "QLinearConv": Operands(0, 3, _conv),
}
"""Operators that are matrix products."""
SILENT = {"Constant", "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", *QUANTISERS}
"""Operators that are no work: numbers, and formats."""


def read_onnx(path: Path | str, sizes: Mapping[str, int] | None = None, batch: int = 1) -> GemmList:
    """A list from an ONNX file.

    Each operator that `PRODUCTS` names becomes a product; all others are in `left_out`. Formats are those that a
    quantiser in front of an operand gives it (QONNX's Quant, BipolarQuant and FloatQuant, or integers of ONNX itself);
    scales and zero points are no part of them.

    Parameters
    ----------
    path : path or str
    sizes : mapping of str to int, optional
        Of dimensions that the file leaves open: by their names, or ``INPUT:AXIS`` where they have none.
    batch : int
        Of the first dimension of inputs, where that is open and `sizes` does not say it: one image, one text.

    Raises
    ------
    OSError
        The file can't be read.
    ToolError
        Package ``onnx`` is not installed.
    TypeError, ValueError
        It is no ONNX file, a size is open, unknown or wrong, or there is no product; the message names file and value.
    """
    path = Path(path)
    check_int("batch", batch, 1, 1 << 20)
    model = load(path)
    try:
        return _list(path, resolved(model, dict(sizes or {}), batch))
    except ValueError as error:
        raise ValueError(f"{cut(path)}: {error}") from error


def load(path: Path) -> Any:
    """The model in an ONNX file.

    Raises
    ------
    OSError
        The file can't be read.
    ToolError
        Package ``onnx`` is not installed.
    ValueError
        It is no ONNX file, or there are no operators in it.
    """
    try:
        import onnx
        from google.protobuf.message import DecodeError
    except ImportError as error:
        raise ToolError("ONNX files need the package onnx, of extra onnx: pip install 'macsmith[onnx]'") from error
    try:
        model = onnx.load_model_from_string(path.read_bytes())
    except DecodeError as error:
        raise ValueError(f"{cut(path)}: must be an ONNX model, got other bytes") from error
    if not model.graph.node:
        raise ValueError(f"{cut(path)}: must be an ONNX model with operators, got none")
    return model


def _list(path: Path, model: Any) -> GemmList:
    shapes, formats = named_shapes(model), Formats(model)
    found, left = [], []
    for node in model.graph.node:
        if node.op_type in PRODUCTS:
            found.append(_product(node, shapes, formats))
        elif node.op_type not in SILENT:
            left.append(f"{node.op_type} {_name(node)}")
    if not found:
        raise ValueError(f"must have one of {', '.join(PRODUCTS)}, got {echo(left)}")
    return GemmList(path.stem, path.stem, f"{path.name}, given by the user", tuple(found), tuple(left))


def _name(node: Any) -> str:
    return str(node.name or node.output[0])


def _product(node: Any, shapes: Mapping[str, Shape], formats: Formats) -> Product:
    import onnx

    operator = PRODUCTS[node.op_type]
    names = [node.input[operator.a], node.input[operator.b], node.output[0]]
    for name in names:
        if name not in shapes:
            raise ValueError(f"the shape of {cut(name)} must follow from those of the inputs, for {cut(_name(node))}")
    attributes = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
    a, b, out = (shapes[name] for name in names)
    try:
        m, k, n, times = operator.sizes(a, b, out, attributes)
        return Product(_name(node), m, k, n, times, formats.of(names[0]), formats.of(names[1]))
    except (IndexError, ValueError) as error:
        raise ValueError(f"{node.op_type} {cut(_name(node))} of shapes {a} and {b}: {error}") from error
