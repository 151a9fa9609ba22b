"""The codec against pychop: its P3109 drafts, whose random bits are given, and Higham's chop, which can flush."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pychop
import pytest
from numpy.typing import NDArray
from pychop import P3109Format, p3109_decode, p3109_encode

from hw.formats import Format, parse_format
from sim.golden import decode, encode

MODES = {
    "nearest_even": "nearest_even",
    "nearest_away": "nearest_away",
    "toward_zero": "toward_zero",
    "up": "toward_positive",
    "down": "toward_negative",
    "odd": "to_odd",
}

DRAFTS = {
    "e1m1fnuz": P3109Format(3, 2, True, "finite"),
    "e2m1fnuz": P3109Format(4, 2, True, "finite"),
    "e3m2fnuz": P3109Format(6, 3, True, "finite"),
    "e2m3fnuz": P3109Format(6, 4, True, "finite"),
    "e7m0fnuz": P3109Format(8, 1, True, "finite"),
    "e5m2fnuz": P3109Format(8, 3, True, "finite"),
    "e4m3fnuz": P3109Format(8, 4, True, "finite"),
    "e1m6fnuz": P3109Format(8, 7, True, "finite"),
    "e4m8fnuz": P3109Format(13, 9, True, "finite"),
    "ue6m2fn-b32": P3109Format(8, 3, False, "finite"),
    "ue5m3-b16": P3109Format(8, 4, False, "finite"),
    "ue4m1fn-b8": P3109Format(5, 2, False, "finite"),
    "ue1m7fn-b1": P3109Format(8, 8, False, "finite"),
    "ue7m1ieee-b64": P3109Format(8, 2, False, "extended"),
    "ue4m1ieee-b8": P3109Format(5, 2, False, "extended"),
}

CHOPPED = ["e5m2", "e4m3ieee", "e3m4ieee", "e6m1ieee", "e5m4ieee", "e8m3ieee"]
CHOP_MODES = {"nearest_even": 1, "up": 2, "down": 3, "toward_zero": 4}


def tried(fmt: Format) -> NDArray[np.float64]:
    """Around every value, tie and end: the numbers themselves and float64's next ones."""
    values = np.unique(decode(fmt, np.arange(1 << fmt.width)))
    values = values[np.isfinite(values)]
    ends = np.concatenate([2 * values[-1:] - values[-2], values[-1] * np.array([1.01, 1.25, 1.5, 1.75, 2, 3, 1000])])
    ties = np.concatenate([values[1:] + values[:-1], [values[-1] + ends[0]]]) / 2
    marks = np.concatenate([values, ties, ends, [1e-300, 1e300, 0.0]])
    marks = np.concatenate([marks, np.nextafter(marks, np.inf), np.nextafter(marks, -np.inf)])
    return np.concatenate([marks, -marks])


def overflowing(fmt: Format) -> Format:
    return replace(fmt, overflow="nan" if fmt.code_of(np.inf) is None else "inf")


@pytest.mark.parametrize("name", DRAFTS)
def test_every_code_of_a_p3109_draft_has_the_value_that_pychop_gives_it(name: str) -> None:
    fmt = parse_format(name)
    codes = np.arange(1 << fmt.width)
    assert np.array_equal(decode(fmt, codes), p3109_decode(codes, DRAFTS[name]), equal_nan=True)


@pytest.mark.parametrize("name", DRAFTS)
def test_saturating_p3109_drafts_agree_in_every_rounding(name: str) -> None:
    fmt = parse_format(name)
    x = np.concatenate([tried(fmt), [np.inf, np.nan], [-np.inf] if fmt.span.signed else []])
    for rounding, theirs in MODES.items():
        expected = p3109_encode(x, DRAFTS[name], rounding=theirs, saturate="propagate")
        assert np.array_equal(decode(fmt, encode(fmt, x, rounding)), decode(fmt, expected), equal_nan=True), rounding


@pytest.mark.parametrize("name", DRAFTS)
def test_overflowing_p3109_drafts_agree_in_every_rounding_but_odd(name: str) -> None:
    """pychop overflows in rounding to odd, ours ends at the highest value; its unsigned negatives are NaN, ours 0."""
    fmt = overflowing(parse_format(name))
    x = np.concatenate([tried(fmt), [np.inf, -np.inf, np.nan]])
    if not fmt.span.signed:
        x = x[~(x < 0)]
    for rounding in MODES.keys() - {"odd"}:
        expected = p3109_encode(x, DRAFTS[name], rounding=MODES[rounding], saturate="none")
        assert np.array_equal(decode(fmt, encode(fmt, x, rounding)), decode(fmt, expected), equal_nan=True), rounding


@pytest.mark.parametrize("saturate", ["none", "propagate"])
@pytest.mark.parametrize("name", [name for name in DRAFTS if parse_format(name).width <= 8])
def test_stochastic_rounding_agrees_for_every_random_number_around_every_step(name: str, saturate: str) -> None:
    fmt = parse_format(name) if saturate == "propagate" else overflowing(parse_format(name))
    bits = 4
    values = np.unique(decode(fmt, np.arange(1 << fmt.width)))
    values = values[np.isfinite(values) & (values >= 0)]
    next_up = np.append(values[1:], 2 * values[-1] - values[-2])
    steps = (values + np.multiply.outer(np.arange(1 << bits) / (1 << bits), next_up - values)).reshape(-1)
    steps = np.concatenate([steps, next_up[-1] * np.array([1, 1.125, 1.25, 1.5, 2])])
    x = np.concatenate([steps, np.nextafter(steps, np.inf), np.nextafter(steps[steps > 0], 0)])
    if fmt.span.signed:
        x = np.concatenate([x, -x])
    x, random = np.repeat(x, 1 << bits), np.tile(np.arange(1 << bits), x.size)
    for theirs, *ours in (("stochastic_a", random, bits), ("stochastic_b", 2 * random + 1, bits + 1)):
        options = {"rounding": theirs, "saturate": saturate, "srbits": random, "srnumbits": bits}
        expected = p3109_encode(x, DRAFTS[name], **options)
        got = encode(fmt, x, "stochastic", *ours)
        assert np.array_equal(decode(fmt, got), decode(fmt, expected), equal_nan=True)


@pytest.mark.kept("e5m2-", "e5m2--flush", "e4m3ieee-", "e8m3ieee--flush")
@pytest.mark.parametrize("flush", ["", "-flush"])
@pytest.mark.parametrize("name", CHOPPED)
def test_chop_agrees_with_and_without_subnormals(name: str, flush: str) -> None:
    """Not compared: the signs of zeros, which chop loses, infinities, and what lies within a float64 step of the tie
    between zero and the next number, where chop rounds twice.
    """
    fmt = parse_format(f"{name}{flush}-inf")
    customs = pychop.Customs(emax=fmt.bias, t=fmt.precision)
    x = tried(fmt)
    tie = 2.0 ** (fmt.min_exponent if flush else fmt.span.lsb) / 2
    # chop multiplies smaller numbers beyond float64.
    x = x[((x == 0) | (np.abs(x) > 1e-200)) & (np.abs(np.abs(x) - tie) > 1e-15 * tie)]
    for rounding, mode in CHOP_MODES.items():
        expected = pychop.FaultChop(customs=customs, rmode=mode, subnormal=not flush)(x)
        assert np.array_equal(decode(fmt, encode(fmt, x, rounding)), expected), rounding
