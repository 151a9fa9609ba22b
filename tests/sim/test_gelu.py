"""GELUs do what their models do, and these are what was published, near the GELU."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import Any

import numpy as np
import pytest
from scipy.special import erf

import hw
from sim.golden import decode, model
from sim.golden.gelu import shift_gelu
from sim.golden.shiftexp import int_exp_shift
from sim.verify import verify


@pytest.mark.kept("gelu/int8/n1/s12/uint8/c40@ice40", "gelu/int4/n3/s1/uint1/p0", "gelu/int8/n2/s8@ecp5")
@pytest.mark.parametrize(
    "name",
    [
        "gelu/int8/n2/s8@ecp5",
        "gelu/int8/n1/s12/uint8/c40@ice40",
        "gelu/int4/n3/s1/uint1/p0",
        "gelu/int10/n1/s100/uint12/b40@xcup",
        "gelu/int2/n1/s3/uint4/p1",
    ],
)
def test_designs_do_what_their_models_do(name: str) -> None:
    spec, _, target = name.partition("@")
    verdict = verify(hw.parse(spec), hw.parse_target(target or "generic"))
    assert verdict.passed, verdict.failures


def published(row: list[int], x0: int, bits: int) -> list[int]:
    """ShiftGELU of arXiv 2207.01405, word by word, of a row."""
    highest = max(row)

    def exponential(x: int) -> int:
        x = max(x + floor(Fraction(x, 2)) - floor(Fraction(x, 16)), 23 * x0)
        q = floor(Fraction(x, x0))
        return max(0, floor((Fraction(x - x0 * q, 2) - x0) * Fraction(2) ** (23 - q)))

    found = []
    for x in row:
        a, b = exponential(x - highest), exponential(-highest)
        factor = floor(Fraction(2**31 - 1, min(a + b, 2**31 - 1)))
        found.append(x * floor(Fraction(a * factor, 2 ** (31 - bits + 1))))
    return found


@pytest.mark.parametrize("x0", [-1, -8, -12, -127])
def test_with_the_row_s_maximum_it_is_what_was_published(x0: int) -> None:
    row = np.arange(-100, 101, 3)
    assert shift_gelu(row, np.array(row.max()), -x0, 7).tolist() == published(row.tolist(), x0, 8)


@pytest.mark.parametrize("name", ["gelu/int8/n1/s12", "gelu/int8/n1/s21/uint4"])
def test_each_number_is_a_row_with_a_zero(name: str) -> None:
    spec: Any = hw.parse(name)
    x = np.arange(-128, 128)
    y = model(spec).run(x={"x": x[:, None] & 255, "last": x & 1})["y"]["x"]
    bits = spec.sigmoid.width
    expected = [published([number, 0], -spec.steps, bits + 1)[0] for number in x.tolist()]
    assert (decode(spec.result, y)[:, 0] * 2**bits).tolist() == expected


def test_the_published_sum_overflows_32_bits_for_a_row_far_below_zero() -> None:
    assert int_exp_shift(np.array(100), -12, 23) > 1 << 31


@pytest.mark.parametrize(("more", "most"), [("", 0.32), ("/b40", 0.06)])
def test_results_are_near_the_gelu(more: str, most: float) -> None:
    scale = 0.05
    spec: Any = hw.parse(f"gelu/int8/n1/s{ceil(1 / (1.702 * scale))}/uint8{more}")
    x = np.arange(-128, 128)
    y = decode(spec.result, model(spec).run(x={"x": x[:, None] & 255, "last": x & 1})["y"]["x"])[:, 0]
    value = x * scale
    assert np.abs(y * scale - value * (1 + erf(value / np.sqrt(2))) / 2).max() < most


def test_a_clip_leaves_what_is_above_it_and_flattens_what_is_below() -> None:
    with_clip, without = (model(hw.parse(name)) for name in ("gelu/int8/n1/s12/uint8/c20", "gelu/int8/n1/s12"))
    x = np.arange(-128, 128)
    beats = {"x": x[:, None] & 255, "last": x & 1}
    values = [decode(golden.result, golden.run(x=beats)["y"]["x"])[:, 0] for golden in (with_clip, without)]
    assert np.array_equal(values[0][x >= -20], values[1][x >= -20])
    assert set(values[0][x <= -20]) == {values[1][x == -20][0]}
