"""Arrays become a unit's words: those of the golden models' packers, and reading them back gives the same codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from safetensors.numpy import save_file

import hw
from dse.packing.arrays import name_of, read_array
from dse.packing.layouts import layout
from dse.packing.packing import pack, read_back
from hw.formats import parse_format
from sim.golden import decode, model
from sim.golden.blocks import Quantized

rng = np.random.default_rng(11)
W = rng.normal(size=(37, 13))
UNITS = {
    "gemm/int8xint4/4x6": "int4",
    "gemm/int8xint8/3x5/ws": "int8",
    "gemm/e4m3xternary/4x6": "ternary",
    "array/int8xe2m1/4x6/os": "e2m1",
    "array/int8xint4/4x6/ws": "int4",
    "matvec/int8xint4/4x8": "int4",
    "matvec/int8xe4m3/4x8/16x40": "e4m3",
    "dot/int8xint4/n8": "int4",
    "tellme/int8/g3/t4/q4": "ternary",
    "tellme/int8/g2/t3/q4/full": "ternary",
    "tmac/int4xint8/g4/t2/q4": "int4",
    "tmac/int3xint8/g4/t2/q4/serial/half": "int3",
    "tmac/bipolar2xint8/g3/t2/q4": "bipolar2",
}


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("scale", ["tensor", "column", "0.25"])
def test_reading_back_gives_the_same_codes(unit: str, scale: str, tmp_path: Path) -> None:
    packed = pack(W, UNITS[unit], unit, scale)
    packed.write(tmp_path)
    np.testing.assert_array_equal(read_back(tmp_path, "weights"), packed.codes)
    np.testing.assert_array_equal(np.load(tmp_path / "weights.codes.npy"), packed.codes)
    data = (tmp_path / "weights.bin").read_bytes()
    size = packed.layout.wires.width // 8
    assert [int.from_bytes(data[at : at + size], "little") for at in range(0, len(data), size)] == packed.words
    said = json.loads((tmp_path / "weights.json").read_text())
    assert (said["unit"], said["shape"], said["words"]) == (hw.parse(unit).name, [37, 13], len(packed.words))
    scales = np.array(said["scale"])
    assert scales.size == (13 if scale == "column" else 1)
    fmt = parse_format(UNITS[unit])
    error = np.abs(decode(fmt, packed.codes) * scales - W).max() / np.abs(W).max()
    assert packed.error == pytest.approx(error)


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit.startswith("gemm")])
def test_a_cores_frame_is_that_of_its_golden_model(unit: str) -> None:
    packed = pack(W, UNITS[unit], unit)
    assert packed.files(".")[Path("weights.bin")] == model(hw.parse(unit)).frames.pack_b(packed.codes)


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit.startswith(("tellme", "tmac"))])
def test_a_lookups_beats_are_those_of_its_golden_model(unit: str) -> None:
    spec = hw.parse(unit)
    packed = pack(W[: spec.width], UNITS[unit], unit)  # type: ignore[attr-defined]
    index = model(spec).model.beats(packed.codes.T)["index"]
    bits = spec.inputs["w"]["index"].format.width  # type: ignore[attr-defined]
    assert packed.words == [sum(int(code) << bits * lane for lane, code in enumerate(beat)) for beat in index]


def test_an_array_multiplies_by_them() -> None:
    """Beats of `b`, tile by tile, give the products of the matrix: in the order in which A's beats come."""
    spec = hw.parse("array/int8xint4/4x6/os/exact/kulisch64/p1")
    packed = pack(W, "int4", spec.name)
    a = rng.integers(0, 256, (4, 37)).astype(np.uint8)
    beats = layout(spec).beats(packed.codes)["x"].reshape(3, 37, 6)
    found = [model(spec.pe.mac).matmul(a, tile)[0] for tile in beats]  # type: ignore[attr-defined]
    expected = model(spec.pe.mac).matmul(a, packed.codes)[0]  # type: ignore[attr-defined]
    np.testing.assert_array_equal(np.concatenate(found, axis=1)[:, :13], expected)


@pytest.mark.parametrize(
    ("unit", "fmt"),
    [
        ("blockgemm/mxfp4xmxfp4/4x6/fp32", "mxfp4"),
        ("blockgemm/nvfp4xnvfp4/4x6/fp32", "nvfp4"),
        ("blockdot/mxfp8e4m3xmxint8/fp32", "mxint8"),
    ],
)
def test_blocks(unit: str, fmt: str, tmp_path: Path) -> None:
    packed = pack(rng.normal(size=(64, 13)), fmt, unit)
    packed.write(tmp_path)
    found: Quantized = read_back(tmp_path, "weights")
    np.testing.assert_array_equal(found.elements, packed.codes.elements)
    np.testing.assert_array_equal(found.scales, packed.codes.scales)
    if unit.startswith("blockgemm"):
        assert packed.files(".")[Path("weights.bin")] == model(hw.parse(unit)).frames.pack_b(packed.codes)
    assert json.loads((tmp_path / "weights.json").read_text())["scale"] == packed.codes.tensor_value()


def test_without_a_unit_it_is_a_code_a_word(tmp_path: Path) -> None:
    packed = pack(np.array([[1.0, -2.0], [0.5, 127.0]]), "int8", scale=1, name="plain")
    packed.write(tmp_path)
    assert (tmp_path / "plain.hex").read_text() == "01\nfe\n00\n7f\n"
    np.testing.assert_array_equal(read_back(tmp_path, "plain"), [[1, 254], [0, 127]])
    assert packed.summary == "2 x 2 int8 in 4 words of 8 bits; no number is off by more than 0.0039 of the largest"


