"""Icarus as a second simulator: right designs pass there, and what depends on a register before its reset is an X."""

from __future__ import annotations

import shutil

import pytest

import hw
from macsmith.cli import main
from rtl_gen.tools import ToolError
from sim import tools
from sim.faults import MAC, Fault, unreset
from sim.verify import means, verify

there = pytest.mark.skipif(
    shutil.which("iverilog") is None, reason="Icarus is not there (Debian: apt-get install iverilog)"
)


@there
@pytest.mark.parametrize(
    "name", ["mul/int3xint3", "mac/int2xint2/exact/carrysave16", "dot/int2xint2/n2", "pe/int2xint2/ws"]
)
def test_right_designs_pass(name: str) -> None:
    verdict = verify(hw.parse(name), simulator="icarus")
    assert verdict.passed, verdict.failures
    assert verdict.compared > 0
    assert means(verdict.to_dict()) == "rtl in icarus"


@there
def test_a_design_for_a_family_is_simulated_with_its_cells() -> None:
    verdict = verify(hw.parse("mac/int3xint3/exact/kulisch16"), hw.parse_target("ice40"), simulator="icarus")
    assert verdict.passed, verdict.failures


@there
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (next(unreset(MAC, "acc")), "got X"),
        (next(unreset("dot/int2xint2/n2/exact/exact/p1", "valid_q1")), "X"),
    ],
    ids=["a sum", "a beat's valid"],
)
def test_what_is_not_reset_is_an_x(fault: Fault, said: str) -> None:
    verdict = verify(hw.parse(fault.design), emitted=fault.emit(), simulator="icarus")
    assert not verdict.passed
    assert any(said in failure for failure in verdict.failures), verdict.failures


def test_who_has_no_icarus_is_told_so_in_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tools.shutil, "which", lambda name: None)
    with pytest.raises(ToolError, match="Icarus Verilog is not installed: install it"):
        verify(hw.parse("mul/int2xint2"), simulator="icarus")
    assert main(["verify", "mul/int2xint2", "--simulator", "icarus"]) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("macsmith: Icarus Verilog is not installed")


def test_there_are_two_simulators() -> None:
    with pytest.raises(ValueError, match="simulator must be one of verilator, icarus, got 'vcs'"):
        verify(hw.parse("mul/int2xint2"), simulator="vcs")
