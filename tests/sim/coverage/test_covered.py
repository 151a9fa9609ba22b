"""Coverage of plays: nothing is left out by ours, and what is left out fails the run."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import hw
from hw.units import spec_type
from sim.benches import BENCHES, bench
from sim.benches import mul as mul_bench
from sim.benches.play import Play
from sim.coverage.point import DRIVING, OPERANDS, Covered, cross, point
from sim.coverage.tried import Tried, unpack
from sim.covered import FILLING, HOLE, Coverage, culprit, declared, filling, lines
from sim.verify import verify


@pytest.mark.parametrize("unit", list(BENCHES))
def test_every_unit_declares_coverage_with_names_of_its_own(unit: str) -> None:
    names = [one.name for one in declared(hw.parse(spec_type(unit).example))]
    assert names
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    "name",
    [
        *("mul/e4m3xe4m3/exact/e4m3/p2", "add/fp16xfp16/fp16", "mac/int4xint8/exact/sat16", "mac/e5m2xe5m2/exact/fp16"),
        *("mac/int4xint4/exact/bf16:x2", "pack/int4xint4/x2/p1", "pe/int4xint4/os", "dot/e2m1xe2m1/n3/exact/bf16"),
        *("blockdot/mxfp4xmxfp4", "blockadd/mxfp4xmxfp4/n1/bf16", "requant/fix16.0xe4m3/n1", "array/int4xint4/2x2/ws"),
    ],
)
@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_planned_leaves_no_hole(name: str, seed: int) -> None:
    spec = hw.parse(name)
    coverage = Coverage(spec, bench(spec.unit).plays(spec, seed))
    filling(coverage, seed)
    assert coverage.planned().all_holes() == []


def test_a_hole_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def plays(spec: hw.Spec, seed: int) -> list[Play]:
        operands = {"a": np.arange(16).repeat(15), "b": np.tile(np.arange(15), 16)}
        return [mul_bench.feedforward(spec, "some_pairs", operands, False, np.random.default_rng(seed))]

    lazy = SimpleNamespace(plays=plays, coverage=mul_bench.coverage)
    monkeypatch.setitem(BENCHES, "mul", lazy)
    verdict = verify(hw.parse("mul/int4xint4"))
    assert not verdict.passed
    assert "coverage: b: least below 0 was never tried" in verdict.failures
    assert verdict.coverage["hit"] < verdict.coverage["declared"]
    assert {culprit(failure) for failure in verdict.failures} == {None}
    # A play alone need not try all.
    assert verify(hw.parse("mul/int4xint4"), play="some_pairs").passed


def test_holes_that_operands_can_fill_are_filled_by_a_play(monkeypatch: pytest.MonkeyPatch) -> None:
    def plays(spec: hw.Spec, seed: int) -> list[Play]:
        operands = {"a": np.arange(16).repeat(15), "b": np.tile(np.arange(15), 16)}
        return [mul_bench.feedforward(spec, "some_pairs", operands, False, np.random.default_rng(seed))]

    monkeypatch.setitem(
        BENCHES, "mul", SimpleNamespace(plays=plays, coverage=mul_bench.coverage, trials=mul_bench.trials)
    )
    verdict = verify(hw.parse("mul/int4xint4"))
    assert verdict.passed, verdict.failures
    assert verdict.tests == 2
    assert verdict.coverage["holes"] == []
    assert verify(hw.parse("mul/int4xint4"), play="some_pairs").tests == 1


def test_a_unit_that_declares_nothing_has_no_coverage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BENCHES, "mul", SimpleNamespace(plays=mul_bench.plays))
    verdict = verify(hw.parse("mul/int4xint4"))
    assert verdict.passed
    assert verdict.coverage == {"hit": 0, "declared": 0, "points": {}, "holes": []}


def test_where_all_operands_were_tried_what_did_not_come_is_not_declared() -> None:
    some = point("p", "abc", lambda tried: [0, 0, 2], about=OPERANDS)
    other = point("q", "ab", lambda tried: [0], about=DRIVING)
    counts = {"p": np.array([2, 0, 1]), "q": np.array([1, 0])}
    assert Covered.of([some, other], [counts], True).all_holes() == ["q: b"]
    assert Covered.of([some, other], [counts], False).all_holes() == ["p: b", "q: b"]


def test_what_is_not_thought_possible_counts_where_it_comes() -> None:
    some = point("p", "abc", lambda tried: [], possible=[0])
    covered = Covered.of([some], [{"p": np.array([1, 0, 3])}], False)
    assert covered.summary() == {"hit": 2, "declared": 2, "points": {"p": [2, 2]}, "holes": []}


def test_a_cross_has_all_pairs_of_possible_bins() -> None:
    both = cross(
        point("p", "ab", lambda tried: [0, 1, -1]), point("q", "xyz", lambda tried: [2, 0, 1], possible=[0, 2])
    )
    assert [both.bins[bin] for bin in both.possible] == ["a x x", "a x z", "b x x", "b x z"]
    spec = hw.parse("mul/int4xint4")
    tried = Tried(spec, Play("none", {}, {}, []))
    assert np.asarray(both.find(tried)).tolist() == [2, 3, -1]


def test_lines_name_the_holes_of_each_point() -> None:
    summary = {"hit": 1, "declared": 2, "points": {"p": [1, 2]}, "holes": ["p: tie: up"]}
    assert lines(summary) == [["p", "2", "1", "tie: up"]]
    assert culprit(f"{HOLE}: p: x was never tried") is None
    assert culprit("every_pair: a=0x1 expected 0x2, got 0x3") == "every_pair"
    assert FILLING != HOLE


@pytest.mark.parametrize(
    "name", ["blockadd/mxfp4xmxfp4/n2/fp32", "requant/fix32.0xint8/n2/channel", "dot/int8xint8/n3"]
)
def test_beats_are_unpacked_as_they_were_packed(name: str) -> None:
    spec = hw.parse(name)
    make = bench(spec.unit).trials(spec)
    operands = make.uniform(16, np.random.default_rng(1))
    play = make.play("some", operands)
    for key, codes in operands.items():
        stream, _, field = key.partition(".")
        found = unpack(spec.inputs[stream], field, play.inputs[stream], True)  # type: ignore[attr-defined]
        assert found.tolist() == codes.tolist(), key
