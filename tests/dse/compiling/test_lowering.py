"""What the core does of what follows a product, and what the host: the same codes, wherever it is done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hw
from dse.compiling import compiler
from dse.compiling.compiler import compile_model
from dse.compiling.cores import Chosen
from dse.compiling.lowering import NotOnCore, lowered
from dse.compiling.reading import read
from dse.compiling.report import report, summary
from dse.compiling.working import Golden, by_frames

from .conftest import DEVICE, compiled
from .exported import DOMAIN, Writer, executed

rng = np.random.default_rng(5)
CORE = "gemm/uint8xint8/4x4/os/exact/kulisch64/p1/{}/channel/x2/p2/k64/n16/w256"
HOST = "gemm/uint8xint8/4x4/os/exact/kulisch64/p1/wide/x2/k64/n16/w256"


def whole(*shape: int) -> Any:
    return rng.integers(-8, 8, shape).astype(np.float32)


def chain(folder: Path, write: Callable[[Writer], Any], convolution: bool = False) -> tuple[Path, Any]:
    """A product or a convolution, and what is written behind it."""
    made = Writer("chain", (2, 3, 6, 6) if convolution else (4, 12))
    made.quant(0.25, signed=0, zero=3)
    if convolution:
        made.add("Conv", made.quant(0.5, first=made.constant(whole(4, 3, 3, 3))), pads=[1] * 4, name="product")
    else:
        made.add("MatMul", made.quant(0.5, first=made.constant(whole(12, 7))), name="product")
    write(made)
    shape = tuple(each.dim_value for each in made.input.type.tensor_type.shape.dim)
    path = made.save(folder, None)
    return path, (rng.integers(-2, 255, shape) / np.float32(4)).astype(np.float32)


MULTIPLY = [[[2.0]], [[0.5]], [[-1.0]], [[0.25]]]
BEHIND: dict[str, tuple[str, bool, Callable[[Writer], Any]]] = {
    "a scale": ("int8", False, lambda of: of.quant(2.0)),
    "a zero point": ("uint8", False, lambda of: of.quant(4.0, signed=0, zero=100)),
    "bias, ReLU and a zero point": (
        "uint8",
        False,
        lambda of: (of.add("Add", of.constant(whole(7))), of.add("Relu"), of.quant(4.0, signed=0, zero=20)),
    ),
    "fewer bits than the core's": ("int8", False, lambda of: of.quant(64.0, bits=4, narrow=1)),
    "unsigned codes of signed ones": ("int9", False, lambda of: of.quant(4.0, signed=0)),
    "scales of either sign": (
        "int8",
        True,
        lambda of: (of.add("Mul", of.constant(MULTIPLY)), of.add("Sub", of.constant(whole(4, 1, 1))), of.quant(2.0)),
    ),
    "division": ("int8", False, lambda of: (of.add("Div", of.constant(4.0)), of.quant(0.5))),
    "pooling before the quantiser": (
        "int8",
        True,
        lambda of: (of.add("Relu"), of.add("MaxPool", kernel_shape=[2, 2], strides=[2, 2]), of.quant(2.0)),
    ),
    "pooling and ReLU after it": (
        "int8",
        True,
        lambda of: (of.quant(2.0), of.add("Relu"), of.add("MaxPool", kernel_shape=[3, 3], pads=[1] * 4)),
    ),
    "another order": (
        "int8",
        True,
        lambda of: (of.add("Transpose", perm=[0, 2, 3, 1]), of.add("Flatten", axis=1), of.quant(2.0)),
    ),
}


@pytest.mark.parametrize("name", BEHIND)
def test_core_and_host_give_what_qonnx_gives(name: str, tmp_path: Path) -> None:
    result, convolution, write = BEHIND[name]
    path, x = chain(tmp_path, write, convolution)
    network = read(path)
    expected = executed(path, x, network.steps[-1].shape)
    assert len(np.unique(expected)) > 6
    on_core = compiled(path, CORE.format(result), requantise="core").program
    on_host = compiled(path, HOST).program
    for program in (on_core, on_host):
        np.testing.assert_array_equal(by_frames(program, x[np.newaxis])[0][0], expected)
        np.testing.assert_array_equal(Golden(program).run(x), expected)


@pytest.mark.parametrize("mode", ["FLOOR", "CEIL", "DOWN", "HALF_UP"])
def test_the_core_rounds_as_the_file_says(mode: str, tmp_path: Path) -> None:
    path, x = chain(tmp_path, lambda of: of.quant(4.0, mode=mode))
    rounding = {"FLOOR": "down", "CEIL": "up", "DOWN": "toward_zero", "HALF_UP": "nearest_away"}[mode]
    program = compiled(path, CORE.format(f"int8:{rounding}"), requantise="core").program
    np.testing.assert_array_equal(Golden(program).run(x), executed(path, x, (4, 7)))


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        (lambda of: of.add("Relu"), "MatMul product has no quantiser behind it"),
        (lambda of: (of.add("Softmax"), of.quant(0.5)), "MatMul product has softmax Softmax3 before its quantiser"),
        (
            lambda of: of.add("BipolarQuant", of.constant(1.0), domain=DOMAIN),
            "has a quantiser to binary behind it, which no requantiser makes",
        ),
        (
            lambda of: (of.add("Add", of.constant(whole(4, 7))), of.quant(0.5)),
            "has constants that differ within a column, of arithmetic Add3",
        ),
        (
            lambda of: (of.add("Relu"), of.add("Add", of.constant(whole(7))), of.quant(0.5)),
            "has arithmetic Add4 before its quantiser",
        ),
    ],
)
def test_why_the_core_can_not(
    write: Callable[[Writer], Any], reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the host does, unless the core must."""
    path, _ = chain(tmp_path, write)
    with pytest.raises(ValueError, match=r"requantise must be host, for .*; got core") as caught:
        compile_model(path, DEVICE, requantise="core")
    assert reason in str(caught.value)
    spec: Any = hw.parse(HOST)
    monkeypatch.setattr(compiler, "choose", lambda layers, formats, device, keep, ahead: Chosen(spec, 1.0, 100.0))
    made = compile_model(path, DEVICE)
    assert reason in made.why
    assert made.why in report(made)


