"""Matrix products in any arithmetic: the sums of products, exactly by the fastest way that is proved to be
exact, or term by term in an accumulator's own order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Fixed, Format, Span
from hw.formats.messages import cut, echo
from sim.golden.accumulators import Accumulator, Wide
from sim.golden.codes import Codes, check_codes, code_type, integer_type
from sim.golden.decoding import decode
from sim.golden.products import Exact, LMul, Numbers, Rule, Terms, find_rule
from sim.golden.sums import (
    Factor,
    Sums,
    all_finite,
    dot,
    factor_of,
    finite,
    fits_float64,
    leading_power,
    status_of_sums,
)
from sim.golden.tablesums import product_table, table_sums
from sim.golden.terms import find_terms, terms_of_rule


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
        raise TypeError(f"accumulator must be an Accumulator, got {echo(accumulator)}")
    bound = rule.span(a_format, b_format).accumulate(max(1, a.shape[1]))
    if isinstance(accumulator, Wide) and accumulator.is_exact(bound):
        # Modulo a power of two the order does not count.
        sums = exact_sums(a_format, b_format, a, b, rule)
        return accumulator.codes(sums), sums.status
    source = find_terms(rule, a_format, b_format, a, b)
    codes = np.empty((a.shape[0], b.shape[1]), dtype=code_type(accumulator.format.width))
    flags = np.zeros(codes.shape, dtype=np.uint8) if source.status is None else source.status
    for rows in source.row_blocks(*codes.shape):
        terms = source.of(rows) if source.status is not None else _watched(source.of(rows), flags[rows])
        state = accumulator.add_all(accumulator.start(codes[rows].shape), terms)
        codes[rows] = accumulator.finish(state)
    return codes, flags


def _watched(terms: Iterable[Terms | Numbers], flags: NDArray[np.uint8]) -> Iterator[Terms | Numbers]:
    """The terms, while their status enters the flags."""
    for term in terms:
        flags |= term.status
        yield term


def exact_accumulator(a_format: Format, b_format: Format, depth: int, product: str | Rule = "exact") -> Wide:
    """The narrowest fixed-point accumulator that holds every sum of `depth` products."""
    bound = find_rule(product).span(a_format, b_format).accumulate(depth)
    try:
        return Wide(Fixed.holding(bound))
    except ValueError as error:
        raise ValueError(f"no fixed point holds sums of {cut(a_format)} x {cut(b_format)} products: {error}") from None


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
    clean = all(map(all_finite, (a_format, b_format), (a, b)))
    status = np.zeros((len(a), b.shape[1]), dtype=np.uint8)
    factors = _factors(rule, a_format, b_format, a, b, clean)
    if factors is not None and fits_float64(*factors):
        if not clean:
            values = rule.values if isinstance(rule, LMul) else decode
            status = status_of_sums(values(a_format, a), values(b_format, b))
        return Sums(dot(*factors), status, bound.lsb)
    table = product_table(rule, a_format, b_format) if clean else None
    steps = None if table is None else table_sums(table, a, b)
    if steps is not None:
        return Sums([(steps, bound.lsb)], status, bound.lsb)
    return _sums_by_term(rule, a_format, b_format, a, b, bound)


def _factors(
    rule: Rule, a_format: Format, b_format: Format, a: Codes, b: Codes, clean: bool
) -> tuple[Factor, Factor] | None:
    """Two matrices of numbers whose ordinary matrix product holds the sums; None if there are none."""
    if isinstance(rule, Exact):
        return factor_of(a_format, a, clean), factor_of(b_format, b, clean, transposed=True)
    if isinstance(rule, LMul) and rule.semantics == "value" and rule.edges == "unbounded":
        return _value_factors(rule, a_format, b_format, a, b)
    return None


def _value_factors(rule: LMul, a_format: Format, b_format: Format, a: Codes, b: Codes) -> tuple[Factor, Factor]:
    """(1 + o + p + q) 2**e 2**f is (1 + o + p) 2**e times 2**f, plus 2**e times q 2**f."""
    fmt = rule.format(a_format, b_format)
    lsb, top = fmt.span.lsb, fmt.top

    def left(rows: slice) -> NDArray[np.float64]:
        x = finite(rule.values(a_format, a[rows]))
        both = np.empty((len(x), 2 * x.shape[1]))
        first, second = both[:, : x.shape[1]], both[:, x.shape[1] :]
        second[...] = leading_power(x)
        np.multiply(second, rule.offset_value(fmt), out=first)
        first += x
        return both

    def right(rows: slice) -> NDArray[np.float64]:
        y = finite(rule.values(b_format, b[:, rows]))
        both = np.empty((2 * len(y), y.shape[1]))
        both[: len(y)] = leading_power(y)
        np.subtract(y, both[: len(y)], out=both[len(y) :])
        return both.T

    # The offset is at least 2**-M of a power of two that the format holds, and at most that power.
    depth = 2 * len(b)
    return (
        Factor(left, len(a), depth, lsb - fmt.mantissa_bits, top + 1),
        Factor(right, b.shape[1], depth, lsb, top),
    )


def _sums_by_term(rule: Rule, a_format: Format, b_format: Format, a: Codes, b: Codes, bound: Span) -> Sums:
    """Term by term, in chunks: for rules whose sums are no matrix product."""
    sums = np.zeros((a.shape[0], b.shape[1]), dtype=integer_type(bound))
    flags = np.zeros(sums.shape, dtype=np.uint8)
    source = terms_of_rule(rule, a_format, b_format, a, b)
    for rows in source.row_blocks(*sums.shape):
        for terms in source.of(rows):
            assert isinstance(terms, Terms)
            sums[rows] += terms.steps
            flags[rows] |= terms.status
    return Sums([(sums, bound.lsb)], flags, bound.lsb)
