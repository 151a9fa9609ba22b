"""Operands found backwards bring results to where they are hard to round."""

from __future__ import annotations

import numpy as np
import pytest

import hw
from hw.formats import Integer
from hw.specs.requant import RequantSpec
from sim.benches.aimed import BEYOND, ends, factors, nearest, shared, wanted
from sim.benches.requant import Planner
from sim.golden import decode
from sim.golden.encoding import encode

FORMATS = ["e4m3fn", "e5m2", "ue4m3", "e3m0", "fp16", "bf16", "fp32", "int8"]


@pytest.mark.parametrize("name", FORMATS)
def test_results_are_in_the_range_and_beyond_either_end(name: str) -> None:
    fmt = hw.parse_format(name)
    least, most = ends(fmt)
    numbers = wanted(fmt, 4096, np.random.default_rng(1))
    assert np.isfinite(numbers).all()
    size = np.abs(numbers)
    above, below = size > most, (size > 0) & (size < least)
    # Every factor beyond them, to the last.
    for ratios in (size[above] / most, least / size[below]):
        assert set(range(BEYOND)) <= set(np.log2(ratios).astype(int).tolist())
    down, up = (decode(fmt, encode(fmt, size[~above], how)) for how in ("toward_zero", "up"))
    assert ((down + up) / 2 == size[~above])[down != up].sum() > 400
    assert ((down + up) / 2 > size[~above])[down != up].sum() > 100


@pytest.mark.parametrize("name", FORMATS)
def test_factors_have_products_near_what_is_wanted(name: str) -> None:
    fmt, rng = hw.parse_format(name), np.random.default_rng(2)
    products = rng.uniform(1, 2, 512)
    x, y = factors(fmt, fmt, products, rng)
    assert np.isfinite(decode(fmt, x) * decode(fmt, y)).all() and (decode(fmt, x) != 0).all()
    assert (nearest(fmt, products / decode(fmt, x)) == y).all()
    assert len(np.unique(x)) > 8


def test_scales_share_exponents_to_the_smallest_subnormal() -> None:
    scale, rng = hw.parse_format("ue8m0"), np.random.default_rng(3)
    products = 2.0 ** rng.integers(-149, 128, 512)
    x, y = shared(scale, scale, products, rng)
    assert (decode(scale, x) * decode(scale, y) == products).mean() > 0.9
    assert np.isfinite(decode(scale, shared(scale, scale, [np.nan, np.inf, 0], rng))).all()


def test_each_bit_beyond_a_requantisers_codes_is_alone_at_each_shift() -> None:
    spec = hw.parse("requant/int20xint8/n1/channel/m4/p0")
    assert isinstance(spec, RequantSpec) and isinstance(spec.input, Integer)
    planner = Planner(spec, 1)
    m, bias = np.full(4096, 8), np.zeros(4096, dtype=object)
    sums = planner._high(m, bias).astype(np.int64)
    products = (sums - (sums >> 19 << 20)) * 8
    tops = [int(size).bit_length() for size in np.abs(products)]
    assert set(range(4, 23)) <= set(tops)
    alone = [
        size.bit_length() for size in map(int, np.abs(products)) if size and size < 1.01 * 2 ** (size.bit_length() - 1)
    ]
    assert set(range(12, 23)) <= set(alone)
    # Shifts come in turn, so that a few plays have them all.
    assert len({next(planner.shifts) for _ in range(spec.product_span.width - 2)}) == spec.product_span.width - 2