def test_columns_of_which_no_sum_is_seen_have_their_bias(tmp_path: Path) -> None:
    """A factor of 1e-30, as training leaves it, is no reason for the host."""
    factors = np.array([1.0, 1e-30, 1.0, 0.0, 1.0, 1.0, 1e-12])
    path, x = chain(
        tmp_path,
        lambda of: (of.add("Mul", of.constant(factors)), of.add("Add", of.constant(whole(7))), of.quant(2.0)),
    )
    program = compiled(path, CORE.format("int8"), requantise="core").program
    parameters = program.layers[0].parameters
    assert parameters is not None
    assert parameters.dead.ravel().tolist() == [False, True, False, True, False, False, True]
    np.testing.assert_array_equal(Golden(program).run(x), executed(path, x, (4, 7)))


def test_a_bias_beyond_the_cores_is_the_hosts(tmp_path: Path) -> None:
    path, x = chain(tmp_path, lambda of: (of.add("Add", of.constant(1e9 * whole(7))), of.quant(1e8)))
    with pytest.raises(ValueError, match=r"product: biases must be -\d+..\d+ in steps of the sums, got"):
        compiled(path, CORE.format("int8"), requantise="core")
    made = compiled(path, HOST)
    np.testing.assert_array_equal(Golden(made.program).run(x), executed(path, x, (4, 7)))


def test_all_reasons_are_named(tmp_path: Path) -> None:
    made = Writer("two", (2, 8))
    for number in range(2):
        made.quant(0.5)
        made.add("MatMul", made.quant(0.5, first=made.constant(whole(8, 8))), name=f"m{number}")
        made.add("Softmax")
    with pytest.raises(NotOnCore, match="MatMul m0 has softmax .*; MatMul m1 has softmax"):
        lowered(read(made.save(tmp_path, (2, 8))), True)


def test_the_page_names_what_the_host_does(tmp_path: Path) -> None:
    """Where the core gives sums of parts of K, of a convolution."""
    path, _ = chain(tmp_path, lambda of: of.add("Relu"), True)
    made = compiled(path, "gemm/uint8xint8/4x4/os/exact/kulisch16/p1/wide/x2/k16/n16/w64")
    said = "unfold patches (im2col); add sums of pieces of K; scale sums"
    assert f"- product: {said}; codes into frames and back\n" in report(made)
    lines = summary(made).splitlines()
    assert [line for line in lines if line.startswith("host  product")] == [
        f"host  product: {work}" for work in said.split("; ")
    ]
    assert "host  Relu3: relu" in lines


BINARY = {
    "a product": ((3, 12), None, "gemm/binaryxbinary/4x4/os/exact/kulisch16/p1/wide/x2/k16/n8/w64"),
    "a convolution": ((2, 3, 5, 5), {}, "gemm/binaryxbinary/4x4/os/exact/kulisch32/p1/wide/x2/k32/n8/w64"),
    # Zeros beside the image are neither +1 nor -1.
    "zeros beside": ((2, 3, 5, 5), {"pads": [1] * 4}, "gemm/int2xbinary/4x4/os/exact/kulisch32/p1/wide/x2/k32/n8/w64"),
}


@pytest.mark.parametrize("name", BINARY)
def test_bipolar_codes(name: str, tmp_path: Path) -> None:
    shape, options, core = BINARY[name]
    made = Writer("binary", shape)
    made.add("BipolarQuant", made.constant(0.5), domain=DOMAIN)
    kernel = (12, 5) if options is None else (4, 3, 3, 3)
    scale = made.constant(2.0)
    weights = made.add("BipolarQuant", scale, domain=DOMAIN, first=made.constant(rng.normal(size=kernel)))
    made.add("MatMul" if options is None else "Conv", weights, **(options or {}))
    path, x = made.save(tmp_path, None), rng.normal(size=shape).astype(np.float32)
    program = compiled(path, core, requantise="host").program
    expected = executed(path, x, program.shape)
    np.testing.assert_array_equal(by_frames(program, x[np.newaxis])[0][0], expected)
    if name == "zeros beside":
        with pytest.raises(ValueError, match="core must have an operand a that holds int2, got binary of"):
            compiled(path, core.replace("int2xbinary", "binaryxbinary"), requantise="host")


def test_a_zero_point_beyond_the_codes_stands_beside_the_image(tmp_path: Path) -> None:
    made = Writer("beyond", (1, 2, 4, 4))
    made.quant(0.5, bits=4, zero=9)
    made.add("Conv", made.quant(1.0, first=made.constant(whole(3, 2, 3, 3))), pads=[1] * 4)
    path, x = made.save(tmp_path, None), rng.normal(size=(1, 2, 4, 4)).astype(np.float32)
    program = compiled(path, HOST.replace("uint8xint8", "int8xint8"), requantise="host").program
    np.testing.assert_array_equal(Golden(program).run(x), executed(path, x, (1, 3, 4, 4)))
    with pytest.raises(ValueError, match="core must have an operand a that holds int5, got int4 of"):
        compiled(path, HOST.replace("uint8xint8", "int4xint8"), requantise="host")
