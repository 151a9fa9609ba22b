"""The codec against a library that others wrote, on every code and around every rounding step."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from numpy.typing import NDArray

from hw.formats import Format, parse_format
from sim.golden import decode, encode
from sim.golden.codes import native

# Our name, with the overflow that ml_dtypes' conversion has, and theirs.
SHARED = {
    "e4m3fn-nan": "float8_e4m3fn",
    "e5m2-inf": "float8_e5m2",
    "e4m3fnuz-nan": "float8_e4m3fnuz",
    "e5m2fnuz-nan": "float8_e5m2fnuz",
    "e4m3fnuz-b11-nan": "float8_e4m3b11fnuz",
    "e4m3ieee-inf": "float8_e4m3",
    "e3m4ieee-inf": "float8_e3m4",
    "e2m3": "float6_e2m3fn",
    "e3m2": "float6_e3m2fn",
    "e2m1": "float4_e2m1fn",
    "bf16-inf": "bfloat16",
}
SCALE = {"ue8m0": "float8_e8m0fnu"}
INTEGERS = {name: name for name in ("int1", "int2", "int4", "uint1", "uint2", "uint4")}


def codes_of(fmt: Format) -> NDArray[Any]:
    return np.arange(1 << fmt.width).astype(np.uint8 if fmt.width <= 8 else np.uint16)


def test_no_type_of_ml_dtypes_is_left_out() -> None:
    """But pairs of floats, which are no formats here."""
    theirs = {name for name in dir(ml_dtypes) if isinstance(getattr(ml_dtypes, name), type)} - {"finfo", "iinfo"}
    assert theirs - {"complex32", "bcomplex32"} == {*SHARED.values(), *SCALE.values(), *INTEGERS.values()}


@pytest.mark.parametrize("name", [*SHARED, *SCALE, *INTEGERS])
def test_every_code_has_the_value_that_ml_dtypes_gives_it(name: str) -> None:
    fmt, theirs = parse_format(name), getattr(ml_dtypes, (SHARED | SCALE | INTEGERS)[name])
    codes = codes_of(fmt)
    with np.errstate(invalid="ignore"):  # of bfloat16's NaNs, in their conversion
        expected = codes.view(theirs).astype(np.float64)
    assert np.array_equal(decode(fmt, codes), expected, equal_nan=True)


@pytest.mark.parametrize("name", SHARED)
def test_encoding_agrees_around_every_value_tie_and_end(name: str) -> None:
    fmt, theirs = parse_format(name), getattr(ml_dtypes, SHARED[name])
    values = np.unique(decode(fmt, np.arange(1 << fmt.width)))
    values = values[np.isfinite(values)]
    ties = (values[1:] + values[:-1]) / 2
    ends = float(fmt.max) * np.array([1, 1.01, 1.03, 1.0625, 1.125, 1.25, 1.5, 2, 100])
    with np.errstate(over="ignore"):  # beyond float32 lies infinity, which is tried too
        tried = np.concatenate([values, ties, ends, -ends, [np.inf, -np.inf, 0.0, -0.0]]).astype(np.float32)
    tried = np.concatenate([tried, np.nextafter(tried, np.float32(np.inf)), np.nextafter(tried, np.float32(-np.inf))])
    if fmt.has_special:
        tried = np.append(tried, np.float32(np.nan))
    with np.errstate(invalid="ignore", over="ignore"):
        expected = tried.astype(theirs).view(np.uint8 if fmt.width <= 8 else np.uint16)
    got = encode(fmt, tried)
    nan = np.isnan(decode(fmt, got))
    assert np.array_equal(nan, np.isnan(decode(fmt, expected)))
    assert np.array_equal(got[~nan], expected[~nan])


def test_scales_that_are_powers_of_two_agree_but_in_ties() -> None:
    """ml_dtypes rounds all ties up, as nearest_away does; what it has no scale for becomes NaN there."""
    fmt = parse_format("ue8m0")
    values = decode(fmt, np.arange(255))
    ties = 1.5 * values[1:-1]
    tried = np.concatenate([values, ties, [values[-1] * 1.4375]]).astype(np.float32)
    tried = np.concatenate([tried, np.nextafter(tried, np.float32(0)), np.nextafter(tried, np.float32(np.inf))])
    # Above 2**-127, among float32's subnormals, ml_dtypes rounds up even what is next to it.
    tried = tried[(tried <= 2.0**-127) | (tried >= np.float32(2.0**-126))]
    expected = tried.astype(ml_dtypes.float8_e8m0fnu).view(np.uint8)
    assert np.array_equal(encode(fmt, tried, "nearest_away"), expected)
    tie, ours = np.isin(tried, ties), encode(fmt, tried)
    assert np.array_equal(ours[~tie], expected[~tie])
    # To the even code, as every format here; that is the lower one for half of them.
    assert not (ours[tie] % 2).any()
    assert np.array_equal(ours[tie], expected[tie] - expected[tie] % 2)
    assert (encode(fmt, 3.0), int(np.float32(3).astype(ml_dtypes.float8_e8m0fnu).view(np.uint8))) == (128, 129)
    above = np.float32(2.0**-127) + np.float32(2.0**-149)
    assert (encode(fmt, above), int(above.astype(ml_dtypes.float8_e8m0fnu).view(np.uint8))) == (0, 1)
    # Beyond the range ours ends at the range's end.
    outside = np.array([np.inf, 2.0**127 * 1.5, 0, -1, -np.inf], dtype=np.float32)
    assert outside.astype(ml_dtypes.float8_e8m0fnu).view(np.uint8).tolist() == [255] * 5
    assert encode(fmt, outside).tolist() == [254, 254, 0, 0, 0]
    assert encode(fmt, np.float32(np.nan)) == 255


@pytest.mark.parametrize("name", INTEGERS)
def test_integers_agree_where_ml_dtypes_cuts_fractions_off(name: str) -> None:
    fmt = parse_format(name)
    x = np.linspace(float(fmt.min), float(fmt.max), 481)
    expected = x.astype(getattr(ml_dtypes, name)).view(np.uint8) & ((1 << fmt.width) - 1)
    assert np.array_equal(encode(fmt, x, "toward_zero"), expected)


ALL = SHARED | SCALE | INTEGERS


@pytest.mark.parametrize("name", ALL)
def test_arrays_of_ml_dtypes_are_taken_as_the_numbers_that_they_are(name: str) -> None:
    fmt, theirs = parse_format(name), getattr(ml_dtypes, ALL[name])
    codes = codes_of(fmt)
    given = codes.view(theirs)
    with np.errstate(invalid="ignore"):
        wide = given.astype(np.float64)
    for other in ("e8m23ieee", "e4m3fn-nan", name):
        out = parse_format(other)
        x, y = (given, wide) if out.has_special else (given[np.isfinite(wide)], wide[np.isfinite(wide)])
        assert np.array_equal(encode(out, x), encode(out, y))
        assert np.array_equal(encode(out, x.reshape(-1, 1)[::2]), encode(out, y).reshape(-1, 1)[::2])
    # Back to the codes themselves, but for the NaNs that a format has more of.
    back, numbers = encode(fmt, given[~np.isnan(wide)]), codes[~np.isnan(wide)]
    assert np.array_equal(decode(fmt, back), decode(fmt, numbers))
    assert encode(fmt, given[:1][0]).shape == ()
    assert np.array_equal(native(given), wide, equal_nan=True)
    assert native(given).dtype.isbuiltin == 1


def test_bfloat16_of_every_code_is_encoded_exactly() -> None:
    codes = np.arange(1 << 16, dtype=np.uint16)
    fmt = parse_format("bf16")
    x = codes.view(ml_dtypes.bfloat16)
    numbers = ~np.isnan(decode(fmt, codes))
    assert np.array_equal(encode(fmt, x[numbers]), codes[numbers])
