"""Requantisation against rationals."""

from __future__ import annotations

import math
from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.formats import parse_format
from sim.golden import decode, encode
from sim.golden.requantize import dyadic, dyadics, requantize


def to_integer(x: Fraction, rounding: str) -> int:
    floor = math.floor(x)
    half = x - floor == Fraction(1, 2)
    return {
        "nearest_even": round(x),
        "nearest_away": (floor + (x > 0) if half else round(x)),
        "toward_zero": int(x),
        "up": math.ceil(x),
        "down": floor,
        "odd": floor if floor % 2 or floor == x else floor + 1,
    }[rounding]


def requantized(z: int, m: int, e: int, name: str, zero_point: int, rounding: str) -> int:
    """The code, by rationals: rounded, moved, and saturated."""
    fmt = parse_format(name)
    value = to_integer(Fraction(z * m, 2**e), rounding) + zero_point
    return int(max(fmt.min, min(fmt.max, value))) % (1 << fmt.width)


ROUNDINGS = ["nearest_even", "nearest_away", "toward_zero", "up", "down", "odd"]


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize(("m", "e"), [(1, 0), (1, 1), (1, 4), (3, 3), (-5, 4), (0, 7), (7, 2), (255, 13)])
@pytest.mark.parametrize(
    ("name", "zero_point"), [("int8", 0), ("uint8", 7), ("int4", -3), ("int8-sym", 0), ("int32", 1 << 31)]
)
def test_small_numbers_all_of_them(name: str, zero_point: int, m: int, e: int, rounding: str) -> None:
    z = np.arange(-70, 71)
    expected = [requantized(int(n), m, e, name, zero_point, rounding) for n in z]
    assert requantize(z, m, e, parse_format(name), zero_point, rounding).tolist() == expected


@given(
    st.lists(st.integers(-(1 << 63), (1 << 63) - 1), min_size=1, max_size=5),
    st.integers(-(1 << 62), 1 << 62),
    st.integers(0, 130),
    st.sampled_from(ROUNDINGS),
)
def test_any_64_bit_number(z: list[int], m: int, e: int, rounding: str) -> None:
    got = requantize(np.array(z, dtype=np.int64), m, e, parse_format("int32"), 5, rounding)
    assert got.tolist() == [requantized(n, m, e, "int32", 5, rounding) for n in z]


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint32, np.uint64, object])
def test_any_integer_type(dtype: type) -> None:
    z = np.array([0, 1, 99, 127], dtype=dtype)
    assert requantize(z, 5, 3, parse_format("int8")).tolist() == [
        requantized(n, 5, 3, "int8", 0, "nearest_even") for n in (0, 1, 99, 127)
    ]
    big = {np.uint64: 2**64 - 1, object: -(10**40)}.get(dtype)
    if big is not None:
        got = requantize(np.array([big], dtype=dtype), 3, 60, parse_format("int16"))
        assert got.tolist() == [requantized(big, 3, 60, "int16", 0, "nearest_even")]


@pytest.mark.parametrize("e", [0, 1, 61, 62, 63, 64, 65, 1000])
def test_any_shift(e: int) -> None:
    for rounding in ROUNDINGS:
        for z in (-3, -1, 0, 1, 3, 1 << 40):
            got = requantize([z], 1 << 30, e, parse_format("int16"), 0, rounding)
            assert got.tolist() == [requantized(z, 1 << 30, e, "int16", 0, rounding)]


def test_down_is_the_plain_shift() -> None:
    z = np.random.default_rng(1).integers(-(1 << 20), 1 << 20, 500)
    m, e = 1_518_500_250, 41
    got = requantize(z, m, e, parse_format("int32"), rounding="down").view(np.int32)
    assert got.tolist() == [(int(n) * m) >> e for n in z]


def test_hawq_scales_of_31_bits() -> None:
    """arXiv 2207.01405: m, e = frexp(scale), m of 31 bits; out = round(z * m / 2**e)."""
    rng = np.random.default_rng(2)
    fmt = parse_format("int8")
    for scale in np.exp(rng.uniform(-12, 0, 50)).tolist():
        m, e = dyadic(scale)
        assert 1 << 30 <= m < 1 << 31
        # The nearest of all: m is off by at most a half.
        assert abs(Fraction(scale) * 2**e - m) <= Fraction(1, 2)
        z = rng.integers(-(1 << 24), 1 << 24, 20)
        expected = [max(-128, min(127, round(Fraction(int(n) * m, 2**e)))) % 256 for n in z]
        assert requantize(z, m, e, fmt).tolist() == expected


