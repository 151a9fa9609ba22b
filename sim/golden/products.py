"""Product rules on values. The hardware computes on bits; that the two agree is the evidence.

A rule takes two formats and two arrays of codes and gives `Terms`: each product as an integer
number of steps of the rule's grid, and its status.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Format, Minifloat, Span, check_choice, check_int
from hw.formats.messages import cut, echo
from sim.golden.codes import Codes, check_format, integer_type
from sim.golden.decoding import decode, decode_steps, steps_of_values
from sim.golden.direct import minus_zero
from sim.golden.encoding import encode, encode_steps
from sim.golden.rounding import deterministic


@dataclass
class Terms:
    """Products, element by element.

    Attributes
    ----------
    steps : integer array
        The finite products in units of ``2**lsb``; 0 where the product is not finite.
    status : uint8 array
        0 for a finite product, 1 for +infinity, 2 for -infinity, 3 for NaN.
    lsb : int
        Exponent of a step.
    """

    steps: NDArray[Any]
    status: NDArray[np.uint8]
    lsb: int


@dataclass
class Numbers:
    """Products, element by element, where float64 holds every one.

    Attributes
    ----------
    values : float64 array
        Multiples of ``2**lsb``, infinities and NaN; a zero is +0. They may be written over once they were added.
    lsb : int
        Exponent of a step.
    """

    values: NDArray[np.float64]
    lsb: int

    @property
    def status(self) -> NDArray[np.uint8]:
        """As of `Terms`."""
        x = self.values
        if np.isfinite(x).all():
            return np.zeros(x.shape, dtype=np.uint8)
        return np.select([np.isnan(x), x == np.inf, x == -np.inf], [3, 1, 2], 0).astype(np.uint8)

    def in_steps(self) -> Terms:
        """The same products in steps."""
        largest = np.abs(self.values).max(initial=0.0, where=np.isfinite(self.values))
        kind = np.int64 if largest < 2.0 ** min(self.lsb + 62, 1000) else object
        return Terms(steps_of_values(self.values, self.lsb, kind), self.status, self.lsb)


@dataclass
class Outer:
    """Products of all elements of a column with all of a row, of one column and row after the other.

    Attributes
    ----------
    x, y : float64 arrays of shapes (k, n) and (k, m)
        Float64 holds their products.
    lsb : int
        These are multiples of ``2**lsb``.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    lsb: int

    def __len__(self) -> int:
        return len(self.x)

    def __iter__(self) -> Iterator[Numbers]:
        values = np.empty((self.x.shape[1], self.y.shape[1]))
        for column, row in zip(self.x, self.y, strict=True):
            with np.errstate(invalid="ignore"):  # of zero times infinity, which is NaN
                np.multiply(column[:, np.newaxis], row, out=values)
            # Of two signs a zero has the sum's.
            values += 0.0
            yield Numbers(values, self.lsb)

    def part(self, some: slice) -> Outer:
        """Those of some columns and rows."""
        return Outer(self.x[some], self.y[some], self.lsb)


class Rule(Protocol):
    """What a product rule offers; equal rules hash alike. Register an instance in `PRODUCTS`."""

    def __hash__(self) -> int: ...

    def span(self, a_format: Format, b_format: Format) -> Span:
        """The span of all products of finite values.

        Raises
        ------
        ValueError
            The rule does not take these formats.
        """

    def __call__(self, a_format: Format, b_format: Format, a: ArrayLike, b: ArrayLike) -> Terms:
        """The products of codes; `a` and `b` broadcast. It may be asked for any codes, 0, infinity and NaN too."""


@dataclass(frozen=True)
class Exact:
    """``a * b`` without rounding, for any two formats."""

    def span(self, a_format: Format, b_format: Format) -> Span:
        check_format(a_format)
        check_format(b_format)
        return a_format.span * b_format.span

    def __call__(self, a_format: Format, b_format: Format, a: ArrayLike, b: ArrayLike) -> Terms:
        span = self.span(a_format, b_format)
        dtype = integer_type(span)
        x, y = (decode_steps(*pair).astype(dtype, copy=False) for pair in ((a_format, a), (b_format, b)))
        if a_format.has_special or b_format.has_special:
            kinds = status(decode(a_format, a), decode(b_format, b))
        else:
            kinds = np.zeros(np.broadcast_shapes(x.shape, y.shape), dtype=np.uint8)
        return Terms(np.asarray(x * y, dtype), kinds, span.lsb)


SEMANTICS: dict[str, str] = {
    "value": "(1 + p + q + 2**-l) * 2**(e + f): no carry out of the fraction",
    "integer": "the codes' integer sum: as value where p + q + 2**-l < 1, else the fraction carries into the exponent",
    "mitchell": "the integer form without the offset 2**-l: Mitchell's logarithmic multiplier",
}
EDGES: dict[str, str] = {
    "flush": "a zero or subnormal operand gives 0, so does a result below the normal numbers; one beyond the highest "
    "finite value gives that value",
    "unbounded": "subnormal operands are normalised, and results have any exponent",
}


