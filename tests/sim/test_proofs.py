"""Proofs: what is right closes, known faults make them fail with a counterexample, and nonsense proves nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import hw
from hw.specs.stream import StreamSpec
from hw.units import UNITS, spec_type
from rtl_gen import Emitted, emit
from sim import rowfile
from sim.faults import MAC, Fault, unreset
from sim.proofs import __main__ as command
from sim.proofs import kept
from sim.proofs.driver import FAILS, HOLDS, PROVED, TIMEOUT, Proof, decide
from sim.proofs.frame import FIRST, Frame
from sim.proofs.properties import PROPERTIES, prove

DOT = "dot/int2xint2/n2/exact/exact/p1"
STABLE = r"assign m_axis_sum_tvalid = (.*);"


def tried(name: str, design: str, emitted: Emitted | None = None, depth: int = 8) -> Proof:
    spec = hw.parse(design)
    proof = prove(spec, name, emitted or emit(spec), depth, 60)
    assert proof is not None
    return proof


@pytest.mark.parametrize(
    ("name", "design"),
    [
        *(("stable", DOT), ("ready", DOT), ("counted", DOT), ("ordered", DOT), ("forgets", DOT)),
        *(("counted", "matvec/int2xint2/1x1"), ("counted", "array/int2xint2/1x2/ws")),
        *(("forgets", MAC), ("sums", "mac/int3xint3/exact/kulisch16/p0"), ("sums", "mac/int3xint3/exact/kulisch16/p1")),
        *(("stable", "matvec/int2xint2/1x1"), ("forgets", "mul/int3xint3/exact/exact/p1")),
    ],
)
def test_what_is_right_is_proved_for_ever(name: str, design: str) -> None:
    assert tried(name, design).outcome == PROVED


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("forgets", next(unreset(MAC, "acc"))),
        ("forgets", next(unreset(MAC, "filled"))),
        ("forgets", Fault("en gates the reset of the sum", MAC, r"if \(rst\) acc", "if (rst & en) acc")),
        ("forgets", next(unreset(DOT, "valid_q1"))),
        ("counted", next(unreset(DOT, "aside_full"))),
        ("counted", Fault("a beat that waits is lost", DOT, r"else aside_full <= .*;", "else aside_full <= 1'b0;")),
        ("ordered", Fault("a beat that waits is not put aside", DOT, r"aside <= result;", "aside <= aside;")),
        ("ordered", Fault("the sum is kept", DOT, r"product_q1 <= product;", "product_q1 <= product ^ product_q1;")),
        (
            "counted",
            Fault(
                "a beat without its pair",
                "matvec/int2xint2/1x1",
                r"assign both = .*;",
                "assign both = s_axis_a_tvalid;",
            ),
        ),
        ("stable", Fault("valid falls", DOT, STABLE, r"assign m_axis_sum_tvalid = (\1) & s_axis_a_tvalid;")),
        (
            "stable",
            Fault("the beat changes", DOT, r"assign shown = aside_full \? aside : result", "assign shown = result"),
        ),
        ("ready", Fault("valid waits", DOT, STABLE, r"assign m_axis_sum_tvalid = (\1) & m_axis_sum_tready;")),
        ("sums", Fault("clear is ignored", "mac/int3xint3/exact/kulisch16/p1", r"clear_q1 \? \S+ : acc", "acc")),
    ],
    ids=lambda of: of if isinstance(of, str) else of.name,
)
def test_a_fault_makes_its_proof_fail(name: str, fault: Fault) -> None:
    proof = tried(name, fault.design, fault.emit())
    assert proof.outcome == FAILS
    assert (name == "ready") == (not proof.cycles)


def test_a_counterexample_is_a_table_of_cycles() -> None:
    proof = tried("forgets", MAC, next(unreset(MAC, "acc")).emit())
    assert str(proof) == "fails in cycle 1"
    head, *lines = proof.table().splitlines()
    assert head.split() == ["cycle", "0", "1"]
    # What is always zero has no line.
    rows = {name: cells for name, *cells in map(str.split, lines)}
    assert rows.get("x_acc", ["0", "0"])[-1] != rows.get("y_acc", ["0", "0"])[-1]


def test_too_small_an_accumulator_overflows() -> None:
    # The design that states a depth of 16, asked for 64.
    small = emit(hw.parse("mac/int2xint2/exact/kulisch1/p0"))
    proof = prove(hw.parse("mac/int2xint2/exact/kulisch4/p0"), "sums", small, 8, 60)
    assert proof is not None and proof.outcome == FAILS


def test_a_bound_is_no_proof_and_says_so() -> None:
    design = emit(hw.parse(MAC))
    frame = Frame(design)
    module = frame.module(
        "  reg [7:0] n = 0;\n  always @(posedge clk) n <= n + 1;", f"  always @* if (!{FIRST}) assert (n < 100);"
    )
    proof = decide(design, module, ["acc"], depth=5)
    assert (proof.outcome, proof.depth, str(proof)) == (HOLDS, 5, "holds to depth 5")


def test_nothing_is_proved_of_what_can_not_be() -> None:
    design = emit(hw.parse(MAC))
    module = Frame(design).module("  always @* assume (en && !en);", "  always @* assert (0);")
    with pytest.raises(Exception, match="what is assumed can't be"):
        decide(design, module, ["acc"], depth=3)


def test_what_takes_too_long_is_said() -> None:
    design = emit(hw.parse(MAC))
    assert decide(design, Frame(design).module(), [], seconds=0.001).outcome == TIMEOUT


def test_a_property_is_asked_where_it_means_something() -> None:
    asked = {
        name: [each for each, of in PROPERTIES.items() if of.applies(spec, Frame(emit(spec)))]
        for name, spec in ((name, hw.parse(name)) for name in (MAC, DOT, "mul/int2xint2", "pe/int2xint2/os"))
    }
    assert asked == {
        MAC: ["forgets", "sums"],
        DOT: ["stable", "ready", "counted", "ordered", "forgets"],
        "mul/int2xint2": [],
        "pe/int2xint2/os": [],
    }


def test_the_command_proves_and_refuses(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["mul/int2xint2/exact/exact/p1", "--depth", "4"]) == 0
    assert capsys.readouterr().out.startswith("mul/int2xint2/exact/exact/p1  forgets: proved (from 1 enabled edges on)")
    assert command.main(["mul/int2xint2", "--depth", "0"]) == 2
    assert "--depth must be 1 or more, got 0" in capsys.readouterr().err
    assert command.main(["nonsense"]) == 2


def test_a_page_is_made_line_by_line_of_what_misses_or_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mul, mac = "mul/int2xint2/exact/exact/p1", hw.parse(MAC).name
    monkeypatch.setattr(command, "SPECS", (mul, mac))
    page, write = tmp_path / "proofs.md", ["--depth", "4", "--write", str(tmp_path / "proofs.md")]
    assert command.main([mac, *write]) == 0
    assert [row.spec for row in rowfile.read(rowfile.beside(page), kept.Row)] == [mac]
    assert command.main(write) == 0
    first, second = rowfile.read(rowfile.beside(page), kept.Row)
    assert (first.spec, second.spec) == (mul, mac)
    assert f"| `{first.spec}` | - | - | - | - | {first.cells['forgets']} | - |" in page.read_text()
    capsys.readouterr()
    assert command.main(write) == 0 and not capsys.readouterr().out
    rowfile.write([first, replace(second, made_of="other")], rowfile.beside(page))
    assert command.main(write) == 0
    assert {line.split()[0] for line in capsys.readouterr().out.splitlines()} == {mac}
    assert rowfile.read(rowfile.beside(page), kept.Row) == [first, second]


def test_lines_that_are_none_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "proofs.json").write_text('[{"name": "mac"}]')
    assert command.main([MAC, "--write", str(tmp_path / "proofs.md")]) == 2
    assert "proofs.json must be rows of earlier runs" in capsys.readouterr().err


def test_every_unit_with_a_handshake_is_looked_at() -> None:
    looked = {hw.parse(name).unit for name in command.SPECS}
    assert {unit for unit in UNITS if issubclass(spec_type(unit), StreamSpec)} - looked == {"blockgemm", "encoder"}