def test_kernels_and_turned_matrices() -> None:
    kernels = rng.normal(size=(5, 2, 3, 3))
    packed = pack(kernels, "int8", "gemm/int8xint8")
    np.testing.assert_array_equal(
        packed.codes, pack(kernels.reshape(5, 18), "int8", "gemm/int8xint8", transpose=True).codes
    )
    assert packed.shape == (18, 5)


def test_arrays_from_files(tmp_path: Path) -> None:
    w = W.astype(np.float32)
    np.save(tmp_path / "w.npy", w)
    save_file({"layer.weight": w}, tmp_path / "w.safetensors")
    node = helper.make_node("Identity", ["x"], ["y"])
    graph = helper.make_graph([node], "g", [], [], [numpy_helper.from_array(w, "layer:0")])
    onnx.save(helper.make_model(graph), tmp_path / "w.onnx")
    for text in ("w.npy", "w.safetensors:layer.weight", "w.onnx:layer:0"):
        np.testing.assert_array_equal(read_array(tmp_path / text), w)
    assert [name_of(text) for text in ("a/w.npy", "w.safetensors:layer.weight", "w.onnx:layer:0")] == [
        "w", "layer.weight", "layer_0",
    ]  # fmt: skip


def _text(folder: Path, name: str) -> Path:
    (folder / name).write_text("no array")
    return folder / name


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda folder: folder / "w.txt",
            "an array must be given as FILE.npy, FILE.safetensors:NAME or FILE.onnx:NAME",
        ),
        (lambda folder: folder / "w.onnx", "an array must be given as FILE.npy"),
        (lambda folder: _text(folder, "w.npy"), "must be an array of numpy, got other bytes"),
        (lambda folder: f"{_text(folder, 'w.safetensors')}:w", "must be a safetensors file"),
        (lambda folder: f"{_text(folder, 'w.onnx')}:w", "must be an ONNX model, got other bytes"),
    ],
)
def test_files_that_are_none(make: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        read_array(make(tmp_path))


def test_a_name_that_is_not_there(tmp_path: Path) -> None:
    save_file({"layer.weight": W}, tmp_path / "w.safetensors")
    with pytest.raises(
        ValueError, match=r"must have an array layer.wieght, has layer.weight; did you mean layer.weight\?"
    ):
        read_array(f"{tmp_path}/w.safetensors:layer.wieght")


def test_numbers_are_finite(tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", np.array([1.0, np.nan]))
    with pytest.raises(ValueError, match="must hold finite numbers, got infinities or NaN"):
        read_array(tmp_path / "w.npy")
    np.save(tmp_path / "w.npy", np.array(["a"]))
    with pytest.raises(ValueError, match="must hold numbers, got an array of <U1 of shape"):
        read_array(tmp_path / "w.npy")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"fmt": "int8", "unit": "mac/int8xint8"},
            "unit must be one that takes weights in beats, dot, blockdot, array, .*, got mac/int8xint8",
        ),
        ({"fmt": "int8", "unit": "gemm/int8xint4"}, "format must be int4, that of the weights of gemm/int8xint4/"),
        (
            {"fmt": "int8", "unit": "gemm/int8xint8/4x4/is"},
            "unit must keep or stream B by tiles, in flow os or ws, got",
        ),
        ({"fmt": "mxfp4"}, "format must have a code for each number where there is no unit, got mxfp4"),
        ({"fmt": "int8", "scale": "row"}, "scale must be a number above zero, or tensor or column, got 'row'"),
        ({"fmt": "int8", "scale": -1.0}, "scale must be a number above zero, or tensor or column, got -1.0"),
        ({"fmt": "mxfp4", "unit": "blockdot/mxfp4xmxfp4", "scale": "column"}, "scale must be left out for blocks"),
        ({"fmt": "mxfp4", "unit": "blockdot/mxfp4xmxfp4"}, "array must have whole blocks of 32 along K, got 37"),
        ({"fmt": "int8", "unit": "matvec/int8xint8/4x8/8x40"}, "array must have at most 40 x 8 numbers for matvec/"),
        ({"fmt": "int8", "name": "a/b"}, "name must be letters, digits, _, . and -, got 'a/b'"),
    ],
)
def test_what_does_not_go_together(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pack(W, **options)


def test_numbers_that_are_too_small_for_a_scale_are_refused() -> None:
    with pytest.raises(ValueError, match="array must have numbers that are not too small for a scale, got 4.9.*e-324"):
        pack(np.full((2, 2), 5e-324), fmt="int8")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"transpose": 1}, "transpose must be a bool, got 1"),
        ({"name": 1}, "name must be a str, got 1"),
        ({"scale": True}, "scale must be a number, or tensor or column, got True"),
        ({"unit": 1}, "spec must be a str, got 1|a spec's name must be a str, got 1"),
    ],
)
def test_arguments_of_another_type(options: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        pack(W, "int8", **options)


def test_values_are_finite() -> None:
    with pytest.raises(ValueError, match="values must be finite numbers, got array"):
        pack(np.array([[np.inf]]), "int8")


def test_bf16_of_safetensors(tmp_path: Path) -> None:
    w = W.astype(ml_dtypes.bfloat16)
    save_file({"w": w}, tmp_path / "w.safetensors")
    np.testing.assert_array_equal(read_array(f"{tmp_path}/w.safetensors:w"), w.astype(np.float32))


def test_a_unit_takes_a_matrix() -> None:
    with pytest.raises(
        ValueError, match=r"array must have one, two or four axes for a unit, two to transpose, got shape \(2, 3, 4\)"
    ):
        pack(np.ones((2, 3, 4)), "int8", "gemm/int8xint8")
