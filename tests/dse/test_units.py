"""The table of units: every row is a design with a formula, and a line can be made alone."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

import hw
from dse.units import Result, Row, line, main, page, read

DATA = files("costmodel").joinpath("data", "units.toml").read_text()


def test_the_data_file_has_a_row_for_every_unit_with_streams() -> None:
    from hw.spec import UNITS
    from hw.specs.stream import StreamSpec

    rows, targets = read(DATA)
    assert len(targets) >= 2
    streamed = {name for name, spec in UNITS.items() if issubclass(spec, StreamSpec)}
    assert streamed <= {row.spec.unit for row in rows}
    for row in rows:
        assert row.cycles or row.spec.unit not in streamed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[row]]\nspec = "dot/int9"', "units.toml, row 1: spec 'dot/int9': "),
        ('[[row]]\nspec = "mac/int8xint8"\nspeck = 1', "row 1: unknown key speck"),
        (
            '[[row]]\nspec = "dot/int8xint8/n2"\nshape = { k = 1 }',
            "row 1: shape must have beats for dot/int8xint8/n2/exact/.*p0, got k",
        ),
    ],
)
def test_a_wrong_row_is_named(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(text)


def test_a_line_says_what_was_found() -> None:
    verdict = {"passed": True, "exhaustive": False, "tests": 5, "compared": 99, "versions": {"verilator": "5"}}
    cost = {"lut": 2913, "bram": 0, "dsp": 1}
    row = Row(hw.parse("dot/int8xint8/n32/exact/exact/p2"), {"beats": 100})
    result = Result(row, {"generic": verdict, "ecp5": verdict}, {"ecp5": cost, "ice40": None})
    cells = line(result)
    assert cells[1:5] == ["2", "102 for beats 100", "2,913, 1 DSP", "-"]
    assert "5 plays, 99 results" in cells[5]
    assert row.spec.name in cells[6]
    text = page([result], [hw.parse_target("ecp5"), hw.parse_target("ice40")])
    assert "[dot](units/dot.md)" in text
    assert "verilator 5" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mac/int8"], "units: spec 'mac/int8'"),
        (["-j", "0"], "units: --jobs must be 1 or more, got 0"),
        (["-o", "/proc/none/units.md"], "units: [Errno "),
    ],
)
def test_errors_are_one_line(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--store", str(tmp_path / "store.sqlite")]) == 2
    error = capsys.readouterr().err
    assert error.startswith(message)
    assert error.count("\n") == 1


def test_a_line_is_made_by_its_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mac/int2xint2/exact/kulisch4/p0", "--store", str(tmp_path / "store.sqlite")]) == 0
    out = capsys.readouterr().out
    assert "| `mac/int2xint2/exact/kulisch4/p0` | 1 |  |" in out
    assert "every operand pair; 3 forms" in out
