"""The loop: what is measured, in which order, and when it ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest

from dse import explore as exploring
from dse.bounds import unmet
from dse.explore import Exploration, choose, explore, hope, needs_clock, screened, some
from dse.objectives import objectives
from dse.space import from_tables
from dse.store import Store
from dse.table import front, measured, table_of

NAMES = ["int2", "uint2", "int3", "uint3", "e1m1", "e2m0"]
TABLES: dict[str, Any] = {
    "devices": ["ice40-hx8k"],
    "objectives": ["lut", "rate"],
    "designs": [{"spec": "mac/{a}x{a}/exact/kulisch16", "a": NAMES}],
}


def table(**columns: Any) -> pandas.DataFrame:
    names = [f"mac/{name}x{name}/exact/kulisch16" for name in NAMES]
    return table_of(names, ["ice40-hx8k"]).assign(**columns)


def guesses() -> pandas.DataFrame:
    """Two on the frontier, two that may be, two that can't."""
    luts = np.array([10, 20, 11, 30, 21.5, 40.0])
    return front(
        table(loss=[2.0, 1, 2, 2, 1, 1], lut_estimated=luts, lut_low=0.9 * luts, lut_high=1.1 * luts), ["loss", "lut"]
    )


def test_the_frontier_is_measured_first_then_what_has_most_hope() -> None:
    goals = objectives(["loss", "lut"])
    found = guesses()
    assert found["band"].tolist() == [True, True, True, False, True, False]
    chosen, is_sure = choose(found, goals)
    assert (chosen.nonzero()[0].tolist(), is_sure) == ([0, 1], True)
    seen = front(found.assign(lut=[10, 20, np.nan, np.nan, np.nan, np.nan]), ["loss", "lut"])
    chosen, is_sure = choose(seen, goals)
    assert (chosen.nonzero()[0].tolist(), is_sure) == ([2, 4], False)
    hopes = hope(seen, goals)
    assert np.isinf(hopes[:2]).all()
    # Of the two, one may be .1 below, the other .65, of a range of 10.
    assert hopes[2] == pytest.approx(0.01)
    assert hopes[4] == pytest.approx(0.065)


def test_a_round_has_so_many_designs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exploring, "EACH", 1)
    chosen, _ = choose(guesses(), objectives(["loss", "lut"]))
    assert chosen.sum() == 1


def test_designs_are_placed_where_an_objective_needs_a_clock() -> None:
    assert not needs_clock(objectives(["loss", "lut", "lut_per_op", "share", "dsp"]))
    assert all(needs_clock(objectives([name])) for name in ("mhz", "throughput", "frames_s", "latency"))


def test_a_table_has_some_of_what_is_dominated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    space = from_tables({**TABLES, "constraints": {"lut": 20.5}})
    with Store(tmp_path / "s") as store:
        found = screened(space, store, 2)
        many = some(found)
        monkeypatch.setattr(exploring, "BESIDE", 2)
        few = some(found)
        monkeypatch.setattr(exploring, "BESIDE", 0)
        none = some(found)
    assert (many["lut_low"] <= 20.5).all()
    assert len(found.rows) > len(many) > len(few) >= len(none) == len(found.numbers)
    assert set(none["spec"]) < set(many["spec"])


def test_a_space_is_explored_until_its_frontier_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exploring, "EACH", 2)
    seen: list[Exploration] = []
    with Store(tmp_path / "s") as store:
        found = explore(from_tables(TABLES), store, 2, tmp_path, watch=seen.append)
        everything = front(measured(found.table, store, 2, timed=False), found.space.objectives)
        again = explore(from_tables(TABLES), store, 2, tmp_path)
        # What the store has takes no time of a budget.
        brief = explore(from_tables(TABLES), store, 2, tmp_path, budget=1e-9)
    assert found.stands
    assert [len(done.rounds) for done in seen] == list(range(1, len(found.rounds) + 1))
    assert not found.rounds[-1].changed
    best = found.table[found.table["frontier"]]
    assert best["spec"].tolist() == everything[everything["frontier"]]["spec"].tolist()
    assert best["verified"].eq("every pair").all()
    pandas.testing.assert_frame_equal(again.table, found.table)
    assert brief.stands
    pandas.testing.assert_frame_equal(brief.table, found.table)


def test_what_exploring_takes_is_checked(tmp_path: Path) -> None:
    space = from_tables(TABLES)
    with Store(tmp_path / "s") as store:
        for budget, message in (("20m", "budget must be a number of seconds, got '20m'"), (True, "got True")):
            with pytest.raises(TypeError, match=message):
                explore(space, store, 1, tmp_path, budget=budget)  # type: ignore[arg-type]
        for seconds in (-1, float("nan")):
            with pytest.raises(ValueError, match=f"budget must be seconds from 0 on, got {seconds}"):
                explore(space, store, 1, tmp_path, budget=seconds)
        with pytest.raises(TypeError, match="space must be a Space, got 'edge'"):
            explore("edge", store, 1, tmp_path)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="store must be a Store, got 's'"):
            screened(space, "s", 1)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="logs must be a Path, got 'sim'"):
            explore(space, store, 1, "sim")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_without_time_nothing_is_measured(tmp_path: Path) -> None:
    with Store(tmp_path / "s") as store:
        found = explore(from_tables(TABLES), store, 1, tmp_path, budget=0)
    assert (found.stands, found.rounds) == (False, [])
    assert "lut" not in found.table
    assert found.table["frontier"].any()


def test_a_constraint_that_measuring_empties_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(exploring, "say", said.append)
    luts = {"mac/uint2xuint2/exact/kulisch16/p0": 43.0}
    monkeypatch.setattr(
        exploring,
        "_looked_at",
        lambda table, **_: table.assign(lut=table["spec"].map(luts).fillna(99.0), verified="every pair"),
    )
    tables = {**TABLES, "constraints": {"lut": 40}}
    with Store(tmp_path / "s") as store:
        found = explore(from_tables(tables), store, 1, tmp_path)
    assert not found.table["frontier"].any()
    assert said[-1] == (
        "no design is left: measured, none meets lut at most 40, though the estimates had let some hope; "
        "nearest is mac/uint2xuint2/exact/kulisch16/p0 on ice40-hx8k: 43 LUT, 3 more"
    )


def test_what_misses_constraints_least_is_named_with_all_that_it_misses() -> None:
    rows = table(lut=[44.0, 30, 90, 60, 60, 60], mhz=[90.0, 20, 100, 50, 50, np.nan])
    assert unmet(rows, {"lut": 40, "mhz": 100}, is_sure=True).endswith(
        "nearest is mac/int2xint2/exact/kulisch16/p0 on ice40-hx8k: 44 LUT, 4 more and 90.0 MHz, 10.0 less"
    )
    # What is behind the point is not nothing.
    said = unmet(table(loss=1.001), {"loss": 1}, is_sure=False)
    assert said.startswith("no design is left: by what is known so far, none meets loss at most 1, ")
    assert said.endswith("loss 1.00 points, 0.001 more")
