"""Codes and values: both ways, against exact rationals."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.formats import Format, parse_format
from sim.golden import decode, encode

NAMES = [
    "int4",
    "uint4",
    "int8",
    "e2m1",
    "e3m0",
    "e1m3",
    "e3m2",
    "e4m3",
    "e4m3fn",
    "e5m2",
    "bf16",
    "fix6.3",
    "e4m3fnuz",
    "e3m2-flush",
    "e2m3ieee-b5-inf",
    "e0m3",
]
formats = st.sampled_from(NAMES).map(parse_format)
saturating = formats.filter(lambda fmt: fmt.overflow == "sat")


def nearest(fmt: Format, value: Fraction) -> Fraction:
    """The nearest value, ties to the even code, then to the one nearer zero, by looking at all of them."""
    every = {code: fmt.decode(code) for code in range(1 << fmt.width) if not fmt.is_reserved(code)}
    finite = [(code, v) for code, v in every.items() if isinstance(v, Fraction)]
    return min(finite, key=lambda item: (abs(item[1] - value), not fmt.is_even(item[0]), abs(item[1]), -item[1]))[1]


@pytest.mark.parametrize("name", NAMES)
def test_encode_undoes_decode_on_every_code(name: str) -> None:
    fmt = parse_format(name)
    codes = np.arange(1 << fmt.width)
    values = decode(fmt, codes)
    back = encode(fmt, values)
    same = np.isnan(values) | (values == 0)
    flushed = fmt.name.endswith("-flush")  # then several codes are zeros
    assert np.array_equal(back[~same], codes[~same])
    assert flushed or set(codes[values == 0]) == set(encode(fmt, [0.0, -0.0]).tolist())
    assert np.all(decode(fmt, back[values == 0]) == 0)
    assert np.all(np.isnan(decode(fmt, back[np.isnan(values)])))


@given(saturating.filter(lambda fmt: fmt.width <= 8), st.floats(-700, 700))
def test_encode_is_the_nearest_value(fmt: Format, value: float) -> None:
    assert Fraction(float(decode(fmt, encode(fmt, value)))) == nearest(fmt, Fraction(value))


@pytest.mark.parametrize("name", [name for name in NAMES if parse_format(name).width <= 8])
def test_ties_and_their_neighbours(name: str) -> None:
    fmt = parse_format(name)
    values = np.unique(decode(fmt, np.arange(1 << fmt.width)))
    values = values[np.isfinite(values)]
    ties = (values[1:] + values[:-1]) / 2
    for tried in (ties, np.nextafter(ties, np.inf), np.nextafter(ties, -np.inf)):
        expected = [nearest(fmt, Fraction(float(value))) for value in tried]
        assert decode(fmt, encode(fmt, tried)).tolist() == [float(value) for value in expected]


@given(saturating, st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_encode_is_monotonic_and_idempotent(fmt: Format, one: float, other: float) -> None:
    low, high = decode(fmt, encode(fmt, sorted([one, other])))
    assert low <= high
    assert decode(fmt, encode(fmt, low)) == low


def test_out_of_range_saturates() -> None:
    e4m3fn, e5m2, e2m1 = map(parse_format, ("e4m3fn", "e5m2", "e2m1"))
    assert encode(e4m3fn, [1e9, -1e9, np.inf]).tolist() == [0x7E, 0xFE, 0x7E]
    assert encode(e5m2, [1e9, -1e9, np.inf, -np.inf]).tolist() == [0x7B, 0xFB, 0x7C, 0xFC]
    assert encode(e2m1, [100, -100, -np.inf]).tolist() == [7, 15, 15]
    assert encode(parse_format("uint4"), [-3, 99]).tolist() == [0, 15]


def test_overflow_is_what_the_format_says() -> None:
    # Half a step above 448 is 464, a tie that rounds down to the even code; above e5m2's 57344, 61440 rounds up.
    assert encode(parse_format("e4m3fn-nan"), [464, 464.1, -1e9, np.inf]).tolist() == [0x7E, 0x7F, 0x7F, 0x7F]
    assert encode(parse_format("e5m2-inf"), [61439.9, 61440, -61440, np.nan]).tolist() == [0x7B, 0x7C, 0xFC, 0x7D]
    assert encode(parse_format("e5m2-nan"), [61440, np.inf, -np.inf]).tolist() == [0x7D, 0x7C, 0xFC]
    assert encode(parse_format("e4m3fnuz"), [1e9, -1e9, -0.0]).tolist() == [0x7F, 0xFF, 0]


def test_zeros_keep_their_sign_where_the_format_has_one() -> None:
    assert encode(parse_format("e4m3"), [0.0, -0.0, -1e-9]).tolist() == [0, 0x80, 0x80]
    assert encode(parse_format("int8"), [0.0, -0.0, -1e-9]).tolist() == [0, 0, 0]


def test_nan_needs_a_code() -> None:
    assert np.isnan(decode(parse_format("e5m2"), encode(parse_format("e5m2"), np.nan)))
    with pytest.raises(ValueError, match="values must not be NaN: e4m3 has no code for it"):
        encode(parse_format("e4m3"), [1.0, np.nan])


def test_shapes_and_types_are_kept() -> None:
    fmt = parse_format("e4m3")
    for shape in ((), (0,), (2, 3), (0, 4)):
        codes = encode(fmt, np.zeros(shape))
        assert codes.shape == decode(fmt, codes).shape == shape
        assert codes.dtype == np.uint8
    assert encode(parse_format("fp16"), 1.0).dtype == np.uint16
    strided = np.arange(16)[::3]
    assert np.array_equal(decode(fmt, strided), decode(fmt, strided.copy()))


@pytest.mark.parametrize(
    ("codes", "error", "message"),
    [
        ([256], ValueError, "codes must be codes 0..255 of e4m3, got 256"),
        ([-1, 3], ValueError, "got -1"),
        ([1.0], TypeError, "codes must be integer codes, got an array of float64"),
        ([True], TypeError, "got an array of bool"),
    ],
)
def test_what_decode_refuses(codes, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        decode(parse_format("e4m3"), codes)


@pytest.mark.parametrize("values", [["3"], [None], [1j], np.array(["2020"], dtype="datetime64[Y]"), [True], [10**400]])
def test_what_encode_refuses(values) -> None:
    with pytest.raises(TypeError, match="values must be real numbers of at most 64 bits, got an array of"):
        encode(parse_format("int8"), values)


def test_a_name_is_no_format() -> None:
    for function in (encode, decode):
        with pytest.raises(TypeError, match="fmt must be a Format, got 'int8'; parse_format makes one"):
            function("int8", [0])  # type: ignore[operator]
