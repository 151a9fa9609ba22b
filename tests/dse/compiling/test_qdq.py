"""ONNX's own quantisers, pairs of nodes: what ONNX's reference makes of them, on the core, on the host and in C."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from dse.compiling.calibrating import run_exactly
from dse.compiling.reading import read
from dse.compiling.working import Golden, by_frames

from .conftest import compiled
from .exported import Writer

rng = np.random.default_rng(3)
CORE = "gemm/uint8xint8/4x4/os/exact/kulisch64/p1/uint8/channel/x2/p2/k64/n16/w256"
HOST = "gemm/uint8xint8/4x4/os/exact/kulisch64/p1/wide/x2/k64/n16/w256"


def pair(of: Writer, scale: Any, zero: Any, kind: Any = np.uint8, name: str = "") -> None:
    """Codes and numbers again."""
    given = [of.constant(scale), of.constant(zero, kind)]
    of.add("QuantizeLinear", *given, name=name)
    of.add("DequantizeLinear", *given)


def numbers(of: Writer, codes: Any, kind: Any, scale: Any, zero: Any = 0, **options: Any) -> str:
    """Constants as their codes."""
    settings = [of.constant(scale), of.constant(np.full(np.shape(scale), zero), kind)]
    return of.add("DequantizeLinear", *settings, first=of.constant(codes, kind), **options)


def product(of: Writer) -> None:
    """As exporters write one: a scale for each column of the weights, and a bias in steps of the sums."""
    scales = 2.0 ** rng.integers(-3, 0, 7)
    of.add("MatMul", numbers(of, rng.integers(-128, 128, (12, 7)), np.int8, scales, axis=1), name="product")
    of.add("Add", numbers(of, rng.integers(-999, 999, 7), np.int32, scales * 0.25, axis=0))


def convolution(of: Writer) -> None:
    scales = 2.0 ** rng.integers(-3, 0, 4)
    weights = numbers(of, rng.integers(-128, 128, (4, 3, 3, 3)), np.int8, scales, axis=0)
    of.add("Conv", weights, numbers(of, rng.integers(-99, 99, 4), np.int32, scales * 0.25, axis=0), pads=[1] * 4)


def chain(folder: Path, convolved: bool, zero: int) -> tuple[Path, Any, Any]:
    """A network, an input with many numbers halfway between two codes, and what ONNX's reference makes of it."""
    shape = (2, 3, 6, 6) if convolved else (9, 12)
    made = Writer("pairs", shape)
    pair(made, 0.25, zero)
    (convolution if convolved else product)(made)
    made.add("Relu")
    pair(made, 8.0, zero)
    path = made.save(folder, None, opset=21)
    x = (rng.integers(-10, 600, shape) / np.float32(8)).astype(np.float32)
    return path, x, ReferenceEvaluator(str(path)).run(None, {"x": x})[0]


@pytest.mark.parametrize("zero", [0, 3, 128])
@pytest.mark.parametrize("convolved", [False, True])
def test_pairs_are_what_onnx_makes_of_them(convolved: bool, zero: int, tmp_path: Path, c_driver_of: Any) -> None:
    path, x, expected = chain(tmp_path, convolved, zero)
    assert len(np.unique(expected)) > 12
    np.testing.assert_array_equal(run_exactly(read(path), x), expected)
    on_core = compiled(path, CORE, requantise="core").program
    on_host = compiled(path, HOST).program
    for program in (on_core, on_host):
        np.testing.assert_array_equal(Golden(program).run(x), expected)
        np.testing.assert_array_equal(by_frames(program, x[np.newaxis])[0][0], expected)
    wrong, found = c_driver_of(on_host).run(x)
    assert wrong == 0
    np.testing.assert_array_equal(found, expected)


def test_numbers_halfway_take_the_zero_point_after_they_were_rounded(tmp_path: Path) -> None:
    """Which QONNX's do before: with an odd one, the other neighbour is even."""
    both = {}
    for own in (True, False):
        made = Writer(f"halves{own}", (1, 4))
        if own:
            pair(made, 1.0, 3)
        else:
            made.quant(1.0, signed=0, zero=3)
        made.add("MatMul", numbers(made, np.eye(4), np.int8, 1.0))
        network = read(made.save(tmp_path, (1, 4), opset=21))
        both[own] = run_exactly(network, np.array([[0.5, 1.5, -0.5, 2.25]], dtype=np.float32)).tolist()
    assert both == {True: [[0, 2, 0, 2]], False: [[1, 1, -1, 2]]}


