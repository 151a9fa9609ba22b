"""The loop in C++ and cocotb: the same plays, the same verdict, the same words, whether a design is right or wrong."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

import hw
from rtl_gen import Emitted, emit
from rtl_gen.tools import ToolError
from sim.benches import bench
from sim.benches.play import Play
from sim.playing import MANY, Evidence, opening, play_all
from sim.rows import rows
from sim.runner import Results
from sim.simulator import Simulator, ports_of

NEVER = 1 << 30


def planned(name: str) -> list[Play]:
    spec = hw.parse(name)
    return [*bench(spec.unit).plays(spec, 1)]


def both(name: str, design: Emitted, plays: list[Play], folder: Path) -> list[tuple[Results, Evidence]]:
    """What comes of plays in the loop, and in cocotb."""
    found = []
    for player, many in (("loop", 1), ("cocotb", NEVER)):
        (folder / player).mkdir()
        found.append(play_all(design, plays, folder / player, hw.GENERIC, many))
    return found


@pytest.mark.kept(
    "mul/int4xint4",
    "add/e2m1xe2m1/e3m2/p1",
    "mac/e3m2ieeexe3m2ieee/exact/kulisch/p1",
    "mac/e5m2xe5m2/exact/kulisch/p0",
    "mac/int4xint4/exact/carrysave100/p2",
)
@pytest.mark.parametrize(
    "name",
    [
        *("mul/int4xint4", "mul/e2m3xe2m1/exact/exact/p2", "mul/int2xint2/exact/e3m0/p1", "add/e2m1xe2m1/e3m2/p1"),
        *("mac/int2xint2/exact/kulisch1024/p1", "mac/e3m2ieeexe3m2ieee/exact/kulisch/p1", "mac/e2m1xe2m1/exact/e3m2"),
        # Sums of 75 bits; two words for a sum; many ports, of which some are wide.
        *(
            "mac/e5m2xe5m2/exact/kulisch/p0",
            "mac/int4xint4/exact/carrysave100/p2",
            "pe/int4xint4/ws",
            "pack/int2xint2/x2",
        ),
    ],
)
def test_a_right_design_has_the_same_verdict_and_evidence(name: str, tmp_path: Path) -> None:
    plays = [opening(play, 2 * MANY) for play in planned(name)]
    loop, cocotb = both(name, emit(hw.parse(name)), plays, tmp_path)
    assert loop == cocotb
    assert loop[0] == Results(len(plays), [])
    assert {name: seen["compared"] for name, seen in loop[1].items()} == {play.name: play.samples for play in plays}


@pytest.mark.parametrize(
    ("name", "pattern", "replacement"),
    [
        ("mul/int4xint4", r"\$signed\(a\)", "$signed(a ^ 4'h4)"),
        ("mul/int4xint4/exact/exact/p2", r"if \(en\)", "if (1'b1)"),  # stalls are ignored
        ("mac/e3m2ieeexe3m2ieee/exact/kulisch/p1", r"else if \(\w+\) acc", "else acc"),
        ("mac/e3m2ieeexe3m2ieee/exact/kulisch/p1", r"clear_q1 \? \S+ : acc", "acc"),
        ("mac/e3m2ieeexe3m2ieee/exact/kulisch/p1", r"assign invalid = .*;", "assign invalid = 1'b0;"),
        ("mac/int4xint4/exact/kulisch/p1", r"if \(rst\) acc <= \S+;\n    else if", "if"),  # no reset
        ("mac/e5m2xe5m2/exact/kulisch/p0", r"if \(en\) acc <= total;", "if (en) acc <= {~total[74], total[73:0]};"),
    ],
)
def test_a_wrong_design_is_found_by_both_at_the_same_operands(
    name: str, pattern: str, replacement: str, tmp_path: Path
) -> None:
    right = emit(hw.parse(name))
    faulty = re.sub(pattern, replacement, right.verilog)
    assert faulty != right.verilog
    plays = [opening(play, 2 * MANY) for play in planned(name)]
    loop, cocotb = both(name, Emitted(right.name, faulty, right.manifest), plays, tmp_path)
    assert loop[0].failures
    assert loop == cocotb


def test_a_design_with_a_clock_is_seen_by_cocotb_in_any_case(tmp_path: Path) -> None:
    for name, seen in (("mul/int4xint4/exact/exact/p1", True), ("mul/int4xint4", False)):
        folder = tmp_path / str(seen)
        folder.mkdir()
        results, _ = play_all(emit(hw.parse(name)), planned(name), folder, hw.GENERIC, many=64)
        assert results == Results(1, [])
        assert (folder / "results.xml").exists() == seen


def test_a_port_that_is_not_there_or_too_narrow_is_named(tmp_path: Path) -> None:
    play = Play("p", {"a": [1, 200]}, {"y": [1, 2]}, [0, 1])
    header = "VL_IN8(&clk,0,0);\n VL_IN8(&a,6,0);\n VL_OUTW(&y,70,0,3);"
    design = Simulator("top", tmp_path, ports_of(header))
    assert [(name, port.incoming, port.width, port.words) for name, port in design.ports.items()] == [
        ("clk", True, 1, 1),
        ("a", True, 7, 1),
        ("y", False, 71, 3),
    ]
    with pytest.raises(ToolError, match="a of top has 7 bits, too few for 0xc8"):
        rows(design, play)
    with pytest.raises(ToolError, match="top has no such port as b, only a"):
        rows(design, replace(play, inputs={"b": [1, 2]}))
