"""The table of units: every row is a design with a formula, and a line can be made alone."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

import hw
from dse.studies.text import Flows
from dse.studies.units import Result, Row, Units, line, page, read, result, with_examples
from hw.specs.stream import StreamSpec
from hw.units import spec_type
from rtl_gen.tools import ToolError

DATA = files("dse.studies").joinpath("units.toml").read_text()


def streamed() -> set[str]:
    return {unit for unit in hw.UNITS if issubclass(spec_type(unit), StreamSpec)}


def test_the_data_file_has_a_row_for_every_unit_with_streams() -> None:
    rows, targets = read(DATA)
    assert len(targets) >= 2
    assert streamed() <= {row.spec.unit for row in rows}
    for row in rows:
        assert row.cycles or row.spec.unit not in streamed()
    assert with_examples(rows) == rows


def test_a_unit_without_a_row_has_that_of_its_example() -> None:
    rows = with_examples([Row(hw.parse("dot/int8xint8/n2"), {})])
    assert rows[0].name == "dot/int8xint8/n2/exact/exact/p1"
    assert {row.spec.unit for row in rows} == streamed()
    assert [row.name for row in rows if row.spec.unit == "requant"] == [spec_type("requant").example]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[row]]\nspec = "dot/int9"', "units.toml, row 1: spec 'dot/int9': "),
        ('[[row]]\nspec = "mac/int8xint8"\nspeck = 1', "row 1: unknown key speck"),
        (
            '[[row]]\nspec = "dot/int8xint8/n2"\nshape = { k = 1 }',
            "row 1: shape must have beats for dot/int8xint8/n2/exact/.*p1, got k",
        ),
    ],
)
def test_a_wrong_row_is_named(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(text)


def test_a_line_says_what_was_found() -> None:
    verdict = {"passed": True, "exhaustive": False, "tests": 5, "compared": 99, "versions": {"verilator": "5"}}
    cost = {"lut": 2913, "bram": 0, "dsp": 1, "flow": "synth -nowidelut", "fmax": 187.6}
    cost["versions"] = {"pyosys": "1"}
    row = Row(hw.parse("dot/int8xint8/n32/exact/exact/p2"), {"beats": 100})
    found = Result(row, {"generic": verdict, "ecp5": verdict}, {"ecp5": cost, "ice40": None})
    cells = line(found, Flows())
    assert cells[1:5] == ["2", "102 for beats 100", "2,913 a, 1 DSP", "188"]
    assert cells[5:7] == ["-", "-"]
    assert "5 plays, 99 results" in cells[7]
    assert cells[8] == f"`python -m dse.studies units --row {row.spec.name}`"
    text = page([found], [hw.parse_target("ecp5"), hw.parse_target("ice40")])
    assert "[dot](units/dot.md)" in text
    assert "Simulated and measured\nwith pyosys 1, verilator 5." in text
    assert "Flow: that of those tried with the fewest LUTs, a `synth -nowidelut`." in text


def test_a_row_asks_for_what_each_target_can_build(tmp_path: Path) -> None:
    study = Units((Row(hw.parse("tellme/int8/g2/t1/q1"), {}),), (hw.parse_target("ecp5"), hw.parse_target("ice40")))
    # iCE40 has no LUT RAM.
    assert set(study.jobs(study.rows[0], tmp_path)) == {("verify", "generic"), ("verify", "ecp5"), ("measure", "ecp5")}


def test_what_is_not_its_golden_model_is_not_put_on_the_page() -> None:
    row = Row(hw.parse("mac/int2xint2"), {})
    verdict = {"spec": "mac/int2xint2", "passed": False, "failures": ["1 x 1: 2, not 1"]}
    with pytest.raises(ToolError, match="mac/int2xint2 differs from its golden model: 1 x 1: 2, not 1"):
        result(row, {("verify", "generic"): verdict}, [])
