"""The spec of the dot product whose multipliers come apart: a few products of fewer bits in place of one."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from hw.formats import Fixed, Format, Span, check_int, parse_scalar
from hw.specs.base import check_build
from hw.specs.depth import doublings, settle
from hw.specs.grammar import Part
from hw.specs.parts import FORM, STAGES, number
from hw.specs.rate import Rate
from hw.specs.stream import Beat, FeedforwardSpec, Field

MAX_LANES = 256
NIBBLE, MODE = parse_scalar("uint4"), parse_scalar("uint2")
NIBBLES = 4
"""Of each operand in a lane; where numbers have eight bits, the upper ones may be of no meaning."""
MODES: dict[int, tuple[int, int]] = {0: (8, 8), 1: (8, 4), 2: (8, 8), 3: (4, 4)}
"""Bits of a and of w. Bit 0 of a mode halves numbers of w; bit 1 those of a too, and alone does nothing."""


@dataclass(frozen=True)
class SubwordSpec(FeedforwardSpec):
    """A dot product whose lanes each make one product of 8 and 8 bits, two of 8 and 4, or four of 4 and 4, as a beat
    says; all of them enter the sum.

    Numbers are in two's complement, and lie in their lane from the lowest bits up.

    Parameters
    ----------
    lanes : int
        Multipliers of 8 by 8 bits, 1..256.
    pipeline : int
        Registers between operands and sum, 0..99, placed where they balance the logic.
    form : str
        How it is built: a key of `hw.specs.base.FORMS` but ``dsp``.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value.
    """

    lanes: int
    pipeline: int = None  # type: ignore[assignment]
    form: str = "small"

    unit: ClassVar[str] = "subword"
    example: ClassVar[str] = "subword/n16/p5"
    parts: ClassVar[tuple[Part, ...]] = (number("lanes", "n", "nLANES", needed=True), STAGES, FORM)

    def __post_init__(self) -> None:
        check_int("lanes", self.lanes, 1, MAX_LANES)
        check_build(self.form, self.pipeline)
        if self.form == "dsp":
            raise ValueError("form must be small or fast, got 'dsp': a multiplier block does not come apart")
        settle(self)

    __hash__ = FeedforwardSpec.__hash__

    @property
    def levels(self) -> int:
        """Levels of logic, as `hw.specs.depth` counts them: a choice, two rows of a product, a tree, and twice a
        choice and a row."""
        return 7 + doublings(self.lanes)

    @property
    def rate(self) -> Rate:
        """Of products of 8 by 8 bits; there are up to four times as many of fewer bits."""
        return Rate(Fraction(self.lanes))

    @property
    def span(self) -> Span:
        """The span of all sums, which is that of products of 8 by 8 bits."""
        return Span(-128 * 127, 128 * 128, 0).accumulate(self.lanes)

    @property
    def result(self) -> Fixed:
        """The format of the sums."""
        return Fixed.holding(self.span)

    @property
    def inputs(self) -> dict[str, Beat]:
        numbers = {"x": Field(NIBBLE, NIBBLES * self.lanes)}
        return {"a": {**numbers, "mode": Field(MODE)}, "w": dict(numbers)}

    @property
    def outputs(self) -> dict[str, Beat]:
        return {"sum": {"x": Field(self.result)}}

    def formats(self, mode: int) -> tuple[Format, Format]:
        """The formats of a and w in a mode.

        Raises
        ------
        TypeError, ValueError
            There is no such mode.
        """
        check_int("mode", mode, 0, len(MODES) - 1)
        a, w = MODES[mode]
        return parse_scalar(f"int{a}"), parse_scalar(f"int{w}")