@pytest.mark.parametrize("bits", [1, 2, 8, 31, 52])
@pytest.mark.parametrize("scale", [1, 1.0, 0.1, 1 / 3, 0.75, 1 - 2**-53, 255 / 256, 3e9, 1e300, 2.0**-960, 0.999999])
def test_a_dyadic_number_is_the_nearest_of_so_many_bits(scale: float, bits: int) -> None:
    m, e = dyadic(scale, bits)
    assert 1 << (bits - 1) <= m < 1 << bits
    x = Fraction(scale)
    error = abs(x - m * Fraction(2) ** -e)
    # No other of that many bits is nearer: its neighbours, and the ends of the next powers of two.
    others = [(m + 1, e), (m - 1, e), (1 << (bits - 1), e - 1), ((1 << bits) - 1, e + 1)]
    assert all(error <= abs(x - n * Fraction(2) ** -f) for n, f in others)


def test_a_dyadic_number_may_reach_the_next_power_of_two() -> None:
    assert dyadic(1 - 2**-40, 8) == (128, 7)
    assert dyadic(0.5, 31) == (1 << 30, 31)
    assert dyadic(3.0, 4) == (12, 2)
    assert dyadic(1e6, 4) == (15, -16)


def test_dyadics_have_the_scales_shape_and_none_for_zero() -> None:
    m, e = dyadics(np.array([[0.5, 0.0, 3.0], [1e6, 0.25, 1.0]]), 4)
    assert m.tolist() == [[8, 0, 12], [15, 8, 8]]
    assert e.tolist() == [[4, 0, 2], [-16, 5, 3]]


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("name", ["int8", "uint4", "int8-sym"])
def test_every_number_may_have_a_scale_of_its_own(name: str, rounding: str) -> None:
    rng = np.random.default_rng(3)
    z = rng.integers(-(1 << 20), 1 << 20, (40, 6))
    m, e, bias = rng.integers(-300, 300, 6), rng.integers(0, 30, (40, 6)), rng.integers(-9000, 9000, (40, 1))
    zero = rng.integers(-20, 20, 6)
    fmt = parse_format(name)
    got = requantize(z, m, e, fmt, zero, rounding, bias)
    for n, k in np.ndindex(z.shape):
        total = int(z[n, k]) + int(bias[n, 0])
        assert got[n, k] == requantized(total, int(m[k]), int(e[n, k]), name, int(zero[k]), rounding)


def test_with_relu_nothing_is_below_the_zero_point() -> None:
    z = np.arange(-50, 50)
    fmt = parse_format("int8")
    for zero in (-128, -100, 0, 5, 127):
        plain, clamped = (decode(fmt, requantize(z, 9, 1, fmt, zero, relu=relu)) for relu in (False, True))
        assert np.array_equal(clamped, np.maximum(plain, zero))
    # Nor is the reserved code made of a zero point.
    assert requantize(-5, 1, 0, parse_format("int8-sym"), -128, relu=True) == 0x81


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("name", ["e4m3", "e4m3fn", "e5m2-inf", "e2m3-flush", "ue4m3", "bf16"])
def test_floats_are_the_exact_number_rounded_once(name: str, rounding: str) -> None:
    """Against the encoder, which other tests hold against libraries, with numbers that float64 holds."""
    rng, fmt = np.random.default_rng(4), parse_format(name)
    z, m, e = rng.integers(-(1 << 30), 1 << 30, 500), rng.integers(0, 1 << 16, 500), rng.integers(0, 60, 500)
    values = np.ldexp((z + 3.0) * m, -e)
    assert np.array_equal(requantize(z, m, e, fmt, 0, rounding, 3), encode(fmt, values, rounding))
    rectified = requantize(z, m, e, fmt, 0, rounding, 3, relu=True)
    assert np.array_equal(rectified, encode(fmt, np.maximum(values, 0.0) + 0.0, rounding))


