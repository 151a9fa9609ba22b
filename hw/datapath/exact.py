"""The exact product: significands multiply, exponents add, nothing is rounded."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from amaranth.hdl import Cat, Const, Shape, Signal, Value

from hw.arith import MAX_FACTOR, Logic, fabric, multiply
from hw.arith.inblock import block_of, multiply_together
from hw.arith.packing import Packing, multiply_all
from hw.arith.place import Place, adjoin, always
from hw.arith.steps import bits
from hw.arith.wires import lookup
from hw.datapath.hot import multiply_hot
from hw.datapath.product import Product, ProductRule, status
from hw.datapath.rounded import round_product
from hw.datapath.unpack import Kind, Operand, exponent_base, unpack, unpack_factor, unpacks
from hw.encodings import KHot
from hw.formats import Codebook, Format, Minifloat, Span
from hw.formats.base import integers
from hw.formats.messages import cut
from hw.target import Target

FEW = 4
"""Wires of which any function is a LUT on every fabric."""


class Exact(ProductRule):
    """``a * b``, for any two formats."""

    def check(self, a: Format, b: Format) -> None:
        """Any two formats go together that there is hardware for."""
        for fmt in (a, b):
            if not unpacks(fmt):
                raise ValueError(f"no hardware takes {cut(fmt)} operands")
        for fmt, other in ((a, b), (b, a)):
            # Only a codebook's numbers can be so wide.
            if isinstance(fmt, Codebook) and fmt.span.width > MAX_FACTOR and not _is_bit(other):
                raise ValueError(
                    f"operands must have numbers of at most {MAX_FACTOR} bits, got {cut(fmt)}, whose numbers span "
                    f"{fmt.span.width}"
                )

    def span(self, a: Format, b: Format) -> Span:
        return a.span * b.span

    def bias(self, a: Format, b: Format) -> int | None:
        bases = [base for base in map(exponent_base, (a, b)) if base is not None]
        return sum(bases) if bases else None

    def multiply(self, m: Logic, a_format: Format, b_format: Format, a: Value, b: Value) -> Product:
        if _adds(m, a_format, b_format):
            return _multiply_hot(m, a_format, b_format, a, b)
        x, y = unpack_factor(a_format, m, a, "a"), unpack_factor(b_format, m, b, "b")
        return _joined(m, _significand(m, x.significand, y.significand), x, y)

    def shares(self, a: Format, b: Format, counts: tuple[int, int], target: Target) -> bool:
        if counts == (1, 1):
            return True
        x, y = (_significand_span(fmt) for fmt in (a, b))
        # What is no more than a sign or a shift needs no multiplier.
        return x.width > 1 and y.width > 1 and Packing(x, y, counts).pays(target)

    def multiply_all(
        self, m: Logic, a_format: Format, b_format: Format, a: Sequence[Value], b: Sequence[Value]
    ) -> list[Product]:
        if len(a) * len(b) == 1 or _adds(m, a_format, b_format):
            return [self.multiply(m, a_format, b_format, x, y) for y in b for x in a]
        xs = [unpack_factor(a_format, m, code, f"a{n}") for n, code in enumerate(a)]
        ys = [unpack_factor(b_format, m, code, f"b{n}") for n, code in enumerate(b)]
        packing = Packing(_significand_span(a_format), _significand_span(b_format), (len(xs), len(ys)))
        made = multiply_all(m, "products", packing, [x.significand for x in xs], [y.significand for y in ys])
        return [_joined(m, value, x, y) for value, (x, y) in zip(made, [(x, y) for y in ys for x in xs], strict=True)]

    def apart(self, a: Format, b: Format, target: Target) -> int:
        """How many products, each of operands of its own, one cell of the target makes."""
        cell, spans = block_of(target), [_significand_span(fmt) for fmt in (a, b)]
        fits = cell is not None and all(1 < span.width <= cell.half for span in spans)
        return cell.products if cell is not None and fits else 1

    def multiply_pairs(
        self, m: Logic, a_format: Format, b_format: Format, pairs: Sequence[tuple[Value, Value]]
    ) -> list[Product]:
        """Logic, added to `m`, for one cell that makes as many products."""
        cell = block_of(m.target)
        assert cell is not None
        given = [(unpack_factor(a_format, m, x, "a"), unpack_factor(b_format, m, y, "b")) for x, y in pairs]
        made = multiply_together(m, "products", cell, [(x.significand, y.significand) for x, y in given])
        return [_joined(m, value, x, y) for value, (x, y) in zip(made, given, strict=True)]

    def round(
        self, m: Logic, a_format: Format, b_format: Format, a: Value, b: Value, result: Format, rounding: str
    ) -> Value:
        assert isinstance(result, Minifloat)
        return round_product(m, a_format, b_format, a, b, result, rounding)


def _is_bit(fmt: Format) -> bool:
    """Whether a format's significand is one bit, which multiplies without a multiplier."""
    shape = _significand_shape(fmt)
    return shape.width == 1 and not shape.signed


