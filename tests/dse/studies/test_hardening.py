"""Protected registers and clipped results: what the page says of corruption and of cells."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

import hw
from dse.studies.hardening import (
    COSTS,
    FATES,
    Hardening,
    Trial,
    bare,
    check_worst,
    is_clip,
    page,
    protection,
    reading,
)

PLAIN = Trial(ff=40, lut=60, bits=40, corrupted=1.0, error=0.01)
SUMS = Trial(ff=80, lut=80, bits=80, corrupted=0.25, error=0.02)
CONTROL = Trial(ff=44, lut=61, bits=44, corrupted=38 / 44, error=0.02)
EVERY = Trial(ff=120, lut=110, bits=120, corrupted=0.0, error=0.01)
TOLD = Trial(ff=44, lut=76, bits=44, corrupted=0.0, error=0.01, detected=1.0)
CLIP = Trial(ff=44, lut=76, bits=44, corrupted=0.25, error=0.01, median=0.5, most=2.25)


def fate(structure: str, bits: int, masked: float) -> dict[str, Any]:
    shares = {"masked": masked, "corrupted": 0.75 - masked, "hanging": 0.125, "detected": 0.125}
    return {"structure": structure, "bits": bits, **shares, "error": 0.01, "median": math.nan, "most": math.nan}


def test_every_design_is_there_without_and_with_all(tmp_path: Path) -> None:
    study = Hardening.load()
    plain = [row for row in study.rows if not row.protection and not is_clip(row)]
    assert len(plain) >= 6
    for row in plain:
        tried = {protection(other) for other in study.rows if bare(other) == row}
        assert {"", "tmr:accumulator", "tmr:control", "tmr", "parity"} < tried
        assert any(how.count("+") == 1 for how in tried)
        assert any(how.startswith("tmr:control/parity:") for how in tried)
    clips = [row.clip for row in study.rows if is_clip(row)]  # type: ignore[attr-defined]
    assert 0 in clips
    assert any(clips)
    assert {job.kind for job in study.jobs(plain[0], tmp_path).values()} == {"measure", "upsets"}


def test_a_trial_is_what_was_measured_and_all_bits_fate() -> None:
    values = {COSTS: {"ff": 4, "lut": 5}, FATES: {"fates": [fate("control", 1, 0.5), fate("all", 8, 0.625)]}}
    found = Trial.of(values)
    assert (found.cells, found.bits, found.corrupted, found.detected, found.at_risk) == (9, 8, 0.25, 0.125, 2.0)


def test_the_page_compares_with_the_design_alone() -> None:
    spec = hw.parse("mac/int4xint4")
    trials = {"": PLAIN, "/tmr:accumulator": SUMS, "/tmr:control": CONTROL, "/tmr": EVERY, "/parity": TOLD}
    clips = {hw.parse("requant/fix26.0xint8/n1/tensor/c9/p1"): CLIP}
    text = page({**{hw.parse(f"{spec}{end}"): found for end, found in trials.items()}, **clips})
    assert f"## `{spec}`" in text
    assert f"between 0.33 (tmr:accumulator of `{spec}`) and 0.40 bits (tmr:control of `{spec}`) out of risk" in text
    assert "All registers three times take 130 to 130 % more cells; a parity bit for each takes 20 to 20 %" in text
    assert "and tells 100.0 % of the flips" in text
    assert "| - | 40 | 60 | 100 | 40 | 100.0 | 1.0 | 0.0 | 40 | - | - |" in text
    assert "| tmr:accumulator | 80 | 80 | 160 (+60 %) | 80 | 25.0 | 2.0 | 0.0 | 20 | 50 % | 0.33 |" in text
    assert "| parity | 44 | 76 | 120 (+20 %) | 44 | 0.0 | 1.0 | 100.0 | 0 | 100 % | 2.00 |" in text
    assert "| (twice) | 80 | 120 | 200 (+100 %) | 80 | - | - | - | - | - | - |" in text
    assert "| `requant/fix26.0xint8/n1/tensor/c9/p1` | 44 | 76 | 120 | 25.0 | 1.0 | 0.5 | 2.2 |" in text


def test_what_removes_most_for_a_cell_comes_first() -> None:
    copies = {"tmr:accumulator": SUMS, "tmr:control": CONTROL, "tmr:control+accumulator": SUMS, "tmr": EVERY}
    assert reading({**copies, "parity:control": CONTROL, "parity": TOLD}, PLAIN) == (
        "Of copies most for a cell first: tmr:control (5 % removed for 5 % more cells), tmr:accumulator (50 % removed "
        "for 60 % more cells); tmr: 100 % removed for 130 % more cells; parity: 100 % removed for 20 % more cells."
    )


def test_the_two_that_are_tried_together_are_the_worst() -> None:
    fates = [fate("operand", 90, 0.9), fate("accumulator", 30, 0.0), fate("control", 20, 0.1), fate("all", 140, 0.5)]
    check_worst(["", "control", "control+accumulator", "all"], fates)
    with pytest.raises(ValueError, match=r"tmr must have control\+accumulator, the worst, got accumulator\+operand"):
        check_worst(["", "accumulator+operand"], fates)
