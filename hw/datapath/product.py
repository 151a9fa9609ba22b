"""What every product rule promises, and the status of infinities and NaNs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from amaranth.hdl import Cat, Value

from hw.arith import Logic, fabric
from hw.arith.shift import shift_and_negate, shift_left
from hw.arith.wires import any_of, truncate
from hw.datapath.unpack import Kind
from hw.formats import Format, Span
from hw.target import Target


@dataclass
class Product:
    """A product before alignment: ``(-1)**negate * significand * 2**(exponent - bias)`` steps.

    A step is ``2**span.lsb`` of the rule's span. A part that is None costs no logic.
    """

    significand: Value
    exponent: Value | None
    negate: Value | None
    status: Value | None


@dataclass
class Term:
    """An aligned product, ``-value if negate else value``, as a whole number of steps."""

    value: Value
    negate: Value | None
    status: Value | None


class ProductRule(ABC):
    """How two codes become a product. Register an instance in `hw.datapath.PRODUCTS`."""

    multiplies: ClassVar[bool] = True
    """Whether there is a multiplication that a block could do."""

    @abstractmethod
    def check(self, a: Format, b: Format) -> None:
        """Raise ValueError if the rule does not take these formats."""

    @abstractmethod
    def span(self, a: Format, b: Format) -> Span:
        """The span of all products of finite values."""

    @abstractmethod
    def bias(self, a: Format, b: Format) -> int | None:
        """What `Product.exponent` exceeds the shift by; None if products need no alignment."""

    @abstractmethod
    def multiply(self, m: Logic, a_format: Format, b_format: Format, a: Value, b: Value) -> Product:
        """Logic, added to `m`, from two codes to a product. No registers."""

    def shares(self, a: Format, b: Format, counts: tuple[int, int], target: Target) -> bool:
        """Whether a multiplier block of the target makes the products of so many a and so many b, each with each."""
        return counts == (1, 1)

    def multiply_all(
        self, m: Logic, a_format: Format, b_format: Format, a: Sequence[Value], b: Sequence[Value]
    ) -> list[Product]:
        """Logic, added to `m`: each a times the first b, then times the second, and so on."""
        return [self.multiply(m, a_format, b_format, x, y) for y in b for x in a]

    def check_result(self, a: Format, b: Format, result: Format) -> None:  # noqa: B027 - most take any
        """Raise ValueError if the rule's products can't be rounded into `result`."""

    @abstractmethod
    def round(
        self, m: Logic, a_format: Format, b_format: Format, a: Value, b: Value, result: Format, rounding: str
    ) -> Value:
        """Logic, added to `m`, from two codes to the code of their product, rounded once. No registers."""

    def align(self, m: Logic, a: Format, b: Format, product: Product) -> Term:
        """Logic, added to `m`, that shifts a product to its place in fixed point."""
        bias = self.bias(a, b)
        if bias is None or product.exponent is None:
            return Term(product.significand, product.negate, product.status)
        span = self.span(a, b)
        signed = product.significand.shape().signed
        # Without a sign of its own the magnitude needs no sign bit.
        width = span.width if signed else max(-span.lo, span.hi).bit_length()
        # An exponent is at least its bias, so what is below is zero.
        shifted = shift_left(m, "shifted", product.significand, product.exponent, width + bias)
        return Term(truncate(m, "aligned", shifted, width, bias, signed), product.negate, product.status)

    def fixed(self, m: Logic, a: Format, b: Format, product: Product) -> Value:
        """Logic, added to `m`, that makes a product a number in two's complement, as wide as its span."""
        width, bias = self.span(a, b).width, self.bias(a, b)
        if product.negate is None:
            return truncate(m, "code", self.align(m, a, b, product).value, width)
        if bias is None or product.exponent is None:
            return fabric(m).negate(m, "signed", product.significand, product.negate, width)
        return shift_and_negate(m, "signed", product.significand, product.exponent, product.negate, bias, width)


class Made(ProductRule):
    """A product that is made already, of operands of another rule."""

    def __init__(self, rule: ProductRule, product: Product) -> None:
        self.rule, self.product = rule, product

    def check(self, a: Format, b: Format) -> None:
        self.rule.check(a, b)

    def span(self, a: Format, b: Format) -> Span:
        return self.rule.span(a, b)

    def bias(self, a: Format, b: Format) -> int | None:
        return self.rule.bias(a, b)

    def multiply(self, m: Logic, a_format: Format, b_format: Format, a: Value, b: Value) -> Product:
        return self.product

    def round(
        self, m: Logic, a_format: Format, b_format: Format, a: Value, b: Value, result: Format, rounding: str
    ) -> Value:
        raise NotImplementedError("a product that is made is not rounded")


@dataclass
class Specials:
    """Whether a product is an infinity, or NaN; None where it never is."""

    infinite: Value | None
    nan: Value | None


def specials(m: Logic, a: Kind, b: Kind) -> Specials:
    """IEEE 754 decides: infinity times zero is NaN, a NaN stays one. Where `nan` is set, `infinite` does not count."""
    invalid = [kind.nan for kind in (a, b) if kind.nan is not None]
    infinite = [kind.infinite for kind in (a, b) if kind.infinite is not None]
    invalid += [kind.infinite & other.zero for kind, other in ((a, b), (b, a)) if kind.infinite is not None]
    return Specials(
        any_of(m, "infinite", *infinite) if infinite else None, any_of(m, "invalid", *invalid) if invalid else None
    )


def status(m: Logic, a: Kind, b: Kind) -> Value | None:
    """Two bits: the product is (or hides) +infinity, -infinity; both: it is NaN. None if it never is.

    Written so that the status of a sum is the bitwise OR of its terms'.
    """
    special = specials(m, a, b)
    inf, nan = special.infinite, special.nan
    if nan is None:
        return None
    if inf is None:
        return nan.replicate(2)
    signs = [kind.negative for kind in (a, b) if kind.negative is not None]
    if not signs:
        return Cat(nan | inf, nan)
    negative = m.wire("negative", signs[0] ^ signs[1]) if len(signs) == 2 else signs[0]
    return Cat(nan | (inf & ~negative), nan | (inf & negative))
