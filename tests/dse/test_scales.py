"""Scales of operands: what they are chosen for."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from dse.workloads import scales
from dse.workloads.arithmetic import Scaled, parse_arithmetic
from dse.workloads.summing import Accumulated, Exact

RNG = np.random.default_rng(7)
X, W = np.maximum(RNG.normal(size=(64, 40)), 0), RNG.normal(size=(40, 5)) ** 3
EXACT = X @ W


def parts(name: str) -> tuple[Scaled, scales.Multiply, scales.Scales]:
    """An arithmetic, its product with exact sums, and the scales that just fit."""
    arithmetic = parse_arithmetic(name)
    assert isinstance(arithmetic, Scaled)
    of = arithmetic.operands
    return arithmetic, partial(arithmetic._product, Exact()), (scales.fit(of.a, X), scales.fit(of.b, W, each=True))


def test_the_largest_value_just_fits() -> None:
    _, _, (a, b) = parts("int4xe2m1/exact/exact")
    assert X.max() / a == 7
    assert np.abs(W / b).max(axis=0) == pytest.approx(6)
    assert scales.fit(parse_arithmetic("int4xint4/exact/exact").operands.a, 0 * X) == 1 / 7  # type: ignore[attr-defined]


def test_each_column_is_nearer_with_a_scale_of_its_own_choice() -> None:
    arithmetic, multiply, just = parts("int3xint3/exact/exact")
    chosen = scales.refine(multiply, X, W, just)
    assert scales.refine(multiply, X, W, just)[1] == pytest.approx(arithmetic.choose_scales(X, W)[1])
    weights_alone = scales.errors(EXACT, multiply(X, W, (just[0], chosen[1])))
    before = scales.errors(EXACT, multiply(X, W, just))
    assert (weights_alone <= before).all()
    assert weights_alone.sum() < 0.8 * before.sum()
    assert len(set((chosen[1] / just[1]).ravel().round(6))) > 1
    assert scales.errors(EXACT, multiply(X, W, chosen)).sum() <= weights_alone.sum()


def test_room_is_made_for_sums_that_have_little() -> None:
    arithmetic, _, _ = parts("int8xint8/exact/sat16")
    multiply, w = partial(arithmetic._product, Accumulated("sat16")), RNG.uniform(size=W.shape)
    just = scales.fit(arithmetic.operands.a, X), scales.fit(arithmetic.operands.b, w, each=True)
    roomy = scales.make_room(multiply, X, w, just)
    assert roomy[0] / just[0] in {2.0**shift for shift in range(1, 6)}
    assert roomy[1] / just[1] == pytest.approx(roomy[0] / just[0])
    after, before = (scales.errors(X @ w, multiply(X, w, each)).sum() for each in (roomy, just))
    assert after < 0.1 * before
    # Where every scale does as well, it is left alone.
    _, exactly, _ = parts("bf16xbf16/exact/exact")
    assert scales.make_room(exactly, X, W, (1.0, np.ones((1, 5)))) == (1.0, pytest.approx(np.ones((1, 5))))


def test_rows_of_the_largest_sums_are_looked_at() -> None:
    x = np.concatenate([RNG.uniform(size=(100, 40)), 10 + RNG.uniform(size=(3, 40))])
    found = scales.largest_rows(x, W)
    assert len(found) == scales.ROOM_ROWS
    assert (found[:3] >= 10).all()
    assert len(scales.some_rows(x, 10)) == 10
    assert np.array_equal(scales.some_rows(x, 10)[-1], x[-1])
