"""The page beside ZigZag and SCALE-Sim is what the data file and our formulas say, and the file is true of both."""

from __future__ import annotations

from pathlib import Path

import pytest

from dse.studies.compared import OTHERS, OURS, RTL, Compared, compared, parts_of
from dse.studies.comparison import Comparison, failures

PAGE = Path(__file__).parents[3] / "docs" / "comparison.md"
ALL = [*compared("simulated"), *compared("list")]
IDS = [f"{each.spec.rows}-{'x'.join(map(str, each.size))}" for each in ALL]


def test_the_page_is_new() -> None:
    assert Comparison.load().files([]) == {"comparison.md": PAGE.read_text()}, "run `python -m dse.studies comparison`"


@pytest.mark.parametrize("each", ALL, ids=IDS)
def test_what_is_written_of_ours_is_what_the_formulas_say(each: Compared) -> None:
    row = each.said[OURS]
    assert int(row["cycles"]) == each.cycles(OURS)
    kept = float(row["inside_pj"]) / 1e6, float(row["outside_pj"]) / 1e6
    assert kept == pytest.approx(each.microjoules(OURS))


def test_simulated_cores_take_what_the_formula_says() -> None:
    small = compared("simulated")
    assert {each.spec.rows for each in small} >= {4, 8, 32}
    assert [int(each.said[RTL]["cycles"]) for each in small] == [each.cycles(OURS) for each in small]
    assert all(float(each.said[RTL]["cpu_s"]) < 60 for each in small)


@pytest.mark.parametrize("each", ALL, ids=IDS)
def test_the_others_count_what_the_page_says_of_them(each: Compared) -> None:
    _, k, _ = each.size
    if not each.said["scalesim"]["failed"]:
        fill = each.spec.rows + each.spec.columns - 2
        assert each.cycles("scalesim") == each.least // k * (k + fill) - 1
    if not each.said["zigzag-dse"]["failed"]:
        parts = parts_of(each.said["zigzag-dse"])
        assert each.cycles("zigzag-dse") == sum(parts.values())
        assert parts["drain"] <= each.spec.rows + each.spec.columns - 2
        assert parts["computing"] >= each.least


@pytest.mark.parametrize("each", ALL, ids=IDS)
def test_ours_is_no_faster_than_an_array_can_be(each: Compared) -> None:
    assert each.least < each.array_cycles < each.cycles(OURS)
    assert set(each.said) >= {OURS, *OTHERS}


def test_what_gave_no_answer_is_named() -> None:
    rows = [{"tool": "scalesim", "what": "a layer", "failed": "stopped"}, {"tool": OURS, "what": "b", "failed": ""}]
    assert failures(rows) == "; without an answer: SCALE-Sim, a layer: stopped"
    assert failures(rows[1:]) == ", and needed less"
