"""Functions do what their models do, and the models are right for every code, by an arithmetic of others."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest

import hw
from hw.formats import Fixed, Integer, Minifloat, parse_format
from hw.functions.exact import side
from hw.functions.fit import roundest
from hw.functions.plan import plan_of, prove
from hw.functions.real import FUNCTIONS
from hw.functions.wanted import numbers, wanted
from rtl_gen import emit
from sim.golden import decode, encode, model
from sim.verify import verify

TRUTH = {
    "exp": mpmath.exp,
    "rsqrt": lambda x: 1 / mpmath.sqrt(x),
    "reciprocal": lambda x: 1 / x,
    "gelu": lambda x: x * mpmath.erfc(-x / mpmath.sqrt(2)) / 2,
    "silu": lambda x: x / (1 + mpmath.exp(-x)),
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "tanh": mpmath.tanh,
}


@pytest.mark.kept(
    "func/exp/e4m3xe4m3/n2/p1@ecp5",
    "func/rsqrt/e4m3fnuzxe4m3fnuz/n1",
    "func/gelu/int8xint8/n3",
    "func/sigmoid/e4m3xufix8.8/n1/p2/fast",
    "func/exp/e5m6xe5m6/n1/p0",
    "func/rsqrt/fix12.8xbf16/n1@xcup",
    "func/reciprocal/ufix10.3xbf16/n1/p0@ice40",
)
@pytest.mark.parametrize(
    "name",
    [
        # Tables: with and without a sign of their own, of floats with every kind of NaN, and of integers.
        "func/exp/e4m3xe4m3/n2/p1@ecp5",
        "func/tanh/e4m3fnxe4m3fn/n1/ulp0.5/p0@xcup",
        "func/reciprocal/e5m2xe5m2/n1/p1@ice40",
        "func/rsqrt/e4m3fnuzxe4m3fnuz/n1",
        "func/reciprocal/e4m3fnuzxe4m3fnuz-nan/n1",
        "func/silu/e3m2-flushxe4m3-flush/n1",
        "func/exp/e5m2xe5m2-inf/n1",
        "func/gelu/int8xint8/n3",
        "func/silu/fix8.4xue5m3/n1",
        # Lines, along the key and not; a logarithm of floats, of fixed point, and without a sign; a float for a key.
        "func/sigmoid/e4m3xufix8.8/n1/p2/fast",
        "func/silu/fix10.6xfix10.6/n1/ulp2/p0@ecp5",
        "func/rsqrt/bf16xe4m3fn/n1",
        "func/exp/e5m6xe5m6/n1/p0",
        "func/exp/ue5m6xbf16/n1/p0",
        "func/exp/fix12.8xbf16/n1@ecp5",
        "func/rsqrt/fix12.8xbf16/n1@xcup",
        "func/reciprocal/int12xfp16/n1/p0",
        "func/reciprocal/ufix10.3xbf16/n1/p0@ice40",
    ],
)
def test_designs_do_what_their_models_do(name: str) -> None:
    spec, _, target = name.partition("@")
    verdict = verify(hw.parse(spec), hw.parse_target(target or "generic"))
    assert verdict.passed, verdict.failures


def steps(fmt: Any, value: Any) -> Fraction | Any:
    """Where a real number lies among a format's numbers, counted in them from zero."""
    grid = Fraction(2) ** fmt.span.lsb
    if isinstance(fmt, (Fixed, Integer)):
        return value / mpmath.mpf(grid.numerator) * grid.denominator
    magnitude = abs(value)
    if magnitude == 0:
        return mpmath.mpf(0)
    exponent = max(int(mpmath.floor(mpmath.log(magnitude, 2))), fmt.min_exponent)
    significand = magnitude / mpmath.mpf(2) ** (exponent - fmt.mantissa_bits)
    return (significand + ((exponent - fmt.min_exponent) << fmt.mantissa_bits)) * (1 if value > 0 else -1)


