"""Formats that hold others, and cores that do not do for a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from costmodel.estimate.part import Part
from dse.compiling import cores
from dse.compiling.compiler import compile_model, parse_core
from dse.compiling.cores import Formats, holding, holding_results
from dse.compiling.lowering import NotOnCore
from dse.compiling.output import write
from hw.formats import parse_scalar
from hw.specs.gemm import WIDE

from .conftest import DEVICE, compiled
from .exported import mlp


@pytest.mark.parametrize(
    ("names", "held"),
    [
        (["int8"], "int8"),
        (["int8-sym", "int8"], "int8"),
        (["uint8", "int8"], "int9"),
        (["uint4", "uint8"], "uint8"),
        (["int4", "uint2"], "int4"),
        (["binary"], "binary"),
        (["binary", "ternary"], "int2"),
        (["ternary"], "ternary"),
        (["e4m3", "int4"], "e4m3"),
        (["e2m1", "e4m3fn"], "e4m3fn"),
    ],
)
def test_a_format_holds_all(names: list[str], held: str) -> None:
    assert holding("A", [parse_scalar(name) for name in names]).name == held


def test_none_holds_all() -> None:
    formats = [parse_scalar("int8"), parse_scalar("e4m3")]
    with pytest.raises(
        ValueError, match="operand A must have formats of which one holds the others' codes, got int8, e4m3"
    ):
        holding("A", formats)
    with pytest.raises(
        NotOnCore, match="layers must give one format, or integers, for one requantiser, got int8, e4m3"
    ):
        holding_results(formats)


CORE = "gemm/uint8xint8/4x4/os/exact/kulisch784/p1/int9/channel/p2/k784/n48/w8192"
CHANGES = {
    ("uint8xint8", "uint4xint8"): "core must have an operand a that holds uint8",
    ("uint8xint8", "uint8xint4"): "core must have an operand b that holds int8",
    ("/os/", "/ws/"): "core must be gemm/... of flow os and exact products",
    ("int9", "uint8"): "core must have output int9:nearest_even of scope channel",
    ("channel", "tensor"): "core must have output int9:nearest_even of scope channel",
    ("int9", "int9:down"): "core must have output int9:nearest_even of scope channel",
    ("kulisch784", "sat20"): "core must have sums that are exact, kulischDEPTH",
    ("784", "512"): "k must be at most 512 for gemm/",
    ("w8192", "w512"): "k must be at most 512 for gemm/",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_core_that_does_not_do(change: tuple[str, str], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=CHANGES[change]):
        compiled(mlp(tmp_path), CORE.replace(*change))


def test_another_unit_is_no_core() -> None:
    with pytest.raises(ValueError, match="core must be a GEMM core, gemm/..., got blockgemm/mxfp4xmxfp4"):
        parse_core("blockgemm/mxfp4xmxfp4")


def test_a_device_without_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Parts:
        def __init__(self, designs: Any, keep: Any) -> None:
            pass

        def estimate(self, part: Any, sizes: Any) -> dict[str, Any]:
            full = 1e9 + 0.0 * sizes[:, 0]
            return dict.fromkeys(("lut", "ff", "dsp", "bram", "mhz"), full)

    monkeypatch.setattr(cores, "Parts", Parts)
    monkeypatch.setattr(cores, "part", lambda spec, target, keep: Part(1, 0, 0, 0, 0, None))
    with pytest.raises(
        ValueError, match="device must have room for a core of uint8 x int8 with the depth of the layers, 784"
    ):
        compile_model(mlp(tmp_path), DEVICE)


def test_a_requantise_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="requantise must be one of auto, core, host, got 'here'"):
        compile_model(mlp(tmp_path), DEVICE, requantise="here")


def test_arguments_of_another_type(tmp_path: Path) -> None:
    path = mlp(tmp_path)
    with pytest.raises(
        TypeError, match="device must be a Device, got 'ecp5-85k'; parse_device makes one from its name"
    ):
        compile_model(path, "ecp5-85k")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="core must be a GemmSpec, got 'gemm/int8xint8'; parse makes one from its name"):
        compile_model(path, DEVICE, core="gemm/int8xint8")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="formats must be a str, got 8"):
        compile_model(path, DEVICE, formats=8)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="compiled must be Compiled, got None; compile_model makes one"):
        write(None, tmp_path)  # type: ignore[arg-type]


@pytest.mark.parametrize("output", ["int8", WIDE])
def test_what_is_counted_ahead_is_what_is_asked_for(output: str) -> None:
    spec = cores.core(Formats(parse_scalar("int8"), parse_scalar("int8"), output), 64, 16, 64)
    asked: list[str] = []

    def keep(kind: str, key: str, label: str, fields: Any, work: Any) -> Any:
        if kind != "part":
            return work()
        asked.append(label)
        return Part(1, 1, 1, 0, 0, 100.0).to_dict()

    cores.Costs.of(spec, DEVICE, keep).estimate(np.array([[4, 4]]), 2)
    assert sorted(set(asked)) == sorted({f"{each} on ecp5" for each in cores.small(spec)})
    assert len(cores.small(spec)) == (8 if output == "int8" else 6)
