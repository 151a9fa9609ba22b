"""The multiplier's spec."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from hw.datapath import PRODUCTS
from hw.formats import Format, Span, check_choice
from hw.specs.base import (
    Spec,
    build_parts,
    check_build,
    check_operands,
    check_term,
    parse_operands,
)
from hw.specs.result import ResultSpec, parse_result


@dataclass(frozen=True)
class MulSpec(ResultSpec):
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
    port: ClassVar[str] = "p"
    port_meaning: ClassVar[str] = "product"
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
        check_term(self.a, self.b, self.span)
        self._settle_result()
        if not self.is_exact:
            rule.check_result(self.a, self.b, self.result)

    __hash__ = Spec.__hash__

    @property
    def name(self) -> str:
        build = build_parts(self.form, self.pipeline)
        return f"mul/{self.a}x{self.b}/{self.product}/{self.result_part}/{build}"

    @classmethod
    def from_parts(cls, parts: list[str]) -> Self:
        if not 1 <= len(parts) <= 5:
            raise ValueError("it must have 1 to 5 parts after the unit")
        a, b = parse_operands(parts[0])
        values: dict[str, Any] = {"a": a, "b": b}
        if len(parts) > 1:
            values["product"] = parts[1]
        return cls(**values, **parse_result(parts[2:]))

    @property
    def span(self) -> Span:
        """The span of all products."""
        return PRODUCTS[self.product].span(self.a, self.b)
