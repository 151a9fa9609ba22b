"""The block dot product's spec."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from hw.datapath import PRODUCTS
from hw.datapath.rounded import check_result
from hw.formats import Block, Fixed, Format, PowerOfTwo, Span, check_int, parse_scalar
from hw.formats.messages import cut, echo
from hw.specs.base import check_build, check_format, check_operands, check_term
from hw.specs.depth import product_levels, rounding_levels, settle, shift_levels, sum_levels
from hw.specs.dot import MAX_LANES
from hw.specs.grammar import Part
from hw.specs.parts import BLOCKS, FORM, RESULT, STAGES
from hw.specs.rate import Rate
from hw.specs.stream import STATUS, Beat, FeedforwardSpec, Field


@dataclass(frozen=True)
class BlockDotSpec(FeedforwardSpec):
    """A dot product of two blocks: ``sum = scale_a * scale_b * (a[0] * b[0] + ... + a[n-1] * b[n-1])``.

    A beat of operands is a block. Scales are applied once, to the sum. A scale of the whole tensor, as NVFP4 has it, is
    one factor for all sums and stays outside.

    Parameters
    ----------
    a, b : Block
        The operands' block formats, of one size, 1..1024.
    result : Format, optional
        Of the sum: a float, rounded into once; or, by default, exact in fixed point. There, if both scales are powers
        of two, their exponents stay beside the number, as the sum of the scales' codes.
    rounding : str
        Of the result.
    pipeline : int
        Registers between operands and result, 0..99, placed where they balance the logic.
    form : str
        How it is built: a key of `hw.specs.base.FORMS`.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value, or formats that do not go together.
    """

    a: Block
    b: Block
    result: Format = None  # type: ignore[assignment]
    rounding: str = "nearest_even"
    pipeline: int = None  # type: ignore[assignment]
    form: str = "small"

    unit: ClassVar[str] = "blockdot"
    example: ClassVar[str] = "blockdot/mxfp4xmxfp4/exact/p2"
    parts: ClassVar[tuple[Part, ...]] = (BLOCKS, RESULT, STAGES, FORM)

    def __post_init__(self) -> None:
        for name, block in (("a", self.a), ("b", self.b)):
            if not isinstance(block, Block):
                raise TypeError(f"{name} must be a Block, got {echo(block)}")
        if self.a.size != self.b.size:
            raise ValueError(f"a and b must have one block size, got {cut(self.a)} and {cut(self.b)}")
        check_int("the block size", self.a.size, 1, MAX_LANES)
        check_build(self.form, self.pipeline)
        for x, y in (self.elements, self.scales):
            check_operands(x, y)
            PRODUCTS["exact"].check(x, y)
        check_term(*self.elements, self.sum_span)
        if self.result is None:
            object.__setattr__(self, "result", self.exact_format)
        check_format("result", self.result)
        for x, y in (self.elements, self.scales):
            check_result(x, y, self.result, self.exact_format, self.rounding)
        if self.is_exact:
            check_term(*self.elements, self.exact_span)
        settle(self)

    __hash__ = FeedforwardSpec.__hash__

    @property
    def levels(self) -> int:
        """Levels of logic, as `hw.specs.depth` counts them."""
        shifted, width = shift_levels(*self.elements, "exact") > 0, self.sum_span.width
        summed = product_levels(*self.elements, "exact", self.form) + sum_levels(self.lanes, width, shifted)
        if not self.keeps_scale:
            summed += product_levels(*self.scales, "exact", self.form) + 1
        return summed if self.is_exact else summed + rounding_levels(width)

    @property
    def elements(self) -> tuple[Format, Format]:
        return self.a.element, self.b.element

    @property
    def scales(self) -> tuple[Format, Format]:
        return self.a.scale, self.b.scale

    @property
    def lanes(self) -> int:
        """Elements in a block."""
        return self.a.size

    @property
    def rate(self) -> Rate:
        return Rate(Fraction(self.lanes))

    @property
    def sum_span(self) -> Span:
        """The span of the sums of the elements' products."""
        return PRODUCTS["exact"].span(*self.elements).accumulate(self.lanes)

    @property
    def keeps_scale(self) -> bool:
        """Whether an exact result leaves the scales' exponents beside the number."""
        return all(isinstance(scale, PowerOfTwo) and not scale.signed and not scale.zero for scale in self.scales)

    @property
    def exact_span(self) -> Span:
        """The span of an exact result's number."""
        return self.sum_span if self.keeps_scale else self.sum_span * PRODUCTS["exact"].span(*self.scales)

    @property
    def exact_format(self) -> Fixed:
        return Fixed.holding(self.exact_span)

    @property
    def is_exact(self) -> bool:
        return self.result == self.exact_format

    @property
    def scale_format(self) -> Format:
        """The format of the sum of the scales' codes."""
        return parse_scalar(f"uint{max(scale.width for scale in self.scales) + 1}")

    @property
    def has_status(self) -> bool:
        """Whether there is a field `status`: a format has infinities or NaNs, which fixed point has not."""
        return self.is_exact and any(fmt.has_special for fmt in (*self.elements, *self.scales))

    @property
    def inputs(self) -> dict[str, Beat]:
        return {
            name: {"x": Field(block.element, self.lanes), "scale": Field(block.scale)}
            for name, block in (("a", self.a), ("b", self.b))
        }

    @property
    def outputs(self) -> dict[str, Beat]:
        beat = {"x": Field(self.result)}
        if self.is_exact and self.keeps_scale:
            beat["scale"] = Field(self.scale_format)
        if self.has_status:
            beat["status"] = Field(STATUS)
        return {"sum": beat}
