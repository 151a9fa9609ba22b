"""The spec of a product of a matrix of constants by vectors."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import ClassVar

from hw.datapath.convert import check_convertible
from hw.datapath.shiftadd.depth import depth_of
from hw.datapath.unpack import is_float
from hw.formats import Fixed, Format, Integer, Span, check_int
from hw.formats.messages import cut, echo
from hw.specs.base import check_build
from hw.specs.depth import doublings, settle
from hw.specs.grammar import Part
from hw.specs.matrices import constants_of, read_codes
from hw.specs.parts import FORM, STAGES, operands, sides, word
from hw.specs.rate import Rate
from hw.specs.stream import FLAG, Beat, FeedforwardSpec, Field

MAX_SIDE, MAX_CONSTANTS, MAX_WIDTH = 1024, 1 << 14, 64
"""Rows or columns, elements, and bits of the grid of an input."""
DECODED, SHIFTED = 1, 2
"""Levels of a table that decodes an input, and of what a shifter has beside its choices."""


@dataclass(frozen=True)
class ConstMatSpec(FeedforwardSpec):
    """A matrix of constants by a vector, ``y = W x``, exactly: sums of shifted numbers, those that are alike shared.

    Parameters
    ----------
    input : Format
        Of the vector's elements: without infinities and NaN, of at most 32 bits, on a grid of at most 64.
    weights : Format
        Of the constants.
    rows, columns : int
        The matrix', 1..1024: numbers in a result, and in a vector. At most 16,384 constants.
    matrix : str
        Which it is: ``seedN``, made from a number, or ``seedN:PERCENT``, of which so many are not zero; or all codes
        in hexadecimal, as `hw.specs.matrices` says.
    pipeline : int
        Registers between vectors and results, 0..99, placed where they balance the logic.
    form : str
        How it is built: ``small`` has up to two sums more in a row than ``fast`` for what can be shared.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value.
    """

    input: Format
    weights: Format
    rows: int
    columns: int
    matrix: str
    pipeline: int = None  # type: ignore[assignment]
    form: str = "small"

    unit: ClassVar[str] = "constmat"
    example: ClassVar[str] = "constmat/int8xint4/4x8/seed7/p2"
    parts: ClassVar[tuple[Part, ...]] = (
        operands("input", "weights", "INxWEIGHTS"),
        sides("rows", "columns", needed=True),
        word("matrix", "MATRIX", needed=True),
        STAGES,
        FORM,
    )

    def __post_init__(self) -> None:
        for name in ("input", "weights"):
            if not isinstance(getattr(self, name), Format):
                raise TypeError(f"{name} must be a Format, got {echo(getattr(self, name))}")
        self._check_input()
        for name in ("rows", "columns"):
            check_int(name, getattr(self, name), 1, MAX_SIDE)
        if self.rows * self.columns > MAX_CONSTANTS:
            raise ValueError(f"rows x columns must be at most {MAX_CONSTANTS}, got {self.rows}x{self.columns}")
        check_build(self.form, self.pipeline)
        constants_of(self.matrix, self.weights, self.rows, self.columns)
        settle(self)

    __hash__ = FeedforwardSpec.__hash__

    def _check_input(self) -> None:
        if self.input.has_special:
            raise ValueError(f"input must have no infinities and NaN, got {cut(self.input)}")
        if self.input.span.width > MAX_WIDTH:
            raise ValueError(
                f"input must have a grid of at most {MAX_WIDTH} bits, got {cut(self.input)} of {self.input.span.width}"
            )
        check_convertible(self.input, self.number, "nearest_even")

    @property
    def number(self) -> Format:
        """What inputs are made: fixed point."""
        return self.input if isinstance(self.input, (Integer, Fixed)) else Fixed.holding(self.input.span)

    @property
    def codes(self) -> tuple[tuple[int, ...], ...]:
        """The codes of the matrix, row after row."""
        return read_codes(self.matrix, self.weights, self.rows, self.columns)

    @property
    def constants(self) -> tuple[tuple[int, ...], ...]:
        """The matrix in steps of its format."""
        return constants_of(self.matrix, self.weights, self.rows, self.columns)

    @property
    def span(self) -> Span:
        """The span of all results: their very ends."""
        one, lsb = self.input.span, self.input.span.lsb + self.weights.span.lsb
        ends = [(one.lo * constant, one.hi * constant) for row in self.constants for constant in row]
        rows = [ends[n : n + self.columns] for n in range(0, len(ends), self.columns)]
        return Span(min(sum(map(min, row)) for row in rows), max(sum(map(max, row)) for row in rows), lsb)

    @property
    def result(self) -> Fixed:
        """The format that holds every result."""
        return Fixed.holding(self.span)

    @property
    def levels(self) -> int:
        """Levels of logic, as `hw.specs.depth` counts them: what decodes an input, and a row for each sum."""
        sums = depth_of(self.constants, self.form)
        if isinstance(self.input, (Integer, Fixed)):
            return sums
        return sums + (SHIFTED + ceil(doublings(self.input.span.width) / 2) if is_float(self.input) else DECODED)

    @property
    def rate(self) -> Rate:
        return Rate(Fraction(self.rows * self.columns))

    @property
    def inputs(self) -> dict[str, Beat]:
        return {"x": {"x": Field(self.input, self.columns), "last": Field(FLAG)}}

    @property
    def outputs(self) -> dict[str, Beat]:
        return {"y": {"x": Field(self.result, self.rows), "last": Field(FLAG)}}
