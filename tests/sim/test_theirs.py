"""Verilog of somebody else's in a design's place: its module is found, its ports are compared, its faults are told."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path

import pytest

import hw
from macsmith.cli import main
from rtl_gen import emit
from rtl_gen.tools import ToolError
from sim.theirs import loop, read

there = pytest.mark.skipif(
    shutil.which("iverilog") is None, reason="Icarus is not there (Debian: apt-get install iverilog)"
)
NAME = "mac/int4xe2m1/exact/kulisch/p1"
OWN = """
module mine #(parameter N = 18) (input clk, rst, clear, en, input [3:0] a, b, output reg [N-1:0] acc);
  // In units of a half.
  function signed [4:0] twice(input [2:0] x);
    case (x) 0: twice = 0; 1: twice = 1; 2: twice = 2; 3: twice = 3; 4: twice = 4; 5: twice = 6; 6: twice = 8;
      7: twice = 12; endcase
  endfunction
  reg [3:0] x, y; reg fresh, full;
  wire signed [N-1:0] product = $signed(x) * (y[3] ? -twice(y[2:0]) : twice(y[2:0]));
  always @(posedge clk)
    if (rst) begin acc <= 0; full <= 0; end
    else if (en) begin
      x <= a; y <= b; fresh <= clear; full <= 1;
      if (full) acc <= (fresh ? 0 : acc) + product;
    end
endmodule
"""


def verified(folder: Path, text: str, *options: str) -> int:
    (folder / "own.v").write_text(text)
    store = ["--store", str(folder / "store.sqlite")]
    return main(["verify", "--verilog", str(folder / "own.v"), *store, *options, NAME])


def test_a_core_of_ones_own_passes_though_lint_would_complain(tmp_path: Path, capsys) -> None:
    assert verified(tmp_path, OWN, "--seed", "7") == 0
    assert re.match(
        r"PASS  mac/int4xe2m1/\S+  3 tests, \d+ cycles, every operand pair, coverage (\d+) of \1 bins, seed 7, "
        r"rtl in verilator\n",
        capsys.readouterr().out,
    )


def test_a_fault_is_told_in_numbers_and_can_be_seen_alone(tmp_path: Path, capsys) -> None:
    assert verified(tmp_path, OWN.replace("if (rst)", "if (rst & en)"), "--play", "resets") == 1
    told = capsys.readouterr().out
    assert re.search(
        r"1 tests, .* seed 1, rtl in verilator\n"
        r"      resets: cycle .*; in numbers: .*acc expected -?[\d.]+, got -?[\d.]+\n",
        told,
    )
    # What it says to do does the same again.
    again = re.search(r"alone: macsmith (verify mac/\S+ --verilog \S+ --seed 1 --play resets)\n", told)
    assert again
    assert main([*again[1].split(), "--store", str(tmp_path / "other.sqlite")]) == 1
    assert capsys.readouterr().out == told


@pytest.mark.parametrize(
    ("pattern", "replacement", "message"),
    [
        ("N = 18", "N = 17", "module mine of .*own.v must have output of 18 bits 'acc', got output of 17 bits"),
        ("input clk, rst,", "input clk, reset,", "must have input of 1 bit 'rst', got no port"),
        ("output reg", "output done, output reg", "must have no port 'done', got output of 1 bit"),
        ("output reg", "inout", "must have output of 18 bits 'acc', got inout of 18 bits"),
        (
            "endmodule",
            "endmodule module b; endmodule",
            "must have a module mac_int4xe2m1_.*, or a single one, got b, mine",
        ),
        ("(?s).*", "", "must have a module mac_int4xe2m1_.*, or a single one, got none"),
    ],
)
def test_another_module_is_refused_in_one_line(
    pattern: str, replacement: str, message: str, tmp_path: Path, capsys
) -> None:
    assert verified(tmp_path, re.sub(pattern, replacement, OWN, count=1)) == 2
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("macsmith: ")]
    assert len(said) == 1 and re.search(message, said[0]), said


def test_a_module_of_another_name_is_what_is_synthesised(tmp_path: Path) -> None:
    (tmp_path / "own.v").write_text(OWN)
    own = read(tmp_path / "own.v", emit(hw.parse(NAME)))
    assert own.name == own.manifest["module"] == "mine"


def test_what_is_no_verilog_is_named(tmp_path: Path) -> None:
    (tmp_path / "own.v").write_text("modul x")
    with pytest.raises(ToolError, match=r"own\.v can't be read: Yosys failed on .*syntax error"):
        read(tmp_path / "own.v", emit(hw.parse(NAME)))
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none.v", emit(hw.parse(NAME)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--seed", "-1"], "argument --seed: must be a whole number from 0 on, got '-1'"),
        (["--seed", "x"], "argument --seed: must be a whole number from 0 on, got 'x'"),
        (["--play", "none"], f"play must be every_pair, longest_sums, resets for {NAME[:13]}.*, got 'none'"),
        (["mac/int4xint4"], "--verilog stands for one SPEC, got 2"),
    ],
)
def test_options_that_do_not_go_are_refused(options: list[str], message: str, tmp_path: Path, capsys) -> None:
    try:
        code = verified(tmp_path, OWN, *options)
    except SystemExit as ended:
        code = ended.code
    assert code == 2
    assert re.search(message, capsys.readouterr().err)


LOOPED = OWN.replace("endmodule", "  wire p, q; assign p = ~q | rst; assign q = p & en;\nendmodule").replace(
    "acc <= (fresh", "acc <= p ? 0 : (fresh"
)


@pytest.mark.parametrize("simulator", ["verilator", pytest.param("icarus", marks=there)])
def test_a_loop_of_logic_is_told_as_what_it_is(simulator: str, tmp_path: Path, capsys) -> None:
    begun = time.monotonic()
    assert verified(tmp_path, LOOPED, "--simulator", simulator) == 2
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("macsmith: ")]
    assert len(said) == 1
    line = 1 + LOOPED.splitlines().index("  wire p, q; assign p = ~q | rst; assign q = p & en;")
    assert f"combinational loop in line {line}" in said[0] and "crash" not in said[0], said
    assert time.monotonic() - begun < 60


def test_a_loop_that_settles_is_no_fault(tmp_path: Path) -> None:
    latch = LOOPED.replace("~q | rst", "q & rst").replace("q = p & en", "q = p & en & rst")
    assert verified(tmp_path, latch.replace("acc <= p ?", "acc <= p & rst ?")) == 0
    (tmp_path / "own.v").write_text(latch)
    assert loop(read(tmp_path / "own.v", emit(hw.parse(NAME)))).startswith("in line ")


@pytest.mark.parametrize("name", [NAME, "array/int2xint2/2x2/os/exact/kulisch16", "dot/int2xint2/n2/exact/fp16/p2"])
def test_our_own_have_no_loops(name: str) -> None:
    assert loop(emit(hw.parse(name))) == ""


def test_a_failing_run_says_whose_coverage_it_tells(tmp_path: Path, capsys) -> None:
    assert verified(tmp_path, OWN.replace("if (rst)", "if (rst & en)"), "--coverage") == 1
    assert re.search(r"coverage \d+ of \d+ bins by plays that passed, seed 1", capsys.readouterr().out)


def test_no_line_of_a_coverage_is_longer_than_a_terminal(
    tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "70")
    assert verified(tmp_path, OWN, "--play", "resets", "--coverage") == 0
    lines = capsys.readouterr().out.splitlines()[1:]
    assert len(lines) > 10 and max(map(len, lines)) <= 70
