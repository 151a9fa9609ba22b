"""The Walsh-Hadamard rotation's spec."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hw.formats import Fixed, Format, Integer, Span, check_int
from hw.formats.base import check_bool
from hw.formats.messages import cut
from hw.specs.base import check_build, check_format
from hw.specs.depth import doublings, settle
from hw.specs.grammar import Part
from hw.specs.parts import FORM, STAGES, flag, number, scalar
from hw.specs.stream import FLAG, Beat, FeedforwardSpec, Field

MAX_LANES, MAX_WIDTH = 1024, 32

INPUT = scalar("input", "IN", needed=True)
FLIPS = flag("flips")


@dataclass(frozen=True)
class HadamardSpec(FeedforwardSpec):
    """A Walsh-Hadamard rotation ``y = H x`` of a beat's lanes, exact: row i has the sign ``(-1)**popcount(i & j)``.

    That is Sylvester's order. H is its own inverse but for a factor of `lanes`, which stays in the result.

    Parameters
    ----------
    input : Format
        An integer or fixed point of at most 32 bits.
    lanes : int
        A power of two, 2..1024.
    flips : bool
        Whether a bit comes with each lane but the first that changes its sign before the rotation. With the first
        lane's all signs would be others, which no rotation needs.
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
    flips: bool = False
    pipeline: int = None  # type: ignore[assignment]
    form: str = "small"

    unit: ClassVar[str] = "hadamard"
    example: ClassVar[str] = "hadamard/int8/n16/p2"
    parts: ClassVar[tuple[Part, ...]] = (INPUT, number("lanes", "n", "nLANES", needed=True), FLIPS, STAGES, FORM)

    def __post_init__(self) -> None:
        check_format("input", self.input)
        if not isinstance(self.input, (Integer, Fixed)) or self.input.width > MAX_WIDTH:
            raise ValueError(
                f"input must be an integer or fixed point of at most {MAX_WIDTH} bits, got {cut(self.input)}"
            )
        check_int("lanes", self.lanes, 2, MAX_LANES)
        if self.lanes & (self.lanes - 1):
            raise ValueError(f"lanes must be a power of two, got {self.lanes}")
        check_bool("flips", self.flips)
        check_build(self.form, self.pipeline)
        settle(self)

    __hash__ = FeedforwardSpec.__hash__

    @property
    def levels(self) -> int:
        """Levels of logic, as `hw.specs.depth` counts them: a row for each doubling."""
        return doublings(self.lanes)

    def span(self, lanes: int) -> Span:
        """The span of all results of so many lanes."""
        one = self.input.span
        either = Span(min(one.lo, -one.hi), max(one.hi, -one.lo), one.lsb)
        if self.flips:
            return Span(one.lo + (lanes - 1) * either.lo, one.hi + (lanes - 1) * either.hi, one.lsb)
        # The first row adds all, and any other takes half of them away.
        low, high = lanes // 2 * (one.lo - one.hi), lanes // 2 * (one.hi - one.lo)
        return Span(min(lanes * one.lo, low), max(lanes * one.hi, high), one.lsb)

    @property
    def result(self) -> Fixed:
        """The format that holds every result."""
        return Fixed.holding(self.span(self.lanes))

    @property
    def inputs(self) -> dict[str, Beat]:
        flips = {"flip": Field(FLAG, self.lanes - 1)} if self.flips else {}
        return {"x": {"x": Field(self.input, self.lanes), **flips, "last": Field(FLAG)}}

    @property
    def outputs(self) -> dict[str, Beat]:
        return {"y": {"x": Field(self.result, self.lanes), "last": Field(FLAG)}}