@pytest.mark.parametrize("kind", [np.int8, np.int16, np.uint16])
def test_codes_may_be_any_integers(kind: Any, tmp_path: Path) -> None:
    made = Writer("kinds", (2, 12))
    pair(made, 0.5, 1, kind)
    made.add("MatMul", numbers(made, rng.integers(0, 9, (12, 3)), kind, 0.5, 4))
    path = made.save(tmp_path, None, opset=21)
    x = (rng.integers(-500, 500, (2, 12)) / np.float32(4)).astype(np.float32)
    np.testing.assert_array_equal(run_exactly(read(path), x), ReferenceEvaluator(str(path)).run(None, {"x": x})[0])
    assert (read(path).steps[0].format.name) == np.dtype(kind).name  # type: ignore[attr-defined]


def test_constants_may_be_quantised_in_the_file_and_codes_moved(tmp_path: Path) -> None:
    made = Writer("moved", (1, 2, 4, 4))
    given = [made.constant(0.5), made.constant(7, np.uint8)]
    made.add("QuantizeLinear", *given)
    made.add("MaxPool", kernel_shape=[2, 2], strides=[2, 2])
    made.add("Flatten", axis=1)
    made.add("DequantizeLinear", *given)
    weights = [made.constant([0.5, 0.25, 1.0]), made.constant([0, 0, 0], np.int8)]
    codes = made.add("QuantizeLinear", *weights, first=made.constant(rng.normal(size=(8, 3)) * 9), axis=-1)
    made.add("MatMul", made.add("DequantizeLinear", *weights, first=codes, axis=-1))
    path = made.save(tmp_path, None, opset=21)
    x = (rng.integers(-40, 400, (1, 2, 4, 4)) / np.float32(4)).astype(np.float32)
    expected = ReferenceEvaluator(str(path)).run(None, {"x": x})[0]
    np.testing.assert_array_equal(run_exactly(read(path), x), expected)
    np.testing.assert_array_equal(Golden(compiled(path, HOST).program).run(x), expected)


def fp8(of: Writer) -> None:
    zero = onnx.helper.make_tensor("zero", onnx.TensorProto.FLOAT8E4M3FN, [], [0.0])
    of.constants.append(zero)
    of.add("QuantizeLinear", of.constant(0.5), "zero", name="q")
    of.add("DequantizeLinear", of.constant(0.5), "zero")


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (fp8, "QuantizeLinear q (has codes of type float8_e4m3fn, where integers of at most 32 bits go)"),
        (lambda of: pair(of, 0.0, 3, name="q"), "QuantizeLinear q (has a scale that is not positive)"),
        (lambda of: pair(of, [0.5] * 6, [3] * 6, name="q"), "QuantizeLinear q (has 6 scales, where one goes)"),
        (lambda of: pair(of, [0.5] * 6, range(6), name="q"), "QuantizeLinear q (has several zero points)"),
        (
            lambda of: of.add("QuantizeLinear", of.constant(0.5), of.add("Relu"), name="q"),
            "QuantizeLinear q (joins tensors",
        ),
        (
            lambda of: of.add("DequantizeLinear", of.constant(0.5), name="d"),
            "DequantizeLinear d (has no QuantizeLinear before it, and no constant)",
        ),
        (
            lambda of: (
                of.add("QuantizeLinear", of.constant(0.5), name="q"),
                of.add("DequantizeLinear", of.constant(0.25), name="d"),
            ),
            "DequantizeLinear d (has another scale or zero point than the QuantizeLinear before it)",
        ),
        (
            lambda of: (
                of.add("QuantizeLinear", of.constant(0.5), name="q"),
                of.add("Relu", name="r"),
                of.add("DequantizeLinear", of.constant(0.5), name="d"),
            ),
            "got Relu r (takes codes, where numbers go)",
        ),
    ],
)
def test_what_is_no_pair_is_said(write: Callable[[Writer], Any], said: str, tmp_path: Path) -> None:
    made = Writer("refused", (2, 6))
    write(made)
    with pytest.raises(ValueError) as caught:
        read(made.save(tmp_path, None, opset=19))
    assert said in str(caught.value)


def test_the_output_must_be_numbers(tmp_path: Path) -> None:
    made = Writer("codes", (2, 6))
    pair(made, 0.5, 3)
    made.add("MatMul", numbers(made, np.ones((6, 3)), np.int8, 0.5))
    made.add("QuantizeLinear", made.constant(0.5))
    path = made.save(tmp_path, None, opset=21)
    model = onnx.load(path)
    model.graph.output[0].type.tensor_type.elem_type = onnx.TensorProto.UINT8
    onnx.save(model, path)
    with pytest.raises(ValueError, match="output must be numbers, got the codes of .*: DequantizeLinear is missing$"):
        read(path)