def test_shapes_are_kept_and_nothing_is_written() -> None:
    z = np.arange(12).reshape(3, 4)[:, ::2]
    z.flags.writeable = False
    got = requantize(z, 1, 0, parse_format("int8"))
    assert got.dtype == np.uint8
    assert got.tolist() == z.tolist()
    assert requantize(5, 1, 0, parse_format("int8")).shape == ()
    assert requantize([], 1, 0, parse_format("int16")).shape == (0,)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"z": [0.5]}, TypeError, "z must be integers, got an array of float64"),
        ({"z": [True]}, TypeError, "z must be integers, got an array of bool"),
        ({"z": np.array([1.5], dtype=object)}, TypeError, "z must be integers"),
        ({"m": 0.5}, TypeError, "m must be an int"),
        ({"m": 1 << 63}, ValueError, "m must be -4611686018427387904..4611686018427387904, got"),
        ({"e": -1}, ValueError, "e must be 0..1000, got -1"),
        ({"e": 1001}, ValueError, "e must be 0..1000, got 1001"),
        ({"zero_point": 1 << 33}, ValueError, "zero_point must be -4294967296..4294967296, got"),
        ({"m": [1.5]}, TypeError, "m must be integers, got an array of float64"),
        (
            {"m": np.array([3, 1 << 63], dtype=np.uint64)},
            ValueError,
            "m must be -4611686018427387904..4611686018427387904, got",
        ),
        ({"e": [0, 1]}, ValueError, r"e must have a shape that broadcasts to that of z, got \(2,\) and \(1,\)"),
        ({"bias": 0.5}, TypeError, "bias must be integers, got an array of float64"),
        ({"relu": 1}, TypeError, "relu must be a bool, got 1"),
        ({"fmt": parse_format("e4m3"), "zero_point": 1}, ValueError, "zero_point must be 0..0, got 1"),
        ({"fmt": parse_format("fix8.4")}, TypeError, "fmt must be an Integer or a Minifloat, got Fixed"),
        ({"rounding": "floor"}, ValueError, "rounding must be one of nearest_even"),
        ({"rounding": "stochastic"}, ValueError, "rounding must not be stochastic here"),
    ],
)
def test_what_requantize_refuses(changes: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        requantize(**{"z": [1], "m": 1, "e": 0, "fmt": parse_format("int8"), **changes})


@pytest.mark.parametrize(
    ("scale", "bits", "error", "message"),
    [
        (0.0, 31, ValueError, "scale must be positive and finite, got 0.0"),
        (-1.0, 31, ValueError, "scale must be positive and finite, got -1.0"),
        (math.inf, 31, ValueError, "scale must be positive and finite, got inf"),
        (math.nan, 31, ValueError, "scale must be positive and finite, got nan"),
        ("1", 31, TypeError, "scale must be a float, got '1' of type str"),
        (True, 31, TypeError, "scale must be a float, got True of type bool"),
        (1.0, 0, ValueError, "bits must be 1..52, got 0"),
        (1.0, 53, ValueError, "bits must be 1..52, got 53"),
    ],
)
def test_what_dyadic_refuses(scale: float, bits: int, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        dyadic(scale, bits)


def test_integers_and_scales_of_other_types_are_taken() -> None:
    z = np.arange(-8, 8)
    for kind, numbers in ((ml_dtypes.int4, z), (np.int8, z), (ml_dtypes.uint4, z + 8)):
        m = np.array(3, dtype=ml_dtypes.uint2)
        expected = requantize(numbers, 3, 1, parse_format("int8"))
        assert np.array_equal(requantize(numbers.astype(kind), m, 1, parse_format("int8")), expected)
    with pytest.raises(TypeError, match="z must be integers, got an array of bfloat16"):
        requantize(np.ones(2, dtype=ml_dtypes.bfloat16), 3, 1, parse_format("int8"))
    for scale in (np.float32(0.375), np.float64(0.375), ml_dtypes.bfloat16(0.375), ml_dtypes.float8_e4m3fn(0.375)):
        assert dyadic(scale) == dyadic(0.375)
    assert dyadic(np.int64(3)) == dyadic(3)
    for scale in (np.True_, np.complex64(1)):
        with pytest.raises(TypeError, match="scale must be a float"):
            dyadic(scale)
