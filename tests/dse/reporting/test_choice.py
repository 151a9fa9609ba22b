"""Which design to take where nothing more is asked."""

from __future__ import annotations

from typing import Any

import pandas
import pytest

from dse.objectives import objectives
from dse.reporting import Comparison, advice, choice, compare, frontier_table


def compared(rows: dict[str, Any], *names: str) -> Comparison:
    table = pandas.DataFrame(rows)
    table["frontier"] = True
    return compare(table, objectives(names or ("loss", "lut")))


@pytest.mark.parametrize(
    ("lut", "loss", "taken"),
    [
        ([10, 20, 400], [9.0, 1.0, 0.5], "b"),
        ([10, 20, 400], [1.0, 0.9, 0.0], "a"),
        ([10, 20, 21], [9.0, 8.0, 0.0], "a"),
        ([10, 20, 30], [2.0, 1.0, 1.0], "a"),
        ([10, 10, 10], [3.0, 1.0, 2.0], "b"),
    ],
)
def test_it_is_where_the_frontier_bends_and_of_two_as_good_the_cheaper(
    lut: list[float], loss: list[float], taken: str
) -> None:
    found = choice(compared({"spec": ["a", "b", "c"], "lut": lut, "loss": loss}), 0)
    assert found is not None
    assert found.spec == taken


@pytest.mark.parametrize(
    ("lut", "loss", "taken"), [([29, 39], [9.96, 1.52], "b"), ([10, 40], [0.3, 0.2], "a"), ([10, 12], [1.0, 1.0], "a")]
)
def test_of_two_it_is_the_one_that_is_better_by_more(lut: list[float], loss: list[float], taken: str) -> None:
    found = choice(compared({"spec": ["a", "b"], "lut": lut, "loss": loss}), 0)
    assert found is not None
    assert found.spec == taken
    assert found.because.startswith("of two" if loss[0] != loss[1] else "it is alone")


def test_what_breaks_a_constraint_is_not_taken() -> None:
    both = compared({"spec": ["a", "b", "c"], "lut": [10, 20, 400], "loss": [9.0, 1.0, 0.5]})
    both.table["frontier"] = [True, False, False]
    found = choice(compare(both.table, both.objectives), 0)
    assert found is not None
    assert (found.spec, found.because) == ("a", "it is alone on the frontier of loss and LUT")
    assert found.reason.further.startswith("None")
    # It is taken though one that breaks the constraint is better in both.
    both.table["frontier"] = [False, False, True]
    both.table["lut"] = [10, 20, 30]
    both.table["loss"] = [0.1, 1.0, 0.5]
    found = choice(compare(both.table, both.objectives), 0)
    assert found is not None
    assert found.spec == "c"


def test_more_may_be_better() -> None:
    found = choice(compared({"spec": ["a", "b", "c"], "lut": [10, 20, 400], "mhz": [50, 380, 400]}, "mhz", "lut"), 0)
    assert found is not None
    assert found.spec == "b"


def test_what_is_not_known_is_not_taken() -> None:
    rows = {"spec": ["a", "b"], "device": ["here", "there"], "lut": [10, None], "loss": [1.0, 1.0]}
    both = compared(rows)
    assert choice(both, 1) is None
    assert advice(both, 1) == ""


def test_of_a_third_objective_it_is_said_what_there_is() -> None:
    rows = {"spec": ["a", "b", "c"], "device": ["ecp5-25k"] * 3, "lut": [10, 20, 400], "loss": [9.0, 1.0, 0.5]}
    third = {"mhz": [90.0, None, 120.0], "mhz_estimated": [80.0, 100.0, 100.0], "dsp": [0, 0, 0]}
    assert advice(compared({**rows, **third}, "loss", "lut", "mhz", "dsp"), 0).splitlines()[:3] == [
        (
            "Take b on ecp5-25k: there the frontier of loss and LUT bends; MHz had no say: it has ≈ 100.0 MHz, "
            "the frontier has 90.0 to 120.0; DSP had no say: it has 0 DSP, as all of the frontier."
        ),
        (
            "  No other design on ecp5-25k has 20 LUT or less and loss 1.00 points or less; it has ≈ 100.0 MHz and "
            "0 DSP. Nearest is a: 10 LUT, but loss 9.00 points; it has 90.0 MHz and 0 DSP."
        ),
        (
            "  Next better in loss: c: 0.50 points of loss less, for 380 LUT more (+1900 %); "
            "it has 400 LUT, loss 0.50 points, 120.0 MHz and 0 DSP."
        ),
    ]


def test_the_terminal_says_which_designs_are_not_listed_and_why() -> None:
    rows = pandas.DataFrame(
        {
            "spec": list("abcdefg"),
            "device": ["ecp5-25k"] * 6 + ["other"],
            "lut": [10, 20, 21, 9, 25, 5, 1],
            "loss": [9.0, 1.0, 0.9, 9.5, 2.0, None, 1.0],
            "frontier": [True, True, False, False, False, False, True],
            "band": [True, True, True, False, False, False, True],
        }
    )
    caption = frontier_table(compare(rows, objectives(["loss", "lut"])), 0).caption
    assert str(caption).splitlines() == [
        "2 of 6 designs in the table are on the frontier",
        "not listed: 1 so near to it that their 90 % overlap with it",
        "not listed: 1 no better in anything than one that is on it",
        "not listed: 1 of which not all of these values are known",
        "not listed: 1 that break a constraint",
        "≈ is estimated, with its 90 %",
    ]
    short = frontier_table(compare(rows, objectives(["loss", "lut"])), 0, most=1).caption
    assert str(short).startswith("2 of 6 designs in the table are on the frontier, the first 1 of them here\n")


def test_the_terminal_says_what_to_take_why_what_is_next_and_how_to_get_it() -> None:
    rows = {"spec": ["a", "b", "c"], "device": ["ecp5-25k"] * 3, "lut": [10, 20, 400], "loss": [9.0, 1.0, 0.5]}
    assert advice(compared(rows), 0).splitlines() == [
        "Take b on ecp5-25k: there the frontier of loss and LUT bends.",
        (
            "  No other design on ecp5-25k has 20 LUT or less and loss 1.00 points or less. "
            "Nearest is a: 10 LUT, but loss 9.00 points."
        ),
        (
            "  Next better in loss: c: 0.50 points of loss less, for 380 LUT more (+1900 %); "
            "it has 400 LUT and loss 0.50 points."
        ),
        "  Its Verilog: macsmith generate b --device ecp5-25k -o rtl",
    ]
