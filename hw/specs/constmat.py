"""The spec of a product of a matrix of constants by vectors."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any, ClassVar

from hw.datapath.convert import check_convertible
from hw.datapath.shiftadd.depth import depth_of
from hw.datapath.unpack import is_float
from hw.formats import Fixed, Format, Integer, Span, check_int
from hw.formats.messages import cut
from hw.recoding import signed_digits
from hw.specs.base import check_build, check_format, check_operand
from hw.specs.depth import doublings, settle
from hw.specs.grammar import Part
from hw.specs.matrices import constants_of, read_codes
from hw.specs.parts import FORM, STAGES, further, operands, sides, word
from hw.specs.rate import Rate
from hw.specs.stream import FLAG, Beat, FeedforwardSpec, Field, sizes

MAX_SIDE, MAX_CONSTANTS, MAX_WIDTH = 1024, 1 << 14, 64
"""Rows or columns, elements, and bits of the grid of an input."""
MAX_PAIRS = 1 << 20
"""Pairs of signed digits in the rows, all of which are looked at: 64 x 64 of 8 bits."""
DECODED, SHIFTED = 1, 2
"""Levels of a table that decodes an input, and of what a shifter has beside its choices."""
# A form may begin with f, too.
FOLD = further("fold", "f", "fFOLD", 1, lambda text, _: text[:1] == "f" and text[1:2].isdecimal())


@dataclass(frozen=True)
class ConstMatSpec(FeedforwardSpec):
    """A matrix of constants by a vector, ``y = W x``, exactly: sums of shifted numbers, those that are alike shared.

    Parameters
    ----------
    input : Format
        Of the vector's elements: without infinities and NaN, of at most 32 bits, on a grid of at most 64.
    weights : Format
        Of the constants, of at most 16 bits.
    rows, columns : int
        The matrix', 1..1024: numbers in a result, and in a vector. At most 16,384 constants, in whose rows are at most
        2**20 pairs of signed digits.
    matrix : str
        Which it is: ``seedN``, made from a number, or ``seedN:PERCENT``, of which so many are not zero; or all codes
        in hexadecimal, as `hw.specs.matrices` says.
    fold : int
        Cycles for a vector: in each come as many bits of its numbers, the highest first. A part of the width of an
        integer or fixed point; 1 takes all bits at once.
    pipeline : int
        Registers between vectors and results, 0..99, placed where they balance the logic; folded, between bits and
        sums.
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
    fold: int = 1
    pipeline: int = None  # type: ignore[assignment]
    form: str = "small"

    unit: ClassVar[str] = "constmat"
    example: ClassVar[str] = "constmat/int8xint4/4x8/seed7/p2"
    parts: ClassVar[tuple[Part, ...]] = (
        operands("input", "weights", "INxWEIGHTS"),
        sides("rows", "columns", needed=True),
        word("matrix", "MATRIX", needed=True),
        FOLD,
        STAGES,
        FORM,
    )

    def __post_init__(self) -> None:
        for name in ("input", "weights"):
            check_format(name, getattr(self, name))
        self._check_input()
        for name in ("rows", "columns"):
            check_int(name, getattr(self, name), 1, MAX_SIDE)
        if self.rows * self.columns > MAX_CONSTANTS:
            raise ValueError(f"rows x columns must be at most {MAX_CONSTANTS}, got {self.rows}x{self.columns}")
        self._check_fold()
        check_build(self.form, self.pipeline)
        check_operand("weights", self.weights)
        self._check_matrix()
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

    def _check_matrix(self) -> None:
        digits = [sum(len(signed_digits(constant)) for constant in row) for row in self.constants]
        pairs = sum(count * (count - 1) // 2 for count in digits)
        if pairs > MAX_PAIRS:
            raise ValueError(
                f"matrix must have at most {MAX_PAIRS} pairs of signed digits in its rows, got {pairs}: "
                "split it by its rows or columns"
            )

    def _check_fold(self) -> None:
        check_int("fold", self.fold, 1, MAX_WIDTH)
        if self.fold > 1 and not isinstance(self.input, (Integer, Fixed)):
            raise ValueError(f"fold must be 1 where inputs are no integers or fixed point, got {self.fold}")
        if self.input.width % self.fold and self.fold > 1:
            raise ValueError(f"fold must divide the {self.input.width} bits of {cut(self.input)}, got {self.fold}")

    @property
    def digit(self) -> Span:
        """The span of what comes of a number in a cycle: of a folded one the highest bits, and below them others."""
        if self.fold == 1:
            return self.input.span
        bits = self.input.width // self.fold
        return Span(-(1 << bits - 1) if self.input.span.signed else 0, (1 << bits) - 1, self.input.span.lsb)

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
        return self.span_of(self.input.span)

    def span_of(self, one: Span) -> Span:
        """The span of all results, for inputs of such a span."""
        rows = [[sorted((one.lo * constant, one.hi * constant)) for constant in row] for row in self.constants]
        lows, highs = ([sum(ends[n] for ends in row) for row in rows] for n in (0, 1))
        return Span(min(lows), max(highs), one.lsb + self.weights.span.lsb)

    @property
    def result(self) -> Fixed:
        """The format that holds every result."""
        return Fixed.holding(self.span)

    @property
    def levels(self) -> int:
        """Levels of logic, as `hw.specs.depth` counts them: what decodes an input, and a row for each sum."""
        sums = depth_of(self.constants, self.form)
        if isinstance(self.input, (Integer, Fixed)):
            return sums + (self.fold > 1)
        return sums + (SHIFTED + ceil(doublings(self.input.span.width) / 2) if is_float(self.input) else DECODED)

    @property
    def latency(self) -> int:
        """Cycles from a vector to its result; folded, a register has the vector, and another the sums."""
        return self.pipeline if self.fold == 1 else self.pipeline + self.fold + 1

    def cycles(self, beats: Any = 1) -> Any:
        """For so many vectors: `fold` each, and what is left of the latency."""
        (beats,) = sizes(beats=beats)
        return beats * self.fold + self.latency - self.fold + 1

    @property
    def rate(self) -> Rate:
        return Rate(Fraction(self.rows * self.columns, self.fold))

    @property
    def paced(self) -> tuple[str, int]:
        return "x", self.fold

    def work(self, beats: Any = 1) -> Any:
        """Products: of all constants with each vector."""
        (beats,) = sizes(beats=beats)
        return beats * self.rows * self.columns

    @property
    def inputs(self) -> dict[str, Beat]:
        return {"x": {"x": Field(self.input, self.columns), "last": Field(FLAG)}}

    @property
    def outputs(self) -> dict[str, Beat]:
        return {"y": {"x": Field(self.result, self.rows), "last": Field(FLAG)}}
