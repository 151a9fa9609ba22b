"""The page of searches is what its data files give."""

from __future__ import annotations

from pathlib import Path

from dse.search import comparison, truth
from dse.studies import search

PAGE = (Path(__file__).parents[3] / "docs" / "search.md").read_text()


def test_the_page_has_every_part_and_its_tables() -> None:
    assert PAGE.startswith(search.HEADER), "run `make docs`"
    for row in [*search.evolved_rows(search.evolved()), *search.prior_rows()]:
        assert f"| {' | '.join(row)} |\n" in PAGE, "run `make docs`"
    assert (search.LOOP.splitlines()[1] in PAGE) == truth.TABLE.exists(), "run `make docs`"


def test_the_searches_are_those_of_the_command() -> None:
    found = search.evolved()
    assert set(found["search"]) == {"NSGA-II", "random"}
    assert found["seed"].nunique() == comparison.SEEDS and found["evaluations"].max() == comparison.EVALUATIONS
    assert found["hypervolume"].between(0, 1).all()


def test_all_splits_of_three_to_eight_bits_have_losses() -> None:
    for workload in search.WORKLOADS:
        assert len(search.losses(workload)) == 25
