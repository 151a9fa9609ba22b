"""Other people's tools read what is written, all designs at once, and have nothing to say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import hw
from hw.units import UNITS
from rtl_gen import Emitted, emit
from rtl_gen.cells import cell_models
from sim.mutants.score import designs as small_designs
from sim.simulator import library_options
from sim.tools import verilator, verilator_root

Designs = list[tuple[Path, Emitted, hw.Target]]
SMALL = """
mac/int4xint4 mac/e4m3xe4m3/exact/kulisch/p2 mac/e4m3xe4m3/lmul/kulisch64/p1/fast mac/int4xint4@ecp5
mul/int4xint4 mul/e4m3xe4m3/exact/e4m3/p1 mul/int3xint3@ice40 mul/int8xint8/exact/exact/p1/dsp@ecp5
add/e4m3xe4m3/e4m3 add/e3m2xe3m2/e3m2/p1/fast add/e4m3xe4m3/e4m3@xc7
pack/int4xint4@ecp5 pack/int8xint8@xc7
dot/int3xint3/n3 dot/e4m3xe4m3/n2/exact/fp16/p2 dot/e2m1xe2m1/n2/exact/e4m3/rounded dot/int4xint4/n2@xc7
blockdot/2*e2m1@upow3x2*e2m1@upow3 blockdot/bfp4-2xbfp4-2/fp16/p1
pe/int4xint4/os pe/e5m2xe5m2/ws pe/int4xint4/os/exact/carrysave/p1 pe/int3xint3/is@nexus
array/int4xint4/2x2/os array/e4m3xe4m3/2x1/ws array/int4xternary/2x3/is array/int3xint3/1x1/os@ecp5
blockadd/mxfp4xmxfp4/n2/fp32/p1
requant/fix16.0xint8/n2/channel/p1 requant/fix12.0xint4/n1/tensor/p0 requant/fix16.0xe4m3/n1/tensor/p1
requant/fix47.18xe4m3fn/n1/channel/status/p6
tellme/int4/g2/t2/q2/half/lutram/exact/p1 tellme/int4/g2/t2/q2/half/registers/exact/p1
tmac/int2xint4/g2/t2/q1/serial/half/lutram/kulisch16/p1 tmac/int2xint4/g2/t1/q1/parallel/full/blockram:2/exact/p1
matvec/int4xint4/2x2 matvec/int3xint3/1x2/2x4
sparse/int4xint4/k4/n2 sparse/int4xe2m1/k5/n3/l1/booth@ecp5
gemm/int4xint4/2x2 gemm/int4xint4/2x2@ecp5 gemm/int4xint4/2x2/ws/exact/kulisch1024/p1/int4/channel
blockgemm/8*int4@ue8m0x8*int4@ue8m0/2x2/fp16
"""


def all_designs() -> list[tuple[hw.Spec, hw.Target]]:
    """The small ones, and one of each unit that has none among them."""
    found = []
    for name in SMALL.split():
        # Block formats have an @ of their own.
        design, at, target = name.rpartition("@")
        known = at and target in hw.TARGETS
        found.append((hw.parse(design if known else name), hw.parse_target(target) if known else hw.GENERIC))
    units = {spec.unit for spec, _ in found}
    return found + [(hw.parse(name), hw.GENERIC) for unit, name in small_designs().items() if unit not in units]


@pytest.fixture(scope="module")
def designs(tmp_path_factory: pytest.TempPathFactory) -> Designs:
    folder = tmp_path_factory.mktemp("verilog")
    emitted = [(emit(spec, target), target) for spec, target in all_designs()]
    return [(each.write(folder)[0], each, target) for each, target in emitted]


def said(command: Sequence[object], **environment: str) -> str:
    """What a tool says, if it finds anything wrong."""
    done = subprocess.run(
        list(map(str, command)), env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr if done.returncode or "arning" in done.stdout + done.stderr else ""


def test_every_unit_is_read() -> None:
    assert {spec.unit for spec, _ in all_designs()} == set(UNITS)


@pytest.mark.skipif(shutil.which("iverilog") is None, reason="Icarus is not there (Debian: apt-get install iverilog)")
def test_icarus_reads_all_portable_designs_as_verilog_2005(designs: Designs) -> None:
    tops = {path.stem: path for path, _each, target in designs if not target.carry}
    roots = [word for top in tops for word in ("-s", top)]
    assert said(["iverilog", "-g2005", "-Wall", "-t", "null", *roots, *tops.values()]) == ""


def test_verilator_reads_each_without_a_flag(designs: Designs, tmp_path: Path) -> None:
    for path, _each, target in designs:
        options = library_options(cell_models(target), tmp_path)
        assert said([verilator(), "--lint-only", *options, path], VERILATOR_ROOT=str(verilator_root())) == ""


def test_yosys_reads_all(designs: Designs) -> None:
    for target in {target for _path, _each, target in designs}:
        files = [path.name for path, _each, other in designs if other == target]
        models = [f'read_verilog -lib "{path}"' for path in cell_models(target)]
        yosys_reads([*models, f"read_verilog {' '.join(files)}"], designs[0][0].parent)


def test_the_slang_front_end_reads_all_portable_designs(designs: Designs) -> None:
    files = [path.name for path, _each, target in designs if not target.carry]
    yosys_reads([f"read_slang --std 1364-2005 {' '.join(files)}"], designs[0][0].parent)


def yosys_reads(commands: list[str], folder: Path) -> None:
    """Read files, and find nothing wrong."""
    script = [*commands, "hierarchy -check", "proc", "check -assert"]
    run = "".join(f"design.run_pass({command!r})\n" for command in script)
    done = subprocess.run(
        [sys.executable, "-c", f"import pyosys.libyosys as yosys\ndesign = yosys.Design()\n{run}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    log = done.stdout + done.stderr
    assert done.returncode == 0, log[-2000:]
    # A memory of one word, in a queue of two, is a register.
    warnings = re.findall(r"(?m)^.*(?:Warning|warning:).*$", log)
    assert not [line for line in warnings if "Replacing memory" not in line]


def test_no_name_is_escaped_and_no_port_has_two_underscores(designs: Designs) -> None:
    for _path, each, _target in designs:
        assert "\\" not in each.verilog
        names = [port["name"] for port in each.manifest["ports"]] + list(each.modules)
        assert not [name for name in names if "__" in name or name.endswith("_")]


def test_no_module_is_there_twice(designs: Designs) -> None:
    names = [name for _path, each, _target in designs for name in re.findall(r"(?m)^module (\w+)", each.verilog)]
    assert len(names) == len(set(names))