@pytest.mark.kept(
    *(
        f"{case}-{name}"
        for case in ("0.5-e4m3fnxe4m3fn", "1-fix8.4xbf16", "1-fix9.5xfix12.9")
        for name in sorted(FUNCTIONS)
    )
)
@pytest.mark.parametrize("function", sorted(FUNCTIONS))
@pytest.mark.parametrize("formats", ["e4m3fnxe4m3fn", "e5m2xfix12.6", "fix8.4xbf16", "fix9.5xfix12.9", "e4m4xe4m5"])
@pytest.mark.parametrize("ulp", [0.5, 1])
def test_results_are_as_near_as_they_are_said_to_be(function: str, formats: str, ulp: float) -> None:
    spec: Any = hw.parse(f"func/{function}/{formats}/n1/ulp{ulp}")
    x, y = (
        decode(spec.input, np.arange(1 << spec.input.width)),
        decode(spec.output, model(spec).function(np.arange(1 << spec.input.width))),
    )  # type: ignore[attr-defined]
    least, most = mpmath.mpf(float(spec.output.min)), mpmath.mpf(float(spec.output.max))
    tried = 0
    with mpmath.workprec(1000):
        for number, found in zip(x.tolist(), y.tolist(), strict=True):
            poles = function in ("rsqrt", "reciprocal") and (number == 0 or (number < 0 and function == "rsqrt"))
            if not np.isfinite(number) or poles:
                continue
            real = min(max(TRUTH[function](mpmath.mpf(number)), least), most)
            away = abs(steps(spec.output, mpmath.mpf(found)) - steps(spec.output, real))
            assert away <= 0.5 if ulp == 0.5 else away < 1 - mpmath.mpf(2) ** -7, (number, found)
            tried += 1
    assert tried > 100


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("func/exp/bf16xbf16/n1", [0, np.inf, -np.inf, np.nan], [1, np.inf, 0, np.nan]),
        ("func/rsqrt/e5m2xe5m2/n1", [4, 0, -0.0, -1, np.inf, np.nan], [0.5, np.inf, -np.inf, np.nan, 0, np.nan]),
        ("func/reciprocal/e5m2xe4m3/n1", [0.5, 0, -0.0, -np.inf, np.nan], [2, 480, -480, -0.0, 0]),
        ("func/reciprocal/int8xint8/n1", [0, 1, -1], [127, 1, -1]),
        ("func/rsqrt/int8xe4m3fn/n1", [0, 1, -1], [448, 1, np.nan]),
        ("func/sigmoid/e5m2xint4/n1", [np.nan, np.inf, -np.inf], [0, 1, 0]),
        ("func/tanh/e5m2xe5m2/n1", [-np.inf, np.inf, -0.0], [-1, 1, -0.0]),
        ("func/gelu/e5m2xe5m2/n1", [-np.inf, np.inf, -0.0], [-0.0, np.inf, -0.0]),
        ("func/silu/e5m2xe4m3fnuz/n1", [-np.inf, np.inf, -0.0, np.nan], [0, 240, 0, np.nan]),
    ],
)
def test_what_is_beyond_or_has_no_value(name: str, given: list[float], expected: list[float]) -> None:
    spec: Any = hw.parse(name)
    found = decode(spec.output, model(spec).function(encode(spec.input, given)))  # type: ignore[attr-defined]
    np.testing.assert_array_equal(found, expected)
    signed = ~np.isnan(found)
    assert np.signbit(found[signed]).tolist() == np.signbit(np.array(expected)[signed]).tolist()


def test_a_nearest_result_is_what_encoding_makes_of_the_value() -> None:
    spec: Any = hw.parse("func/sigmoid/e4m3xe4m3/n1/ulp0.5")
    x = decode(spec.input, np.arange(256))
    assert model(spec).function(np.arange(256)).tolist() == encode(spec.output, 1 / (1 + np.exp(-x))).tolist()  # type: ignore[attr-defined]


