"""Sums of products with one rounding or none: every product goes, exactly, to its place in one fixed-point number.

Infinities and NaNs are a status beside the number, and where that is set the number does not count. So nothing masks
them on their way: their codes count as the numbers that they would be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Const, Mux, Value

from hw.arith import Logic, fabric
from hw.arith.align import Shift, align
from hw.arith.place import plain
from hw.arith.shift import shift_left
from hw.arith.steps import bits
from hw.arith.term import Term, lone
from hw.arith.tree import sum_terms
from hw.arith.window import normalise_window
from hw.datapath.counted import TwoValues, sum_counted
from hw.datapath.exact import Exact
from hw.datapath.product import Product, ProductRule, Specials, status
from hw.datapath.rounded import Unrounded, pack
from hw.datapath.unpack import unpack_factor
from hw.formats import Format, Minifloat, PowerOfTwo, Span


@dataclass
class Sum:
    """A number in steps of a span.

    Attributes
    ----------
    value : Value
        Signed, if the span is; of no meaning where `status` is not 0.
    status : Value or None
        Two bits: it is +infinity, -infinity, both: NaN.
    """

    value: Value
    status: Value | None

    @property
    def broken(self) -> Value:
        """Whether it is no number."""
        return Const(0, 1) if self.status is None else self.status.any()


def sum_products(m: Logic, rule: ProductRule, a: Format, b: Format, pairs: Sequence[tuple[Value, Value]]) -> Sum:
    """Logic, added to `m`, from pairs of codes to the sum of their products, in steps of the rule's span."""
    values = _two_values(m, rule, a, b)
    if values is not None:
        return Sum(sum_counted(m, values, pairs, rule.span(a, b)), None)
    return _sum(m, rule, a, b, [product for few in _together(m, rule, a, b, pairs) for product in few])


def shifted_span(span: Span, shift_bits: int) -> Span:
    """The span of a span's numbers shifted left by as many bits' number."""
    most = (1 << shift_bits) - 1
    return Span(span.lo << most, span.hi << most, span.lsb)


def sum_groups(
    m: Logic, rule: ProductRule, a: Format, b: Format, pairs: Sequence[tuple[Value, Value]], shifts: Sequence[Value]
) -> Sum:
    """As `sum_products`, the sum of each group, as many pairs as go with a shift, shifted left by its shift first."""
    size = len(pairs) // len(shifts)
    span = shifted_span(rule.span(a, b).accumulate(size), len(shifts[0]))
    terms, flags = [], []
    for number, shift in enumerate(shifts):
        group = sum_products(m, rule, a, b, pairs[number * size : (number + 1) * size])
        shifted = shift_left(m, f"group{number}", group.value, shift, span.width)
        terms.append(Term([lone(wire) for wire in bits(shifted)], span.signed))
        flags += [] if group.status is None else [group.status]
    total = sum_terms(m, "groups", terms, span)
    return Sum(total, m.wire("statuses", reduce(or_, flags)) if flags else None)


def sum_rows(
    m: Logic, rule: ProductRule, a: Format, b: Format, x: Sequence[Value], rows: Sequence[Sequence[Value]]
) -> list[Sum]:
    """As `sum_products`, of each row with the same codes x: products of one x share multiplier blocks."""
    values = _two_values(m, rule, a, b)
    if values is not None:
        span = rule.span(a, b)
        return [Sum(sum_counted(m, values, list(zip(x, row, strict=True)), span), None) for row in rows]
    columns = [unmasked_products(m, rule, a, b, [code], list(given)) for code, *given in zip(x, *rows, strict=True)]
    return [_sum(m, rule, a, b, list(products)) for products in zip(*columns, strict=True)]


def _two_values(m: Logic, rule: ProductRule, a: Format, b: Format) -> TwoValues | None:
    """What products can be that are counted; None if they are added up."""
    return TwoValues.of(a, b) if isinstance(rule, Exact) and m.form != "dsp" else None


def _sum(m: Logic, rule: ProductRule, a: Format, b: Format, products: Sequence[Product]) -> Sum:
    total = sum_terms(m, "total", [_term(m, rule, a, b, product) for product in products], rule.span(a, b))
    flags = [product.status for product in products if product.status is not None]
    if not flags:
        return Sum(total, None)
    return Sum(total, m.wire("status", Cat(Cat(flag[n] for flag in flags).any() for n in range(2))))


def cleared(m: Logic, total: Sum) -> Value:
    """The number; 0 where it is none."""
    if total.status is None:
        return total.value
    broken = total.broken
    return m.wire("number", Cat(wire & ~broken for wire in bits(total.value)))


def unmasked_product(m: Logic, rule: ProductRule, a: Format, b: Format, x: Value, y: Value) -> Product:
    """The product of two codes; of no meaning, but for its status, where one is an infinity or NaN."""
    if not isinstance(rule, Exact):
        return rule.multiply(m, a, b, x, y)
    product = rule.multiply(m, _numbers(a), _numbers(b), x, y)
    return replace(product, status=_status(m, a, b, x, y))


