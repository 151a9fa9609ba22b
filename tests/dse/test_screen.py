"""Screening a space by estimate: every row as if it were alone, and only what may be best is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import hw
from costmodel.estimate import estimate
from dse import screen as screening
from dse.pool import Pool
from dse.screen import Rows, known, screen
from dse.space import from_tables
from dse.store import Store
from dse.table import front

ARRAYS = {"spec": "array/{a}x{a}/{rows}x{columns}/ws", "a": ["int2", "uint2"], "rows": "1..6", "columns": [2, 4]}
MACS = {"spec": "mac/{a}x{a}/exact/kulisch16", "a": ["int2", "int3", "e2m0"]}
TABLES: dict[str, Any] = {
    "devices": ["ecp5-25k", "ice40-hx8k"], "objectives": ["throughput", "lut"], "designs": [ARRAYS, MACS],
}  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store(tmp_path_factory.mktemp("screen") / "s") as store:
        yield store


def rows_of(store: Store, **changes: Any) -> Rows:
    return Rows(Pool.of(from_tables({**TABLES, **changes}), store, 1), {})


@pytest.fixture(scope="module")
def rows(store: Store) -> Rows:
    return rows_of(store)


def test_a_row_is_what_its_design_is_alone(rows: Rows) -> None:
    assert len(rows) == 2 * (2 * 12 + 3)
    some = np.array([0, 17, 30, len(rows) - 1])
    table = rows.table(some)
    assert table["spec"].tolist()[:2] == [
        "array/int2xint2/1x2/ws/exact/kulisch1024/p0",
        "array/int2xint2/3x4/ws/exact/kulisch1024/p0",
    ]
    assert table["device"].tolist() == ["ecp5-25k", "ice40-hx8k", "ecp5-25k", "ice40-hx8k"]
    for _, row in table.iterrows():
        spec, target = hw.parse(row["spec"]), hw.parse_target(row["target"])
        alone = estimate(spec, target)
        # One row of an array has nothing that chooses among rows, so two are what it is drawn from.
        if getattr(spec, "rows", 2) > 1:
            assert row["lut_estimated"] == pytest.approx(alone.lut.value, rel=0.02)
        assert row["rate"] == float(spec.rate.count)
        assert row["latency"] == spec.latency
        assert row["gops_estimated"] == pytest.approx(2 * row["rate"] * row["mhz_estimated"] / 1000)
        assert row["used_low"] <= row["used_estimated"] <= row["used_high"]
        assert row["gops_low"] <= row["gops_estimated"] <= row["gops_high"]


@pytest.mark.parametrize("share", [0.97, 0.99, 1.0, 1.01])
def test_what_may_break_a_constraint_takes_nothing_away(store: Store, rows: Rows, share: float) -> None:
    every = rows.table(np.arange(len(rows)))
    for bound in sorted(every["lut_estimated"])[5::9]:
        # Of equals in the second objective the largest is best, and nearest to the bound.
        asked = rows_of(store, objectives=["rate", "bram"], constraints={"lut": float(share * bound)})
        space = asked.pool.space
        whole = front(every, space.objectives, space.constraints)
        best = np.flatnonzero(whole["frontier"])
        found = screen(asked).numbers
        assert set(best) <= set(found)
        few = front(every.iloc[found], space.objectives, space.constraints)
        assert set(few.index[few["frontier"]]) == set(best)


def test_chunks_make_no_difference(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    once = screen(rows)
    monkeypatch.setattr(screening, "TOGETHER", 5)
    # A part in several chunks keeps more of its own rows, never fewer.
    assert set(once.numbers) <= set(screen(rows).numbers)


def test_what_is_kept_is_the_band_of_what_no_row_of_its_part_beats(rows: Rows) -> None:
    found, everything = screen(rows), np.arange(len(rows))
    columns = rows.columns(everything)
    goals = rows.pool.space.objectives
    best = [known(goal, columns) for goal in goals]
    middle = np.stack([goal.sign * b.values for goal, b in zip(goals, best, strict=True)], axis=1)
    low, high = screening.costs(goals, best)
    places, device = rows.placements(everything), [p.device.name for p in rows.pool.placements]

    def beats(one: np.ndarray, other: np.ndarray) -> bool:
        return bool((one <= other).all() and (one < other).any())

    own = [not any(places[j] == places[i] and beats(middle[j], middle[i]) for j in everything) for i in everything]
    wanted = [
        i
        for i in everything
        if own[i]
        and not any(own[j] and device[places[j]] == device[places[i]] and beats(high[j], low[i]) for j in everything)
    ]
    assert found.numbers.tolist() == wanted


def test_sizes_that_there_are_not_take_no_others_with_them(store: Store) -> None:
    array = {"spec": "array/int2xint2/{rows}x2/ws", "rows": [100000, 2, 4]}
    found = rows_of(store, designs=[array], devices=["ice40-hx8k"])
    assert found.table()["rows"].tolist() == [2, 4]
    with pytest.raises(ValueError, match=r"the space has no design: .*rows must be 1\.\.256, got 100000 \(2 times\)"):
        rows_of(store, designs=[{**array, "rows": [100000, 200000]}], devices=["ice40-hx8k"])


def test_the_pipeline_follows_the_clock_that_is_asked_for(store: Store) -> None:
    slow = rows_of(store, constraints={"mhz": 60}, designs=[MACS]).table(np.arange(6))
    fast = rows_of(store, constraints={"mhz": 250}, designs=[MACS], devices=["ecp5-25k"])
    depths = [hw.parse(spec).pipeline for spec in fast.table(np.arange(len(fast)))["spec"]]
    assert min(depths) > max(hw.parse(spec).pipeline for spec in slow["spec"])
    fixed = rows_of(store, constraints={"mhz": 60}, designs=[{"spec": "mac/int2xint2/exact/kulisch16/p2"}])
    assert fixed.table(np.array([0]))["spec"].tolist() == ["mac/int2xint2/exact/kulisch16/p2"]
    beyond = Pool.of(from_tables({**TABLES, "constraints": {"mhz": 300}, "designs": [MACS]}), store, 1)
    assert any("binds" in why for why in beyond.refused)


@pytest.mark.parametrize(
    ("constraints", "message"),
    [
        ({"lut": 3}, "no design meets lut at most 3: of 54 rows the best has [0-9]+ cells, [0-9]+ more$"),
        ({"throughput": 1000}, "at least 1000: of 54 rows the best has [0-9.]+ GOPS, 9[0-9.]+ less$"),
        (
            {"lut": 30, "throughput": 2},
            "no design meets all constraints together, though each alone is met: of 54 rows lut leaves out [0-9]+, thr",
        ),
    ],
)
def test_what_empties_a_space_is_named(store: Store, constraints: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        screen(rows_of(store, constraints=constraints))


def test_what_is_not_known_is_named(store: Store) -> None:
    # In multiplier blocks, whose delays are not known.
    blocks = {"spec": "mac/int8xint8/exact/kulisch16/p{p}/dsp", "p": [1, 2]}
    for constraints in ({}, {"throughput": 1}):
        with pytest.raises(ValueError, match="nothing is known of throughput, of 2 of 2 rows: name other objectives"):
            screen(rows_of(store, devices=["ecp5-25k"], designs=[blocks], constraints=constraints))
    partly = screen(rows_of(store, devices=["zu5ev-k26", "ecp5-25k"], designs=[MACS]))
    assert partly.unknown == {"throughput": 3}
    (note,) = partly.notes
    assert note == "3 of 6 are not compared, among them all on zu5ev-k26: GOPS is not estimated there"
    assert screen(rows_of(store, devices=["ecp5-25k"], designs=[MACS])).notes == []
    # A device of which a design is known is not among them, though a constraint may have taken all of its designs.
    assert replace(partly, known={0, 1}).notes == ["3 of 6 are not compared: GOPS is not estimated there"]


def test_a_space_without_designs_says_why(store: Store) -> None:
    with pytest.raises(ValueError, match=r"the space has no design: mac/{a}x{a}/exact/sat4: width must be at least"):
        Pool.of(from_tables({**TABLES, "designs": [{"spec": "mac/{a}x{a}/exact/sat4", "a": "int8"}]}), store, 1)
    with pytest.raises(ValueError, match=r"no design: mac/{a}x{a}/tmr: tmr must be left out to estimate a design"):
        Pool.of(from_tables({**TABLES, "designs": [{"spec": "mac/{a}x{a}/tmr", "a": "int8"}]}), store, 1)


def test_frames_a_second_follow_from_cycles(store: Store) -> None:
    design = {"spec": "array/int2xint2/{rows}x4/ws", "rows": [2, 4]}
    rows = rows_of(store, gemms="resnet18", objectives=["frames_s", "lut"], designs=[design])
    table = rows.table(np.arange(len(rows)))
    assert table["frames_s_estimated"].to_numpy() == pytest.approx(1e6 * table["mhz_estimated"] / table["cycles"])
    assert table["cycles"].iloc[0] > table["cycles"].iloc[1] > 0
