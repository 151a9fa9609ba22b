"""Accumulators: what adds a product to the sum so far, each registered in `ACCUMULATORS`."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from amaranth.hdl import Cat, Const, Mux, Signal, Value

from hw.arith import Logic, fabric
from hw.arith.compress import compress_3
from hw.arith.steps import extend
from hw.arith.wires import truncate
from hw.datapath.product import Product, ProductRule, Term
from hw.datapath.rounded import check_result
from hw.datapath.sum import Addend, add_base, add_rounded, addend, constant, normalised
from hw.formats import Fixed, Format, Minifloat, Span, check_int
from hw.formats.foreign import suggestion
from hw.formats.messages import echo

MAX_DEPTH = 1 << 20
DEFAULT_DEPTH = 1024
MAX_SCALE = 1000
"""The highest power of two that fixed point counts in."""


@dataclass
class Pair:
    """A pair of operand codes, how they multiply, and whether their product starts a new sum."""

    rule: ProductRule
    a_format: Format
    b_format: Format
    a: Value
    b: Value
    clear: Value


@dataclass
class Added:
    """What the registers hold next, and the product's own status; None if it never has any."""

    registers: list[Value]
    status: Value | None


class Accumulator(ABC):
    """How products become a sum."""

    grammar: ClassVar[str]
    """How names of this kind are written, for error messages."""
    examples: ClassVar[tuple[str, ...]]
    """Some such names, to suggest to who writes another."""
    behind: ClassVar[int] = 0
    """Registers between the sum in the loop and port `acc`."""

    @classmethod
    @abstractmethod
    def parse(cls, text: str) -> Self | None:
        """The accumulator of that name; None if it is of another kind."""

    @property
    @abstractmethod
    def name(self) -> str:
        """Canonical name; `parse_accumulator` turns it back."""

    @abstractmethod
    def check(self, rule: ProductRule, a: Format, b: Format) -> None:
        """Raise ValueError if it does not take such products."""

    @abstractmethod
    def format(self, products: Span) -> Format:
        """The format of the sum."""

    @abstractmethod
    def has_status(self, a: Format, b: Format) -> bool:
        """Whether infinities and NaNs are counted beside the sum."""

    def registers(self, shown: Signal) -> list[Signal]:
        """What the loop holds; `shown` is the port, which is a register too."""
        return [shown]

    @abstractmethod
    def add(self, m: Logic, pair: Pair, held: list[Signal]) -> Added:
        """Logic, added to `m`, of one addition to what the loop holds."""

    def resolve(self, m: Logic, held: list[Signal]) -> Value:
        """Logic, added to `m`, from what the loop holds to the sum. Only asked for with registers behind."""
        return held[0]


class FixedPoint(Accumulator):
    """A sum in fixed point, in steps of the products' lsb. Infinities and NaNs have a status of their own."""

    def check(self, rule: ProductRule, a: Format, b: Format) -> None:
        """All products go."""

    def has_status(self, a: Format, b: Format) -> bool:
        return a.has_special or b.has_special

    def add(self, m: Logic, pair: Pair, held: list[Signal]) -> Added:
        product = pair.rule.multiply(m, pair.a_format, pair.b_format, pair.a, pair.b)
        term = pair.rule.align(m, pair.a_format, pair.b_format, product)
        return Added(self.accumulate(m, term, pair, held), term.status)

    @abstractmethod
    def accumulate(self, m: Logic, term: Term, pair: Pair, held: list[Signal]) -> list[Value]:
        """What the registers hold next."""


