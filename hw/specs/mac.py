"""The multiply-accumulate unit's spec."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from hw.datapath import PRODUCTS
from hw.datapath.accumulate import Accumulator, Floating, Saturating, parse_accumulator
from hw.formats import Format, Span
from hw.specs.base import Spec, check_term
from hw.specs.depth import LEVELS, product_levels, settle
from hw.specs.grammar import Part
from hw.specs.parts import ACCUMULATOR, FORM, OPERANDS, PRODUCT, STAGES
from hw.specs.product import check_product
from hw.specs.rate import Rate


@dataclass(frozen=True)
class MacSpec(Spec):
    """A multiply-accumulate: ``acc = (0 if clear else acc) + a * b``.

    Parameters
    ----------
    a, b : Format
        The operands' formats.
    product : str
        The product rule: a name in `hw.datapath.PRODUCTS`.
    accumulator : str
        A name that `hw.datapath.accumulate.parse_accumulator` takes: ``kulisch1024`` is fixed point, as wide
        as the exact sum of 1024 products needs; ``carrysave1024`` the same without a carry chain in the loop;
        ``kulisch1024:seg8`` the same with the chain cut behind every 8 bits; ``sat24`` is fixed point of 24 bits that
        saturates; ``fp16`` or ``bf16:toward_zero`` a float, rounded at each addition; ``fp16:x4`` or
        ``bf16:toward_zero:x4`` the same in 4 partial sums, pair t since the clear added to that of number t modulo 4.

        Port `acc` shows whole sums only, that of each pair after `latency` enabled edges. With carry-save the sum is
        resolved behind the loop: one edge more. With S segments each adds an edge after the one below it, and those
        below wait for the highest: S - 1 edges more, and the same exact sums. With L partial sums an addition takes L
        edges, and log2(L) more follow the loop: behind each pair they add all partial sums, the one that is oldest and
        the next, then the next two, then such sums, ((s[t-3] + s[t-2]) + (s[t-1] + s[t])), those from before the clear
        as +0, each addition rounded: L * (1 + log2(L)) - 1 edges more.
    pipeline : int
        Registers between operands and accumulator, 0..99, placed where they balance the logic. By default what
        `hw.specs.depth` says.
    form : str
        How it is built: a key of `FORMS`.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value, or formats that the product rule does not take.
    """

    a: Format
    b: Format
    product: str = "exact"
    accumulator: str = "kulisch1024"
    pipeline: int = None  # type: ignore[assignment]
    form: str = "small"

    unit: ClassVar[str] = "mac"
    example: ClassVar[str] = "mac/int8xint8/exact/kulisch1024/p1"
    parts: ClassVar[tuple[Part, ...]] = (OPERANDS, PRODUCT, ACCUMULATOR, STAGES, FORM)

    def __post_init__(self) -> None:
        rule = check_product(self.a, self.b, self.product, self.form, self.pipeline)
        object.__setattr__(self, "accumulator", parse_accumulator(self.accumulator).name)
        check_term(self.a, self.b, self.term_span)
        self.sums.check(rule, self.a, self.b)
        settle(self)

    __hash__ = Spec.__hash__

    @property
    def levels(self) -> int:
        """Levels of logic, as `hw.specs.depth` counts them."""
        # A float's loop takes longer than any product, unless its additions take turns.
        if isinstance(self.sums, Floating):
            return 2 * LEVELS
        return product_levels(self.a, self.b, self.product, self.form) + 1

    @property
    def rate(self) -> Rate:
        return Rate(Fraction(1))

    @property
    def term_span(self) -> Span:
        """The span of one product."""
        return PRODUCTS[self.product].span(self.a, self.b)

    @property
    def sums(self) -> Accumulator:
        """How products are summed up."""
        return parse_accumulator(self.accumulator)

    @property
    def accumulator_format(self) -> Format:
        """The format of port `acc`."""
        return self.sums.format(self.term_span)

    @property
    def saturates(self) -> bool:
        """Whether a sum ends at the ends of its fixed-point format."""
        return isinstance(self.sums, Saturating)

    @property
    def rounding(self) -> str:
        """How each addition is rounded; of no meaning in fixed point, where none is."""
        return getattr(self.sums, "rounding", "nearest_even")

    @property
    def port_formats(self) -> dict[str, Format]:
        return {"a": self.a, "b": self.b, "acc": self.accumulator_format}

    @property
    def has_status(self) -> bool:
        """Whether there is a port `status`: an operand has infinities or NaNs, and `acc` has no codes for them."""
        return self.sums.has_status(self.a, self.b)

    @property
    def stages(self) -> int:
        """Registers between operands and port `acc`'s own, if not behind the loop."""
        return self.pipeline + self.sums.spread(self.term_span)

    @property
    def latency(self) -> int:
        """Enabled clock edges from operands to the `acc` that holds their product."""
        return self.stages + 1 + self.sums.behind

    @property
    def lanes(self) -> int:
        """Partial sums that take a product in turn."""
        return getattr(self.sums, "lanes", 1)

    @property
    def timing(self) -> str:
        return f"{super().timing}\n{self.sums.note(self.term_span)}".rstrip()
