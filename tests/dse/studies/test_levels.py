"""The table of levels: every unit is in it, and a cell says just what its verdict does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hw
from dse.studies.levels import Levels, cell
from hw.units import UNITS

PASSED: dict[str, Any] = {
    "passed": True,
    "compared": 1234,
    "failures": [],
    "versions": {"cocotb": "2"},
    "level": "netlist of xc7 by s",
}
FAILED = PASSED | {"passed": False, "failures": ["every_pair: cycle 3: p expected 0x1, got 0x0"]}
LACKING = PASSED | {"level": "netlist of xc7 by s -nobram; without block RAMs: RAMB18E1 has no model"}


def test_every_unit_is_there_and_every_family() -> None:
    study = Levels.load()
    assert {row.unit for row in study.rows} == set(UNITS)
    assert {target.name for target in study.targets} == set(hw.TARGETS) - {"generic"}


def test_a_cell_says_what_the_verdict_does() -> None:
    assert [cell(of) for of in (PASSED, FAILED, LACKING)] == ["passed", "failed", "without block RAMs"]


def test_a_family_that_can_t_have_a_design_has_no_job(tmp_path: Path) -> None:
    study = Levels.load().part("pack/", ["ecp5", "xc7"])
    jobs = study.jobs(study.rows[0], tmp_path)
    assert ("netlist", "xc7") in jobs and ("netlist", "ecp5") not in jobs
    assert jobs["rtl", "verilator"].label.endswith(" for xc7")


def test_the_page_lists_what_failed() -> None:
    study = Levels.load().part("mul/int8", ["ecp5", "xc7", "ice40"])
    values = {("rtl", "verilator"): PASSED, ("netlist", "ecp5"): FAILED, ("netlist", "xc7"): LACKING}
    (page,) = study.files([(study.rows[0], values)]).values()
    assert isinstance(page, str)
    name = study.rows[0].name
    assert f"| `{name}` | passed, 1,234 | not installed | failed | without block RAMs | - |" in page
    assert f"- `{name}`, netlist of xc7 by s: every_pair: cycle 3" in page
