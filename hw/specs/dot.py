"""The dot product's spec."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import ClassVar

from hw.datapath import PRODUCTS
from hw.datapath.fused import shifted_span
from hw.formats import Format, Integer, Span, check_choice, check_int
from hw.formats.messages import echo
from hw.specs.base import check_term
from hw.specs.depth import addition_levels, doublings, product_levels, rounding_levels, settle, shift_levels, sum_levels
from hw.specs.grammar import Part
from hw.specs.parts import FORM, OPERANDS, PRODUCT, RESULT, STAGES, number
from hw.specs.product import check_product
from hw.specs.rate import Rate
from hw.specs.result import ResultSpec
from hw.specs.stream import STATUS, Beat, FeedforwardSpec, Field

MAX_LANES = 1024
MAX_SHIFT_BITS = 6
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


def _read_groups(text: str) -> dict[str, int]:
    match = re.fullmatch(r"g([1-9][0-9]{0,3})\.([1-9])", text)
    if not match:
        raise ValueError(f"groups must be written gLANES.BITS, like g8.2, got {echo(text)}")
    return {"group": int(match[1]), "shift_bits": int(match[2])}


GROUPS = Part(
    "gLANES.BITS",
    _read_groups,
    lambda spec: f"g{spec.group}.{spec.shift_bits}" if spec.group else None,
    optional=True,
    fits=lambda text, _: text.startswith("g"),
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
    group : int
        Lanes with a common scale, which is a power of two: the sum of each so many lanes is shifted left by a number
        that comes with b. It divides `lanes`; 0 if there are no scales. Such sums are fused.
    shift_bits : int
        Bits of a shift, 1..6, if there are groups, else 0.
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
    group: int = 0
    shift_bits: int = 0

    unit: ClassVar[str] = "dot"
    port: ClassVar[str] = "sum"
    port_meaning: ClassVar[str] = "sum"
    example: ClassVar[str] = "dot/int8xint8/n32/exact/exact/p2"
    parts: ClassVar[tuple[Part, ...]] = (OPERANDS, LANES, GROUPS, PRODUCT, RESULT, SUM, STAGES, FORM)

    def __post_init__(self) -> None:
        rule = check_product(self.a, self.b, self.product, self.form, self.pipeline)
        check_int("lanes", self.lanes, 1, MAX_LANES)
        check_choice("sums", self.sums, SUMS)
        self._check_groups()
        check_term(self.a, self.b, self.span)
        self._settle_result()
        if self.sums == "rounded":
            if self.is_exact:
                raise ValueError("sums must be fused for an exact result, got 'rounded'")
            rule.check_result(self.a, self.b, self.result)
        settle(self)

    __hash__ = FeedforwardSpec.__hash__

    def _check_groups(self) -> None:
        check_int("group", self.group, 0, MAX_LANES)
        check_int("shift_bits", self.shift_bits, int(self.group > 0), MAX_SHIFT_BITS if self.group else 0)
        if self.group and self.lanes % self.group:
            raise ValueError(f"group must divide the {self.lanes} lanes, got {self.group}")
        if self.group and self.sums != "fused":
            raise ValueError(f"sums must be fused where groups have scales, got {echo(self.sums)}")

    @property
    def groups(self) -> int:
        """How many groups of lanes have a scale of their own."""
        return self.lanes // self.group if self.group else 0

    @property
    def levels(self) -> int:
        """Levels of logic, as `hw.specs.depth` counts them."""
        shifted = shift_levels(self.a, self.b, self.product) > 0
        terms = product_levels(self.a, self.b, self.product, self.form)
        if self.sums == "rounded":
            width = self.result.width
            return terms + rounding_levels(width) + doublings(self.lanes) * addition_levels(width)
        summed = terms + sum_levels(self.lanes, self.span.width, shifted)
        if self.group:
            summed += ceil(self.shift_bits / 2)
        return summed if self.is_exact else summed + rounding_levels(self.span.width)

    @property
    def rate(self) -> Rate:
        return Rate(Fraction(self.lanes))

    @property
    def span(self) -> Span:
        product = PRODUCTS[self.product].span(self.a, self.b)
        return (
            shifted_span(product.accumulate(self.group), self.shift_bits).accumulate(self.groups)
            if self.group
            else (product.accumulate(self.lanes))
        )

    @property
    def inputs(self) -> dict[str, Beat]:
        shifts = {"shift": Field(Integer(self.shift_bits, signed=False), self.groups)} if self.group else {}
        return {"a": {"x": Field(self.a, self.lanes)}, "b": {"x": Field(self.b, self.lanes), **shifts}}

    @property
    def outputs(self) -> dict[str, Beat]:
        status = {"status": Field(STATUS)} if self.has_status else {}
        return {"sum": {"x": Field(self.result), **status}}
