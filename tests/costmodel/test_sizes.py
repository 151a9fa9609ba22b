"""LUTs that must not be lost: cells against portable RTL, and formats without subnormals against those with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import hw
from costmodel.targets import load
from rtl_gen import Emitted, emit, yosys

# Where a family's cells are known before synthesis, what a flow reads first is read here, without what is not used.
BEGIN = {
    "ecp5": (),
    "ice40": (),
    "xcup": ("read_verilog -lib -specify +/xilinx/cells_sim.v",),
}


def luts(emitted: Emitted, target: str, folder: Path) -> int:
    """LUTs of a design alone, by the first flow of its family."""
    top, flow = emitted.manifest["module"], load(target)
    (folder / "design.v").write_text(emitted.verilog)
    command = f"{flow.synthesis[0]} -top {top}"
    if BEGIN[target]:
        command = f"{flow.synthesis[0]} -run prepare:"
    yosys.run(
        [
            "read_verilog design.v",
            f"hierarchy -top {top}",
            "proc",
            f"flatten {top}",
            "write_rtlil design.il",
            "design -reset",
            "read_rtlil design.il",
            *BEGIN[target],
            *([f"hierarchy -check -top {top}"] if BEGIN[target] else []),
            command,
            "tee -o cells.json stat -json",
        ],
        folder,
    )
    cells = json.loads((folder / "cells.json").read_text())["modules"][f"\\{top}"]["num_cells_by_type"]
    return flow.count(cells)["lut"]


@pytest.mark.parametrize(
    ("name", "target", "most"),
    [
        # Rows whose places take LUTs before the cells are left to synthesis: 108, 89, 143, 74 LUTs as cells.
        ("add/e4m3fnxe4m3fn/e4m3fn/p0", "xcup", 104),
        ("mul/e4m3fnxe4m3fn/exact/e4m3fn/p0", "xcup", 84),
        ("add/e4m3fnxe4m3fn/e4m3fn/p0", "ice40", 134),
        ("add/e2m1xe2m1/e2m1/p0", "ice40", 51),
        # And rows that are a LUT a place stay cells.
        ("mul/int8xint8/exact/exact/p0", "xcup", 37),
        # Without subnormals: 281 with masks on both significands and a choice of the smallest number behind.
        ("add/bf16-flushxbf16-flush/bf16-flush/p0", "ecp5", 272),
    ],
)
def test_units_take_no_more_luts_than_they_did(name: str, target: str, most: int, tmp_path: Path) -> None:
    assert luts(emit(hw.parse(name), hw.parse_target(target)), target, tmp_path) <= most


def test_sums_in_a_multiplier_block_are_those_of_portable_rtl() -> None:
    """A sum that clears is a LUT a bit as an operator of a wire, and two if the choice is written in it."""
    spec = hw.parse("mac/int8xint8/exact/kulisch65536/p2/dsp")
    here, portable = (emit(spec, hw.parse_target(name)) for name in ("xcup", "generic"))
    assert body(here) == body(portable)


def body(emitted: Emitted) -> list[str]:
    """What a module says, without its name and without comments."""
    lines = emitted.verilog.replace(emitted.manifest["module"], "unit").splitlines()
    return [line for line in lines if not line.lstrip().startswith(("//", "/*"))]
