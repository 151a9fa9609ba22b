"""The spec of a GELU in integers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hw.datapath.shiftexp import reach
from hw.formats import Fixed, Format, Integer, Span, check_int, parse_scalar
from hw.formats.messages import cut
from hw.specs.base import check_build, check_format, uses_blocks
from hw.specs.depth import IN_BLOCK, doublings, settle
from hw.specs.dot import LANES, MAX_LANES
from hw.specs.grammar import Part
from hw.specs.parts import FORM, STAGES, further, number, scalar
from hw.specs.stream import FLAG, Beat, FeedforwardSpec, Field

MAX_INPUT, MAX_STEPS, MAX_SIGMOID = 16, 1024, 16
UINT8 = parse_scalar("uint8")
SHIFTS, NUMERATOR, MAX_NUMERATOR = 23, 31, 48
"""I-ViT's n of ShiftGELU, and bits of its numerator."""

INPUT = scalar("input", "IN", needed=True)
SIGMOID = scalar("sigmoid", "SIGMOID")
CLIP = further("clip", "c", "cLAMBDA")
PRECISION = further("numerator", "b", "bNUMERATOR", NUMERATOR)


@dataclass(frozen=True)
class GeluSpec(FeedforwardSpec):
    """A GELU of integers by shifts: I-ViT's ShiftGELU (arXiv 2207.01405), ``y = x * sigmoid(1.702 x)``, about.

    I-ViT takes the highest number of a row away from all, so that no exponential is large. Here each number has its
    own, ``max(x, 0)``: the quotient is the same, a row need not be kept, and nothing overflows.

    Parameters
    ----------
    input : Format
        A signed integer of at most 16 bits.
    lanes : int
        1..1024.
    steps : int
        Steps of the input in ``1 / 1.702``, 1..1024: ``ceil(1 / (1.702 scale))``; and fewer than
        ``2**(numerator - 24)``, or the reciprocal is 0.
    sigmoid : Format
        An unsigned integer of at most 16 bits. I-ViT's `bits` are one more.
    clip : int
        I-Segmenter's lambda: numbers below ``-clip`` are that; 0 for none.
    numerator : int
        Bits of what is divided by the sum, 31..48; I-ViT's has 31, and leaves the reciprocal a few.
    pipeline : int
        Registers between numbers and results, 0..99, placed where they balance the logic.
    form : str
        How it is built: a key of `hw.specs.base.FORMS`.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value.
    """

    input: Format
    lanes: int
    steps: int
    sigmoid: Format = UINT8
    clip: int = 0
    numerator: int = NUMERATOR
    pipeline: int = None  # type: ignore[assignment]
    form: str = "small"

    unit: ClassVar[str] = "gelu"
    example: ClassVar[str] = "gelu/int8/n4/s8/uint8/p7"
    sizes: ClassVar[tuple[str, ...]] = ("lanes",)
    parts: ClassVar[tuple[Part, ...]] = (
        INPUT,
        LANES,
        number("steps", "s", "sSTEPS", needed=True),
        SIGMOID,
        CLIP,
        PRECISION,
        STAGES,
        FORM,
    )

    def __post_init__(self) -> None:
        for name in ("input", "sigmoid"):
            check_format(name, getattr(self, name))
        if not isinstance(self.input, Integer) or not self.input.signed or not 2 <= self.input.width <= MAX_INPUT:
            raise ValueError(f"input must be int2 to int{MAX_INPUT}, got {cut(self.input)}")
        if not isinstance(self.sigmoid, Integer) or self.sigmoid.signed or self.sigmoid.width > MAX_SIGMOID:
            raise ValueError(f"sigmoid must be uint1 to uint{MAX_SIGMOID}, got {cut(self.sigmoid)}")
        check_int("lanes", self.lanes, 1, MAX_LANES)
        check_int("steps", self.steps, 1, MAX_STEPS)
        check_int("clip", self.clip, 0, -self.input.span.lo - 1)
        check_int("numerator", self.numerator, NUMERATOR, MAX_NUMERATOR)
        if (most := (1 << self.numerator - SHIFTS - 1) - 1) < self.steps:
            raise ValueError(f"steps must be at most {most} for a numerator of {self.numerator} bits, got {self.steps}")
        check_build(self.form, self.pipeline)
        settle(self)

    __hash__ = FeedforwardSpec.__hash__

    @property
    def levels(self) -> int:
        """Levels of logic, as `hw.specs.depth` counts them."""
        # The magnitude, its base two, what is left of each restoring step, and the significand.
        steps = 0 if self.steps & (self.steps - 1) == 0 else 2 * self.highest.bit_length()
        products = [(2 * self.steps).bit_length(), self.input.width]
        rows = [IN_BLOCK if uses_blocks(self.form) else 1 + doublings(width // 2) for width in products]
        return 5 + steps + sum(rows) + 3

    @property
    def numbers(self) -> Span:
        """The span of numbers that are not clipped."""
        span = self.input.span
        return Span(max(span.lo, -self.clip), span.hi, 0) if self.clip else span

    @property
    def farthest(self) -> int:
        """The largest magnitude."""
        return max(-self.numbers.lo, self.numbers.hi)

    @property
    def highest(self) -> int:
        """The highest ``q`` of an exponential ``m * 2**-q``."""
        return reach(self.farthest, self.steps, SHIFTS)

    @property
    def result(self) -> Fixed:
        """The format of the products, in steps of the input's times ``2**-bits`` of the sigmoid."""
        bits = self.sigmoid.width
        return Fixed.holding(self.numbers * Span(0, (1 << bits) - 1, -bits))

    @property
    def inputs(self) -> dict[str, Beat]:
        return {"x": {"x": Field(self.input, self.lanes), "last": Field(FLAG)}}

    @property
    def outputs(self) -> dict[str, Beat]:
        return {"y": {"x": Field(self.result, self.lanes), "last": Field(FLAG)}}
