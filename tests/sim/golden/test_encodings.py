"""Flagged floats, parts and sums of powers of two on values, against fractions."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

import hw
from hw.encodings import Flagged, KHot
from hw.formats import parse_format
from sim.golden import decode, encode, model
from sim.golden.khot import greedy


def rounded(fmt: Flagged, exact: Fraction | float) -> Fraction | float:
    """To nearest even with unbounded exponents, then infinity beyond the range and zero below it."""
    if not isinstance(exact, Fraction) or exact == 0:
        return exact
    size, exponent = abs(exact), 0
    while size >= 2:
        size, exponent = size / 2, exponent + 1
    while size < 1:
        size, exponent = size * 2, exponent - 1
    value = round(size * 2**fmt.mantissa_bits) * Fraction(2) ** (exponent - fmt.mantissa_bits)
    value = -value if exact < 0 else value
    if abs(value) > fmt.max:
        return math.copysign(math.inf, value)
    return Fraction(0) if abs(value) < Fraction(2) ** fmt.min_exponent else value


def alike(x: Fraction | float, y: float) -> bool:
    return math.isnan(y) if math.isnan(x) else float(x) == y


@pytest.mark.parametrize(("name", "of"), [("mul", lambda x, y: x * y), ("add", lambda x, y: x + y)])
def test_results_of_flagged_floats_are_rounded_once(name, of):
    fmt = Flagged(3, 2)
    spec = hw.parse(f"{name}/{fmt}x{fmt}/{'exact/' if name == 'mul' else ''}{fmt}")
    rng = np.random.default_rng(1)
    a, b = rng.integers(0, 256, 3000), rng.integers(0, 256, 3000)
    found = decode(fmt, model(spec).results(a, b)[0])
    for x, y, result in zip(a.tolist(), b.tolist(), found.tolist(), strict=True):
        first, second = fmt.decode(x), fmt.decode(y)
        special = any(not isinstance(value, Fraction) for value in (first, second))
        exact = of(float(first), float(second)) if special else of(first, second)
        assert alike(rounded(fmt, exact), result), (x, y)


def test_signs_of_zeros_and_infinities():
    fmt = Flagged(3, 2)
    add = model(hw.parse(f"add/{fmt}x{fmt}/{fmt}"))
    zero, minus_zero, one, minus_one = 0, 1 << 5, encode(fmt, 1.0), encode(fmt, -1.0)
    infinite, minus = fmt.code_of(math.inf), fmt.code_of(-math.inf)
    a = np.array([zero, minus_zero, minus_zero, one, infinite, minus, one], dtype=int)
    b = np.array([minus_zero, minus_zero, zero, minus_one, one, one, minus], dtype=int)
    codes = add.results(a, b)[0]
    assert (codes >> 6).tolist() == [0, 0, 0, 0, 2, 2, 2]
    assert (codes >> 5 & 1).tolist() == [0, 1, 0, 0, 0, 1, 1]


@pytest.mark.parametrize(
    "operands", ["e4m3xe4m3", "e5m2xe3m2", "int4xe3m2", "pow4-zeroxe2m1", "upow3xe2m3", "e2m3-flushxuint3"]
)
def test_parts_are_worth_the_product(operands):
    spec = hw.parse(f"mul/{operands}/exact/unpacked")
    a, b = (x.ravel() for x in np.meshgrid(np.arange(1 << spec.a.width), np.arange(1 << spec.b.width)))
    codes, status = model(spec).results(a, b)
    finite = status == 0
    with np.errstate(invalid="ignore"):
        products = decode(spec.a, a) * decode(spec.b, b)
    assert (decode(spec.result, codes[finite]) == products[finite]).all()
    assert (codes[~finite] == -1).all() and finite.any()


def test_greedy_terms_and_the_nearest_sum():
    fmt = KHot(2, 3)
    # 11 is 12 = 8 + 4 or 10 = 8 + 2 or 7 + ..; greedily 8, then of 3 the larger power, 4. 23 is 16 + 8 or 32 - 8.
    assert decode(fmt, greedy(fmt, [11, 23, -5, 0.2])).tolist() == [12, 24, -5, 0]
    values = np.random.default_rng(2).normal(0, 20, 2000)
    errors = [np.abs(decode(fmt, codes) - values) for codes in (greedy(fmt, values), encode(fmt, values))]
    assert (errors[1] <= errors[0]).all() and errors[1].sum() < errors[0].sum()


def test_of_one_term_greedy_is_the_nearest_power_of_two():
    fmt, power = KHot(1, 3), parse_format("pow4")
    values = np.random.default_rng(3).normal(0, 40, 500)
    assert (decode(fmt, greedy(fmt, values)) == decode(power, encode(power, values))).all()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: greedy(parse_format("int8"), [1.0]), TypeError, "fmt must be a KHot, got int8"),
        (lambda: greedy(KHot(2, 2), [np.nan]), ValueError, "values must not be NaN: khot2.2 has no code for it"),
        (lambda: greedy(KHot(2, 2), ["x"]), TypeError, "values must be real numbers"),
    ],
)
def test_what_is_no_weight_says_why(make, error, message):
    with pytest.raises(error, match=message):
        make()
