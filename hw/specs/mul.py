"""The multiplier's spec."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from hw.datapath import PRODUCTS
from hw.datapath.rounded import check_result
from hw.formats import Fixed, Format, Span, check_choice, parse_scalar
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
class MulSpec(Spec):
    """A multiplier: ``p = a * b``, exactly or rounded once.

    Parameters
    ----------
    a, b : Format
        The operands' formats.
    product : str
        The product rule: a name in `hw.datapath.PRODUCTS`.
    result : Format, optional
        Of the product: a minifloat, into which it is rounded. By default the fixed-point format that
        holds every product.
    rounding : str
        How: a key of `hw.formats.ROUNDINGS` but "stochastic".
    pipeline : int
        Registers between operands and product, 0..4, placed where they balance the logic.
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
    result: Format = None  # type: ignore[assignment]
    rounding: str = "nearest_even"
    pipeline: int = 0
    form: str = "small"

    unit: ClassVar[str] = "mul"
    layout: ClassVar[str] = (
        "mul/AxB/PRODUCT/RESULT[:ROUNDING]/pSTAGES[/FORM], for example mul/e4m3xe4m3/exact/e4m3/p1; "
        "RESULT exact is fixed point that holds every product"
    )

    def __post_init__(self) -> None:
        check_operands(self.a, self.b)
        check_choice("product", self.product, PRODUCTS)
        rule = PRODUCTS[self.product]
        check_build(self.form, self.pipeline)
        rule.check(self.a, self.b)
        check_term(self.a, self.b, self.term_span)
        if self.result is None:
            object.__setattr__(self, "result", self.exact_format)
        if not isinstance(self.result, Format):
            raise TypeError(f"result must be a Format, got {self.result!r}")
        check_result(self.a, self.b, self.result, self.exact_format, self.rounding)
        if not self.is_exact:
            rule.check_result(self.a, self.b, self.result)

    __hash__ = Spec.__hash__

    @property
    def name(self) -> str:
        result = "exact" if self.is_exact else self.result.name
        rounding = "" if self.rounding == "nearest_even" else f":{self.rounding}"
        build = build_parts(self.form, self.pipeline)
        return f"mul/{self.a}x{self.b}/{self.product}/{result}{rounding}/{build}"

    @classmethod
    def from_parts(cls, parts: list[str]) -> Self:
        if not 1 <= len(parts) <= 5:
            raise ValueError("it must have 1 to 5 parts after the unit")
        a, b = parse_operands(parts[0])
        values: dict[str, Any] = {"a": a, "b": b}
        if len(parts) > 1:
            values["product"] = parts[1]
        if len(parts) > 2:
            result, colon, rounding = parts[2].partition(":")
            values["result"] = None if result == "exact" else parse_scalar(result)
            if colon:
                values["rounding"] = rounding
        if len(parts) > 3:
            values["pipeline"] = parse_pipeline(parts[3])
        if len(parts) > 4:
            values["form"] = parts[4]
        return cls(**values)

    @property
    def term_span(self) -> Span:
        """The span of all products."""
        return PRODUCTS[self.product].span(self.a, self.b)

    @property
    def exact_format(self) -> Fixed:
        """The fixed-point format that holds every product."""
        return Fixed.holding(self.term_span)

    @property
    def is_exact(self) -> bool:
        return self.result == self.exact_format

    @property
    def port_formats(self) -> dict[str, Format]:
        return {"a": self.a, "b": self.b, "p": self.result}

    @property
    def has_status(self) -> bool:
        """Whether there is a port `status`: an operand has infinities or NaNs, which fixed point has not."""
        return self.is_exact and (self.a.has_special or self.b.has_special)

    @property
    def latency(self) -> int:
        """Enabled clock edges from operands to their product; 0 for logic without a clock."""
        return self.pipeline
