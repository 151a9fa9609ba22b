"""Datapaths side by side: what is read, what a line says, what is taught, and the picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import hw
from dse.studies.datapaths import DATAPATHS, STYLES, Datapaths, Line, Row, cells, draw, lesson, line, page, read
from dse.studies.text import Flows

TARGETS = [hw.parse_target(name) for name in STYLES]


def found(datapath: str, name: str, lut: int, picojoules: float) -> Line:
    """A line as if the same had been found on every family, but that nothing is known of speed on the last."""
    row = Row("int4", datapath, hw.parse(name))
    measured = {"lut": lut, "flow": "synth", "bram": 0, "dsp": 0, "versions": {"yosys": "1"}}
    values: dict[tuple[str, ...], dict[str, Any]] = {("energy",): {"picojoules": picojoules}}
    for target in TARGETS:
        values["measure", target.name] = measured
        mhz = None if target is TARGETS[-1] else 200.0
        values["part", target.name] = {"lut": lut, "carry": 0, "ff": 0, "dsp": 0, "bram": 0, "mhz": mhz}
    return line(row, values, TARGETS)


PARALLEL = found("parallel", "mac/int8xint4", 60, 0.2)
DOT = found("dot", "dot/int8xint4/n16", 480, 0.1)
CONSTANT = found("constant", "constmat/int8xint4/4x8/seed1", 320, 0.05)


def test_every_kind_of_weights_has_a_parallel_way_and_every_datapath_a_row() -> None:
    rows = Datapaths.load().rows
    assert {row.weights for row in rows} == {"int4", "int8", "ternary", "e2m1", "e4m3"}
    assert {row.weights for row in rows if row.datapath == "parallel"} == {row.weights for row in rows}
    assert {row.datapath for row in rows} == set(DATAPATHS)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('weights = "int4"\ndatapath = "magic"\nspec = "mac/int8xint4"', "datapath must be"),
        ('weights = "int4"\ndatapath = "dot"\nspec = "add/int8xint8"', "makes no products but results"),
        ('weights = "int44x"\ndatapath = "dot"\nspec = "mac/int8xint4"', "int44x"),
        ('weights = "int4"\ndatapath = "dot"\nspec = "mac/int8xint4"\nlut = 3', "unknown key lut"),
    ],
)
def test_a_row_that_is_none_is_named(entry: str, message: str) -> None:
    with pytest.raises(ValueError, match=rf"datapaths.toml, row 1: .*{message}"):
        read(f"targets = []\n[[row]]\n{entry}")


def test_costs_are_divided_by_products_a_cycle() -> None:
    shown = cells(DOT, TARGETS, Flows())
    assert shown[:4] == ["dot", f"`{DOT.row.spec.name}`", "16", "30.0 a"]
    assert shown[-3:] == ["-", "-", "0.1"]
    cost = DOT.costs["ecp5"]
    assert cost.mhz is not None
    assert cost.gops == 2 * cost.mhz / 30


def test_a_lesson_tells_weights_that_are_loaded_from_those_that_never_change() -> None:
    said = lesson("int4", [PARALLEL, DOT, CONSTANT], TARGETS)
    assert "loaded take the fewest LUTs as dot on Lattice ECP5 (0.50 of parallel's)" in said
    assert "never change, as constant on Lattice ECP5 (0.17 of parallel's)" in said
    assert said.endswith("has dot, 0.50 of parallel's.")


def test_a_family_that_can_not_have_a_design_has_dashes_and_no_marker(tmp_path: Path) -> None:
    table = next(row for row in Datapaths.load().rows if row.datapath == "table")
    jobs = Datapaths((table,), tuple(TARGETS)).jobs(table, tmp_path)
    assert ("measure", "ecp5") in jobs
    assert ("measure", "ice40") not in jobs
    partly = Line(DOT.row, {"ecp5": DOT.costs["ecp5"]}, 0.1)
    assert cells(partly, TARGETS, Flows())[6:] == ["-"] * 6 + ["0.1"]
    assert "parallel on Lattice iCE40 (1.00 of parallel's)" in lesson("int4", [PARALLEL, partly], TARGETS)
    draw([PARALLEL, partly], TARGETS, tmp_path / "one.png")


def test_the_page_says_what_the_ways_are_that_it_has() -> None:
    text = page([PARALLEL, DOT], TARGETS)
    assert f"- **dot**: {DATAPATHS['dot']}." in text
    assert "- **table**" not in text
    assert text.count("| parallel |") == 1


def test_the_picture_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    for name in ("one.png", "two.png"):
        draw([PARALLEL, DOT, CONSTANT], TARGETS, tmp_path / name)
    one, two = ((tmp_path / name).read_bytes() for name in ("one.png", "two.png"))
    assert one == two
    assert one.startswith(b"\x89PNG")
