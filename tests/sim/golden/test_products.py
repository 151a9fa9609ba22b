"""Products: exact ones against rationals, L-Mul against its definition on codes."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from hw.formats import Minifloat, parse_format
from sim.golden import decode
from sim.golden.products import PRODUCTS

exact, lmul = PRODUCTS["exact"], PRODUCTS["lmul"]


def every_pair(a, b):
    return np.arange(1 << a.width)[:, None], np.arange(1 << b.width)[None, :]


@pytest.mark.parametrize(
    "names", ["int4 int4", "e2m1 e3m2", "int3 e2m2fn", "uint4 e2m1", "e3m2ieee e2m1", "fix4.2 int4"]
)
def test_exact_products_are_exact(names: str) -> None:
    a, b = map(parse_format, names.split())
    terms = exact(a, b, *every_pair(a, b))
    for i in range(1 << a.width):
        for j in range(1 << b.width):
            x, y = a.decode(i), b.decode(j)
            if isinstance(x, Fraction) and isinstance(y, Fraction):
                assert terms.status[i, j] == 0
                assert terms.steps[i, j] * Fraction(2) ** terms.lsb == x * y
            else:
                product = float(x) * float(y)
                kind = 3 if math.isnan(product) else 1 if product > 0 else 2
                assert (terms.steps[i, j], terms.status[i, j]) == (0, kind)


def lmul_on_codes(fmt: Minifloat, a: int, b: int) -> int:
    """arXiv 2410.00907's hardware form, on sign-stripped codes, with the edges that macsmith defines."""
    m = fmt.mantissa_bits
    l = m if m <= 3 else 3 if m == 4 else 4  # noqa: E741
    x, y = (code & ((1 << (fmt.width - 1)) - 1) for code in (a, b))
    if x >> m == 0 or y >> m == 0:
        return 0
    code = x + y - (fmt.bias << m) + (1 << (m - l))
    if code < 1 << m:
        return 0
    return min(code, fmt.max_magnitude_code) | ((a ^ b) & (1 << (fmt.width - 1)))


@pytest.mark.parametrize("name", ["e4m3", "e4m3fn", "e5m2", "e3m4", "e2m1", "e3m0", "e2m5"])
def test_lmul_is_the_published_addition_on_every_pair(name: str) -> None:
    fmt = parse_format(name)
    assert isinstance(fmt, Minifloat)
    terms = lmul(fmt, fmt, *every_pair(fmt, fmt))
    values = terms.steps.astype(np.float64) * 2.0**terms.lsb
    finite = np.flatnonzero(np.isfinite(decode(fmt, np.arange(1 << fmt.width))))
    expected = np.array([[float(fmt.decode(lmul_on_codes(fmt, int(i), int(j)))) for j in finite] for i in finite])
    assert np.array_equal(values[np.ix_(finite, finite)], expected)
    assert np.all(terms.status[np.ix_(finite, finite)] == 0)


@pytest.mark.parametrize(("name", "constant"), [("e4m3", 55), ("e5m2", 59), ("e8m7", 0x3F78)])
def test_lmul_subtracts_the_published_constant(name: str, constant: int) -> None:
    fmt = parse_format(name)
    assert isinstance(fmt, Minifloat)
    one = fmt.bias << fmt.mantissa_bits
    terms = lmul(fmt, fmt, one, one)
    result = int(np.log2(1)) + 2 * one - constant
    assert float(terms.steps) * 2.0**terms.lsb == fmt.decode(result)


def test_lmul_with_infinities_and_nan() -> None:
    fmt = parse_format("e5m2")
    inf, nan, one, minus, zero, tiny = 0x7C, 0x7F, 0x3C, 0xBC, 0x00, 0x01
    pairs = [(inf, one), (inf, minus), (inf, inf), (inf, zero), (inf, tiny), (nan, one), (zero, nan), (one, minus)]
    terms = lmul(fmt, fmt, *np.array(pairs).T)
    # A subnormal counts as zero, so infinity times it is NaN.
    assert terms.status.tolist() == [1, 2, 1, 3, 3, 3, 3, 0]
    assert terms.steps.tolist()[:-1] == [0] * 7


def test_lmul_takes_one_minifloat_format() -> None:
    with pytest.raises(ValueError, match="one minifloat format, got e4m3 and e5m2"):
        lmul(parse_format("e4m3"), parse_format("e5m2"), [0], [0])
    with pytest.raises(ValueError, match="got int8 and int8"):
        lmul(parse_format("int8"), parse_format("int8"), [0], [0])
