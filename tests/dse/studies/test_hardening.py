"""Registers there three times: what the page says of corruption and of cells."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import hw
from dse.studies.hardening import COSTS, FATES, Hardening, Trial, check_worst, page, reading
from hw.specs.tmr import ALL

PLAIN = Trial(ff=40, lut=60, bits=40, corrupted=1.0, error=0.01)
SUMS = Trial(ff=80, lut=80, bits=80, corrupted=0.25, error=0.02)
CONTROL = Trial(ff=44, lut=61, bits=44, corrupted=38 / 44, error=0.02)
EVERY = Trial(ff=120, lut=110, bits=120, corrupted=0.0, error=0.01)


def fate(structure: str, bits: int, masked: float) -> dict[str, Any]:
    return {"structure": structure, "bits": bits, "masked": masked, "error": 0.01, "median": math.nan}


def test_every_design_is_there_without_and_with_all(tmp_path: Path) -> None:
    study = Hardening.load()
    plain = [row for row in study.rows if not row.tmr]
    assert len(plain) >= 6
    for row in plain:
        tried = {other.tmr for other in study.rows if replace(other, tmr="") == row}
        assert {"", "accumulator", "control", ALL} < tried
        assert any(tmr.count("+") == 1 for tmr in tried)
    assert {job.kind for job in study.jobs(plain[0], tmp_path).values()} == {"measure", "upsets"}


def test_a_trial_is_what_was_measured_and_all_bits_fate() -> None:
    values = {COSTS: {"ff": 4, "lut": 5}, FATES: {"fates": [fate("control", 1, 0.5), fate("all", 8, 0.75)]}}
    found = Trial.of(values)
    assert (found.cells, found.bits, found.corrupted, found.at_risk) == (9, 8, 0.25, 2.0)


def test_the_page_compares_with_the_design_alone() -> None:
    spec = hw.parse("mac/int4xint4")
    trials = {"": PLAIN, "accumulator": SUMS, "control": CONTROL, ALL: EVERY}
    text = page({replace(spec, tmr=tmr): found for tmr, found in trials.items()})
    assert f"## `{spec}`" in text
    assert f"between 0.33 (accumulator of `{spec}`) and 0.40 bits (control of `{spec}`) out of risk" in text
    assert "All registers three times take 130 to 130 % more cells" in text
    assert "| - | 40 | 60 | 100 | 40 | 100.0 | 1.0 | 40 | - | - |" in text
    assert "| accumulator | 80 | 80 | 160 (+60 %) | 80 | 25.0 | 2.0 | 20 | 50 % | 0.33 |" in text
    assert "| (twice) | 80 | 120 | 200 (+100 %) | 80 | - | - | - | - | - |" in text


def test_what_removes_most_for_a_cell_comes_first() -> None:
    said = reading({"accumulator": SUMS, "control": CONTROL, "control+accumulator": SUMS, ALL: EVERY}, PLAIN)
    assert said == (
        "Most for a cell first: control (5 % removed for 5 % more cells), accumulator (50 % removed for 60 % more "
        "cells); all: 100 % removed for 130 % more cells."
    )


def test_the_two_that_are_tried_together_are_the_worst() -> None:
    fates = [fate("operand", 90, 0.9), fate("accumulator", 30, 0.0), fate("control", 20, 0.1), fate("all", 140, 0.5)]
    check_worst(["", "control", "control+accumulator", ALL], fates)
    with pytest.raises(ValueError, match=r"tmr must have control\+accumulator, the worst, got accumulator\+operand"):
        check_worst(["", "accumulator+operand"], fates)
