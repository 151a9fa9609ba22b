"""The codec against a library that others wrote, on every code and around every rounding step."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from hw.formats import parse_format
from sim.golden import decode, encode

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


@pytest.mark.parametrize("name", SHARED)
def test_every_code_has_the_value_that_ml_dtypes_gives_it(name: str) -> None:
    fmt, theirs = parse_format(name), getattr(ml_dtypes, SHARED[name])
    codes = np.arange(1 << fmt.width).astype(np.uint8 if fmt.width <= 8 else np.uint16)
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