def _significand_shape(fmt: Format) -> Shape:
    return unpack_factor(fmt, Logic(), Signal(fmt.width), "x").significand.shape()


def _significand_span(fmt: Format) -> Span:
    """All that a format's significand can be, as its wires have it."""
    shape = _significand_shape(fmt)
    return integers(shape.width, shape.signed, 0)


def _significand(m: Logic, x: Value, y: Value) -> Value:
    """The product of significands: one of a single bit lets the other through or not."""
    for one, other in ((x, y), (y, x)):
        if len(one) == 1 and not one.shape().signed:
            if isinstance(one, Const):
                return other
            gated = Cat(bit & one for bit in bits(other))
            return m.wire("product", gated.as_signed() if other.shape().signed else gated)
    return multiply(m, "product", x, y)


def _adds(m: Logic, a: Format, b: Format) -> bool:
    """Whether a product is shifts and additions: an operand is a sum of powers of two, and no block multiplies."""
    return m.form != "dsp" and any(isinstance(fmt, KHot) for fmt in (a, b))


def _multiply_hot(m: Logic, a_format: Format, b_format: Format, a: Value, b: Value) -> Product:
    """The product of an operand and a sum of powers of two; of two sums the second one is taken in its terms."""
    hot, code, other, value, name = b_format, b, a_format, a, "a"
    if not isinstance(hot, KHot):
        hot, code, other, value, name = a_format, a, b_format, b, "b"
    assert isinstance(hot, KHot)
    x = unpack_factor(other, m, value, name)
    significand, negate = multiply_hot(m, "product", x.significand, hot, code)
    if x.negate is not None:
        negate = m.wire("negate", negate ^ x.negate)
    # Only an infinity asks what it is multiplied by.
    plain = Kind(None, None, Const(0, 1), None)
    kind = plain if x.kind.infinite is None else unpack(hot, m, code, "hot").kind
    return Product(significand, x.exponent, negate, status(m, x.kind, kind))


def _joined(m: Logic, significand: Value, x: Operand, y: Operand) -> Product:
    """The product of two operands whose significands are multiplied already."""
    return Product(significand, _exponent(m, x, y), _negate(m, x, y), status(m, x.kind, y.kind))


def _exponent(m: Logic, x: Operand, y: Operand) -> Value | None:
    """The sum of the exponents that there are."""
    operands = [operand for operand in (x, y) if operand.exponent is not None]
    if len(operands) < 2:
        return operands[0].exponent if operands else None
    width = max(len(operand.exponent) for operand in operands if operand.exponent is not None) + 1
    fields = [operand.field for operand in operands if operand.field is not None]
    if sum(map(len, fields)) <= FEW:
        return lookup(m, "exponent", Cat(*fields), width, _exponent_table(operands))
    columns = [[_exponent_bit(operand, index) for operand in operands] for index in range(width)]
    return fabric(m).row(m, "exponent", [adjoin(*pair) for pair in columns])


def _exponent_table(operands: list[Operand]) -> Callable[[int], int]:
    """The sum of two exponents, from their fields: a subnormal's is 1, and a power of two has none."""
    assert operands[0].field is not None
    cut = len(operands[0].field)
    lowest = [0 if isinstance(operand.normal, Const) else 1 for operand in operands]
    return lambda code: max(lowest[0], code & ((1 << cut) - 1)) + max(lowest[1], code >> cut)


def _exponent_bit(operand: Operand, index: int) -> Place:
    """A bit of an exponent: that of its field, but a subnormal's exponent is 1."""
    assert operand.field is not None and operand.normal is not None
    if index >= len(operand.field):
        return Place((), always(0), always(0))
    if index:
        return Place((operand.field[index],), lambda f: f, lambda f: f)
    return Place((operand.field[0], operand.normal), lambda f, n: f | (1 ^ n), lambda f, n: f | (1 ^ n))


def _negate(m: Logic, x: Operand, y: Operand) -> Value | None:
    """The XOR of the signs that there are."""
    signs = [operand.negate for operand in (x, y) if operand.negate is not None]
    return m.wire("negate", signs[0] ^ signs[1]) if len(signs) == 2 else signs[0] if signs else None
