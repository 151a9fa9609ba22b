"""macsmith compile and macsmith pack, as people type them."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from dse.compiling.driver import Driver
from dse.packing.packing import read_back
from macsmith.cli import main
from sim.standin import StandIn

CORE = "gemm/int8xint8/4x4/os/exact/kulisch16/p1/int8/channel/x1/p2/k16/n8/w64"
rng = np.random.default_rng(2)


def network(folder: Path, *extra: Any, shape: tuple[Any, ...] = ("n", 12), name: str = "small") -> Path:
    """Two products in floating point."""
    nodes = [
        helper.make_node("MatMul", ["x", "w1"], ["a"], "first"),
        helper.make_node("Relu", ["a"], ["b"], "relu"),
        *extra,
        helper.make_node("MatMul", ["b", "w2"], ["y"], "second"),
    ]
    constants = [
        numpy_helper.from_array(rng.normal(size=size).astype(np.float32), name)
        for name, size in (("w1", (12, 8)), ("w2", (8, 5)))
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)],
        constants,
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), folder / f"{name}.onnx")
    return folder / f"{name}.onnx"


def data(folder: Path, *shape: int) -> Path:
    np.save(folder / "x.npy", rng.normal(size=shape))
    return folder / "x.npy"


def typed(folder: Path, *more: Any) -> list[str]:
    """A command that compiles."""
    given = ["--formats", "int8xint8", "--calibrate", data(folder, 40, 12), "--core", CORE, *more]
    return ["compile", *map(str, (network(folder), "--device", "ecp5-85k", "-o", folder / "out", *given))]


def test_a_network_becomes_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(typed(tmp_path, "--simulate", 2, "--batch", 3)) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0] == CORE
    assert "core  first: 3 x 12 x 8, int8 x int8 -> int8, 1 run, " in out
    assert "host  second: scale" in out
    assert "simulated: 2 runs of the network in " in out
    folder = tmp_path / "out"
    written = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    module = "gemm_int8xint8_4x4_os_exact_kulisch16_p1_int8_channel_x1_p2_k16_n8_w64_ecp5"
    assert written == {
        *(f"{module}.v", f"{module}.json", "program.json", "README.md", "driver.c", "driver.h", "driver.py"),
        *(f"weights/{name}" for name in ("frames.bin", "0_first_b.hex", "0_first_p.hex", "1_second_b.hex")),
        "weights/1_second_p.hex",
    }
    assert set(out.splitlines()) >= {str(folder / name) for name in written}
    page = (folder / "README.md").read_text()
    assert f"`{CORE}`" in page
    assert "| second | MatMul | 3 x 8 x 5 | int8 x int8 -> int8 | 1 |" in page
    assert "- first: quantise to int8" in page


def test_what_readmemh_reads_are_the_frames(tmp_path: Path) -> None:
    assert main(typed(tmp_path)) == 0
    folder = tmp_path / "out"
    program, frames = (
        json.loads((folder / "program.json").read_text()),
        (folder / "weights" / "frames.bin").read_bytes(),
    )
    manifest = json.loads(next(folder.glob("gemm*.json")).read_text())
    for number, step in enumerate(each for each in program["steps"] if each["kind"] == "product"):
        for stream in "bp":
            offset, size = step["runs"][0][stream]
            bits = manifest["streams"][f"s_axis_{stream}"]["width"]
            lines = (folder / "weights" / f"{number}_{step['name']}_{stream}.hex").read_text().split()
            assert {len(line) for line in lines} == {bits // 4}
            data = b"".join(int(line, 16).to_bytes(bits // 8, "little") for line in lines)
            assert data == frames[offset : offset + size]


def test_the_driver_in_python_needs_numpy_only(tmp_path: Path) -> None:
    assert main(typed(tmp_path)) == 0
    text = (tmp_path / "out" / "driver.py").read_text()
    imported = {
        name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([each.name for each in node.names] if isinstance(node, ast.Import) else [node.module])
    }
    assert imported == {"json", "numpy", "pathlib", "typing"}
    names: dict[str, Any] = {"__file__": str(tmp_path / "out" / "driver.py"), "__name__": "driver"}
    exec(compile(text, "driver.py", "exec"), names)
    import hw

    spec: Any = hw.parse(CORE)
    x = rng.normal(size=(1, 12)).astype(np.float32)
    driver = names["Driver"](StandIn(spec))
    driver.check()
    np.testing.assert_array_equal(driver.run(x), Driver(StandIn(spec), tmp_path / "out").run(x))
    with pytest.raises(ValueError, match=r"input must have shape \[1, 12\], got \[12\]"):
        driver.run(x[0])
    other = StandIn(hw.parse(CORE.replace("4x4", "2x4")))  # type: ignore[arg-type]
    with pytest.raises(names["CoreError"], match="register ARRAY must be 0x40004, got 0x40002"):
        names["Driver"](other).check()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["{model}"], "{tmp}/none.onnx: No such file or directory"),
        (["--device", "ecp6"], "unknown device 'ecp6'; known are"),
        (["--formats", "int8"], "formats must be written AxB, as int8xint8, got 'int8'"),
        (["--formats", "int8xint99"], "format 'int99': bits must be 1..32, got 99"),
        (["--calibrate", "{tmp}/none.npy"], "{tmp}/none.npy: No such file or directory"),
        (["--core", "mac/int8xint8"], "core must be a GEMM core, gemm/..., got mac/int8xint8"),
        (
            ["--core", CORE.replace("int8xint8", "int4xint8")],
            "core must have an operand a that holds int8, got int4 of",
        ),
        (["--core", CORE.replace("k16/n8/w64", "k8/n8/w64")], "k must be at most 8 for gemm/int8xint8/4x4/"),
        (["--requantise", "there"], "requantise must be one of auto, core, host, got 'there'"),
        (["--simulate", "50", "--inputs", "{tmp}/x.npy"], "inputs must be 50 or more, got 40"),
        (["-o", "{tmp}/x.npy/out"], "{tmp}/x.npy: not a folder"),
    ],
)
def test_what_can_not_be_done_is_a_line(
    change: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = typed(tmp_path)
    change = [word.replace("{tmp}", str(tmp_path)) for word in change]
    words = [words[0], f"{tmp_path}/none.onnx", *words[2:]] if change == ["{model}"] else [*words, *change]
    assert main(words) == 2
    _one_line(capsys, message.replace("{tmp}", str(tmp_path)))
    assert not (tmp_path / "out").exists()


def _one_line(capsys: pytest.CaptureFixture[str], message: str) -> None:
    *steps, line = capsys.readouterr().err.splitlines()
    assert line.startswith("macsmith: ")
    assert message in line
    assert "Traceback" not in "".join(steps)


def plainly(folder: Path, model: Path, *more: str) -> list[str]:
    return ["compile", str(model), "--device", "ecp5-85k", "-o", str(folder / "out"), "--core", CORE, *more]


def test_calibration_that_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(plainly(tmp_path, network(tmp_path))) == 2
    _one_line(
        capsys, "operands of MatMul first, MatMul second have no formats: give --formats AxB and --calibrate X.npy"
    )


def test_calibration_of_another_shape(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--formats", "int8xint8", "--calibrate", str(data(tmp_path, 9, 11))]
    assert main(plainly(tmp_path, network(tmp_path), *words)) == 2
    _one_line(capsys, "data must have shape (cases, 12), of 1 cases or more, all finite, got (9, 11)")


def test_calibration_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "x.npy", np.zeros((9, 12)))
    words = ["--formats", "int8xint8", "--calibrate", str(tmp_path / "x.npy")]
    assert main(plainly(tmp_path, network(tmp_path), *words)) == 2
    _one_line(capsys, "data must reach MatMul first: all that it sees of them is zero")


def test_calibration_below_zero_needs_a_sign(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--formats", "uint8xint8", "--calibrate", str(data(tmp_path, 9, 12))]
    assert main(plainly(tmp_path, network(tmp_path), *words)) == 2
    _one_line(capsys, "formats must have a sign for A of MatMul first, which sees -")


def test_nodes_that_are_not_supported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    extra = [helper.make_node("Sigmoid", ["b"], ["c"], "s"), helper.make_node("Tanh", ["c"], ["d"], "t")]
    assert main(plainly(tmp_path, network(tmp_path, *extra))) == 2
    _one_line(capsys, "nodes must be of kinds that can be compiled, got Sigmoid s; Tanh t")


def test_shapes_that_are_open(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(plainly(tmp_path, network(tmp_path, shape=(1, "words", 12)))) == 2
    _one_line(capsys, "dimensions words must have sizes")


def test_a_folder_of_another_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is left alone, unless it is forced."""
    words = typed(tmp_path)
    assert main(words) == 0
    before = (tmp_path / "out" / "program.json").read_bytes()
    other = [words[0], str(network(tmp_path, name="other")), *words[2:]]
    capsys.readouterr()
    assert main(other) == 2
    _one_line(capsys, f"{tmp_path}/out/program.json is of small, not of other: choose another folder, or --force")
    assert (tmp_path / "out" / "program.json").read_bytes() == before
    assert main([*other, "--force"]) == 0
    assert main(words) == 2


