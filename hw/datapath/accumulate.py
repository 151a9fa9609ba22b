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
from hw.formats.messages import cut, echo

MAX_DEPTH = 1 << 20
DEFAULT_DEPTH = 1024
MAX_SEGMENTS, MAX_SEGMENT = 64, 1024
LANES = (2, 4, 8)
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
    steady: ClassVar[bool] = False
    """Whether a pair must come in every enabled cycle."""

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

    def spread(self, products: Span) -> int:
        """Stages of what adds, more than the one of a loop through a single register.

        Where it has such stages, `add` closes the loops between them by itself, and a pair that comes first after a
        reset must start a new sum.
        """
        return 0

    def note(self, products: Span) -> str:
        """What port `acc` shows, if there is something to say: lines of text."""
        return ""

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


@dataclass(frozen=True)
class Segmented(Kulisch):
    """As `Kulisch`, its carry chain cut into segments of `size` bits, the highest one of what is left.

    Each adds its bits of a term one enabled cycle after the segment below it, whose carry is in a register between
    them. What lies above in the term waits, and so do the lower segments of the sum behind their loops: `acc` shows
    whole sums only, exact, ``segments - 1`` enabled edges later than `Kulisch`.
    """

    size: int = 8

    grammar: ClassVar[str] = "kulischDEPTH:segBITS"
    examples: ClassVar[tuple[str, ...]] = ("kulisch:seg8", "kulisch1024:seg8")

    def __post_init__(self) -> None:
        super().__post_init__()
        check_int("seg", self.size, 1, MAX_SEGMENT)

    @classmethod
    def parse(cls, text: str) -> Self | None:
        depth, colon, size = text.partition(":seg")
        found = Kulisch.parse(depth) if colon else None
        return cls(found.depth, int(size)) if found and re.fullmatch("0|[1-9][0-9]{0,9}", size) else None

    @property
    def name(self) -> str:
        return f"{super().name}:seg{self.size}"

    def check(self, rule: ProductRule, a: Format, b: Format) -> None:
        width = self.format(rule.span(a, b)).width
        least = -(-width // MAX_SEGMENTS)
        if not least <= self.size < width:
            raise ValueError(f"seg must be {least}..{width - 1} for a sum of {width} bits, got {self.size}")

    def spread(self, products: Span) -> int:
        return (self.format(products).width - 1) // self.size

    def note(self, products: Span) -> str:
        return (
            f"The sum is added up in segments of {self.size} bits, {self.spread(products)} of these edges after one "
            "another, and always shown whole and exact."
        )

    def accumulate(self, m: Logic, term: Term, pair: Pair, held: list[Signal]) -> list[Value]:
        *lower, highest = range(0, len(held[0]), self.size)
        # The highest segment is that of the register which is shown.
        past = [
            m.feedback(Signal(self.size, name=f"segment{n}"), ahead) for n, ahead in enumerate(range(len(lower), 0, -1))
        ]
        totals = [*past, held[0][highest:]]
        segments = fabric(m).accumulate_segments(m, "total", totals, pair.clear, term.value, term.negate)
        for before, segment in zip(past, segments, strict=False):
            m.close(before, segment)
        return [Cat(*segments)]


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
        return Added([self.plus(m, held[0], pair.clear, product, self.breaks(product))], None)

    def breaks(self, product: Addend) -> bool:
        """Whether a sum of such products can be an infinity or NaN."""
        return product.status is not None or self.result.overflow != "sat"

    def plus(self, m: Logic, total: Value, clear: Value, other: Addend, breaks: bool) -> Value:
        """``(0 if clear else total) + other``, rounded."""
        code = m.wire("sum_so_far", total & ~clear.replicate(len(total)))
        number = self.operand(m, code, breaks)
        # A sum that is exactly zero is +0, also of two -0: a product's zero has no sign.
        return add_rounded(m, number, other, self.result, self.rounding, Const(0, 1))

    def operand(self, m: Logic, code: Value, breaks: bool) -> Addend:
        """A sum, to be added to another number."""
        number = addend(m, self.result, code, "acc", self.result, self.result)
        return number if breaks else replace(number, status=None)


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


@dataclass(frozen=True)
class Interleaved(Accumulator):
    """A float as `Floating`, one pair a cycle though an addition takes `lanes` cycles.

    Pair t since the clear is added to partial sum t modulo `lanes`. Behind each pair all partial sums are added,
    the one that is oldest and the next, then the next two, then such sums; those from before the clear count as +0.
    Each addition is rounded.
    """

    sums: Floating
    lanes: int

    grammar: ClassVar[str] = "FLOAT:xLANES, a float with so many partial sums"
    examples: ClassVar[tuple[str, ...]] = ("fp16:x4", "bf16:x4", "fp32:x8")
    steady: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.lanes not in LANES:
            *most, last = (f"x{lanes}" for lanes in LANES)
            raise ValueError(f"partial sums must be {', '.join(most)} or {last}, got x{cut(self.lanes)}")

    @classmethod
    def parse(cls, text: str) -> Self | None:
        name, _, lanes = text.rpartition(":")
        sums = Floating.parse(name)
        return cls(sums, int(lanes[1:])) if sums and re.fullmatch(r"x(0|[1-9][0-9]{0,9})", lanes) else None

    @property
    def name(self) -> str:
        return f"{self.sums.name}:x{self.lanes}"

    @property
    def rounding(self) -> str:
        """How each addition is rounded."""
        return self.sums.rounding

    @property
    def levels(self) -> int:
        """Of additions that make one of the partial sums."""
        return self.lanes.bit_length() - 1

    def check(self, rule: ProductRule, a: Format, b: Format) -> None:
        self.sums.check(rule, a, b)

    def format(self, products: Span) -> Minifloat:
        return self.sums.result

    def has_status(self, a: Format, b: Format) -> bool:
        return False

    def spread(self, products: Span) -> int:
        return self.lanes * (1 + self.levels) - 1

    def note(self, products: Span) -> str:
        return (
            f"Pair t since the clear is added to partial sum t mod {self.lanes}. Behind each pair acc is the sum of "
            "all:\nof the oldest and the next, then the next two, then such sums; those not begun count as +0. Every "
            "addition rounds."
        )

    def add(self, m: Logic, pair: Pair, held: list[Signal]) -> Added:
        # The first `lanes` stages add the pair's product, as many at each level the partial sums.
        past = m.feedback(Signal(len(held[0]), name="partial"), self.lanes * (1 + self.levels) - 1)
        cleared = [pair.clear]
        for level in range(self.levels):
            before = m.earlier("cleared", cleared[-1], 1 << level)
            cleared.append(m.wire("cleared", cleared[-1] | before))
        product = product_addend(m, pair, self.sums.result)
        breaks = self.sums.breaks(product)
        total = m.wire("sum", self.sums.plus(m, past, cleared.pop(), product, breaks))
        m.close(past, total, self.lanes)
        for level, since in enumerate(cleared):
            other = self.sums.operand(m, total, breaks)
            before = m.earlier("neighbour", total, 1 << level)
            total = m.wire("sum", self.sums.plus(m, before, since, other, breaks))
        return Added([total], None)


ACCUMULATORS: list[type[Accumulator]] = [Kulisch, Segmented, CarrySave, Saturating, Interleaved, Floating]
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
