"""The spec of a second rounding."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any, ClassVar

from hw.formats import ROUNDINGS, Format, Integer, check_choice, check_int
from hw.formats.messages import cut
from hw.specs.base import check_build, check_format, parse_scalar
from hw.specs.depth import doublings, settle
from hw.specs.dot import LANES, MAX_LANES
from hw.specs.grammar import Part
from hw.specs.parts import FORM, STAGES, rounding_of
from hw.specs.stream import FLAG, Beat, FeedforwardSpec, Field

MAX_WIDTH = 32


def _read(text: str) -> dict[str, Any]:
    name, colon, rounding = text.partition(":")
    return {"input": parse_scalar(name)} | ({"rounding": rounding} if colon else {})


@dataclass(frozen=True)
class ReroundSpec(FeedforwardSpec):
    """A second rounding (Double Rounding): of integers that are stored as wide as any use needs, fewer bits.

    With each beat comes how many bits its numbers drop, D: ``y = min(round(x / 2**D), most)``, where `most` is the
    largest number of as many bits as are left, so that y is one; of a format without its lowest number, y is not
    below ``-most``. What is left of no bits is 0, or, where that is the rounding, -1.

    Parameters
    ----------
    input : Format
        An integer of 2 to 32 bits: of what goes in and, as far as its bits are needed, of what comes out.
    lanes : int
        Numbers in a beat, 1..1024.
    rounding : str
        A key of `hw.formats.ROUNDINGS` but "stochastic".
    pipeline : int
        Registers between a number and its result, 0..99, placed where they balance the logic.
    form : str
        How it is built: a key of `hw.specs.base.FORMS`.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value.
    """

    input: Format
    lanes: int
    rounding: str = "nearest_even"
    pipeline: int = None  # type: ignore[assignment]
    form: str = "small"

    unit: ClassVar[str] = "reround"
    example: ClassVar[str] = "reround/int8/n4/p1"
    sizes: ClassVar[tuple[str, ...]] = ("lanes",)
    parts: ClassVar[tuple[Part, ...]] = (
        Part("FORMAT[:ROUNDING]", _read, lambda spec: f"{spec.input}{rounding_of(spec)}", needed=True),
        LANES,
        STAGES,
        FORM,
    )

    def __post_init__(self) -> None:
        check_format("input", self.input)
        if not isinstance(self.input, Integer) or not 2 <= self.input.width <= MAX_WIDTH:
            raise ValueError(f"input must be an integer of 2 to {MAX_WIDTH} bits, got {cut(self.input)}")
        check_int("lanes", self.lanes, 1, MAX_LANES)
        check_choice("rounding", self.rounding, [name for name in ROUNDINGS if name != "stochastic"])
        check_build(self.form, self.pipeline)
        settle(self)

    __hash__ = FeedforwardSpec.__hash__

    @property
    def drop(self) -> Format:
        """Of the number of bits that are dropped."""
        return Integer((self.input.width - 1).bit_length(), signed=False)

    @property
    def levels(self) -> int:
        """Levels of logic, as `hw.specs.depth` counts them: a shift, what is lost, and a row."""
        return ceil(doublings(self.input.width) / 2) + 2

    @property
    def inputs(self) -> dict[str, Beat]:
        return {"x": {"x": Field(self.input, self.lanes), "drop": Field(self.drop), "last": Field(FLAG)}}

    @property
    def outputs(self) -> dict[str, Beat]:
        return {"y": {"x": Field(self.input, self.lanes), "last": Field(FLAG)}}
