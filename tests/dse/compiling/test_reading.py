"""ONNX files become chains of steps: each kind of node is what QONNX's executor makes of it, all others are named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

from dse.compiling.calibrating import run_exactly
from dse.compiling.reading import read
from dse.compiling.working import Golden

from .conftest import compiled
from .exported import DOMAIN, Writer, executed

rng = np.random.default_rng(7)
SUMS = "gemm/int8xint8/4x4/os/exact/kulisch1024/p1/wide/x2/k1024/n64/w4096"


def whole(*shape: int) -> Any:
    return rng.integers(-8, 8, shape).astype(np.float32)


def ends(made: Writer, size: int) -> None:
    """A product at the end, so that there is one."""
    made.add("Flatten", axis=1)
    made.quant(0.5, name="last")
    made.add("MatMul", made.quant(1.0, first=made.constant(whole(size, 3))))


CHAINS: dict[str, tuple[tuple[int, ...], int, Callable[[Writer], Any]]] = {
    "add": ((2, 6), 6, lambda of: of.add("Add", of.constant(whole(6)))),
    "sub": ((2, 6), 6, lambda of: of.add("Sub", of.constant(whole(1, 6)))),
    "mul": ((2, 3, 2), 6, lambda of: of.add("Mul", of.constant(whole(3, 1)))),
    "div": ((2, 6), 6, lambda of: of.add("Div", of.constant([3.0]))),
    "relu": ((2, 6), 6, lambda of: of.add("Relu")),
    "transpose": ((2, 3, 4), 12, lambda of: of.add("Transpose", perm=[0, 2, 1])),
    "reshape": ((2, 3, 4), 12, lambda of: of.add("Reshape", of.constant([0, -1, 2], np.int64))),
    "unsqueeze": ((2, 6), 6, lambda of: of.add("Unsqueeze", of.constant([1], np.int64))),
    "identity": ((2, 6), 6, lambda of: (of.add("Identity"), of.add("Dropout"))),
    "softmax": ((2, 6), 6, lambda of: of.add("Softmax", axis=-1)),
    "pool": ((2, 3, 6, 8), 36, lambda of: of.add("MaxPool", kernel_shape=[2, 2], strides=[2, 2])),
    "padded pool": (
        (1, 2, 7, 6),
        24,
        lambda of: of.add("MaxPool", kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 0]),
    ),
    "same pool": (
        (1, 2, 5, 5),
        18,
        lambda of: of.add("MaxPool", kernel_shape=[2, 2], strides=[2, 2], auto_pad="SAME_UPPER"),
    ),
    "depth to space": ((1, 8, 2, 3), 48, lambda of: of.add("DepthToSpace", blocksize=2, mode="DCR")),
    "depth to space by columns": ((1, 8, 2, 3), 48, lambda of: of.add("DepthToSpace", blocksize=2, mode="CRD")),
    "resize": (
        (1, 2, 3, 2),
        72,
        lambda of: of.add(
            "Resize",
            "",
            of.constant([1.0, 1, 2, 3]),
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        ),
    ),
    "batch normalisation": (
        (2, 3, 2, 2),
        12,
        lambda of: of.add(
            "BatchNormalization",
            *(of.constant(x) for x in ([1, 2, -1], [0, 1, 2], [1, 0, 1], [0.25, 1, 4])),
            epsilon=0.0,
        ),
    ),
    "signed": ((2, 6), 6, lambda of: of.quant(0.25, bits=4)),
    "narrow": ((2, 6), 6, lambda of: of.quant(0.25, bits=4, narrow=1)),
    "unsigned narrow": ((2, 6), 6, lambda of: of.quant(0.25, bits=4, signed=0, narrow=1)),
    "zero point": ((2, 6), 6, lambda of: of.quant(0.25, bits=4, signed=0, zero=5)),
    "zero point, relu and pool": (
        (1, 2, 4, 4),
        8,
        lambda of: (
            of.quant(0.25, bits=4, signed=0, zero=5),
            of.add("Relu"),
            of.add("MaxPool", kernel_shape=[2, 2], strides=[2, 2]),
        ),
    ),
    "floor": ((2, 6), 6, lambda of: of.quant(0.25, bits=4, mode="FLOOR")),
    "ceil": ((2, 6), 6, lambda of: of.quant(0.25, bits=4, mode="CEIL")),
    "down": ((2, 6), 6, lambda of: of.quant(0.25, bits=4, mode="DOWN")),
    "half up": ((2, 6), 6, lambda of: of.quant(0.25, bits=4, mode="HALF_UP")),
    "bipolar": ((2, 6), 6, lambda of: of.add("BipolarQuant", of.constant(0.5), domain=DOMAIN)),
    "fp8": ((2, 6), 6, lambda of: of.float_quant(0.25, 4, 3, 448.0)),
    "fp4": ((2, 6), 6, lambda of: of.float_quant(0.25, 2, 1, 6.0)),
}


@pytest.mark.parametrize("name", CHAINS)
def test_a_node_is_what_qonnx_makes_of_it(name: str, tmp_path: Path, c_driver_of: Any) -> None:
    """In floating point, in the driver, and in the driver in C; then a product, so that it is a network."""
    shape, size, write = CHAINS[name]
    made = Writer("chain", shape)
    write(made)
    ends(made, size)
    x = (rng.integers(-40, 40, shape) / np.float32(8)).astype(np.float32)
    path = made.save(tmp_path, (shape[0], 3))
    expected = executed(path, x)
    np.testing.assert_array_equal(run_exactly(read(path), x), expected)
    program = compiled(path, SUMS, requantise="host").program
    np.testing.assert_array_equal(Golden(program).run(x), expected)
    wrong, found = c_driver_of(program).run(x)
    assert wrong == 0
    np.testing.assert_array_equal(found, expected)


CONVOLUTIONS: dict[str, tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = {
    "plain": ((2, 3, 5, 6), (4, 3, 3, 2), {}),
    "steps and pads": ((1, 3, 7, 6), (4, 3, 3, 3), {"strides": [2, 1], "pads": [1, 0, 2, 1]}),
    "groups": ((1, 4, 5, 5), (6, 2, 3, 3), {"group": 2, "pads": [1, 1, 1, 1]}),
    "depthwise": ((1, 4, 5, 5), (4, 1, 3, 3), {"group": 4}),
    "dilated": ((1, 2, 9, 8), (3, 2, 3, 2), {"dilations": [2, 3]}),
    "same": ((1, 2, 6, 5), (3, 2, 4, 2), {"strides": [2, 2], "auto_pad": "SAME_UPPER"}),
    "same, lower": ((1, 2, 6, 5), (3, 2, 4, 2), {"strides": [2, 2], "auto_pad": "SAME_LOWER"}),
}


@pytest.mark.parametrize("zero", [0, 3])
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolutions_of_all_sorts(name: str, zero: int, tmp_path: Path, c_driver_of: Any) -> None:
    """Beside the image there are zeros, which are codes of their own where there is a zero point."""
    shape, kernel, options = CONVOLUTIONS[name]
    made = Writer("conv", shape)
    made.quant(0.5, bits=5, signed=0, zero=zero)
    made.add("Conv", made.quant(1.0, first=made.constant(whole(*kernel))), made.constant(whole(kernel[0])), **options)
    x = (rng.integers(-9, 40, shape) / np.float32(4)).astype(np.float32)
    path = made.save(tmp_path, None)
    expected = executed(path, x, read(path).steps[-1].shape)
    for core in (SUMS, "gemm/int8xint8/3x5/os/exact/kulisch64/p1/wide/x1/k64/n2/w16"):
        program = compiled(path, core, requantise="host").program
        np.testing.assert_array_equal(Golden(program).run(x), expected)
        wrong, found = c_driver_of(program).run(x)
        assert wrong == 0
        np.testing.assert_array_equal(found, expected)


def test_products_of_all_sorts(tmp_path: Path) -> None:
    """A Gemm with turned weights and a bias, weights behind nodes of constants alone, and rows of three dimensions."""
    made = Writer("products", (2, 3, 8))
    made.quant(0.5)
    turned = made.quant(np.full((6, 1), 2.0), first=made.constant(whole(6, 8)))
    made.add("MatMul", made.add("Transpose", first=turned, perm=[1, 0]))
    made.add("Reshape", made.constant([6, 6], np.int64))
    made.quant(4.0, zero=2)
    weights = made.quant(np.full((5, 1), 0.5), bits=4, zero=1, first=made.constant(whole(5, 6)))
    made.add("Gemm", weights, made.constant(whole(5)), transB=1)
    x = (rng.integers(-40, 40, (2, 3, 8)) / np.float32(4)).astype(np.float32)
    path = made.save(tmp_path, (6, 5))
    program = compiled(path, SUMS, requantise="host").program
    np.testing.assert_array_equal(Golden(program).run(x), executed(path, x, (6, 5)))


def refused(tmp_path: Path, write: Callable[[Writer], Any], shape: tuple[Any, ...] = (2, 6)) -> str:
    made = Writer("refused", shape)
    write(made)
    with pytest.raises(ValueError) as caught:
        read(made.save(tmp_path, None))
    return str(caught.value)


def test_all_nodes_that_are_not_supported_are_named_at_once(tmp_path: Path) -> None:
    def write(made: Writer) -> None:
        made.add("Sigmoid", name="first")
        made.add("MatMul", made.constant(whole(6, 6)), name="fine")
        before = made.last
        made.add("Relu")
        made.add("Add", before, name="skip")
        made.add("Tanh", name="last")

    said = refused(tmp_path, write)
    assert said.endswith(
        "refused.onnx: nodes must be of kinds that can be compiled, got Sigmoid first; Add skip (joins tensors, where "
        "a network here is a chain); Tanh last"
    )


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda of: of.add("Gemm", of.constant(whole(2, 6)), transA=1, name="g"), "Gemm g (has transA, alpha or beta)"),
        (lambda of: of.add("MatMul", of.constant(whole(2, 6, 3)), name="g"), "weights of 3 dimensions, where two go"),
        (lambda of: of.quant([[0.5] * 6], name="q"), "Quant q (has 6 scales, where one goes)"),
        (lambda of: of.quant(0.5, bits=3.5, name="q"), "Quant q (must have whole bits, 24 at most"),
        (lambda of: of.quant(0.5, mode="ODD", name="q"), "Quant q (rounds by ODD, which is none of ROUND,"),
        (lambda of: of.quant(-0.5, name="q"), "Quant q (has a scale that is not positive)"),
        (lambda of: of.float_quant(0.5, 4, 3, 447.0), "(has no format that is known, of"),
        (lambda of: of.add("Add", of.constant(whole(3, 2, 6)), name="a"), "Add a (makes a tensor larger)"),
        (lambda of: of.add("Softmax", axis=0, name="s"), "Softmax s (is along another axis than the last)"),
        (lambda of: of.add("MaxPool", kernel_shape=[2], name="p"), "MaxPool p (is of 3 dimensions, where four go)"),
    ],
)
def test_what_is_wrong_with_a_node_is_said(write: Callable[[Writer], Any], said: str, tmp_path: Path) -> None:
    assert said in refused(tmp_path, write, (2, 3, 6) if "dimensions, where four" in said else (2, 6))


def test_columns_have_one_scale(tmp_path: Path) -> None:
    def write(made: Writer) -> None:
        made.quant(0.5)
        made.add("MatMul", made.quant(np.arange(1, 7).reshape(6, 1), first=made.constant(whole(6, 6))), name="m")

    assert "MatMul m (has weights with scales that differ within a column)" in refused(tmp_path, write)


def test_without_a_product_there_is_nothing_to_compile(tmp_path: Path) -> None:
    assert refused(tmp_path, lambda of: of.add("Relu")).endswith(
        "must have a matrix product or a convolution with weights, got none"
    )


def test_shapes_must_not_be_open(tmp_path: Path) -> None:
    said = refused(tmp_path, lambda of: of.add("MatMul", of.constant(whole(6, 6))), (2, "words", 6))
    assert "dimensions words must have sizes" in said


def test_branches_are_refused(tmp_path: Path) -> None:
    made = Writer("branches", (2, 6))
    made.add("Relu")
    made.add("Identity", first="x", name="aside")
    made.last = "aside_out"
    made.add("MatMul", made.constant(whole(6, 6)))
    with pytest.raises(ValueError, match=r"got Identity aside \(branches off, where a network here is a chain\)$"):
        read(made.save(tmp_path, (2, 6)))


def test_all_ends_of_branches_are_named_and_nothing_else(tmp_path: Path) -> None:
    """Two residual blocks, the second with a product of its own beside it."""
    made = Writer("residual", (2, 6))
    made.add("Relu", name="fine")
    for block in ("a", "b"):
        before = made.last
        made.add("MatMul", made.constant(whole(6, 6)), name=f"product_{block}")
        made.add("Relu", name=f"relu_{block}")
        if block == "b":
            beside = made.add("MatMul", made.constant(whole(6, 6)), first=before, name="beside")
            before = made.add("Relu", first=beside, name="fine_too")
        made.add("Add", before, name=f"skip_{block}")
    joins, branches = "joins tensors, where a network here is a chain", "branches off, where a network here is a chain"
    with pytest.raises(ValueError) as caught:
        read(made.save(tmp_path, (2, 6)))
    assert str(caught.value).endswith(f"got Add skip_a ({joins}); MatMul beside ({branches}); Add skip_b ({joins})")


def test_there_is_one_input(tmp_path: Path) -> None:
    made = Writer("inputs", (2, 6))
    made.add("MatMul", made.constant(whole(6, 6)))
    path = made.save(tmp_path, (2, 6))
    model = onnx.load(path)
    model.graph.input.append(helper.make_tensor_value_info("more", onnx.TensorProto.FLOAT, (1,)))
    onnx.save(model, path)
    with pytest.raises(ValueError, match="must have one input and one output, got"):
        read(path)


def test_arguments(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="batch must be an int, got '2'"):
        read(tmp_path / "none.onnx", "2")  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none.onnx")
