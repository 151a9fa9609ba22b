"""Multipliers that come apart give the products of their numbers."""

from __future__ import annotations

import numpy as np
import pytest

import hw
from sim.golden import decode, model
from sim.golden.subword import nibbles, numbers_a_lane
from sim.verify import verify


@pytest.mark.parametrize("name", ["subword/n1/p1@ecp5", "subword/n3/p2@xcup", "subword/n2/p1/fast@ice40"])
def test_designs_do_what_their_models_do(name: str) -> None:
    spec, _, target = name.partition("@")
    verdict = verify(hw.parse(spec), hw.parse_target(target))
    assert verdict.passed, verdict.failures


@pytest.mark.parametrize(("mode", "count"), [(0, 1), (1, 2), (2, 1), (3, 4)])
def test_beats_of_numbers_give_their_dot_product(mode: int, count: int) -> None:
    spec, rng = hw.parse("subword/n3"), np.random.default_rng(mode)
    assert numbers_a_lane(mode) == count
    formats = spec.formats(mode)  # type: ignore[attr-defined]
    codes = [rng.integers(0, 1 << fmt.width, (20, 3 * count)) for fmt in formats]
    a, w = (nibbles(code, fmt.width, mode) for code, fmt in zip(codes, formats, strict=True))
    found = model(spec).run({"x": a, "mode": np.full(20, mode)}, {"x": w})["sum"]["x"]
    x, y = (decode(fmt, code) for code, fmt in zip(codes, formats, strict=True))
    assert np.array_equal(decode(spec.result, found), (x * y).sum(axis=1))  # type: ignore[attr-defined]
