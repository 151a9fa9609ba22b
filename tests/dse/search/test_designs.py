"""A group of designs as axes: each point is the row of its design, and what is no design is said to be none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from dse.pool import Pool
from dse.screen import Rows
from dse.search.convergence import weigh
from dse.search.designs import Designs
from dse.search.space import Searched, look, random_search
from dse.space import from_tables
from dse.store import Store

# Arrays of up to 256 rows there are, and int3 with int2 there is; e9m9 is no format.
ARRAYS = {
    "spec": "array/{a}xint2/{rows}x{columns}/ws",
    "a": ["e9m9", "int2"],
    "rows": ["2", "300", "1"],
    "columns": [4, 2],
}
MACS = {"spec": "mac/{a}x{a}/exact/kulisch16", "a": ["int2", "int3"]}
TABLES: dict[str, Any] = {
    "devices": ["ecp5-25k", "ice40-hx8k"], "objectives": ["throughput", "lut"], "designs": [MACS, ARRAYS],
}  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store(tmp_path_factory.mktemp("designs") / "s") as store:
        yield store


def designs(store: Store, group: int = 1, device: int = 1, **changes: Any) -> Designs:
    return Designs(Rows(Pool.of(from_tables({**TABLES, **changes}), store, 1), {}), group, device)


def test_a_point_is_the_row_of_its_design(store: Store) -> None:
    found = designs(store)
    assert (found.words, found.axes, len(found)) == (("a", "rows", "columns"), (2, 3, 2), 12)
    every = found.every()
    numbers = found.numbers(every)
    there = np.flatnonzero(numbers >= 0)
    assert every[there].tolist() == [[1, 0, 0], [1, 0, 1], [1, 2, 0], [1, 2, 1]]
    table = found.rows.table(numbers[there])
    assert table["spec"].str.split("/").str[2].tolist() == ["2x4", "2x2", "1x4", "1x2"]
    assert set(table["device"]) == {"ice40-hx8k"}
    looked = look(found, every)
    assert looked.valid.tolist() == [place in there for place in range(12)]
    expected = np.stack([-table["gops_estimated"], table["lut_estimated"]], axis=1)
    assert looked.costs[there] == pytest.approx(expected)


def test_what_breaks_a_constraint_is_no_design(store: Store) -> None:
    free = look(designs(store), designs(store).every())
    some = float(np.sort(free.costs[free.valid][:, 1])[1])
    bound = look(designs(store, constraints={"lut": some}), designs(store).every())
    assert (bound.valid == (free.valid & (free.costs[:, 1] <= some))).all()


def test_groups_and_devices_are_those_of_the_space(store: Store) -> None:
    assert designs(store, group=0).axes == (2,)
    with pytest.raises(ValueError, match=r"^group must be at most 1, got 2|^group must be"):
        designs(store, group=2)
    with pytest.raises(ValueError, match=r"^device must be"):
        designs(store, device=2)


def test_a_search_that_looked_at_all_has_all_of_the_front(store: Store) -> None:
    found = designs(store)
    everything = look(found, found.every())
    best = everything.costs[everything.front()]
    runs: dict[tuple[str, int], Searched] = {("random", 0): random_search(found, 12)}
    table = weigh(runs, 12, best)
    assert table["hypervolume"].iloc[-1] == pytest.approx(1.0)
    assert table["hypervolume"].is_monotonic_increasing
