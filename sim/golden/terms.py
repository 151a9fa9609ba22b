"""The terms of matrix products, by ascending k, in the cheapest form that holds them exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from hw.formats import Format
from sim.golden.codes import Codes
from sim.golden.decoding import decode
from sim.golden.products import Exact, LMul, Numbers, Outer, Rule, Terms
from sim.golden.sums import FLOAT_BITS, all_finite, leading_power, status_of_sums
from sim.golden.tablesums import product_table

NUMBERS = 1 << 14
"""Sums at a time where terms are float64 numbers: theirs and the terms' 256 kilobytes stay in the cache."""
STEPS = 1 << 18
"""Sums at a time where the rule makes the terms one by one."""


@dataclass(frozen=True)
class TermSource:
    """The terms of all sums of a matrix product.

    Attributes
    ----------
    of : callable
        The terms of some rows of sums, given by a slice, for each k.
    at_once : int
        About so many sums are best taken at a time.
    status : uint8 array, or None
        Of the sums, as in `sim.golden.sums.Sums`; None if the terms tell.
    """

    of: Callable[[slice], Iterable[Terms | Numbers]]
    at_once: int
    status: NDArray[np.uint8] | None = None

    def row_blocks(self, rows: int, columns: int) -> Iterator[slice]:
        """Slices of rows with about so many sums."""
        height = max(1, self.at_once // max(1, columns))
        return (slice(start, start + height) for start in range(0, rows, height))


def find_terms(rule: Rule, a_format: Format, b_format: Format, a: Codes, b: Codes) -> TermSource:
    """The terms for codes `a` of shape (n, k) and `b` of shape (k, m)."""
    clean = all_finite(a_format, a) and all_finite(b_format, b)
    if isinstance(rule, Exact) and products_fit(a_format, b_format):
        return _multiplied(a_format, b_format, a, b, clean)
    table = _table_of_numbers(rule, a_format, b_format) if clean else None
    if table is not None:
        return _tabled(table, a, b)
    if clean and isinstance(rule, LMul) and abs(rule.span(a_format, b_format).lsb) < 900:
        return _by_fractions(rule, a_format, b_format, a, b)
    return terms_of_rule(rule, a_format, b_format, a, b)


def terms_of_rule(rule: Rule, a_format: Format, b_format: Format, a: Codes, b: Codes) -> TermSource:
    """The same as the rule gives them."""

    def of(rows: slice) -> Iterator[Terms]:
        return (rule(a_format, b_format, a[rows, k, None], b[None, k, :]) for k in range(a.shape[1]))

    return TermSource(of, STEPS)


def find_products(rule: Rule, a_format: Format, b_format: Format, a: Codes, b: Codes) -> Terms | Numbers:
    """The products of codes, element by element; `a` and `b` broadcast."""
    if not (isinstance(rule, Exact) and products_fit(a_format, b_format)):
        return rule(a_format, b_format, a, b)
    with np.errstate(invalid="ignore"):  # of zero times infinity, which is NaN
        return Numbers(decode(a_format, a) * decode(b_format, b) + 0.0, a_format.span.lsb + b_format.span.lsb)


def products_fit(a_format: Format, b_format: Format) -> bool:
    """Whether float64 holds every product of two values."""
    bits = a_format.precision + b_format.precision
    return bits <= FLOAT_BITS and a_format.span.lsb + b_format.span.lsb > -900 and a_format.top + b_format.top < 900


def _multiplied(a_format: Format, b_format: Format, a: Codes, b: Codes, clean: bool) -> TermSource:
    x, y = decode(a_format, a), decode(b_format, b)
    lsb = a_format.span.lsb + b_format.span.lsb

    def of(rows: slice) -> Outer:
        return Outer(np.ascontiguousarray(x[rows].T), y, lsb)

    status = np.zeros((len(x), y.shape[1]), dtype=np.uint8) if clean else status_of_sums(x, y)
    return TermSource(of, NUMBERS, status)


@lru_cache(maxsize=16)
def _table_of_numbers(rule: Rule, a_format: Format, b_format: Format) -> tuple[NDArray[np.float64], int] | None:
    """All products, infinities and NaN as zeros, and the exponent of their steps; None if float64 cannot hold them."""
    lsb = rule.span(a_format, b_format).lsb
    table = product_table(rule, a_format, b_format) if abs(lsb) < 900 else None
    return None if table is None else (table * 2.0**lsb + 0.0, lsb)


def _tabled(numbers: tuple[NDArray[np.float64], int], a: Codes, b: Codes) -> TermSource:
    table, lsb = numbers

    def of(rows: slice) -> Iterator[Numbers]:
        left = np.ascontiguousarray(a[rows].T)
        values = np.empty((left.shape[1], b.shape[1]))
        for k in range(len(b)):
            np.take(table[left[k]], b[k], axis=1, out=values, mode="clip")
            yield Numbers(values, lsb)

    return TermSource(of, NUMBERS, np.zeros((len(a), b.shape[1]), dtype=np.uint8))


def _by_fractions(rule: LMul, a_format: Format, b_format: Format, a: Codes, b: Codes) -> TermSource:
    """L-Mul of finite numbers: fractions are added, and powers of two multiplied."""
    fmt, lsb = rule.format(a_format, b_format), rule.span(a_format, b_format).lsb
    x, y = rule.values(a_format, a), rule.values(b_format, b)
    x_powers, y_powers = leading_power(x), leading_power(y)
    # Of a zero it does not matter: its power is zero.
    p, q = (np.divide(v, w, out=np.ones_like(v), where=w != 0) - 1 for v, w in ((x, x_powers), (y, y_powers)))
    q += rule.offset_value(fmt)

    def of(rows: slice) -> Iterator[Numbers]:
        fractions, powers = (np.ascontiguousarray(part[rows].T)[:, :, np.newaxis] for part in (p, x_powers))
        for k in range(len(y)):
            s = fractions[k] + q[k]
            values = 1 + s
            if rule.semantics != "value":
                # A fraction of 1 or more carries: 2 s from there on, 4 (s - 1) from 2 on.
                np.maximum(values, 2 * s, out=values)
                np.maximum(values, 4 * s - 4, out=values)
            values *= powers[k]
            values *= y_powers[k]
            if rule.edges == "flush":
                values[np.abs(values) < 2.0**fmt.min_exponent] = 0.0
                np.clip(values, -float(fmt.max), float(fmt.max), out=values)
            values += 0.0
            yield Numbers(values, lsb)

    return TermSource(of, NUMBERS // 2, np.zeros((len(a), b.shape[1]), dtype=np.uint8))
