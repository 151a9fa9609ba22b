"""Measures of error on data of which the answer is known."""

from __future__ import annotations

import math

import ml_dtypes
import numpy as np
import pytest

from hw.formats import parse_format
from sim.golden import decode
from sim.golden.matmul import exact_sums
from sim.golden.measures import crest_factor, normal_codes, relative_errors, sqnr
from sim.golden.products import LMul


def test_a_tenth_of_the_signal_as_noise_is_20_db() -> None:
    assert sqnr(np.full(7, 10.0), np.full(7, 9.0)) == pytest.approx(20, abs=1e-12)
    assert sqnr([[3, 4]], [[3, 9]]) == pytest.approx(0, abs=1e-12)
    assert sqnr([2.0], [1.0]) == pytest.approx(20 * math.log10(2))


def test_no_noise_is_infinite_and_no_signal_minus_infinite() -> None:
    assert sqnr([1, 2], [1, 2]) == math.inf
    assert sqnr([0.0], [0.5]) == -math.inf
    assert math.isnan(sqnr([], []))


def test_uniform_noise_is_6_02_db_a_bit() -> None:
    """A uniform signal in b bits has b * 20 log10(2) dB: the step's variance is 2**-2b of the signal's."""
    x = np.random.default_rng(1).uniform(-1, 1, 100_000)
    for bits in (4, 8, 12):
        step = 2.0 ** (1 - bits)
        assert sqnr(x, (np.floor(x / step) + 0.5) * step) == pytest.approx(20 * bits * math.log10(2), abs=0.05)


def test_sums_are_measured_by_their_values() -> None:
    fmt = parse_format("int8")
    sums = exact_sums(fmt, fmt, [[10]], [[1]])
    assert sqnr(sums, [[9]]) == pytest.approx(20)


def test_crest_factors_of_known_signals() -> None:
    assert crest_factor(np.full(9, -3.0)) == 1
    assert crest_factor([0, 0, 0, 5]) == 2
    assert crest_factor(np.sin(np.arange(1000) * 2 * np.pi / 1000)) == pytest.approx(math.sqrt(2))
    rows = crest_factor([[3, -3], [0, 0], [0, 4]], axis=1)
    assert rows == pytest.approx([1, math.nan, math.sqrt(2)], nan_ok=True)
    assert crest_factor([[1, 2], [1, -2]], axis=0).tolist() == [1, 1]


def test_the_crest_factor_of_gaussian_blocks_is_near_2() -> None:
    """The expected largest magnitude of 32 normal numbers is 2.33 sigma, integrated below."""
    x = np.random.default_rng(2).normal(size=(20_000, 32))
    grid = np.linspace(0, 8, 4001)
    below = np.array([math.erf(v / math.sqrt(2)) for v in grid]) ** 32
    expected = float(((1 - below)[1:] + (1 - below)[:-1]).sum() / 2 * (grid[1] - grid[0]))
    assert np.abs(x).max(axis=1).mean() == pytest.approx(expected, rel=0.01)
    # A block with a large maximum has a large mean square too, so the mean of ratios is a little less.
    assert crest_factor(x, axis=1).mean() == pytest.approx(expected, rel=0.05)


def test_normal_codes_are_those_of_positive_normal_numbers() -> None:
    assert normal_codes(parse_format("e4m3")).tolist() == list(range(8, 128))
    assert normal_codes(parse_format("e5m2")).tolist() == list(range(4, 124))
    assert normal_codes(parse_format("int4")).tolist() == list(range(1, 8))
    assert normal_codes(parse_format("e0m3")).tolist() == list(range(1, 8))


def test_relative_errors_of_mitchell_are_the_known_bounds() -> None:
    """Mitchell's error is -pq / ((1 + p)(1 + q)) without a carry: at worst -1/9, at p = q = 1/2; never above 0."""
    fmt = parse_format("e4m3")
    errors = relative_errors(fmt, fmt, LMul("mitchell", edges="unbounded"))
    assert errors.table.shape == (120, 120)
    assert errors.worst == pytest.approx(1 / 9)
    assert errors.table.max() == 0
    assert errors.bias == -errors.mean
    i, j = errors.a.tolist().index(0x3C), errors.b.tolist().index(0x3A)  # 1.5 * 1.25 = 1.875 becomes 1.75
    assert errors.table[i, j] == pytest.approx((1.75 - 1.875) / 1.875)
    assert errors.rms == pytest.approx(math.sqrt((errors.table**2).mean()))


def test_relative_errors_of_given_codes() -> None:
    int4, e2m1 = parse_format("int4"), parse_format("e2m1")
    errors = relative_errors(int4, e2m1, "exact", [1, 15], [2])
    assert (errors.table.tolist(), errors.mean, errors.worst) == ([[0], [0]], 0, 0)
    fmt = parse_format("e4m3")
    one_and_a_half = 0x3C
    # 1.5 * 1.5 = 2.25: 1 + 0.5 + 0.5 + 1/8 = 2.125 as value; as integer the carry gives 2 * 1.125.
    for product, result in (("lmul_value", 2.125), ("lmul", 2.25), ("mitchell", 2.0)):
        error = relative_errors(fmt, fmt, product, [one_and_a_half], [one_and_a_half]).table[0, 0]
        assert error == pytest.approx((result - 2.25) / 2.25)
    assert decode(fmt, one_and_a_half) == 1.5


E4M3, E5M2 = parse_format("e4m3"), parse_format("e5m2")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: sqnr([1, 2], [1]), ValueError, r"must have one shape, got \(2,\) and \(1,\)"),
        (lambda: sqnr([1j], [1]), TypeError, "reference must be real numbers, got an array of complex128"),
        (lambda: sqnr([1], ["1"]), TypeError, "approximation must be real numbers"),
        (lambda: crest_factor([]), ValueError, r"values must not be empty, got shape \(0,\)"),
        (lambda: crest_factor([True]), TypeError, "values must be real numbers, got an array of bool"),
        (
            lambda: relative_errors(E4M3, E4M3, "exact", [0]),
            ValueError,
            "a must be codes of finite values other than 0",
        ),
        (lambda: relative_errors(E5M2, E5M2, "exact", None, [0x7C]), ValueError, "b must be codes of finite values"),
        (lambda: relative_errors(E5M2, E5M2, "exact", [0x7F]), ValueError, "a must be codes of finite values"),
        (lambda: relative_errors(E4M3, E4M3, "exact", [256]), ValueError, "a must be codes 0..255 of e4m3, got 256"),
        (lambda: relative_errors(E4M3, E4M3, "exact", [[1]]), ValueError, "must have one axis each"),
        (
            lambda: relative_errors(parse_format("fp16"), parse_format("fp16"), "exact"),
            ValueError,
            "at most 16777216 pairs",
        ),
        (lambda: relative_errors(E4M3, E4M3, "sum"), ValueError, "product must be one of exact"),
    ],
)
def test_what_measures_refuse(call, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("kind", [ml_dtypes.bfloat16, ml_dtypes.float8_e5m2, ml_dtypes.float4_e2m1fn, ml_dtypes.int4])
def test_numbers_of_ml_dtypes_are_taken(kind: type) -> None:
    r, a = np.array([3.0, 4.0, -2.0]).astype(kind), np.array([3.0, 4.0, 1.0])
    assert sqnr(r, a) == sqnr(r.astype(float), a)
    assert sqnr(a, r) == sqnr(a, r.astype(float))
    assert crest_factor(r) == crest_factor(r.astype(float))