@dataclass(frozen=True)
class LMul:
    """L-Mul (arXiv 2410.00907) on values of one minifloat format with M mantissa bits.

    Operands are ``(1 + p) * 2**e`` and ``(1 + q) * 2**f`` with their signs' product.

    Parameters
    ----------
    semantics : str
        A key of `SEMANTICS`.
    offset : int, optional
        l: the offset is ``2**-l``, with l in 0..M. By default the published one: M up to 3 bits, 3
        for 4, 4 above. None for mitchell.
    edges : str
        A key of `EDGES`.
    operands : Minifloat, optional
        If given, operands of any formats are first brought to this one.
    operand_rounding : str
        How: a key of `hw.formats.ROUNDINGS` but "stochastic".
    """

    semantics: str = "integer"
    offset: int | None = None
    edges: str = "flush"
    operands: Minifloat | None = None
    operand_rounding: str = "toward_zero"

    def __post_init__(self) -> None:
        check_choice("semantics", self.semantics, SEMANTICS)
        check_choice("edges", self.edges, EDGES)
        if self.offset is not None:
            check_int("offset", self.offset, 0, 31)
            if self.semantics == "mitchell":
                raise ValueError(f"offset must be None for mitchell, got {self.offset}")
        if self.operands is not None and not isinstance(self.operands, Minifloat):
            raise TypeError(f"operands must be a Minifloat, got {echo(self.operands)}")
        deterministic(self.operand_rounding)

    def format(self, a_format: Format, b_format: Format) -> Minifloat:
        """The format that the products are taken in.

        Raises
        ------
        ValueError
            There is none.
        """
        fmt = self.operands or a_format
        if not isinstance(fmt, Minifloat) or (self.operands is None and a_format != b_format):
            raise ValueError(
                f"lmul takes two operands of one minifloat format, got {cut(a_format)} and {cut(b_format)}"
            )
        if not fmt.exponent_bits or not fmt.signed:
            raise ValueError(f"lmul takes minifloats with exponents and signs, got {cut(fmt)}")
        if (self.offset or 0) > fmt.mantissa_bits:
            raise ValueError(f"offset must be 0..{fmt.mantissa_bits} for {cut(fmt)}, got {self.offset}")
        return fmt

    def offset_value(self, fmt: Minifloat) -> float:
        """``2**-l``, or 0 for mitchell."""
        if self.semantics == "mitchell":
            return 0.0
        m = fmt.mantissa_bits
        published = m if m <= 3 else 3 if m == 4 else 4
        return 2.0 ** -(published if self.offset is None else self.offset)

    def span(self, a_format: Format, b_format: Format) -> Span:
        fmt = self.format(a_format, b_format)
        if self.edges == "flush" and self.semantics != "value":
            return fmt.span
        lowest = 2 * (fmt.min_exponent - (fmt.mantissa_bits if self.edges == "unbounded" else 0))
        if self.edges == "flush":
            # A significand of 2 or more goes with an exponent one below that of the smallest normal number.
            lowest = fmt.min_exponent - (fmt.min_exponent < 0)
        lsb = lowest - fmt.mantissa_bits
        # No rule's product falls when an operand's magnitude rises.
        fraction, exponent = math.frexp(fmt.max)
        significand, carry = self._significand(fmt, np.float64(2 * fraction - 1), np.float64(2 * fraction - 1))
        top = Fraction(float(significand)) * Fraction(2) ** (2 * exponent - 2 + int(carry))
        high = int((min(top, fmt.max) if self.edges == "flush" else top) / Fraction(2) ** lsb)
        return Span(-high, high, lsb)

    def __call__(self, a_format: Format, b_format: Format, a: ArrayLike, b: ArrayLike) -> Terms:
        fmt, span = self.format(a_format, b_format), self.span(a_format, b_format)
        x, y = self.values(a_format, a), self.values(b_format, b)
        shape = np.broadcast_shapes(x.shape, y.shape)
        # With an axis numpy keeps arrays; without one its results are scalars.
        x, y = np.atleast_1d(x), np.atleast_1d(y)
        kinds = status(x, y)
        product = (kinds == 0) & (x != 0) & (y != 0)
        (p, e), (q, f) = (np.frexp(np.where(product, np.abs(v), 1.0)) for v in (x, y))
        # frexp's significands are in [1/2, 1): 2p - 1 is the fraction, e - 1 the exponent.
        significand, carry = self._significand(fmt, 2 * p - 1, 2 * q - 1)
        exponent = e.astype(np.int64) + f - 2 + carry
        if self.edges == "flush":
            significand, exponent = self._flush(fmt, significand, exponent)
        significand = np.where(product, significand * np.sign(x) * np.sign(y), 0.0)
        # Whole numbers of 2**-(M + 1), then of steps: what is shifted out to the right are zeros.
        whole = np.ldexp(significand, fmt.mantissa_bits + 1).astype(np.int64).astype(integer_type(span))
        shift = np.where(significand == 0, 0, exponent - (fmt.mantissa_bits + 1) - span.lsb).astype(whole.dtype)
        steps = (whole << np.maximum(shift, 0)) >> np.maximum(-shift, 0)
        return Terms(steps.reshape(shape), kinds.reshape(shape), span.lsb)

    @staticmethod
    def _flush(fmt: Minifloat, significand: Any, exponent: Any) -> tuple[Any, Any]:
        """Magnitudes below the normal numbers as zeros, those beyond the highest finite value as that."""
        fraction, shift = np.frexp(significand)
        top_fraction, top_exponent = math.frexp(fmt.max)
        above = exponent + shift - top_exponent
        beyond = (above > 0) | ((above == 0) & (fraction > top_fraction))
        below = exponent + shift - 1 < fmt.min_exponent
        clipped = np.where(beyond, top_fraction, np.where(below, 0.0, significand))
        return clipped, np.where(beyond, top_exponent, exponent)

    def values(self, fmt: Format, codes: ArrayLike) -> NDArray[np.float64]:
        """The operands' values as the rule sees them: brought to its format, flushed if so."""
        values = decode(fmt, codes)
        if self.operands is not None:
            values = decode(self.operands, encode(self.operands, values, self.operand_rounding))
        if self.edges == "flush":
            seen = self.operands or fmt
            assert isinstance(seen, Minifloat)
            values = np.where(np.abs(values) < 2.0**seen.min_exponent, np.copysign(0.0, values), values)
        return values

    def _significand(self, fmt: Minifloat, p: Any, q: Any) -> tuple[Any, Any]:
        """The product's significand, and what it adds to the exponent."""
        s = p + q + self.offset_value(fmt)
        carry = np.zeros_like(s) if self.semantics == "value" else np.floor(s)
        return 1 + s - carry, carry.astype(np.int64)


