"""The dot product's spec."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from hw.datapath import PRODUCTS
from hw.formats import Format, Span, check_choice, check_int
from hw.specs.base import build_parts, check_build, check_operands, check_term, parse_count, parse_operands
from hw.specs.result import ResultSpec, parse_result
from hw.specs.stream import STATUS, Beat, FeedforwardSpec, Field

MAX_LANES = 1024
SUMS: dict[str, str] = {
    "fused": "products are exact, and so is their sum; it is rounded once, if at all",
    "rounded": "each product is rounded, neighbours are added and rounded, then neighbouring sums, and so on",
}
"""How a sum is made."""


@dataclass(frozen=True)
class DotSpec(FeedforwardSpec, ResultSpec):
    """A dot product: ``sum = a[0] * b[0] + ... + a[n-1] * b[n-1]``, a beat of operands at a time.

    Rounded sums are added in a tree: neighbours, then neighbouring sums; a last one without a neighbour waits.

    Parameters
    ----------
    a, b : Format
        The operands' formats.
    lanes : int
        Products in a sum, 1..1024.
    product : str
        The product rule: a name in `hw.datapath.PRODUCTS`.
    result : Format, optional
        Of the sum: by default fixed point, as wide as the exact sum needs.
    rounding : str
        Of the result.
    sums : str
        How the sum is made: a key of `SUMS`. An exact result is always fused.
    pipeline : int
        Registers between operands and result, 0..4, placed where they balance the logic.
    form : str
        How it is built: a key of `hw.specs.base.FORMS`.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value, or formats that the product rule does not take.
    """

    a: Format
    b: Format
    lanes: int
    product: str = "exact"
    result: Format = None  # type: ignore[assignment]
    rounding: str = "nearest_even"
    sums: str = "fused"
    pipeline: int = 0
    form: str = "small"

    unit: ClassVar[str] = "dot"
    port: ClassVar[str] = "sum"
    port_meaning: ClassVar[str] = "sum"
    layout: ClassVar[str] = (
        "dot/AxB/nLANES/PRODUCT/RESULT[:ROUNDING][/rounded]/pSTAGES[/FORM], for example "
        "dot/int8xint8/n32/exact/exact/p2 or dot/e4m3fnxe4m3fn/n8/exact/fp16/rounded/p4"
    )

    def __post_init__(self) -> None:
        check_operands(self.a, self.b)
        check_int("lanes", self.lanes, 1, MAX_LANES)
        check_choice("product", self.product, PRODUCTS)
        check_build(self.form, self.pipeline)
        check_choice("sums", self.sums, SUMS)
        rule = PRODUCTS[self.product]
        rule.check(self.a, self.b)
        check_term(self.a, self.b, self.span)
        self._settle_result()
        if self.sums == "rounded":
            if self.is_exact:
                raise ValueError("sums must be fused for an exact result, got 'rounded'")
            rule.check_result(self.a, self.b, self.result)

    __hash__ = FeedforwardSpec.__hash__

    @property
    def name(self) -> str:
        sums = "" if self.sums == "fused" else f"/{self.sums}"
        build = build_parts(self.form, self.pipeline)
        return f"dot/{self.a}x{self.b}/n{self.lanes}/{self.product}/{self.result_part}{sums}/{build}"

    @classmethod
    def from_parts(cls, parts: list[str]) -> Self:
        values: dict[str, Any] = {}
        if len(parts) > 4 and parts[4] in SUMS:
            values["sums"] = parts[4]
            parts = [*parts[:4], *parts[5:]]
        if not 2 <= len(parts) <= 6:
            raise ValueError("it must have 2 to 7 parts after the unit")
        a, b = parse_operands(parts[0])
        values |= {"a": a, "b": b, "lanes": parse_count("lanes", "n", parts[1])}
        if len(parts) > 2:
            values["product"] = parts[2]
        return cls(**values, **parse_result(parts[3:]))

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