def unmasked_products(
    m: Logic, rule: ProductRule, a: Format, b: Format, x: Sequence[Value], y: Sequence[Value]
) -> list[Product]:
    """As `unmasked_product`: each x times the first y, then times the second, and so on."""
    if not isinstance(rule, Exact):
        return rule.multiply_all(m, a, b, x, y)
    products = rule.multiply_all(m, _numbers(a), _numbers(b), x, y)
    pairs = [(code, other) for other in y for code in x]
    return [replace(product, status=_status(m, a, b, *pair)) for product, pair in zip(products, pairs, strict=True)]


def _together(
    m: Logic, rule: ProductRule, a: Format, b: Format, pairs: Sequence[tuple[Value, Value]]
) -> Iterator[list[Product]]:
    """The products of pairs, in few: those that one cell makes, though they have nothing in common."""
    count = rule.apart(_numbers(a), _numbers(b), m.target) if m.form == "dsp" and isinstance(rule, Exact) else 1
    for low in range(0, len(pairs), count):
        few = pairs[low : low + count]
        if len(few) == 1:
            yield [unmasked_product(m, rule, a, b, *few[0])]
            continue
        assert isinstance(rule, Exact)
        products = rule.multiply_pairs(m, _numbers(a), _numbers(b), few)
        yield [replace(product, status=_status(m, a, b, *pair)) for product, pair in zip(products, few, strict=True)]


def _status(m: Logic, a: Format, b: Format, x: Value, y: Value) -> Value | None:
    kinds = [unpack_factor(fmt, m, code, name).kind for fmt, code, name in ((a, x, "a"), (b, y, "b"))]
    return status(m, *kinds)


def _numbers(fmt: Format) -> Format:
    """The same format with a number for every code, if there is one."""
    if isinstance(fmt, Minifloat) and fmt.has_special:
        return replace(fmt, convention="finite", overflow="sat")
    if isinstance(fmt, PowerOfTwo):
        return replace(fmt, nan=False)
    return fmt


def _term(m: Logic, rule: ProductRule, a: Format, b: Format, product: Product) -> Term:
    """A product as a term of the sum."""
    span, bias, value = rule.span(a, b), rule.bias(a, b), product.significand
    signed = value.shape().signed
    # Without a sign of its own the magnitude needs no sign bit.
    width = span.width if signed else max(-span.lo, span.hi).bit_length()
    if bias is None or product.exponent is None:
        return Term([lone(wire) for wire in bits(value)[:width]], signed, product.negate)
    shift = Shift(len(value), signed, bias, (1 << len(product.exponent)) - 1, bias, width)
    return Term(align(m, "near", value, product.exponent, shift), signed, product.negate)


def round_sum(
    m: Logic,
    total: Sum,
    lsb: int,
    result: Minifloat,
    rounding: str,
    scale: Value | None = None,
    negate: Value | None = None,
) -> Value:
    """The code of ``(-1)**negate * total * 2**scale``, in steps of ``2**lsb``, rounded once; `scale` is unsigned."""
    value = total.value
    negative = value[-1] if value.shape().signed else Const(0, 1)
    magnitude = fabric(m).negate(m, "magnitude", value, negative, len(value)) if value.shape().signed else value
    # The last of these bits stands for all below them.
    significand, count = normalise_window(m, "normal", magnitude, result.mantissa_bits + 4)
    base = lsb + len(value) - 2 + result.bias
    # scale - count is scale + ~count + 1, and what the offset takes of that one must leave it even.
    carry = ~base & 1
    exponent = _less(m, scale, count, carry)
    highest = base + (0 if scale is None else (1 << len(scale)) - 1)
    zero, special = ~significand[-1], Specials(None, None)
    if negate is not None:
        # An exact zero is +0.
        negative = m.wire("negative", (negative ^ negate) & ~zero)
    if total.status is not None:
        special = Specials(m.wire("infinite", total.status.any()), m.wire("nan", total.status.all()))
        negative = m.wire("sign", Mux(total.broken, total.status[1], negative))
    lowest = base - len(value) + 1
    number = Unrounded(negative, special, significand, exponent, lowest, highest, zero, base + 1 - carry)
    return pack(m, number, result, rounding)


def _less(m: Logic, scale: Value | None, count: Value, carry: int) -> Value:
    """``scale - count - 1 + carry``, signed; without a scale that is zero."""
    inverted, wires = [~wire for wire in bits(count)], [] if scale is None else bits(scale)
    if scale is None and not carry:
        return Cat(*inverted, Const(1, 1)).as_signed()
    width = max(len(inverted), len(wires)) + 1
    x, y = [*wires, *[Const(0, 1)] * width][:width], [*inverted, *[Const(1, 1)] * width][:width]
    return fabric(m).row(m, "exponent", list(map(plain, x, y)), carry).as_signed()
