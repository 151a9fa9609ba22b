"""Registers are added until a design is as fast as it has to be; or it is said that none help."""

from __future__ import annotations

from typing import Any

import pytest

import hw
from costmodel import confirm, measure
from costmodel.confirm import confirmed

ECP5 = hw.parse_target("ecp5")


def placed(monkeypatch: pytest.MonkeyPatch, speed: Any) -> list[str]:
    """Let designs be placed at a speed that is a function of their registers; what was measured."""
    asked = []

    def measured(spec: Any, target: hw.Target, keep: Any = None, tools: str = "", device: Any = None) -> measure.Cost:
        asked.append(spec.name)
        fmax = speed(spec.pipeline)
        cells, speeds = (1, 0, 0, 0, 0), [fmax] if fmax else []
        return measure.Cost(
            spec.name, target.name, "ecp5-25k", *cells, "LUT4", 1, fmax, speeds, "no tool", "f", "d", {}
        )

    monkeypatch.setattr(confirm, "measure", measured)
    return asked


def test_the_first_that_is_fast_enough_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = placed(monkeypatch, lambda stages: 100.0 + 20 * stages)
    cost = confirmed(hw.parse("mul/e4m3xe4m3/exact/e4m3/p2"), ECP5, 175)
    assert (cost.spec, cost.fmax) == ("mul/e4m3xe4m3/exact/e4m3/p4", 180.0)
    assert len(asked) == 3


def test_it_gives_up_where_registers_do_not_help(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = placed(monkeypatch, lambda stages: 150.0 - stages)
    with pytest.raises(ValueError, match=r"mhz must be at most 148, which mul/.*/p2 reaches on ecp5, got 200"):
        confirmed(hw.parse("mul/e4m3xe4m3/exact/e4m3/p2"), ECP5, 200)
    assert len(asked) == 1 + confirm.PATIENCE


def test_it_gives_up_where_there_is_no_more_logic(monkeypatch: pytest.MonkeyPatch) -> None:
    placed(monkeypatch, lambda stages: 10.0 * stages)
    with pytest.raises(ValueError, match=r"mhz must be at most \d+, which mul/int4xint4/exact/exact/p\d reaches"):
        confirmed(hw.parse("mul/int4xint4/exact/exact/p1"), ECP5, 500)


def test_what_is_not_placed_is_not_confirmed(monkeypatch: pytest.MonkeyPatch) -> None:
    placed(monkeypatch, lambda stages: None)
    with pytest.raises(ValueError, match="can't be confirmed on ecp5: no tool"):
        confirmed(hw.parse("mul/int4xint4/exact/exact/p1"), ECP5, 100)
    with pytest.raises(ValueError, match="mhz must be above 0"):
        confirmed(hw.parse("mul/int4xint4/exact/exact/p1"), ECP5, 0)
