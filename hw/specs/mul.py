"""The multiplier's spec."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from hw.datapath import PRODUCTS
from hw.datapath.parts import parts_of_product
from hw.formats import Format, Span
from hw.formats.messages import cut, echo
from hw.specs.base import Spec, check_term
from hw.specs.grammar import Part
from hw.specs.parts import FORM, OPERANDS, PRODUCT, RESULT, STAGES
from hw.specs.product import check_product
from hw.specs.rate import Rate
from hw.specs.result import ResultSpec


@dataclass(frozen=True)
class MulSpec(ResultSpec):
    """A multiplier: ``p = a * b``, exactly or rounded once.

    Parameters
    ----------
    product : str
        The product rule: a name in `hw.datapath.PRODUCTS`.
    a, b, result, rounding, pipeline, form
        As for `ResultSpec`. The result may also be a `Flagged` float, if both operands are of it and the product is
        exact; or "unpacked": sign, exponent and significand of the exact product side by side, not aligned, as
        `hw.datapath.parts` has them.
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
    example: ClassVar[str] = "mul/e4m3xe4m3/exact/e4m3/p1"
    note: ClassVar[str] = (
        "; RESULT exact is fixed point that holds every product, unpacked its parts before they are aligned"
    )
    parts: ClassVar[tuple[Part, ...]] = (OPERANDS, PRODUCT, RESULT, STAGES, FORM)

    def __post_init__(self) -> None:
        rule = check_product(self.a, self.b, self.product, self.form, self.pipeline)
        check_term(self.a, self.b, self.span)
        if self.result == "unpacked" or self.is_unpacked:
            self._settle_unpacked()
            return
        self._settle_result(flagged=True)
        if not self.is_exact:
            rule.check_result(self.a, self.b, self.result)

    def _settle_unpacked(self) -> None:
        """Put the format of the product's parts where the result is to be unpacked."""
        if self.product != "exact":
            raise ValueError(f"product must be exact for an unpacked result, got {echo(self.product)}")
        if self.rounding != "nearest_even":
            raise ValueError(f"rounding must be left out where nothing is rounded, got {echo(self.rounding)}")
        parts = parts_of_product(self.a, self.b)
        if self.result not in ("unpacked", parts):
            raise ValueError(f"result must be {parts} for these operands, or unpacked, got {cut(self.result)}")
        object.__setattr__(self, "result", parts)

    __hash__ = Spec.__hash__

    @property
    def rate(self) -> Rate:
        return Rate(Fraction(1))

    @property
    def span(self) -> Span:
        """The span of all products."""
        return PRODUCTS[self.product].span(self.a, self.b)