@dataclass(frozen=True)
class Kulisch(FixedPoint):
    """Exact: as wide as the sum of `depth` products can get; beyond them it wraps."""

    depth: int = DEFAULT_DEPTH

    kind: ClassVar[str] = "kulisch"
    grammar: ClassVar[str] = "kulischDEPTH"
    examples: ClassVar[tuple[str, ...]] = ("kulisch", "kulisch1024")

    def __post_init__(self) -> None:
        check_int("depth", self.depth, 1, MAX_DEPTH)

    @classmethod
    def parse(cls, text: str) -> Self | None:
        match = re.fullmatch(rf"{cls.kind}(|0|[1-9][0-9]{{0,9}})", text)
        return match and cls(int(match[1]) if match[1] else DEFAULT_DEPTH)

    @property
    def name(self) -> str:
        return f"{self.kind}{self.depth}"

    def format(self, products: Span) -> Fixed:
        return Fixed.holding(products.accumulate(self.depth))

    def accumulate(self, m: Logic, term: Term, pair: Pair, held: list[Signal]) -> list[Value]:
        return [fabric(m).accumulate(m, "total", held[0], pair.clear, term.value, term.negate)]


class CarrySave(Kulisch):
    """As `Kulisch`, its loop without a carry chain: it holds a sum and a word of carries.

    A row of full adders takes both and the next product (OPT1 of arXiv 2503.06342). One adder behind the
    loop makes the number of them, into a register of its own: so its carry chain stands alone between
    registers, and the latency is one more. The chain is as long as that of `Kulisch`, but has nothing before it.
    """

    kind: ClassVar[str] = "carrysave"
    grammar: ClassVar[str] = "carrysaveDEPTH"
    examples: ClassVar[tuple[str, ...]] = ("carrysave", "carrysave1024")
    behind: ClassVar[int] = 1

    def registers(self, shown: Signal) -> list[Signal]:
        return [Signal(len(shown), name=name) for name in ("partial", "carried")]

    def accumulate(self, m: Logic, term: Term, pair: Pair, held: list[Signal]) -> list[Value]:
        width = len(held[0])
        value = extend(term.value, max(width, len(term.value)))[:width]
        entering: Value = Const(0, 1)
        if term.negate is not None:
            # -x is ~x + 1, and the lowest place of the carries is free.
            entering, value = term.negate, m.wire("term", value ^ term.negate.replicate(width))
        kept = [word & ~pair.clear.replicate(width) for word in held]
        partial, carries = compress_3(m, "loop", value, *kept)
        if width == 1:
            return [partial, entering]
        return [partial, Cat(entering, truncate(m, "carries", carries, width - 1))]

    def resolve(self, m: Logic, held: list[Signal]) -> Value:
        return fabric(m).add(m, "resolved", held[0], held[1], len(held[0]))


@dataclass(frozen=True)
class Saturating(FixedPoint):
    """`width` bits; each addition ends at the highest or lowest number."""

    width: int

    grammar: ClassVar[str] = "satWIDTH"
    examples: ClassVar[tuple[str, ...]] = ("sat24", "sat32")

    def __post_init__(self) -> None:
        check_int("width", self.width, 1, 1024)

    @classmethod
    def parse(cls, text: str) -> Self | None:
        match = re.fullmatch(r"sat(0|[1-9][0-9]{0,9})", text)
        return match and cls(int(match[1]))

    @property
    def name(self) -> str:
        return f"sat{self.width}"

    def check(self, rule: ProductRule, a: Format, b: Format) -> None:
        needed = rule.span(a, b).width
        if self.width < needed:
            raise ValueError(
                f"width must be at least {needed}, that of a product, for accumulator sat, got {self.width}"
            )
        if (most := MAX_SCALE - rule.span(a, b).lsb) < self.width:
            raise ValueError(f"width must be at most {most}, so that sums stay below 2^{MAX_SCALE}, got {self.width}")

    def format(self, products: Span) -> Fixed:
        return Fixed(self.width, -products.lsb, products.signed)

    def accumulate(self, m: Logic, term: Term, pair: Pair, held: list[Signal]) -> list[Value]:
        # Two numbers of `width` bits have a sum of one more, so its two top bits tell of an overflow.
        signed = term.negate is not None or term.value.shape().signed
        sum_so_far = held[0].as_signed() if signed else held[0]
        total = fabric(m).accumulate(
            m, "total", extend(sum_so_far, self.width + 1), pair.clear, term.value, term.negate
        )
        top, below = total[-1], total[:-1]
        if not signed:
            return [m.wire("saturated", below | top.replicate(self.width))]
        over = top ^ below[-1]
        end = Cat((~top).replicate(self.width - 1), top)
        return [m.wire("saturated", Mux(over, end, below))]


