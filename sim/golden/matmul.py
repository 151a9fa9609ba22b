"""Matrix products in any arithmetic: the sums of products, exactly by the fastest way that is proved to be
exact, or term by term in an accumulator's own order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Fixed, Format, Integer, Minifloat, Span
from sim.golden.accumulators import Accumulator, Wide
from sim.golden.codes import Codes, check_codes, code_type, integer_type
from sim.golden.decoding import decode
from sim.golden.products import Exact, LMul, Rule, Terms, find_rule, status

FLOAT_BITS = 53
"""Sums of whole numbers stay exact in float64, in any order, while they stay below 2**53."""
TERM_CHUNK = 1 << 18
"""Terms at a time where they are made one by one."""


@dataclass
class Sums:
    """Sums of products, exactly: of every element, the sum of its `parts`, each times its power of two.

    Attributes
    ----------
    parts : list of (integer array, int)
        Whole numbers, int64 or Python's, and the exponents of their units, ascending.
    status : uint8 array
        Of each sum: bit 0 if a term is +infinity, bit 1 if one is -infinity, both if one is NaN or both kinds occur.
    lsb : int
        The finest exponent that the formats give: every sum is a multiple of ``2**lsb``.
    """

    parts: list[tuple[NDArray[Any], int]]
    status: NDArray[np.uint8]
    lsb: int

    def steps(self) -> NDArray[Any]:
        """The sums in units of ``2**lsb``: int64 if 62 bits hold them, else Python's integers."""
        total: Any = None
        for numbers, exponent in self.parts:
            shift = exponent - self.lsb
            if numbers.dtype != object and (shift > 61 or np.abs(numbers).max(initial=0) >> (61 - shift)):
                numbers = numbers.astype(object)
            part = numbers << shift if shift else numbers
            total = part if total is None else total + part
        return np.asarray(total)

    def codes(self, fmt: Fixed | Integer) -> Codes:
        """The sums as codes of a fixed-point format with steps of ``2**lsb``: modulo ``2**width``."""
        kind, steps = code_type(fmt.width), self.steps()
        mask = (1 << fmt.width) - 1
        if kind is object or steps.dtype == object:
            return (steps.astype(object) & mask).astype(kind)
        return (steps.view(np.uint64) & np.uint64(mask)).astype(kind)

    def values(self) -> NDArray[np.float64]:
        """The finite sums, rounded to the nearest float64."""
        if len(self.parts) == 1 and self.parts[0][0].dtype != object:
            numbers, exponent = self.parts[0]
            return np.ldexp(numbers.astype(np.float64), exponent)
        return np.ldexp(self.steps().astype(np.float64), self.lsb)


def matmul(
    a_format: Format,
    b_format: Format,
    a: ArrayLike,
    b: ArrayLike,
    product: str | Rule = "exact",
    accumulator: Accumulator | None = None,
) -> tuple[Codes, NDArray[np.uint8]]:
    """A matrix product on codes.

    Parameters
    ----------
    a_format, b_format : Format
    a : integer array of shape (n, k)
        Codes of `a_format`.
    b : integer array of shape (k, m)
        Codes of `b_format`.
    product : str or Rule
        A key of `sim.golden.products.PRODUCTS`, or a rule.
    accumulator : Accumulator, optional
        Terms enter it by ascending k. By default `exact_accumulator`, which holds every sum.

    Returns
    -------
    codes : integer array of shape (n, m)
        Of ``accumulator.format``.
    status : uint8 array of shape (n, m)
        As in `Sums`.

    Raises
    ------
    TypeError, ValueError
        Codes that are none, shapes that do not go together, a rule that does not take the formats.
    """
    rule = find_rule(product)
    a, b = check_operands(a_format, b_format, a, b)
    if accumulator is None:
        accumulator = exact_accumulator(a_format, b_format, max(1, a.shape[1]), rule)
        sums = exact_sums(a_format, b_format, a, b, rule)
        return sums.codes(accumulator.format), sums.status
    if not isinstance(accumulator, Accumulator):
        raise TypeError(f"accumulator must be an Accumulator, got {accumulator!r}")
    codes = np.empty((a.shape[0], b.shape[1]), dtype=code_type(accumulator.format.width))
    flags = np.zeros(codes.shape, dtype=np.uint8)
    for rows in _row_blocks(*codes.shape):
        state = accumulator.start(codes[rows].shape)
        for terms in _terms(rule, a_format, b_format, a[rows], b):
            flags[rows] |= terms.status
            state = accumulator.add(state, terms)
        codes[rows] = accumulator.finish(state)
    return codes, flags


