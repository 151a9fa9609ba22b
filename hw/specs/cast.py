"""The cast's spec."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import ceil
from typing import Any, ClassVar

from hw.datapath.convert import MAX_TABLE, check_convertible
from hw.datapath.rounded import keeps_exponents
from hw.formats import ROUNDINGS, Fixed, Format, Integer, Minifloat, check_choice, check_int
from hw.formats.messages import cut
from hw.specs.base import check_build, check_format, parse_operands
from hw.specs.depth import doublings, settle
from hw.specs.dot import LANES, MAX_LANES
from hw.specs.grammar import Part
from hw.specs.parts import FORM, STAGES, rounding_of
from hw.specs.stream import FLAG, Beat, FeedforwardSpec, Field

MAX_RANDOM_BITS = 16
ROW, TABLE, LADDER = 3, 1, 4
"""Levels of what rounds, saturates and marks specials, of a table, and of comparisons with what chooses among them."""


def _read(text: str) -> dict[str, Any]:
    formats, colon, rounding = text.partition(":")
    pair = parse_operands(formats, "INxOUT")
    given: dict[str, Any] = dict(zip(("input", "output"), pair, strict=True))
    if not colon:
        return given
    match = re.fullmatch(r"stochastic([1-9][0-9]?)", rounding)
    return given | ({"rounding": "stochastic", "random": int(match[1])} if match else {"rounding": rounding})


def _write(spec: Any) -> str:
    return f"{spec.input}x{spec.output}{rounding_of(spec)}{spec.random or ''}"


@dataclass(frozen=True)
class CastSpec(FeedforwardSpec):
    """A cast: each number becomes the nearest of another format, or the one that the rounding says.

    What is beyond the output's range becomes what that format says (saturates, unless it has an infinity or says
    otherwise); a NaN stays one, or becomes 0 where there is none.

    Parameters
    ----------
    input, output : Format
        Of at most 32 bits. An output that is no float, integer or fixed point has at most 5, and its input 16.
    lanes : int
        Numbers in a beat, 1..1024.
    rounding : str
        A key of `hw.formats.ROUNDINGS`.
    random : int
        Bits of the random number that comes with each number, 1..16, for rounding "stochastic", and for it only:
        a magnitude goes up if what it loses, cut to so many bits, carries when they are added.
    pipeline : int
        Registers between a number and its code, 0..99, placed where they balance the logic.
    form : str
        How it is built: a key of `hw.specs.base.FORMS`.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value, or formats that do not go together.
    """

    input: Format
    output: Format
    lanes: int
    rounding: str = "nearest_even"
    random: int = 0
    pipeline: int = None  # type: ignore[assignment]
    form: str = "small"

    unit: ClassVar[str] = "cast"
    example: ClassVar[str] = "cast/bf16xe4m3fn/n4/p1"
    sizes: ClassVar[tuple[str, ...]] = ("lanes",)
    parts: ClassVar[tuple[Part, ...]] = (
        Part("INxOUT[:ROUNDING]", _read, _write, needed=True),
        LANES,
        STAGES,
        FORM,
    )

    def __post_init__(self) -> None:
        for name in ("input", "output"):
            check_format(name, getattr(self, name))
        check_int("lanes", self.lanes, 1, MAX_LANES)
        check_choice("rounding", self.rounding, ROUNDINGS)
        check_int("random", self.random, 0, MAX_RANDOM_BITS)
        if (self.rounding == "stochastic") != bool(self.random):
            raise ValueError(
                "random must be 1 or more with rounding stochastic, written stochastic8, and 0 with any other, "
                f"got {self.random} with {cut(self.rounding)}"
            )
        check_convertible(self.input, self.output, self.rounding)
        check_build(self.form, self.pipeline)
        settle(self)

    __hash__ = FeedforwardSpec.__hash__

    @property
    def levels(self) -> int:
        """Levels of logic, as `hw.specs.depth` counts them: none, a row, a ladder, or a shift and a row."""
        if self.input == self.output:
            return 0
        if keeps_exponents(self.input, self.output):
            return ROW
        if not isinstance(self.output, (Minifloat, Integer, Fixed)):
            return TABLE if self.input.width <= MAX_TABLE else LADDER
        return ROW + ceil(doublings(min(self.input.width, self.output.width + self.input.precision)) / 2)

    @property
    def random_format(self) -> Format | None:
        """Of the random numbers, if there are any."""
        return Integer(self.random, signed=False) if self.random else None

    @property
    def inputs(self) -> dict[str, Beat]:
        random = {"random": Field(self.random_format, self.lanes)} if self.random_format else {}
        return {"x": {"x": Field(self.input, self.lanes), **random, "last": Field(FLAG)}}

    @property
    def outputs(self) -> dict[str, Beat]:
        return {"y": {"x": Field(self.output, self.lanes), "last": Field(FLAG)}}