def test_a_page_of_the_users(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is no program's, and stays."""
    words = typed(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "README.md").write_text("mine")
    assert main(words) == 2
    _one_line(capsys, f"{tmp_path}/out/README.md is of no program, not of small: choose another folder, or --force")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["README.md"]
    assert (tmp_path / "out" / "README.md").read_text() == "mine"


@pytest.mark.parametrize("package", ["onnx"])
def test_a_package_that_is_missing(
    package: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = typed(tmp_path)
    monkeypatch.setitem(sys.modules, package, None)
    assert main(words) == 2
    _one_line(capsys, "ONNX files need the package onnx, of extra onnx: pip install 'macsmith[onnx]'")


def test_pack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    w = rng.normal(size=(12, 7)).astype(np.float32)
    np.save(tmp_path / "w.npy", w)
    words = ["pack", str(tmp_path / "w.npy"), "--format", "int4", "--unit", "gemm/int8xint4/4x4", "--scale", "column"]
    assert main([*words, "-o", str(tmp_path / "out")]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith("12 x 7 int4 in 24 words of 16 bits; no number is off by more than ")
    assert out[1:] == [str(tmp_path / "out" / f"w.{end}") for end in ("hex", "bin", "codes.npy", "json")]
    np.testing.assert_array_equal(read_back(tmp_path / "out", "w"), np.load(tmp_path / "out" / "w.codes.npy"))


def test_pack_of_an_initializer(tmp_path: Path) -> None:
    name = f"{network(tmp_path)}:w1"
    assert main(["pack", name, "--format", "e4m3", "-o", str(tmp_path / "out")]) == 0
    assert read_back(tmp_path / "out", "w1").shape == (12, 8)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["{tmp}/w.txt", "--format", "int8"],
            "an array must be given as FILE.npy, FILE.safetensors:NAME or FILE.onnx:NAME",
        ),
        (["{tmp}/w.npy", "--format", "int8"], "{tmp}/w.npy: No such file or directory"),
        (["{tmp}/x.npy", "--format", "int99"], "format 'int99': bits must be 1..32, got 99"),
        (
            ["{tmp}/x.npy", "--format", "int8", "--unit", "mac/int8xint8"],
            "unit must be one that takes weights in beats",
        ),
        (
            ["{tmp}/x.npy", "--format", "int8", "--unit", "gemm/int8xint4"],
            "format must be int4, that of the weights of",
        ),
        (
            ["{tmp}/x.npy", "--format", "int8", "--scale", "much"],
            "scale must be a number above zero, or tensor or column",
        ),
        (
            ["{tmp}/w.safetensors:w", "--format", "int8"],
            "safetensors files need extra pack: pip install 'macsmith[pack]'",
        ),
    ],
)
def test_what_can_not_be_packed_is_a_line(
    words: list[str],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)
    data(tmp_path, 5, 4)
    given = [word.replace("{tmp}", str(tmp_path)) for word in words]
    assert main(["pack", *given, "-o", str(tmp_path / "out")]) == 2
    _one_line(capsys, message.replace("{tmp}", str(tmp_path)))
    assert not (tmp_path / "out").exists()
