"""Measuring the points of the data set: nothing twice, nothing lost, and what fails does not stop the rest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import hw
from costmodel import measure
from costmodel.measured import Table
from dse import dataset, measuring
from dse.points import Point
from dse.store import Store
from rtl_gen.tools import ToolError

ICE40 = hw.parse_target("ice40")
NAMES = ["mul/int2xint2", "mul/int3xint2", "mul/int2xint2/exact/exact/p9", "mac/int2xint2/exact/kulisch/p1"]


def wanted() -> list[Point]:
    return [Point(hw.parse(name), ICE40, placed=False) for name in NAMES]


def watched(monkeypatch: pytest.MonkeyPatch, broken: str = "") -> list[str]:
    """The designs that are measured from now on; one of which fails."""
    seen: list[str] = []

    def batch(designs: Sequence[measure.Design], target: hw.Target) -> list[Any]:
        seen.extend(design.name for design in designs)
        found: list[Any] = list(measure.measure_batch(designs, target))
        return [
            ToolError("out of memory") if design.name == broken else cost
            for design, cost in zip(designs, found, strict=True)
        ]

    monkeypatch.setattr(measuring, "measure_batch", batch)
    return seen


def test_points_are_measured_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = watched(monkeypatch)
    with Store(tmp_path / "s") as store:
        table = dataset.gather(wanted(), Table({}, []), store, 2)
        # One asks for more registers than there is logic: it is no design.
        names = ["mul/int2xint2/exact/exact/p0", "mul/int3xint2/exact/exact/p0", "mac/int2xint2/exact/kulisch1024/p1"]
        assert [row.spec for row in table.rows] == seen == names
        alone = measure.measure(hw.parse(NAMES[1]), ICE40, timed=False)
        assert (table.rows[1].lut, table.rows[1].ff, table.rows[1].flow) == (alone.lut, alone.ff, alone.flow)
        assert dataset.gather(wanted(), Table({}, []), store, 2) == table
    assert len(seen) == 3
    with Store(tmp_path / "another") as store:
        assert dataset.gather(wanted(), table, store, 2) == table
        assert dataset.stale(wanted(), table, store, 2) == []
        assert dataset.stale(wanted(), Table({}, table.rows[1:]), store, 2) == ["mul/int2xint2/exact/exact/p0 on ice40"]
        assert len(seen) == 3
        # Other tools may count otherwise.
        assert dataset.gather(wanted()[:1], Table({"pyosys": "0.1"}, table.rows), store, 2).rows == table.rows[:1]
    assert len(seen) == 4


def test_what_fails_is_recorded_and_the_rest_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = watched(monkeypatch, "mul/int3xint2/exact/exact/p0")
    with Store(tmp_path / "s") as store:
        table = dataset.gather(wanted(), Table({}, []), store, 1)
        assert [row.failed for row in table.rows] == ["", "out of memory", ""]
        assert dataset.gather(wanted(), Table({}, []), store, 1) == table
    assert len(seen) == 3


def test_some_points_are_placed(tmp_path: Path) -> None:
    point = Point(hw.parse("mac/int2xint2"), ICE40, placed=True)
    with Store(tmp_path / "s") as store:
        (row,) = dataset.gather([point], Table({}, []), store, 2).rows
    assert len(row.mhz) == 3
    assert min(row.mhz) > 50


def test_no_jobs_at_a_time_are_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert dataset.main(["-j", "0", "--store", str(tmp_path / "s")]) == 2
    assert capsys.readouterr().err == "dataset: --jobs must be 1 or more, got 0\n"
