"""The spec of what adds sums of blocks, scaled, to floats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hw.datapath import PRODUCTS
from hw.datapath.rounded import check_result
from hw.datapath.unpack import is_float
from hw.formats import Block, Fixed, Format, Span, check_int, parse_scalar
from hw.formats.messages import cut, echo
from hw.specs.base import check_build, check_operand
from hw.specs.depth import addition_levels, product_levels, settle
from hw.specs.grammar import Part
from hw.specs.parts import BLOCKS, FLOAT, FORM, STAGES, number
from hw.specs.stream import STATUS, Beat, FeedforwardSpec, Field

MAX_LANES = 256
FP32 = parse_scalar("fp32")


@dataclass(frozen=True)
class BlockAddSpec(FeedforwardSpec):
    """``y = c + x * scale_a * scale_b`` in every lane, rounded once: what follows an array that sums blocks.

    Parameters
    ----------
    a, b : Block
        The operands' block formats, of one size. Lanes share the scale of `a`, and each has its own of `b`.
    lanes : int
        1..256.
    result : Minifloat
        Of `c` and `y`.
    rounding : str
        Of each addition: a key of `hw.formats.ROUNDINGS` but "stochastic".
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
    lanes: int = 1
    result: Format = FP32
    rounding: str = "nearest_even"
    pipeline: int = None  # type: ignore[assignment]
    form: str = "small"

    unit: ClassVar[str] = "blockadd"
    example: ClassVar[str] = "blockadd/mxfp4xmxfp4/n8/fp32/p2"
    sizes: ClassVar[tuple[str, ...]] = ("lanes",)
    parts: ClassVar[tuple[Part, ...]] = (BLOCKS, number("lanes", "n", "nLANES"), FLOAT, STAGES, FORM)

    def __post_init__(self) -> None:
        for name, fmt in (("a", self.a), ("b", self.b)):
            if not isinstance(fmt, Block):
                raise TypeError(f"{name} must be a Block, got {echo(fmt)}")
            check_operand(f"{name}'s element", fmt.element)
        if self.a.size != self.b.size or not self.a.size:
            raise ValueError(f"a and b must have one block size, got {cut(self.a)} and {cut(self.b)}")
        check_int("lanes", self.lanes, 1, MAX_LANES)
        if not is_float(self.result):
            raise ValueError(f"result must be a float with exponent bits, got {cut(self.result)}")
        check_build(self.form, self.pipeline)
        PRODUCTS["exact"].check(self.a.element, self.b.element)
        PRODUCTS["exact"].check(self.a.scale, self.b.scale)
        for x, y in ((self.a.element, self.b.element), (self.a.scale, self.b.scale)):
            check_result(x, y, self.result, Fixed.holding(self.scale_span), self.rounding)
        settle(self)

    __hash__ = FeedforwardSpec.__hash__

    @property
    def levels(self) -> int:
        """Levels of logic, as `hw.specs.depth` counts them."""
        # The scales' product decides how far a sum is shifted before it is added to a float.
        scaled = product_levels(self.a.scale, self.b.scale, "exact", self.form)
        return scaled + addition_levels(self.result.width)

    @property
    def sum_format(self) -> Fixed:
        """The format of the sums of a block's products: that of a MAC's accumulator of the block's size."""
        span = PRODUCTS["exact"].span(self.a.element, self.b.element)
        return Fixed.holding(span.accumulate(self.a.size))

    @property
    def scale_span(self) -> Span:
        """The span of the products of two scales."""
        return PRODUCTS["exact"].span(self.a.scale, self.b.scale)

    @property
    def has_status(self) -> bool:
        """Whether sums come with a status: an element has infinities or NaNs."""
        return self.a.element.has_special or self.b.element.has_special

    @property
    def inputs(self) -> dict[str, Beat]:
        status = {"status": Field(STATUS, self.lanes)} if self.has_status else {}
        return {
            "x": {"x": Field(self.sum_format, self.lanes), **status},
            "scale": {"a": Field(self.a.scale), "b": Field(self.b.scale, self.lanes)},
            "c": {"x": Field(self.result, self.lanes)},
        }

    @property
    def outputs(self) -> dict[str, Beat]:
        return {"y": {"x": Field(self.result, self.lanes)}}