@pytest.mark.parametrize("function", sorted(FUNCTIONS))
@pytest.mark.parametrize("x", ["0.0001", "0.7", "1.5", "6", "19", "-0.0001", "-0.7", "-6", "-19"])
def test_what_float64_leaves_open_is_decided(function: str, x: str) -> None:
    if function == "rsqrt" and x.startswith("-"):
        return
    number = Fraction(x).limit_denominator(1 << 20)
    number = Fraction(round(number * 4096), 4096) or Fraction(1, 4096)
    with mpmath.workprec(400):
        real = TRUTH[function](mpmath.mpf(number.numerator) / number.denominator)
        scale = mpmath.mpf(2) ** 150
        below = Fraction(int(mpmath.floor(real * scale)), 1 << 150)
        exact = mpmath.mpf(below.numerator) / below.denominator == real
    assert side(function, number, below) == (0 if exact else 1)
    assert side(function, number, below + Fraction(1, 1 << 150)) == -1


def test_functions_of_zero_are_exact() -> None:
    at_zero = {"exp": 1, "sigmoid": Fraction(1, 2), "tanh": 0, "silu": 0, "gelu": 0}
    assert all(side(function, Fraction(0), Fraction(value)) == 0 for function, value in at_zero.items())


@pytest.mark.parametrize(
    "name", ["e4m3fn", "e4m3fnuz", "e5m2", "e0m4", "ue5m3", "e3m2-flush", "bf16", "int8", "uint5", "fix8.4", "ufix8.-3"]
)
def test_numbers_are_the_formats(name: str) -> None:
    fmt = parse_format(name)
    found = numbers(fmt)
    np.testing.assert_array_equal(found, [float(fmt.value(code)) for code in range(1 << fmt.width)])
    if isinstance(fmt, Minifloat) and fmt.signed and fmt.convention != "fnuz":
        assert np.signbit(found[1 << fmt.width - 1])


def test_the_roundest_number_ends_in_most_zeros() -> None:
    pairs = [(low, high) for low in range(-20, 20) for high in range(low, 24)]
    found = roundest(*np.array(pairs).T).tolist()
    for (low, high), number in zip(pairs, found, strict=True):
        zeros = [99 if n == 0 else (n & -n).bit_length() for n in range(low, high + 1)]
        assert low <= number <= high and zeros[number - low] == max(zeros)


def test_bounds_of_a_larger_error_hold_those_of_a_smaller_one() -> None:
    e4m3 = parse_format("e4m3")
    half, one, two = (wanted("gelu", e4m3, e4m3, ulp) for ulp in (0.5, 1, 2))
    assert (half.low == half.high).all() and ((one.high - one.low) <= 1).all()
    assert (one.low <= half.low).all() and (half.high <= one.high).all()
    assert (two.low <= one.low).all() and (one.high <= two.high).all() and (two.high > one.high).any()


def test_a_larger_error_costs_no_more() -> None:
    costs = [hw.parse(f"func/tanh/fix10.7xfix10.8/n1/ulp{ulp}").plan.cost for ulp in ("0.5", "1", "4")]  # type: ignore[attr-defined]
    assert costs[0] > costs[1] > costs[2]


def test_a_design_has_one_text() -> None:
    spec = hw.parse("func/silu/e4m3xfix8.4/n1")
    first = emit(spec).verilog
    plan_of.cache_clear()
    assert emit(hw.parse(spec.name)).verilog == first


def test_no_multiplier_block_is_asked_for() -> None:
    text = emit(hw.parse("func/sigmoid/e4m3xufix8.8/n1"), hw.parse_target("ecp5")).verilog
    assert "MULT18X18D" not in text


def test_a_plan_that_is_wrong_for_one_code_is_found() -> None:
    plan, e4m3 = plan_of("gelu", parse_format("e4m3"), parse_format("e4m3"), 1), parse_format("e4m3")
    bounds = wanted("gelu", e4m3, e4m3, 1)
    prove(plan, e4m3, bounds.low, bounds.high)
    low, high = bounds.low.copy(), bounds.high.copy()
    low[100] = high[100] = high[100] + 2
    with pytest.raises(ArithmeticError, match="the result of code 100 of e4m3 is not within its bounds"):
        prove(plan, e4m3, low, high)
