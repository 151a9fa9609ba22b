"""The systolic array's spec."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from hw.encodings import KHot
from hw.formats import Codebook, Fixed, Format, check_int
from hw.formats.base import check_bool
from hw.formats.messages import cut
from hw.specs.base import MAX_OPERAND_WIDTH, parse_mix
from hw.specs.grammar import Part
from hw.specs.parts import OPERANDS, flag, sides
from hw.specs.pe import ELEMENT, PeSpec
from hw.specs.rate import Rate
from hw.specs.stream import FLAG, STATUS, Beat, Field, StreamSpec, sizes

MAX_SIDE = 256
LOOKED_UP = (Codebook, KHot)
"""Formats whose codes are looked up."""
SEGMENT = 8
"""Rows that a column chooses from between two registers, on the sums' way out: a power of two."""


@dataclass(frozen=True)
class ArraySpec(StreamSpec):
    """A systolic array of `rows` x `columns` processing elements, which multiplies matrices tile by tile.

    Output-stationary (``os``): ``C = A B``, A of `rows` rows, B of `columns` columns, and the sums stay. A beat of
    ``a`` is a column of A, one of ``b`` a row of B, by ascending k, the last ones marked; the rows of C come out.

    Weight-stationary (``ws``): ``C + A B``, and B, of `rows` rows and `columns` columns, stays. `rows` beats of ``b``
    are its rows. Then each beat of ``a`` is a row of A, and one of ``c`` a row of C; a row of the result comes out.

    Input-stationary (``is``): the same with a and b exchanged: A stays. `rows` beats of ``a`` are the columns of A, of
    `columns` elements; then each beat of ``b`` is a column of B, and a column of the result comes out.

    Products enter a sum by ascending k, whatever the flow.

    Parameters
    ----------
    a, b : Format
        The operands' formats.
    rows, columns : int
        1..256.
    flow, product, accumulator, pipeline, form
        As for `PeSpec`, and as for `MacSpec`; or form ``dsp:N``: the first N columns are in multiplier blocks.
    edge : bool
        Whether codes that are looked up, those of codebooks and of sums of powers of two, are looked up once, where
        they enter the array. Its elements then are for the fixed point that holds their values, of 16 bits at most.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value, or formats that the product rule does not take.
    """

    a: Format
    b: Format
    rows: int
    columns: int
    flow: str = "os"
    product: str = "exact"
    accumulator: str = "kulisch1024"
    pipeline: int = None  # type: ignore[assignment]
    form: str = "small"
    edge: bool = False

    unit: ClassVar[str] = "array"
    example: ClassVar[str] = "array/int8xint8/8x8/os/exact/kulisch1024/p1"
    parts: ClassVar[tuple[Part, ...]] = (OPERANDS, sides("rows", "columns", needed=True), flag("edge"), *ELEMENT)
    sizes: ClassVar[tuple[str, ...]] = ("rows", "columns")

    def __post_init__(self) -> None:
        check_int("rows", self.rows, 1, MAX_SIDE)
        check_int("columns", self.columns, 1, MAX_SIDE)
        parse_mix(self.form, self.columns, "columns")
        check_bool("edge", self.edge)
        self._check_edge()
        object.__setattr__(self, "accumulator", self.pe.accumulator)
        object.__setattr__(self, "pipeline", self.pe.pipeline)

    __hash__ = StreamSpec.__hash__

    def _check_edge(self) -> None:
        looked_up = [fmt for fmt in (self.a, self.b) if isinstance(fmt, LOOKED_UP)]
        if self.edge and not looked_up:
            formats = f"{cut(self.a)} and {cut(self.b)}"
            raise ValueError(f"edge must be left out for operands that are not looked up, got {formats}")
        for fmt in looked_up:
            if self.edge and fmt.span.width > MAX_OPERAND_WIDTH:
                raise ValueError(
                    f"edge must be left out for {cut(fmt)}, whose values have {fmt.span.width} bits in fixed point; "
                    f"elements take {MAX_OPERAND_WIDTH}"
                )

    @cached_property
    def pe(self) -> PeSpec:
        """One of its elements."""
        form, _ = parse_mix(self.form, self.columns, "columns")
        a, b = (self.inside(fmt) for fmt in (self.a, self.b))
        return PeSpec(a, b, self.flow, self.product, self.accumulator, self.pipeline, form)

    def inside(self, fmt: Format) -> Format:
        """What an operand's format is in the elements: behind the edge, numbers in place of codes."""
        return Fixed.holding(fmt.span) if self.edge and isinstance(fmt, LOOKED_UP) else fmt

    @property
    def rate(self) -> Rate:
        return Rate(Fraction(self.rows * self.columns))

    @property
    def paced(self) -> tuple[str, int]:
        return self.pe.moving, 1

    @property
    def in_blocks(self) -> int:
        """Columns that are in multiplier blocks, if the elements' form is dsp: the first ones."""
        return parse_mix(self.form, self.columns, "columns")[1]

    @property
    def accumulator_format(self) -> Format:
        """The format of the sums."""
        return self.pe.mac.accumulator_format

    @property
    def has_status(self) -> bool:
        """Whether infinities and NaNs are counted beside the sums."""
        return self.pe.has_status

    @property
    def sum_beat(self) -> Beat:
        """A beat of sums, one a column."""
        status = {"status": Field(STATUS, self.columns)} if self.has_status else {}
        return {"x": Field(self.accumulator_format, self.columns), **status}

    @property
    def inputs(self) -> dict[str, Beat]:
        formats, pe, last = {"a": self.a, "b": self.b}, self.pe, {"last": Field(FLAG)}
        moving = {"x": Field(formats[pe.moving], self.rows), **last}
        other = {"x": Field(formats[pe.other], self.columns)}
        if self.flow == "os":
            return {pe.moving: moving, pe.other: {**other, **last}}
        streams = {pe.moving: moving, pe.other: other, "c": self.sum_beat}
        return {name: streams[name] for name in "abc"}

    @property
    def outputs(self) -> dict[str, Beat]:
        return {"sum": {**self.sum_beat, "last": Field(FLAG)}}

    @property
    def levels(self) -> int:
        """Choices, with a register behind each, between the elements of a column and its foot."""
        if self.flow != "os":
            return 0
        return next(level for level in range(1, MAX_SIDE) if SEGMENT**level >= self.rows)

    @property
    def gathering(self) -> int:
        """Registers between an element and the foot of its column."""
        return self.levels + self.pe.mac.sums.behind

    @property
    def latency(self) -> int:
        """Cycles from a beat to the result that it completes; from a tile's last one to its first row of sums."""
        # Through the element, or through all of a column's, and then from the first column to the last.
        down = 1 if self.flow == "os" else self.rows
        return down + self.pe.latency - 1 + self.gathering + self.columns - 1

    def cycles(self, beats: Any, tiles: Any = 1) -> Any:
        """For so many tiles of so many beats each: of a and b if the output stays, else of the moving operand.

        The first tile takes its beats, or its loading and its beats. While one is worked on, the next is loaded, or
        the one before comes out, `rows` beats; so more tiles take ``max(beats, rows)`` each.
        """
        beats, tiles = sizes(beats=beats, tiles=tiles)
        before, after = (0, self.rows - 1) if self.flow == "os" else (self.rows, 0)
        each = max(beats, self.rows) if isinstance(beats, int) else np.maximum(beats, self.rows)
        return before + beats + (tiles - 1) * each + self.latency + after

    def work(self, beats: Any, tiles: Any = 1) -> Any:
        """Products: each beat of the moving operand meets every element."""
        beats, tiles = sizes(beats=beats, tiles=tiles)
        return beats * tiles * self.rows * self.columns

    def moved(self, beats: Any, tiles: Any = 1) -> dict[str, Any]:
        """Both operands pass beat by beat if the output stays; else a tile's other operand is `rows` beats."""
        beats, tiles = sizes(beats=beats, tiles=tiles)
        passing, whole = beats * tiles, 0 * beats + tiles * self.rows
        if self.flow == "os":
            return {"a": passing, "b": passing, "sum": whole}
        streams = {self.pe.moving: passing, self.pe.other: whole}
        return {"a": streams["a"], "b": streams["b"], "c": passing, "sum": passing}
