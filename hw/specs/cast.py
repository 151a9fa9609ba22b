"""The cast's spec."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any, ClassVar

from hw.datapath.convert import MAX_TABLE, check_convertible
from hw.datapath.rounded import keeps_exponents
from hw.formats import Fixed, Format, Integer, Minifloat, check_int
from hw.specs.base import check_build, check_format, parse_operands
from hw.specs.depth import doublings, settle
from hw.specs.dot import LANES, MAX_LANES
from hw.specs.grammar import Part
from hw.specs.parts import FORM, STAGES
from hw.specs.stochastic import LFSR, StochasticSpec, read_rounding, write_rounding
from hw.specs.stream import FLAG, Beat, Field

ROW, TABLE, LADDER = 3, 1, 4
"""Levels of what rounds, saturates and marks specials, of a table, and of comparisons with what chooses among them."""


def _read(text: str) -> dict[str, Any]:
    formats, colon, rounding = text.partition(":")
    pair = parse_operands(formats, "INxOUT")
    given: dict[str, Any] = dict(zip(("input", "output"), pair, strict=True))
    return given | (read_rounding(rounding) if colon else {})


@dataclass(frozen=True)
class CastSpec(StochasticSpec):
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
    random, lfsr, seed : int
        The random bits of rounding "stochastic", as `hw.specs.stochastic` has them.
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
    lfsr: int = 0
    seed: int = 0

    unit: ClassVar[str] = "cast"
    example: ClassVar[str] = "cast/bf16xe4m3fn/n4/p1"
    sizes: ClassVar[tuple[str, ...]] = ("lanes",)
    parts: ClassVar[tuple[Part, ...]] = (
        Part("INxOUT[:ROUNDING]", _read, lambda s: f"{s.input}x{s.output}{write_rounding(s)}", needed=True),
        LANES,
        LFSR,
        STAGES,
        FORM,
    )

    def __post_init__(self) -> None:
        for name in ("input", "output"):
            check_format(name, getattr(self, name))
        check_int("lanes", self.lanes, 1, MAX_LANES)
        self.check_rounding()
        check_convertible(self.input, self.output, self.rounding)
        check_build(self.form, self.pipeline)
        settle(self)

    __hash__ = StochasticSpec.__hash__

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
    def inputs(self) -> dict[str, Beat]:
        return {"x": {"x": Field(self.input, self.lanes), **self.random_field, "last": Field(FLAG)}}

    @property
    def outputs(self) -> dict[str, Beat]:
        return {"y": {"x": Field(self.output, self.lanes), "last": Field(FLAG)}}
