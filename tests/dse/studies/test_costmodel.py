"""The page that says what estimates are worth, of made-up counts; and the factors that are fitted on them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import hw
from costmodel.estimate.heldout import Sample, tried
from costmodel.estimate.residual import read
from dse import residuals
from dse.studies import costmodel
from dse.studies.parity import parity

NAMES = [f"mul/int{a}xuint{b}/exact/exact/p{p}" for a in range(2, 8) for b in range(2, 8) for p in (0, 1)]


def samples(factor: float, noise: float) -> list[Sample]:
    """Designs that take `factor` times what is counted, more or less."""
    rng = np.random.default_rng(1)
    found = []
    for number, name in enumerate(NAMES):
        lut = 30 + 10.0 * number
        truth = lut * factor * float(rng.lognormal(0, noise))
        counted = {"lut": lut, "carry": 0, "ff": lut, "dsp": 1, "bram": 0, "mhz": 100.0 + number}
        found.append(Sample(hw.parse(name), counted, {**counted, "lut": truth, "mhz": (100.0 + number) * factor}))
    return found


def test_figures_are_those_of_designs_that_were_held_out() -> None:
    found = tried("lut", samples(1.2, 0.01), "format")
    mape, most, rank, covered, number = costmodel.figures(found, "lut")
    assert mape < 2 < most + 2
    assert rank > 0.99
    assert 0.8 < covered <= 1
    assert number == sum(found.measured >= 40) < len(NAMES)


def test_the_page_says_first_what_is_missed() -> None:
    text = costmodel.page({"ecp5": samples(1.0, 0.0), "ice40": samples(1.1, 0.3)})
    goals, rest = text.split("## Goals that are missed")[1].split("## LUT\n")
    assert "- Lattice iCE40, LUT, by format: MAPE" in goals
    assert "- Lattice ECP5, LUT, by format: MAPE" not in goals
    assert "| Lattice ECP5 | 71 | format | 0.0 % | 0.0 % | 1.000 |" in rest
    assert "| Lattice iCE40 | 72 of 72 |" in rest.split("## Blocks, and small designs")[1]
    worst = rest.split("## The ten worst: LUT")[1].split("## The ten worst: MHz")[0]
    assert worst.count("| Lattice iCE40 |") == costmodel.WORST
    assert "## What was tried" in text


def test_factors_are_written_as_they_are_read(tmp_path: Path) -> None:
    found = residuals.fitted({"ecp5": samples(1.2, 0.0)})
    assert found["ecp5", "lut", "mul"].factor == pytest.approx(1.2, rel=0.03)
    assert ("ecp5", "lut", "") in found
    text = costmodel_text(found)
    assert read(text)["ecp5", "lut", "mul"].factor == pytest.approx(found["ecp5", "lut", "mul"].factor, abs=1e-4)


def costmodel_text(found: residuals.Residuals) -> str:
    from costmodel.estimate.residual import written

    return written(found, ["made up"])


def test_every_family_has_its_panel(tmp_path: Path) -> None:
    found = {name: tried("lut", samples(1.1, 0.1), "format") for name in ("one", "two", "three", "four", "five")}
    parity("lut", found, tmp_path / "parity.png")
    assert (tmp_path / "parity.png").stat().st_size > 10_000


def test_there_must_be_measurements(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from costmodel.measured import Table

    monkeypatch.setattr(residuals.measured, "read", lambda: Table({}, []))
    assert residuals.main(["--store", str(tmp_path / "s")]) == 2
    assert capsys.readouterr().err == "residuals: there is no table of measurements to fit on: make dataset\n"