def exact_accumulator(a_format: Format, b_format: Format, depth: int, product: str | Rule = "exact") -> Wide:
    """The narrowest fixed-point accumulator that holds every sum of `depth` products."""
    return Wide(Fixed.holding(find_rule(product).span(a_format, b_format).accumulate(depth)))


def check_operands(a_format: Format, b_format: Format, a: ArrayLike, b: ArrayLike) -> tuple[Codes, Codes]:
    """The operands of a matrix product as arrays of codes.

    Raises
    ------
    TypeError, ValueError
        Codes that are none, or shapes that do not go together.
    """
    a, b = check_codes("a", a_format, a), check_codes("b", b_format, b)
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[0]:
        raise ValueError(f"a and b must have shapes (n, k) and (k, m), got {a.shape} and {b.shape}")
    return a, b


def exact_sums(a_format: Format, b_format: Format, a: ArrayLike, b: ArrayLike, product: str | Rule = "exact") -> Sums:
    """The sums of a matrix product, exactly, and quickly: no sum is rounded, none is made a code.

    Parameters
    ----------
    a_format, b_format, a, b, product
        As for `matmul`.

    Returns
    -------
    Sums, of shape (n, m).
    """
    rule = find_rule(product)
    a, b = check_operands(a_format, b_format, a, b)
    bound = rule.span(a_format, b_format).accumulate(max(1, a.shape[1]))
    separable = _separable(rule, a_format, b_format, a, b)
    if separable is None:
        return _sums_by_term(rule, a_format, b_format, a, b, bound)
    return Sums(dot_of_factors(*separable[:2]), separable[2], bound.lsb)


@dataclass
class Factor:
    """A matrix of finite float64 numbers, of which is known how many bits they have.

    Attributes
    ----------
    numbers : float64 array
    lsb, top : int
        All are multiples of ``2**lsb``, and below ``2**top`` in magnitude.
    precision : int
        Bits of a significand: a number has no ones farther below its first.
    """

    numbers: NDArray[np.float64]
    lsb: int
    top: int
    precision: int = 53

    def tighten(self) -> Factor:
        """The same with the closest `lsb` and `top` that a look at the extremes gives."""
        magnitude = np.abs(self.numbers)
        top = float(magnitude.max(initial=0.0))
        if top == 0:
            return Factor(self.numbers, self.lsb, self.lsb + 1, self.precision)
        smallest = float(magnitude.min(where=magnitude > 0, initial=top))
        low = max(self.lsb, int(np.frexp(smallest)[1]) - self.precision)
        return Factor(self.numbers, low, int(np.frexp(top)[1]), self.precision)


def _separable(
    rule: Rule, a_format: Format, b_format: Format, a: Codes, b: Codes
) -> tuple[Factor, Factor, NDArray[np.uint8]] | None:
    """Two matrices of numbers whose ordinary matrix product holds the sums, and the sums' status; or None."""
    if isinstance(rule, Exact):
        x, y = decode(a_format, a), decode(b_format, b)
        flags = _status_of_sums(x, y)
        return _factor(a_format, x), _factor(b_format, y), flags
    if isinstance(rule, LMul) and rule.semantics == "value" and rule.edges == "unbounded":
        # (1 + o + p + q) 2**e 2**f is (1 + o + p) 2**e times 2**f, plus 2**e times q 2**f.
        fmt = rule.format(a_format, b_format)
        x, y = rule.values(a_format, a), rule.values(b_format, b)
        flags = _status_of_sums(x, y)
        x, y = _finite(x), _finite(y)
        x_power, y_power = leading_power(x), leading_power(y)
        left = np.concatenate([x + x_power * rule.offset_value(fmt), x_power], axis=1)
        right = np.concatenate([y_power, y - y_power])
        # A subnormal's fraction counts from its own leading bit.
        lowest, top = fmt.span.lsb - fmt.mantissa_bits, _top(fmt)
        return Factor(left, lowest, top + 2), Factor(right, lowest, top), flags
    return None


def _factor(fmt: Format, values: NDArray[np.float64]) -> Factor:
    precision = fmt.precision if isinstance(fmt, Minifloat) else 53
    return Factor(_finite(values), fmt.span.lsb, _top(fmt), precision)


def _top(fmt: Format) -> int:
    """Every magnitude of the format is below two to this."""
    return max(-fmt.span.lo, fmt.span.hi).bit_length() + fmt.span.lsb