def status(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.uint8]:
    """IEEE 754 decides: infinity times zero is NaN, a NaN stays one, signs multiply."""
    if np.isfinite(x).all() and np.isfinite(y).all():
        return np.zeros(np.broadcast_shapes(x.shape, y.shape), dtype=np.uint8)
    with np.errstate(invalid="ignore"):
        product = np.where(np.isfinite(x), np.sign(x), x) * np.where(np.isfinite(y), np.sign(y), y)
    return (
        np.isposinf(product) * np.uint8(1) + np.isneginf(product) * np.uint8(2) + np.isnan(product) * np.uint8(3)
    ).astype(np.uint8)


def scaled_status(
    steps: NDArray[Any], flags: NDArray[np.uint8], first: NDArray[np.float64], second: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """The status of sums, of these steps and flags, times two scales; all are broadcast together."""
    numbers = np.sign(steps).astype(np.float64)
    value = np.select([flags == 1, flags == 2, flags == 3], [np.inf, -np.inf, np.nan], numbers)
    with np.errstate(invalid="ignore"):
        for scale in (first, second):
            value = value * np.where(np.isfinite(scale), np.sign(scale), scale)
    return np.select([np.isnan(value), np.isposinf(value), np.isneginf(value)], [3, 1, 2], 0).astype(np.uint8)


PRODUCTS: dict[str, Rule] = {
    "exact": Exact(),
    "lmul": LMul("integer"),
    "lmul_value": LMul("value"),
    "mitchell": LMul("mitchell"),
}
"""Product rules by name; the names of those that are built in hardware are the names in specs."""


def find_rule(product: str | Rule) -> Rule:
    """The rule of that name, or `product` itself if it is one.

    Raises
    ------
    TypeError, ValueError
        It is no rule, or an unknown name.
    """
    if not isinstance(product, str):
        if callable(product) and hasattr(product, "span") and not isinstance(product, type):
            return product
        raise TypeError(f"product must be a str or a product rule, got {echo(product)}")
    check_choice("product", product, PRODUCTS)
    return PRODUCTS[product]


def multiply(
    a_format: Format,
    b_format: Format,
    a: ArrayLike,
    b: ArrayLike,
    result: Format,
    product: str | Rule = "exact",
    rounding: str = "nearest_even",
    random: ArrayLike | None = None,
    random_bits: int | None = None,
) -> Codes:
    """The codes of products, rounded once into any format.

    Parameters
    ----------
    a_format, b_format : Format
    a, b : arrays of codes
        They broadcast.
    result : Format
        Of the products; a zero product has the XOR of its operands' signs if it has a -0.
    product : str or Rule
        A key of `PRODUCTS`, or a rule.
    rounding, random, random_bits
        As for `sim.golden.encode`.

    Returns
    -------
    Array of codes of `result`.

    Raises
    ------
    TypeError, ValueError
        As `encode`; a product is NaN and `result` has no NaN.
    """
    terms = find_rule(product)(a_format, b_format, a, b)
    codes = encode_steps(result, terms.steps, terms.lsb, rounding, random, random_bits)
    zero, signed_zero = (terms.steps == 0) & (terms.status == 0), minus_zero(result)
    if signed_zero is not None and zero.any():
        signs = np.signbit(decode(a_format, a)) ^ np.signbit(decode(b_format, b))
        codes = np.where(zero & signs, signed_zero, codes)
    for kind, value in ((1, np.inf), (2, -np.inf), (3, np.nan)):
        where = terms.status == kind
        if where.any():
            codes = np.where(where, encode(result, value), codes)
    return np.asarray(codes)
