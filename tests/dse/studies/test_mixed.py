"""The page of mixed precision is what is found, as it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dse.search.hawq import published
from dse.studies import mixed

PAGE = (Path(__file__).parents[3] / "docs" / "mixed-precision.md").read_text()


def test_the_page_has_the_text_and_a_row_for_each_budget() -> None:
    assert PAGE.startswith(mixed.HEADER), "run `make docs`"
    assert PAGE.count("\n| ") == 2 + 9 + 2 + 4 + 4 and PAGE.count("| the same |") == 9


def test_minilm_has_uniform_choices_and_those_within_budgets() -> None:
    rows = mixed.minilm_rows()
    assert mixed.MINILM in PAGE and len(rows) == 4 + 4
    assert all(f"| {' | '.join(row)} |\n" in PAGE for row in rows), "run `make docs`"


@pytest.mark.parametrize("share", [0.75, 0.25])
def test_rows_are_what_is_found(share: float) -> None:
    found = mixed.outcome("size", share)
    assert f"| {' | '.join(mixed.row(found))} |\n" in PAGE, "run `make docs`"


def test_a_row_says_what_was_not_proven_not_found_or_not_the_same() -> None:
    found = mixed.outcome("size", 0.5)
    other = replace(found, proven=False, theirs=published("size", 0.25), evolved=found.evolved[:1])
    cells = mixed.row(replace(other, evolved=(replace(other.evolved[0], history=()),)))
    assert cells[3:5] == ["0.074506 (not proven)", "0.118300"] and cells[6] == "- (0 of 5)"


def test_the_study_is_one_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mixed, "SHARES", (0.5,))
    monkeypatch.setattr(mixed, "SEEDS", 1)
    made = mixed.Mixed.load().files([])
    text = made["mixed-precision.md"]
    assert isinstance(text, str) and text.count("\n| ") == 2 + 3 + 2 + 8