def _finite(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return x if np.isfinite(x).all() else np.where(np.isfinite(x), x, 0.0)


def leading_power(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The power of two in each normal float64 number, with its sign; 0 for 0."""
    # Without the fraction's bits the number is its power of two.
    return (x.view(np.int64) & ~((1 << 52) - 1)).view(np.float64)


def _status_of_sums(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The status of every sum of products: which kinds of specials occur among its terms."""
    flags = np.zeros((x.shape[0], y.shape[1]), dtype=np.uint8)
    if np.isfinite(x).all() and np.isfinite(y).all():
        return flags
    for k in range(x.shape[1]):
        if not (np.isfinite(x[:, k]).all() and np.isfinite(y[k]).all()):
            flags |= status(x[:, k, None], y[None, k])
    return flags


def dot_of_factors(x: Factor, y: Factor) -> list[tuple[NDArray[Any], int]]:
    """``x @ y``, exactly, by as few float64 matrix products as hold every sum.

    A product of float64 matrices is exact, whatever order it adds in, while every sum of magnitudes is
    a whole number below ``2**53`` of some unit. Where the numbers have too many bits for that they
    are cut into pieces of fewer bits, and each pair of pieces is multiplied.

    Parameters
    ----------
    x, y : Factor
        Of shapes (n, k) and (k, m).

    Returns
    -------
    list of (int64 array of shape (n, m), int)
        Whose sum, each times two to its exponent, is the product; by ascending exponents.
    """
    # k products of numbers below 2**i and 2**j stay below k * 2**(i + j).
    room = FLOAT_BITS - max(0, x.numbers.shape[1] - 1).bit_length()
    if x.top - x.lsb + y.top - y.lsb > room:
        x, y = x.tighten(), y.tighten()
    x_count, y_count = _cuts(x.top - x.lsb, y.top - y.lsb, room)
    parts: dict[int, NDArray[np.int64]] = {}
    for x_piece, x_unit in _pieces(x, x_count):
        for y_piece, y_unit in _pieces(y, y_count):
            unit, numbers = x_unit + y_unit, _whole_numbers(x_piece @ y_piece, x_unit + y_unit)
            parts[unit] = parts[unit] + numbers if unit in parts else numbers
    return [(parts[unit], unit) for unit in sorted(parts)]


def _whole_numbers(x: NDArray[np.float64], unit: int) -> NDArray[np.int64]:
    """Multiples of ``2**unit`` below ``2**53`` of it, in that unit; in the place of `x`, for it is large."""
    x *= 2.0**-unit
    numbers = x.view(np.int64)
    for row in range(len(x)):
        numbers[row] = x[row].astype(np.int64)
    return numbers


def _cuts(x_bits: int, y_bits: int, room: int) -> tuple[int, int]:
    """Into how many pieces to cut each side, so that a piece of each fits in `room` bits together."""
    counts = []
    for x_count in range(1, x_bits + 1):
        left = room - ceil(x_bits / x_count)
        if left > 0:
            counts.append((x_count, ceil(y_bits / min(left, y_bits))))
    return min(counts, key=lambda count: count[0] * count[1])


def _pieces(x: Factor, count: int) -> Iterator[tuple[NDArray[np.float64], int]]:
    """The numbers as a sum of `count` matrices of few bits, and the exponent of the lowest bit of each."""
    width = ceil((x.top - x.lsb) / count)
    rest = x.numbers
    for i in reversed(range(count)):
        shift = x.lsb + i * width
        if i == 0:
            yield rest, shift
        else:
            piece = np.trunc(rest * 2.0**-shift) * 2.0**shift
            rest = rest - piece
            yield piece, shift


def _sums_by_term(rule: Rule, a_format: Format, b_format: Format, a: Codes, b: Codes, bound: Span) -> Sums:
    """Term by term, in chunks: for rules whose sums are no matrix product."""
    sums = np.zeros((a.shape[0], b.shape[1]), dtype=integer_type(bound))
    flags = np.zeros(sums.shape, dtype=np.uint8)
    for rows in _row_blocks(*sums.shape):
        for terms in _terms(rule, a_format, b_format, a[rows], b):
            sums[rows] += terms.steps
            flags[rows] |= terms.status
    return Sums([(sums, bound.lsb)], flags, bound.lsb)


def _terms(rule: Rule, a_format: Format, b_format: Format, a: Codes, b: Codes) -> Iterator[Terms]:
    """The terms of all sums, by ascending k."""
    for k in range(a.shape[1]):
        yield rule(a_format, b_format, a[:, k, None], b[None, k, :])


def _row_blocks(rows: int, columns: int) -> Iterator[slice]:
    """Slices of rows with at most about `TERM_CHUNK` elements."""
    height = max(1, TERM_CHUNK // max(1, columns))
    for start in range(0, rows, height):
        yield slice(start, start + height)
