"""Floats that carry their flags: products and sums on values, for `Mul` and `Add`.

Where the flags say that a result is no number its fields mean nothing; so that codes can be compared, they are defined
all the same: what the operands' fields give as numbers, with exponents modulo ``2**E``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.encodings import Flagged
from hw.encodings.flagged import INFINITE, NAN, NUMBER, ZERO
from hw.formats import Minifloat
from sim.golden.codes import Codes, code_type
from sim.golden.decoding import decode
from sim.golden.encoding import encode


def multiply_flagged(fmt: Flagged, a: Codes, b: Codes) -> Codes:
    """The codes of products, to nearest even: beyond the range infinity, below it zero."""
    with np.errstate(invalid="ignore"):  # of zero times infinity, which is NaN
        values = decode(fmt, a) * decode(fmt, b)
    products = _numbers(fmt, a) * _numbers(fmt, b)
    return _codes(fmt, values, products, np.signbit(products))


def add_flagged(fmt: Flagged, a: Codes, b: Codes) -> Codes:
    """The codes of sums, to nearest even: beyond the range infinity, below it zero.

    In the fields a NaN counts as a number and an infinity as zero. Where neither counts the fields are those of the
    larger; an exact zero's fraction is 0, and its exponent M + 3 less than the operands'.
    """
    x, y = decode(fmt, a), decode(fmt, b)
    with np.errstate(invalid="ignore"):  # of infinities of both signs, which are NaN
        values = x + y
    fields, counting = [_numbers(fmt, codes) for codes in (a, b)], [_kinds(fmt, codes) & 1 for codes in (a, b)]
    sums = fields[0] * counting[0] + fields[1] * counting[1]
    neither = (counting[0] | counting[1]) == 0
    minus = [np.signbit(numbers) for numbers in fields]
    signs = np.where(neither | (sums == 0), minus[0] & minus[1], sums < 0)
    infinite = [_kinds(fmt, codes) == INFINITE for codes in (a, b)]
    signs = np.where(infinite[0], minus[0], np.where(infinite[1], minus[1], signs))
    larger = np.maximum(*np.abs(fields))
    nothing = 2.0 ** (np.frexp(larger)[1] - 1.0 - (fmt.mantissa_bits + 3))
    return _codes(fmt, values, np.where(neither, larger, np.where(sums == 0, nothing, sums)), signs)


def _kinds(fmt: Flagged, codes: Codes) -> NDArray[np.int64]:
    return codes.astype(np.int64) >> fmt.sign + 1


def _numbers(fmt: Flagged, codes: Codes) -> NDArray[np.float64]:
    """What codes would be if their flags said that they are numbers."""
    fields = codes.astype(np.int64) & (2 << fmt.sign) - 1
    return decode(fmt, fields | NUMBER << fmt.sign + 1)


def _codes(fmt: Flagged, values: NDArray[Any], numbers: NDArray[np.float64], signs: NDArray[np.bool_]) -> Codes:
    """The codes of exact `values`, with the fields of `numbers`, which equal them where both count."""
    # A float of so many exponents holds every one, whatever it is rounded to.
    wide = Minifloat(8, fmt.mantissa_bits, subnormals=False)
    rounded = np.abs(decode(wide, encode(wide, numbers)))
    fraction, exponent = np.frexp(rounded)
    field = exponent.astype(np.int64) - 1 + fmt.bias
    mantissa = np.ldexp(2 * fraction - 1, fmt.mantissa_bits).astype(np.int64)
    magnitude = (field & (1 << fmt.exponent_bits) - 1) << fmt.mantissa_bits | mantissa
    beyond = np.where(field < 0, ZERO, np.where(field >> fmt.exponent_bits, INFINITE, NUMBER))
    kind = np.select([np.isnan(values), np.isinf(values), values == 0], [NAN, INFINITE, ZERO], beyond)
    codes = kind << fmt.sign + 1 | signs.astype(np.int64) << fmt.sign | magnitude
    return codes.astype(code_type(fmt.width))
