"""The multiply-accumulate unit's spec."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from hw.datapath import PRODUCTS
from hw.datapath.accumulate import Accumulator, Saturating, parse_accumulator
from hw.formats import Format, Span, check_choice
from hw.specs.base import (
    Spec,
    build_parts,
    check_build,
    check_operands,
    check_term,
    parse_operands,
    parse_pipeline,
)


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
        Registers between operands and accumulator, 0..4, placed where they balance the logic.
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
    layout: ClassVar[str] = "mac/AxB/PRODUCT/ACCUMULATOR/pSTAGES[/FORM], for example mac/int8xint8/exact/kulisch1024/p1"

    def __post_init__(self) -> None:
        check_operands(self.a, self.b)
        check_choice("product", self.product, PRODUCTS)
        object.__setattr__(self, "accumulator", parse_accumulator(self.accumulator).name)
        check_build(self.form, self.pipeline)
        rule = PRODUCTS[self.product]
        rule.check(self.a, self.b)
        check_term(self.a, self.b, self.term_span)
        self.sums.check(rule, self.a, self.b)

    __hash__ = Spec.__hash__

    @property
    def name(self) -> str:
        build = build_parts(self.form, self.pipeline)
        return f"mac/{self.a}x{self.b}/{self.product}/{self.accumulator}/{build}"

    @classmethod
    def from_parts(cls, parts: list[str]) -> Self:
        if not 1 <= len(parts) <= 5:
            raise ValueError("it must have 1 to 5 parts after the unit")
        a, b = parse_operands(parts[0])
        values: dict[str, Any] = {"a": a, "b": b}
        if len(parts) > 1:
            values["product"] = parts[1]
        if len(parts) > 2:
            values["accumulator"] = parts[2]
        if len(parts) > 3:
            values["pipeline"] = parse_pipeline(parts[3])
        if len(parts) > 4:
            values["form"] = parts[4]
        return cls(**values)

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
