"""Vectors and benches for people who have a simulator and nothing of ours: they pass, and wrong designs fail."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

import hw
from rtl_gen import Emitted, emit
from rtl_gen.cells import cell_models
from rtl_gen.convention import AXI, PLAIN, Convention, usual_convention
from sim.tools import verilator, verilator_root
from sim.vectors import BITS, cocotb_files, few, size, verilog_files

CORE = "gemm/int4xint4/2x2/os/exact/kulisch16/p0/int8/tensor/x2/p1/k8/n8/w32"
DESIGNS = [
    *(
        "mac/int4xint4",
        "mac/e3m2ieeexe3m2ieee/exact/kulisch/p1",
        "mac/int4xint4/exact/carrysave100/p2",
        "mul/int4xint4",
    ),
    *("add/e2m1xe2m1/e3m2/p1", "pack/int2xint2/x2#xc7", "pe/int2xint2/ws", "dot/int4xint4/n2/exact/exact/p1"),
    *("dot/int4xint4/n2/exact/exact/p0", "blockdot/4*int4@ue8m0x4*int4@ue8m0/fp16", "array/int4xint4/2x2/os"),
    *("array/int4xint4/2x2/is", "blockadd/4*int4@ue8m0x4*int4@ue8m0/n2/fp32", "requant/fix12.0xint4/n2"),
    *("tellme/int4/g2/t2/q4", "tmac/int4xint4/g2/t2/q4", "matvec/int4xint4/2x2", "mac/int4xint4#ice40"),
    *(
        "cast/bf16xe4m3/n2",
        "func/exp/e4m3xe4m3/n2",
        "cast/e4m3xint4:stochastic4/n1",
        "quantise/bf16x4*e2m1@ue8m0",
        "hadamard/int4/n4/flips",
    ),
    "elementwise/add/int4xint4/n2",
    *("softmax/int4/n2/r8/s3/uint8/twopass", "gelu/int4/n2/s3", "layernorm/int4/n2/r8/l1/t8/w4"),
    "constmat/int4xint4/2x3/seed3",
    "encoder/int4/n2/x2/exact/kulisch4/p0/d16/h2/r4/w4/s4/g4",
    CORE,
    "gemm/int4xint4/1x2/ws/exact/kulisch16/p0/int8/channel/x1/p1/k8/n8/w32",
    "blockgemm/8*int4@ue8m0x8*int4@ue8m0/2x2/fp16/p1/x2/p2/k32/n8/w64",
]
KINDS = {
    "mac/int4xint4": (r"clear_q1 \? \S+ : acc", "acc"),
    "dot/int4xint4/n2/exact/exact/p1": (
        r"assign m_axis_sum_tvalid = ([^;]*);",
        r"assign m_axis_sum_tvalid = \1 & m_axis_sum_tready;",
    ),
    CORE: (r"\.m_axis_y_tready\(m_axis_tready\)", ".m_axis_y_tready(1'b1)"),
}
"""A design of each kind of play, and a fault: a sum that is never cleared, a valid that waits for ready, and results
that do not wait."""
there = pytest.mark.skipif(
    shutil.which("iverilog") is None, reason="Icarus is not there (Debian: apt-get install iverilog)"
)


def built(name: str, folder: Path, convention: Convention | None = None) -> tuple[Emitted, list[Path]]:
    """A design with its testbench in a folder, and its cells' models."""
    name, _, target = name.partition("#")
    spec, place = hw.parse(name), hw.parse_target(target or "generic")
    design = emit(spec, place, "", convention or usual_convention(spec))
    design.write(folder)
    (folder / "tb").mkdir()
    for file, text in verilog_files(design, few(spec)).items():
        (folder / "tb" / file).write_text(text)
    return design, [*cell_models(place)]


def in_icarus(design: Emitted, cells: list[Path], folder: Path) -> str:
    """What the testbench says last, or what Icarus complains of."""
    top = f"{design.name}_tb"
    options = ["-g2005", "-Wall", "-Wno-timescale"] if not cells else ["-g2012", "-DNO_ICE40_DEFAULT_ASSIGNMENTS"]
    options += [f"-I{path.parent}" for path in cells]
    command = ["iverilog", *options, "-o", "tb", f"../{design.name}.v", f"{top}.v", *map(str, cells), "-s", top]
    made = subprocess.run(command, cwd=folder / "tb", capture_output=True, text=True, check=False)
    assert made.returncode == 0 and (cells or not made.stderr), made.stderr
    done = subprocess.run(["vvp", "-N", "tb"], cwd=folder / "tb", capture_output=True, text=True, check=False)
    last = next(line for line in reversed(done.stdout.splitlines()) if line.startswith(("PASS", "FAIL")))
    assert last.startswith("PASS") == (done.returncode == 0)
    return last


