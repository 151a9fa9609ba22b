"""Sums of products that are rounded at every step: a multiplier for each product, and adders in a tree."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Value

from hw.arith import Logic
from hw.datapath.product import ProductRule
from hw.datapath.sum import add_rounded, addend
from hw.formats import Format, Minifloat


def sum_rounded_products(
    m: Logic,
    rule: ProductRule,
    formats: tuple[Format, Format],
    pairs: Sequence[tuple[Value, Value]],
    result: Minifloat,
    rounding: str,
) -> Value:
    """Logic, added to `m`, from pairs of codes of two formats to the code of the sum of their products.

    Every product is rounded into `result`. Neighbours are added and rounded, then neighbouring sums; a last one without
    a neighbour waits.
    """
    sums = [rule.round(m, *formats, x, y, result, rounding) for x, y in pairs]
    while len(sums) > 1:
        added = [_add(m, x, y, result, rounding) for x, y in zip(sums[::2], sums[1::2], strict=False)]
        sums = added + sums[len(sums) & ~1 :]
    return sums[0]


def _add(m: Logic, x: Value, y: Value, fmt: Minifloat, rounding: str) -> Value:
    """The sum of two codes, as unit ``add`` makes it."""
    one, other = (addend(m, fmt, code, name, fmt, fmt) for code, name in ((x, "one"), (y, "other")))
    # IEEE 754: zeros of both signs, or x and -x, add to +0, or to -0 if rounded down.
    zero_sign = one.negate | other.negate if rounding == "down" else one.negate & other.negate
    return add_rounded(m, one, other, fmt, rounding, zero_sign)
