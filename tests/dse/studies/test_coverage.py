"""The page of coverage: what its rows are, and what its lines say."""

from __future__ import annotations

from pathlib import Path

from dse.studies.coverage import Coverages, Row, race_line, unit_line
from hw.units import UNITS

RACE = {
    "bins": 40,
    "trials": {"uniform": 1000, "turns": 128, "steered": 64},
    "left": {"uniform": 3, "turns": 0, "steered": 0},
    "behind": 20,
    "by_way": {"uniform": 40},
}
VERDICT = {"coverage": {"declared": 1200, "hit": 1199, "points": {"a": [2, 2], "b": [3, 4]}, "holes": ["b: x"]}}


def test_every_unit_has_a_row_and_some_designs_race() -> None:
    rows = Coverages.load().rows
    assert {row.name for row in rows if row.cases} == set(UNITS)
    assert len([row for row in rows if not row.cases]) >= 6


def test_a_race_is_run_with_five_seeds_that_have_keys_of_their_own() -> None:
    study = Coverages.load()
    jobs = study.jobs(Row("mul/bf16xbf16/exact/bf16/p4"), Path())
    assert len({job.key for job in jobs.values()}) == 5


def test_a_line_sums_up_what_designs_have() -> None:
    more = {"coverage": {"declared": 2, "hit": 2, "points": {"a": [2, 2]}, "holes": []}}
    assert unit_line("mul", [VERDICT, more]) == ["`mul`", "2", "2", "1,202", "1,201", "1"]


def test_a_line_has_the_median_and_the_ends_of_races() -> None:
    other = {**RACE, "trials": {"uniform": 1000, "turns": 256, "steered": 128}}
    assert race_line("x", [RACE, RACE, other]) == [
        *("`x`", "40", "1,000 (3)", "128 (128 to 256)", "64 (64 to 128)", "20")
    ]


def test_the_page_has_both_tables() -> None:
    verdict = {**VERDICT, "versions": {"verilator": "5.48"}}
    found = [(Row("mul", Coverages.load().rows[0].cases), {("x",): verdict}), (Row("y"), {("1",): RACE})]
    (text,) = Coverages.load().files(found).values()
    assert isinstance(text, str)
    assert "| `mul` | 1 | 2 | 1,200 | 1,199 | 1 |" in text
    assert "Made with verilator 5.48" in text
    assert "| `y` | 40 | 1,000 (3) | 128 | 64 | 20 |" in text
