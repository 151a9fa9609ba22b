"""The dot product's spec."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from hw.datapath import PRODUCTS
from hw.formats import Format, Span, check_choice, check_int
from hw.specs.base import check_term
from hw.specs.depth import addition_levels, doublings, product_levels, rounding_levels, settle, shift_levels, sum_levels
from hw.specs.grammar import Part
from hw.specs.parts import FORM, OPERANDS, PRODUCT, RESULT, STAGES, number
from hw.specs.product import check_product
from hw.specs.rate import Rate
from hw.specs.result import ResultSpec
from hw.specs.stream import STATUS, Beat, FeedforwardSpec, Field

MAX_LANES = 1024
SUMS: dict[str, str] = {
    "fused": "products are exact, and so is their sum; it is rounded once, if at all",
    "rounded": "each product is rounded, neighbours are added and rounded, then neighbouring sums, and so on",
}
"""How a sum is made."""
LANES = number("lanes", "n", "nLANES", needed=True)
SUM = Part(
    "rounded",
    lambda text: {"sums": text},
    lambda spec: None if spec.sums == "fused" else spec.sums,
    optional=True,
    fits=lambda text, _: text in SUMS,
)


@dataclass(frozen=True)
class DotSpec(FeedforwardSpec, ResultSpec):
    """A dot product: ``sum = a[0] * b[0] + ... + a[n-1] * b[n-1]``, a beat of operands at a time.

    Rounded sums are added in a tree: neighbours, then neighbouring sums; a last one without a neighbour waits.

    Parameters
    ----------
    lanes : int
        Products in a sum, 1..1024.
    product : str
        The product rule: a name in `hw.datapath.PRODUCTS`.
    sums : str
        How the sum is made: a key of `SUMS`. An exact result is always fused.
    a, b, result, rounding, pipeline, form
        As for `ResultSpec`.
    """

    a: Format
    b: Format
    lanes: int
    product: str = "exact"
    result: Format = None  # type: ignore[assignment]
    rounding: str = "nearest_even"
    sums: str = "fused"
    pipeline: int = None  # type: ignore[assignment]
    form: str = "small"

    unit: ClassVar[str] = "dot"
    port: ClassVar[str] = "sum"
    port_meaning: ClassVar[str] = "sum"
    example: ClassVar[str] = "dot/int8xint8/n32/exact/exact/p2"
    parts: ClassVar[tuple[Part, ...]] = (OPERANDS, LANES, PRODUCT, RESULT, SUM, STAGES, FORM)

    def __post_init__(self) -> None:
        rule = check_product(self.a, self.b, self.product, self.form, self.pipeline)
        check_int("lanes", self.lanes, 1, MAX_LANES)
        check_choice("sums", self.sums, SUMS)
        check_term(self.a, self.b, self.span)
        self._settle_result()
        if self.sums == "rounded":
            if self.is_exact:
                raise ValueError("sums must be fused for an exact result, got 'rounded'")
            rule.check_result(self.a, self.b, self.result)
        settle(self)

    __hash__ = FeedforwardSpec.__hash__

    @property
    def levels(self) -> int:
        """Levels of logic, as `hw.specs.depth` counts them."""
        shifted = shift_levels(self.a, self.b, self.product) > 0
        terms = product_levels(self.a, self.b, self.product, self.form)
        if self.sums == "rounded":
            width = self.result.width
            return terms + rounding_levels(width) + doublings(self.lanes) * addition_levels(width)
        summed = terms + sum_levels(self.lanes, self.span.width, shifted)
        return summed if self.is_exact else summed + rounding_levels(self.span.width)

    @property
    def rate(self) -> Rate:
        return Rate(Fraction(self.lanes))

    @property
    def span(self) -> Span:
        return PRODUCTS[self.product].span(self.a, self.b).accumulate(self.lanes)

    @property
    def inputs(self) -> dict[str, Beat]:
        return {"a": {"x": Field(self.a, self.lanes)}, "b": {"x": Field(self.b, self.lanes)}}

    @property
    def outputs(self) -> dict[str, Beat]:
        status = {"status": Field(STATUS)} if self.has_status else {}
        return {"sum": {"x": Field(self.result), **status}}
