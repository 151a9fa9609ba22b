"""What the benches are for: each fault that is known is found, and each edit is one."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import pytest

import hw
from rtl_gen import emit
from sim import faults
from sim.faults import FAULTS, MAC, Fault

SOME = [str(next(each)) for _, each in groupby(FAULTS, lambda fault: fault.design)]
"""One for each design."""


@pytest.mark.kept(*SOME)
@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_known_fault_is_found(fault: Fault) -> None:
    verdict = fault.verdict()
    assert not verdict.passed and verdict.failures
    assert verdict.digest != emit(hw.parse(fault.design)).digest


def test_no_two_faults_are_one() -> None:
    assert len({fault.emit().digest for fault in FAULTS}) == len({str(fault) for fault in FAULTS}) == len(FAULTS)


@pytest.mark.parametrize(("pattern", "replacement"), [("no such text", ""), (r"else if \(en\)", "else if (en)")])
def test_an_edit_that_does_not_apply_is_an_error(pattern: str, replacement: str) -> None:
    with pytest.raises(ValueError, match="pattern must match the Verilog of mac/int4xint4/exact/kulisch/p1, got '"):
        Fault("none", MAC, pattern, replacement).emit()


def test_survivors_are_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    found: dict[str, Any] = {"survives": [], "dies": ["sum: beat 0 expected 0x1, got 0x2"]}
    known = [Fault(name, MAC, "", "") for name in found]
    monkeypatch.setattr(faults, "FAULTS", known)
    monkeypatch.setattr(Fault, "verdict", lambda self: type("V", (), {"failures": found[self.name]}))
    assert faults.main() == 1
    assert capsys.readouterr().out == (
        f"SURVIVED  {MAC}: survives\nkilled    {MAC}: dies: sum: beat 0 expected 0x1, got 0x2\n"
    )
    known.pop(0)
    assert faults.main() == 0
