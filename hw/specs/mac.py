"""The multiply-accumulate unit's spec."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hw.datapath import PRODUCTS
from hw.datapath.accumulate import Accumulator, Saturating, parse_accumulator
from hw.formats import Format, Span
from hw.specs.base import Spec, check_term
from hw.specs.grammar import Part
from hw.specs.parts import ACCUMULATOR, FORM, OPERANDS, PRODUCT, STAGES
from hw.specs.product import check_product


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
        ``sat24`` is fixed point of 24 bits that saturates; ``fp16`` or ``bf16:toward_zero`` a float, rounded at
        each addition.
    pipeline : int
        Registers between operands and accumulator, 0..99, placed where they balance the logic.
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
    pipeline: int = 1
    form: str = "small"

    unit: ClassVar[str] = "mac"
    example: ClassVar[str] = "mac/int8xint8/exact/kulisch1024/p1"
    parts: ClassVar[tuple[Part, ...]] = (OPERANDS, PRODUCT, ACCUMULATOR, STAGES, FORM)

    def __post_init__(self) -> None:
        rule = check_product(self.a, self.b, self.product, self.form, self.pipeline)
        object.__setattr__(self, "accumulator", parse_accumulator(self.accumulator).name)
        check_term(self.a, self.b, self.term_span)
        self.sums.check(rule, self.a, self.b)

    __hash__ = Spec.__hash__

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
    def latency(self) -> int:
        """Enabled clock edges from operands to the `acc` that holds their product."""
        return self.pipeline + 1 + self.sums.behind
