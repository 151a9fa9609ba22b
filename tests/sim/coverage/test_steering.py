"""Steering: it ends, fills what can be filled, tries the same with the same seed, and asks whoever fills most."""

from __future__ import annotations

import numpy as np
import pytest

import hw
from sim.coverage.point import Covered
from sim.coverage.steering import BATCH, Trials, Way, codes_by_chance, steer, steerable
from sim.covered import Coverage, trials_of
from sim.racing import race


def run(name: str, seed: int = 1, bound: int = 1 << 14, **options: object) -> tuple[Coverage, object]:
    spec = hw.parse(name)
    trials, coverage = trials_of(spec), Coverage(spec, [])
    assert trials is not None
    nothing = Covered.of(steerable(coverage.points), [], False)
    return coverage, steer(trials, nothing, coverage.look, np.random.default_rng(seed), bound, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["mul/bf16xbf16/exact/bf16", "add/bf16xbf16/bf16", "mac/e5m2xe5m2/exact/fp16"])
def test_it_fills_everything_and_says_with_what(name: str) -> None:
    coverage, steered = run(name)
    assert steered.left == 0  # type: ignore[attr-defined]
    trials = trials_of(coverage.spec)
    assert trials is not None
    counts = [coverage.look(trials.play("again", batch)) for batch in steered.filled]  # type: ignore[attr-defined]
    assert Covered.of(steerable(coverage.points), counts, False).all_holes() == []


def test_it_fills_holes_with_fewer_trials_than_chance() -> None:
    found = race(hw.parse("mac/int8xint8/exact/fp16"), 1)
    assert found.left["steered"] == found.left["turns"] == 0
    assert found.trials["steered"] < found.trials["uniform"]
    assert sum(found.by_way.values()) == found.bins
    assert found.behind > 0


def test_the_same_seed_tries_the_same() -> None:
    first, second, other = (run("add/bf16xbf16/bf16", seed)[1] for seed in (3, 3, 4))
    assert (first.trials, first.by_way) == (second.trials, second.by_way)  # type: ignore[attr-defined]
    assert (first.trials, first.by_way) != (other.trials, other.by_way)  # type: ignore[attr-defined]


def test_it_ends_at_its_bound() -> None:
    _, steered = run("mul/bf16xbf16/exact/bf16", bound=2 * BATCH)
    assert steered.trials == 2 * BATCH  # type: ignore[attr-defined]
    assert steered.left > 0  # type: ignore[attr-defined]


def test_who_was_never_asked_is_asked_first_and_then_who_filled_most() -> None:
    ways = [Way(lambda count, rng: {}, gain, batches) for gain, batches in ((0.0, 0), (9.0, 5), (1.0, 5))]
    hopes = [way.hope(10) for way in ways]
    assert hopes == sorted(hopes, reverse=True)


def test_trials_near_others_differ_in_a_bit() -> None:
    trials = Trials({"a": (hw.parse_format("int8"), (3,))}, lambda name, operands: None)
    like = {"a": np.zeros((1, 3), dtype=np.int64)}
    near = trials.near(like, 200, np.random.default_rng(1))["a"]
    assert near.shape == (200, 3)
    assert set(np.unique(near).tolist()) == {0, *(1 << bit for bit in range(8))}


def test_codes_of_wide_formats_are_in_range() -> None:
    codes = codes_by_chance(hw.parse_format("fix80.0"), (50,), np.random.default_rng(1))
    assert all(0 <= code < 1 << 80 for code in codes)
    assert max(codes) >> 70


def test_only_units_with_trials_race() -> None:
    with pytest.raises(ValueError, match="spec must be of a unit whose bench has trials, got array/int4xint4"):
        race(hw.parse("array/int4xint4/2x2/os"), 1)
