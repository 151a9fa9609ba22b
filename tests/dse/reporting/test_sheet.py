"""A design's sheet, in words."""

from __future__ import annotations

import shlex

import pandas
import pytest

from dse.objectives import objectives
from dse.reporting import Reason, binds, command, compare, reasons
from macsmith import cli


def told(rows: dict[str, list[object]], *names: str) -> dict[int, Reason]:
    table = pandas.DataFrame(rows)
    table["frontier"] = True
    return reasons(compare(table, objectives(names)), 1, 0, 0)


def test_why_a_design_is_on_the_frontier_and_what_the_next_costs() -> None:
    found = told(
        {
            "spec": ["a", "b", "c", "worse"],
            "device": ["ecp5-25k"] * 4,
            "lut": [100, 120, None, 130],
            "lut_estimated": [90, 110, 200, 130],
            "loss": [2.0, 0.5, 0.25, 0.75],
        },
        "loss",
        "lut",
    )
    assert found == {
        0: Reason(
            "No other design on ecp5-25k has less than its 100 LUT.",
            "b: 1.50 points of loss less, for 20 LUT more (+20 %); it has 120 LUT and loss 0.50 points.",
        ),
        1: Reason(
            "No other design on ecp5-25k has 120 LUT or less and loss 0.50 points or less. "
            "Nearest is a: 100 LUT, but loss 2.00 points.",
            "c: 0.25 points of loss less, for 80 LUT more (+67 %); it has ≈ 200 LUT and loss 0.25 points.",
        ),
        2: Reason(
            "No other design on ecp5-25k has ≈ 200 LUT or less and loss 0.25 points or less. "
            "Nearest is b: 120 LUT, but loss 0.50 points.",
            "None on ecp5-25k is better in loss: loss 0.25 points is the best.",
        ),
    }


def test_where_more_is_better_and_of_equal_designs() -> None:
    found = told({"spec": ["a", "b", "twin"], "lut": [10, 20, 20], "mhz": [100, 150, 150]}, "lut", "mhz")
    assert set(found) == {0, 1}
    assert found[1].why == "No other design has more than its 150.0 MHz."
    assert found[1].further == "a: 10 LUT less, for 50.0 MHz less (-33 %); it has 100.0 MHz and 10 LUT."
    assert found[0].why.endswith("Nearest is b: 150.0 MHz, but 20 LUT.")


def test_what_binds() -> None:
    row = {"device": "ecp5-25k", "lut": 2428.8, "ff_estimated": 100, "ff": float("nan"), "dsp": 7, "bram": 0}
    assert binds(row) == "DSP: 7 of the 28 of Lattice ECP5-25, 25 %; 4 would fit; next is LUT, 10 %."
    assert binds({**row, "dsp": 0, "lut": 10, "ff": 0}).startswith("LUT: 10 of the 24,288 of Lattice ECP5-25, 0.041 %;")
    assert binds({**row, "dsp": 30}) == (
        "DSP: 30 of the 28 of Lattice ECP5-25, 107 %; it does not fit; next is LUT, 10 %."
    )
    assert binds({**row, "lut": None, "lut_estimated": 20000}).startswith("LUT: ≈ 20,000 of the 24,288")
    assert binds({**row, "device": "ice40-hx8k"}).startswith("DSP: it takes 7, and ")
    assert binds({**row, "device": "my own"}) == binds({"device": "ecp5-25k"}) == ""
    assert binds(dict.fromkeys(("lut", "ff", "dsp", "bram"), 0) | {"device": "ecp5-25k"}) == ""


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"spec": "mac/int4xint4/exact/kulisch64/p1", "device": "ecp5-25k", "target": "ecp5"}, "--device ecp5-25k"),
        ({"spec": "mac/int4xint4/exact/kulisch64/p1", "device": None, "target": "ice40"}, "--target ice40"),
        ({"spec": "mac/int4xint4/exact/kulisch64/p1"}, ""),
    ],
)
def test_the_command_writes_the_verilog(
    row: dict[str, object], expected: str, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(str(tmp_path))
    text = command(row)
    assert text == " ".join(f"macsmith generate {row['spec']} {expected} -o rtl".split())
    assert cli.main(shlex.split(text)[1:]) == 0


def test_a_shell_takes_the_command_as_it_is() -> None:
    spec = "mac/cb[0,1,5,-3]xint4/exact/kulisch64/p1"
    assert shlex.split(command({"spec": spec}))[2] == spec