@dataclass(frozen=True)
class Floating(Accumulator):
    """A float: the exact product is added, and the sum rounded, once, at each addition (a fused multiply-add).

    Infinities and NaNs are codes of it.
    """

    result: Minifloat
    rounding: str = "nearest_even"

    grammar: ClassVar[str] = (
        "a float with exponent bits and, if not to nearest_even, a rounding: fp16, bf16:toward_zero"
    )
    examples: ClassVar[tuple[str, ...]] = ("fp16", "bf16", "fp32")

    @classmethod
    def parse(cls, text: str) -> Self | None:
        name, colon, rounding = text.partition(":")
        result = Minifloat.parse(name)
        return None if result is None else cls(result, rounding if colon else "nearest_even")

    @property
    def name(self) -> str:
        return self.result.name + ("" if self.rounding == "nearest_even" else f":{self.rounding}")

    def check(self, rule: ProductRule, a: Format, b: Format) -> None:
        check_result(a, b, self.result, Fixed.holding(rule.span(a, b)), self.rounding)

    def format(self, products: Span) -> Minifloat:
        return self.result

    def has_status(self, a: Format, b: Format) -> bool:
        return False

    def add(self, m: Logic, pair: Pair, held: list[Signal]) -> Added:
        product = product_addend(m, pair, self.result)
        code = m.wire("sum_so_far", held[0] & ~pair.clear.replicate(len(held[0])))
        total = addend(m, self.result, code, "acc", self.result, self.result)
        if product.status is None and self.result.overflow == "sat":
            # From finite products it never gets an infinity or NaN.
            total.status = None
        # A sum that is exactly zero is +0, also of two -0: a product's zero has no sign.
        return Added([add_rounded(m, total, product, self.result, self.rounding, Const(0, 1))], None)


def product_addend(m: Logic, pair: Pair, result: Minifloat) -> Addend:
    """The product of a pair, to be added to a float."""
    rule, a, b = pair.rule, pair.a_format, pair.b_format
    product = rule.multiply(m, a, b, pair.a, pair.b)
    return addend_of(m, product, rule.span(a, b).lsb, rule.bias(a, b), result)


def addend_of(m: Logic, product: Product, lsb: int, bias: int | None, result: Minifloat) -> Addend:
    """A product in steps of ``2**lsb``, its exponent too large by `bias`, to be added to a float."""
    significand = product.significand
    negate = Const(0, 1) if product.negate is None else product.negate
    if significand.shape().signed:
        sign = significand[-1]
        significand = fabric(m).negate(m, "product_magnitude", significand, sign, len(significand))
        negate = m.wire("product_sign", sign ^ negate)
    base = lsb + len(significand) - 1 + result.bias
    number = Addend(significand, constant(base), base, base, negate, product.status)
    if product.exponent is not None:
        low = base - (bias or 0)
        high = low + (1 << len(product.exponent)) - 1
        exponent = add_base(m, "product_exponent", product.exponent, low)
        number = replace(number, exponent=exponent, lowest=low, highest=high)
    return normalised(m, number, "product", 1)


ACCUMULATORS: list[type[Accumulator]] = [Kulisch, CarrySave, Saturating, Floating]
"""Every kind of accumulator."""


def parse_accumulator(text: str) -> Accumulator:
    """The accumulator of that name.

    Raises
    ------
    TypeError
        `text` is not a str.
    ValueError
        No kind knows the name; or its numbers are out of range.
    """
    if not isinstance(text, str):
        raise TypeError(f"accumulator must be a str, got {echo(text)}")
    for kind in ACCUMULATORS:
        found = kind.parse(text)
        if found is not None:
            return found
    hint = suggestion(text, [name for kind in ACCUMULATORS for name in kind.examples])
    *most, last = (kind.grammar for kind in ACCUMULATORS)
    raise ValueError(f"the accumulator must be written {', '.join(most)} or {last}, got {echo(text)}{hint}")
