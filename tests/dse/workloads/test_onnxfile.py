"""Lists from ONNX files: products by hand, formats of quantisers, open dimensions, and what is no matrix product."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import hw.formats
from dse.workloads.gemms.onnxfile import read_onnx
from dse.workloads.gemms.product import Product
from rtl_gen.tools import ToolError

QONNX = "qonnx.custom_op.general"


def constant(name: str, *shape: int, value: float = 0.0) -> TensorProto:
    return numpy_helper.from_array(np.full(shape, value, dtype=np.float32), name)


def tensor(name: str, *shape: Any, kind: int = TensorProto.FLOAT) -> Any:
    return helper.make_tensor_value_info(name, kind, shape)


def saved(
    folder: Path, nodes: list[Any], inputs: list[Any], constants: list[TensorProto], opset: int = 17, **options: Any
) -> Path:
    outputs = [helper.make_empty_tensor_value_info(nodes[-1].output[0])]
    graph = helper.make_graph(nodes, "g", inputs, outputs, constants)
    imports = [helper.make_opsetid("", opset), helper.make_opsetid(QONNX, 1), helper.make_opsetid("ours", 1)]
    path = folder / "net.onnx"
    onnx.save(helper.make_model(graph, opset_imports=imports, **options), path)
    return path


def test_convolutions_and_products_become_products(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w1", "b1"], ["c1"], "first", strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c1"], ["r1"], "relu"),
        helper.make_node("Conv", ["r1", "w2"], ["c2"], "depthwise", group=8, pads=[1, 1, 1, 1]),
        helper.make_node("Flatten", ["c2"], ["f"]),
        helper.make_node("Gemm", ["f", "w3"], ["g"], "fc", transB=1),
        helper.make_node("MatMul", ["g", "w4"], ["y"]),
    ]
    constants = [
        *(constant("w1", 8, 3, 3, 3), constant("b1", 8), constant("w2", 8, 1, 3, 3)),
        *(constant("w3", 10, 8 * 4 * 4), constant("w4", 10, 7)),
    ]
    found = read_onnx(saved(tmp_path, nodes, [tensor("x", 1, 3, 8, 8)], constants))
    assert found.name == "net"
    assert found.products == (
        Product("first", 16, 27, 8),
        Product("depthwise", 16, 9, 1, 8),
        Product("fc", 1, 128, 10),
        Product("y", 1, 10, 7),
    )
    assert found.left_out == ("Relu relu", "Flatten f")


@pytest.mark.parametrize(
    ("a", "b", "sizes"),
    [
        ((2, 3, 4, 5), (5, 6), (24, 5, 6, 1)),
        ((2, 3, 4, 5), (1, 1, 5, 6), (24, 5, 6, 1)),
        ((2, 3, 4, 5), (2, 3, 5, 6), (4, 5, 6, 6)),
        ((4, 5), (3, 5, 6), (4, 5, 6, 3)),
        ((5,), (5, 6), (1, 5, 6, 1)),
        ((4, 5), (5,), (4, 5, 1, 1)),
    ],
)
def test_matrices_are_multiplied_as_numpy_does(
    a: tuple[int, ...], b: tuple[int, ...], sizes: tuple[int, ...], tmp_path: Path
) -> None:
    nodes = [helper.make_node("MatMul", ["a", "b"], ["y"], "p")]
    found = read_onnx(saved(tmp_path, nodes, [tensor("a", *a), tensor("b", *b)], []))
    assert found.products == (Product("p", *sizes),)
    assert found.macs == np.matmul(np.ones(a), np.ones(b)).size * a[-1]


def test_a_transposed_product_is_one(tmp_path: Path) -> None:
    nodes = [helper.make_node("Gemm", ["a", "b"], ["y"], "p", transA=1)]
    found = read_onnx(saved(tmp_path, nodes, [tensor("a", 5, 4), tensor("b", 5, 6)], []))
    assert found.products == (Product("p", 4, 5, 6),)


def quantised(kind: str, values: list[float], **attributes: Any) -> tuple[list[Any], list[TensorProto]]:
    """A product of two tensors, b behind a quantiser."""
    names = [f"v{number}" for number in range(len(values))]
    nodes = [
        helper.make_node(kind, ["b", *names], ["q"], domain=QONNX, **attributes),
        helper.make_node("Transpose", ["q"], ["t"], perm=[1, 0]),
        helper.make_node("MatMul", ["a", "t"], ["y"], "p"),
    ]
    return nodes, [constant(name, value=value) for name, value in zip(names, values, strict=True)]


@pytest.mark.parametrize(
    ("kind", "values", "attributes", "name"),
    [
        ("Quant", [0.1, 0, 4], {"signed": 1, "narrow": 0}, "int4"),
        ("Quant", [0.1, 0, 4], {"signed": 1, "narrow": 1}, "int4-sym"),
        ("Quant", [0.1, 0, 2], {"signed": 1, "narrow": 1}, "ternary"),
        ("Quant", [0.1, 3, 3], {"signed": 0}, "uint3"),
        ("IntQuant", [0.1, 0, 2.5], {"signed": 1, "narrow": 0}, "int3"),
        ("Quant", [0.1, 0, 64], {"signed": 1}, None),
        ("BipolarQuant", [0.1], {}, "binary"),
        ("FloatQuant", [0.1, 4, 3, 7, 448], {"has_nan": 1, "has_subnormal": 1}, "e4m3fn"),
        ("FloatQuant", [0.1, 2, 1, 1, 6], {"has_subnormal": 1}, "e2m1"),
        ("FloatQuant", [0.1, 5, 2, 15, 57344], {"has_inf": 1, "has_nan": 1, "has_subnormal": 1}, "e5m2"),
        ("FloatQuant", [0.1, 4, 3, 9, 120], {"has_subnormal": 1}, "e4m3-b9"),
        ("FloatQuant", [0.1, 4, 3, 7, 448], {"has_nan": 1}, "e4m3fn-flush"),
        # No convention has that highest value.
        ("FloatQuant", [0.1, 4, 3, 7, 300], {"has_subnormal": 1}, None),
        ("FloatQuant", [0.1, 12, 3, 7, 300], {"has_subnormal": 1}, None),
    ],
)
def test_a_quantiser_says_a_format(
    kind: str, values: list[float], attributes: dict[str, Any], name: str | None, tmp_path: Path
) -> None:
    nodes, constants = quantised(kind, values, **attributes)
    found = read_onnx(saved(tmp_path, nodes, [tensor("a", 2, 3), tensor("b", 4, 3)], constants))
    # A reader without a schema for the quantiser would know no shape behind it.
    assert found.products == (Product("p", 2, 3, 4, b=None if name is None else hw.formats.parse_scalar(name)),)
    assert found.left_out == ("Transpose t",)


def test_integers_of_onnx_are_formats_too(tmp_path: Path) -> None:
    nodes = [helper.make_node("MatMulInteger", ["a", "b"], ["y"], "p")]
    inputs = [tensor("a", 2, 3, kind=TensorProto.UINT8), tensor("b", 3, 4, kind=TensorProto.INT8)]
    (product,) = read_onnx(saved(tmp_path, nodes, inputs, [])).products
    assert (str(product.a), str(product.b)) == ("uint8", "int8")
    nodes = [
        helper.make_node("DequantizeLinear", ["b", "s"], ["d"]),
        helper.make_node("MatMul", ["a", "d"], ["y"], "p"),
    ]
    inputs = [tensor("a", 2, 3), tensor("b", 3, 4, kind=TensorProto.INT8)]
    (product,) = read_onnx(saved(tmp_path, nodes, inputs, [constant("s", value=1)])).products
    assert (product.a, str(product.b)) == (None, "int8")


def test_the_batch_is_one_unless_it_is_said(tmp_path: Path) -> None:
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"], "p")]
    path = saved(tmp_path, nodes, [tensor("x", "N", "tokens", 3)], [constant("w", 3, 4)])
    with pytest.raises(
        ValueError, match=r"net\.onnx: dimensions tokens must have sizes: give sizes=\{'tokens': \.\.\."
    ):
        read_onnx(path)
    assert read_onnx(path, {"tokens": 5}).products == (Product("p", 5, 3, 4),)
    assert read_onnx(path, {"tokens": 5}, batch=2).products == (Product("p", 10, 3, 4),)
    assert read_onnx(path, {"tokens": 5, "N": 3}).products == (Product("p", 15, 3, 4),)
    with pytest.raises(
        ValueError, match="sizes must be of open dimensions, N, tokens, got token; did you mean tokens?"
    ):
        read_onnx(path, {"token": 5})
    with pytest.raises(ValueError, match="size of tokens must be 1..2147483647, got 0"):
        read_onnx(path, {"tokens": 0})
    with pytest.raises(ValueError, match="batch must be 1..1048576, got 0"):
        read_onnx(path, batch=0)


def test_a_dimension_without_a_name_has_its_place_for_one(tmp_path: Path) -> None:
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"], "p")]
    path = saved(tmp_path, nodes, [tensor("x", None, None, 3)], [constant("w", 3, 4)])
    with pytest.raises(ValueError, match="dimensions x:1 must have sizes"):
        read_onnx(path)
    assert read_onnx(path, {"x:1": 7}).products == (Product("p", 7, 3, 4),)


def test_what_the_file_said_of_another_batch_is_forgotten(tmp_path: Path) -> None:
    nodes = [helper.make_node("Relu", ["x"], ["r"]), helper.make_node("MatMul", ["r", "w"], ["y"], "p")]
    graph = helper.make_graph(
        nodes,
        "g",
        [tensor("x", "N", 3)],
        [tensor("y", "N", 4)],
        [constant("w", 3, 4)],
        value_info=[tensor("r", 1, 3)],
    )
    path = tmp_path / "net.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    assert read_onnx(path, batch=6).products == (Product("p", 6, 3, 4),)


def test_functions_are_looked_into(tmp_path: Path) -> None:
    inside = helper.make_node("MatMul", ["a", "b"], ["c"])
    function = helper.make_function("ours", "Linear", ["a", "b"], ["c"], [inside], [helper.make_opsetid("", 17)])
    nodes = [helper.make_node("Linear", ["x", "w"], ["y"], "p", domain="ours")]
    path = saved(tmp_path, nodes, [tensor("x", 2, 3)], [constant("w", 3, 4)], functions=[function])
    (product,) = read_onnx(path).products
    assert (product.m, product.k, product.n) == (2, 3, 4)


def test_what_has_no_product_or_no_shape_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, [helper.make_node("Relu", ["x"], ["y"])], [tensor("x", 2, 3)], [])
    with pytest.raises(ValueError, match=r"net\.onnx: must have one of MatMul, .*, got \['Relu y'\]"):
        read_onnx(path)
    nodes = [helper.make_node("Odd", ["x"], ["o"], domain="ours"), helper.make_node("MatMul", ["o", "w"], ["y"], "p")]
    path = saved(tmp_path, nodes, [tensor("x", 2, 3)], [constant("w", 3, 4)])
    with pytest.raises(ValueError, match="the shape of o must follow from those of the inputs, for p"):
        read_onnx(path)
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"], "p")]
    path = saved(tmp_path, nodes, [tensor("x", 2, 5)], [constant("w", 3, 4)])
    with pytest.raises(ValueError, match=r"net\.onnx: shapes must go together, got") as refused:
        read_onnx(path)
    assert "\n" not in str(refused.value)


def test_what_is_no_model_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(b"name,m,k,n,times\n")
    with pytest.raises(ValueError, match=r"net\.onnx: must be an ONNX model, got other bytes"):
        read_onnx(path)
    path.write_bytes(b"")
    with pytest.raises(ValueError, match=r"net\.onnx: must be an ONNX model with operators, got none"):
        read_onnx(path)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ToolError, match=r"pip install 'macsmith\[onnx\]'"):
        read_onnx(path)


def test_the_models_of_a_wheel_are_read() -> None:
    """What QONNX's authors ship, if that is installed: totals by hand, formats as their names say."""
    folder = Path(pytest.importorskip("qonnx").__file__).parent / "data" / "onnx"
    digits = read_onnx(folder / "mnist-conv" / "model.onnx")
    assert [(each.m, each.k, each.n) for each in digits.products] == [(784, 25, 8), (196, 200, 16), (1, 256, 10)]
    assert sum(name.startswith("MaxPool") for name in digits.left_out) == 2
    floats = read_onnx(folder / "floatquant_exec" / "qonnx_act_weight_fp8.onnx")
    assert [(str(each.a), str(each.b)) for each in floats.products] == [("e4m3fn", "e4m3fn")]
    upscaler = read_onnx(folder / "bsd300x3-espcn" / "subpixel" / "quant_model.onnx")
    formats = [(str(each.a), str(each.b)) for each in upscaler.products]
    assert formats == [("None", "int8-sym"), ("uint4", "int4-sym"), ("uint4", "int4-sym"), ("uint4", "int8-sym")]
    assert upscaler.macs == 128 * 128 * (75 * 64 + 576 * 64 + 576 * 32 + 288 * 12)
