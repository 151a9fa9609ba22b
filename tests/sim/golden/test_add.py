"""The adder's model against ml_dtypes, rationals and IEEE 754's rules for zeros and infinities."""

from __future__ import annotations

from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest

import hw
from sim.benches.stimulus import corners
from sim.golden import decode, encode, model

TYPES = {"e4m3fn": ml_dtypes.float8_e4m3fn, "e5m2": ml_dtypes.float8_e5m2, "bf16": ml_dtypes.bfloat16}


@pytest.mark.parametrize("name", TYPES)
def test_sums_are_those_of_ml_dtypes(name: str) -> None:
    fmt, dtype = hw.parse_format(name), np.dtype(TYPES[name])
    codes = np.arange(256) if fmt.width == 8 else corners(fmt)
    a, b = (part.ravel().astype(f"u{dtype.itemsize}") for part in np.meshgrid(codes, codes))
    with np.errstate(invalid="ignore", over="ignore"):
        expected = a.view(dtype) + b.view(dtype)
    # Theirs overflows to an infinity or NaN, ours by name.
    overflow = "nan" if name == "e4m3fn" else "inf"
    sums, _ = model(hw.parse(f"add/{name}x{name}/{name}-{overflow}")).results(a, b)
    nan = np.isnan(expected.astype(float))
    assert np.array_equal(np.isnan(decode(fmt, sums)), nan)
    assert np.array_equal(sums[~nan], expected.view(a.dtype)[~nan])


@pytest.mark.parametrize("rounding", ["nearest_away", "toward_zero", "up", "down", "odd"])
def test_sums_are_exact_and_rounded_once(rounding: str) -> None:
    spec = hw.parse(f"add/e3m2xfix6.3/e4m3:{rounding}")
    a, b = (part.ravel() for part in np.meshgrid(np.arange(64), np.arange(64)))
    exact = [float(spec.a.decode(int(x)) + spec.b.decode(int(y))) for x, y in zip(a, b, strict=True)]
    sums, _ = model(spec).results(a, b)
    assert np.array_equal(decode(spec.result, sums), decode(spec.result, encode(spec.result, exact, rounding)))


def test_zeros_have_the_signs_of_ieee_754() -> None:
    one, minus_one, zero, minus_zero = 0x38, 0xB8, 0x00, 0x80
    pairs = [(one, minus_one), (zero, minus_zero), (minus_zero, minus_zero), (zero, zero)]
    for rounding, expected in (
        ("nearest_even", [0, 0, 0x80, 0]),
        ("down", [0x80, 0x80, 0x80, 0]),
        ("up", [0, 0, 0x80, 0]),
    ):
        sums, _ = model(hw.parse(f"add/e4m3fnxe4m3fn/e4m3fn:{rounding}")).results(*np.array(pairs).T)
        assert sums.tolist() == expected


def test_exact_sums_have_a_status() -> None:
    spec = hw.parse("add/e5m2xint4")
    inf, minus_inf, nan, one = 0x7C, 0xFC, 0x7F, 0x3C
    sums, status = model(spec).results([one, inf, minus_inf, nan], [3, 3, 3, 3])
    assert status.tolist() == [0, 1, 2, 3]
    assert sums.tolist() == [int(4 / Fraction(2) ** spec.span.lsb), 0, 0, 0]


def test_nothing_is_promised_before_the_first_sum() -> None:
    out = model(hw.parse("add/int4xint4/exact/p2")).run([1, 2, 3], [1, 1, 1], [1, 1, 1])
    assert out["s"].tolist() == [-1, 2, 3]
    with pytest.raises(ValueError, match="a, b and en must have one shape"):
        model(hw.parse("add/int4xint4")).run([1, 2], [1])