def in_verilator(design: Emitted, folder: Path) -> str:
    top = f"{design.name}_tb"
    command = [
        str(verilator()),
        "--binary",
        "--output-split",
        "0",
        "-CFLAGS",
        "-std=gnu++20",
        "-Wno-fatal",
        "--top-module",
        top,
        f"../{design.name}.v",
        f"{top}.v",
    ]
    environment = {**os.environ, "VERILATOR_ROOT": str(verilator_root())}
    run = {"cwd": folder / "tb", "capture_output": True, "text": True, "env": environment}
    made = subprocess.run(command, **run, check=False)  # type: ignore[call-overload]
    assert made.returncode == 0, made.stderr
    done = subprocess.run([f"./obj_dir/V{top}"], **run, check=False)  # type: ignore[call-overload]
    last = next(line for line in done.stdout.splitlines() if line.startswith(("PASS", "FAIL")))
    assert last.startswith("PASS") == (done.returncode == 0)
    return last


@there
@pytest.mark.parametrize("name", DESIGNS)
def test_a_right_design_passes_in_icarus(name: str, tmp_path: Path) -> None:
    said = in_icarus(*built(name, tmp_path), tmp_path)
    assert re.match(r"PASS: [1-9]\d* values", said), said


def test_every_unit_is_among_them() -> None:
    assert {name.partition("/")[0] for name in DESIGNS} == set(hw.UNITS)


@there
@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("manner", list(product((False, True), repeat=2)))
def test_it_passes_on_any_convention(name: str, manner: tuple[bool, bool], tmp_path: Path) -> None:
    assert in_icarus(*built(name, tmp_path, Convention("ck", "rs", *manner)), tmp_path).startswith("PASS")


@pytest.mark.parametrize("name", KINDS)
def test_it_passes_in_verilator_and_a_wrong_design_fails_in_both(name: str, tmp_path: Path) -> None:
    design, cells = built(name, tmp_path)
    assert in_verilator(design, tmp_path).startswith("PASS")
    faulty, count = re.subn(*KINDS[name], design.verilog)
    assert count
    (tmp_path / f"{design.name}.v").write_text(faulty)
    assert in_verilator(design, tmp_path).startswith("FAIL")
    if shutil.which("iverilog"):
        assert in_icarus(design, cells, tmp_path).startswith("FAIL")


@there
@pytest.mark.parametrize("convention", [PLAIN, AXI, Convention(asynchronous=True)], ids=lambda each: each.text)
@pytest.mark.parametrize("name", KINDS)
def test_no_reset_is_found(name: str, convention: Convention, tmp_path: Path) -> None:
    """A design whose reset is never seen: what is in its registers is unknown."""
    design, cells = built(name, tmp_path, convention)
    pin, bench = convention.reset, tmp_path / "tb" / f"{design.name}_tb.v"
    text = bench.read_text()
    assert f".{pin}({pin})" in text
    bench.write_text(text.replace(f".{pin}({pin})", f".{pin}(1'b{int(convention.low)})"))
    assert in_icarus(design, cells, tmp_path).startswith("FAIL")


def test_few_plays_are_few() -> None:
    for name in DESIGNS:
        plays = few(hw.parse(name.partition("#")[0]))
        assert plays
        if hasattr(plays[0], "cycles"):
            assert max(play.cycles for play in plays) <= 1024
        else:
            assert sum(map(size, plays)) <= BITS


@there
@pytest.mark.parametrize("name", KINDS)
def test_the_cocotb_bench_runs_with_nothing_of_ours(name: str, tmp_path: Path) -> None:
    spec = hw.parse(name)
    design = emit(spec, convention=usual_convention(spec))
    design.write(tmp_path)
    for file, text in cocotb_files(design, few(spec)).items():
        path = tmp_path / "cocotb" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    hidden = tmp_path / "hidden"
    for package in ("hw", "rtl_gen", "sim", "costmodel", "dse", "macsmith"):
        (hidden / package).mkdir(parents=True)
        (hidden / package / "__init__.py").write_text("raise ImportError('it is not to be there')\n")
    made = {"PYTHONPATH": str(hidden), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    environment = {
        **{key: value for key, value in os.environ.items() if "COCOTB" not in key and "PYTEST" not in key},
        **made,
    }

    def make() -> tuple[int, str]:
        done = subprocess.run(
            ["make"], cwd=tmp_path / "cocotb", env=environment, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr

    code, said = make()
    assert code == 0, said[-2000:]
    assert re.search(r"TESTS=(\d+) PASS=\1 FAIL=0", said), said[-2000:]
    evidence = json.loads((tmp_path / "cocotb" / "evidence.json").read_text())
    assert {name: told["compared"] for name, told in evidence.items()} == {p.name: p.samples for p in few(spec)}
    (tmp_path / f"{design.name}.v").write_text(re.sub(*KINDS[name], design.verilog))
    code, said = make()
    assert not re.search(r"FAIL=0", said), said[-2000:]
