"""The spec of a dual multiply-accumulate of dynamic fixed point."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

from hw.formats import Fixed, Format, Integer, Span, check_int
from hw.formats.messages import cut
from hw.specs.base import check_build
from hw.specs.depth import WIDE, product_levels, settle, sum_levels
from hw.specs.grammar import Part
from hw.specs.parts import FORM, OPERANDS, STAGES, further, number
from hw.specs.product import check_product
from hw.specs.rate import Rate
from hw.specs.stream import FLAG, Beat, Field, StreamSpec, sizes

LANES = 2
MAX_WIDTH, MAX_CHUNK = 64, 1 << 16


@dataclass(frozen=True)
class DfpSpec(StreamSpec):
    """Two products of integers a beat, added up in a register that is short: INT16 with one exponent for a tensor.

    Exponents are tracked outside (dynamic fixed point, arXiv 1802.00930). Two products of INT16 may be ``2**31``,
    which 32 bits do not hold, so something is to be done: pairs go down by some places before they are added (`shift`),
    the register is wider (`width`), or what it holds comes out every so many pairs, to be added as a float (`chunk`).

    Parameters
    ----------
    a, b : Format
        Integers of at most 16 bits.
    width : int
        Bits of the register, 2..64: it holds a pair, at least.
    shift : int
        Places that the sum of a pair goes down, rounded down, 0..32.
    chunk : int
        Pairs after which the sum comes out, at most 65536, and no more than the register holds whatever they are; 0 if
        it comes out at the end of its frame only: then there is a flag that it went beyond the register's ends.
    pipeline : int
        Registers between operands and sum, 0..99, placed where they balance the logic.
    form : str
        How it is built: a key of `hw.specs.base.FORMS`.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value, or a register that is too short.
    """

    a: Format
    b: Format
    width: int = 32
    shift: int = 0
    chunk: int = 0
    pipeline: int = None  # type: ignore[assignment]
    form: str = "small"

    unit: ClassVar[str] = "dfp"
    example: ClassVar[str] = "dfp/int16xint16/w32/s7/c64/p3"
    parts: ClassVar[tuple[Part, ...]] = (
        OPERANDS,
        number("width", "w", "wWIDTH"),
        further("shift", "s", "sSHIFT"),
        further("chunk", "c", "cCHUNK"),
        STAGES,
        FORM,
    )

    def __post_init__(self) -> None:
        for name in ("a", "b"):
            fmt = getattr(self, name)
            if isinstance(fmt, Format) and not isinstance(fmt, Integer):
                raise ValueError(f"{name} must be an integer of at most 16 bits, got {cut(fmt)}")
        check_product(self.a, self.b, "exact", self.form, self.pipeline)
        check_int("width", self.width, 2, MAX_WIDTH)
        check_int("shift", self.shift, 0, 32)
        check_int("chunk", self.chunk, 0, MAX_CHUNK)
        least = self.span(max(1, self.chunk)).width
        if least > self.width:
            what = f"{self.chunk} pairs" if self.chunk > 1 else "a pair"
            raise ValueError(
                f"width must be {least} or more for {what} of {cut(self.a)} x {cut(self.b)} {self.shift} places down, "
                f"got {self.width}"
            )
        check_build(self.form, self.pipeline)
        settle(self)

    __hash__ = StreamSpec.__hash__

    def span(self, pairs: int) -> Span:
        """Of the sums of so many pairs."""
        pair = (self.a.span * self.b.span).accumulate(LANES)
        return Span(pairs * (pair.lo >> self.shift), pairs * (pair.hi >> self.shift), 0)

    @property
    def result(self) -> Fixed:
        """Of sums, in steps of two to the shift."""
        return Fixed(self.width, 0)

    @property
    def levels(self) -> int:
        """Levels of logic, as `hw.specs.depth` counts them."""
        # A register of so many bits takes two.
        rows = 1 + (self.width > WIDE)
        return product_levels(self.a, self.b, "exact", self.form) + sum_levels(LANES, self.width, False) + rows

    @property
    def latency(self) -> int:
        """Cycles from a pair to the sum that it completes."""
        return self.pipeline + 1

    @property
    def rate(self) -> Rate:
        return Rate(Fraction(LANES))

    @property
    def lanes(self) -> int:
        """Products in a beat."""
        return LANES

    @property
    def inputs(self) -> dict[str, Beat]:
        return {"a": {"x": Field(self.a, LANES), "last": Field(FLAG)}, "b": {"x": Field(self.b, LANES)}}

    @property
    def outputs(self) -> dict[str, Beat]:
        over = {} if self.chunk else {"over": Field(FLAG)}
        return {"sum": {"x": Field(self.result), **over, "last": Field(FLAG)}}

    def cycles(self, beats: Any = 1, frames: Any = 1) -> Any:
        """For so many frames of so many beats each: one for each beat, and the latency."""
        beats, frames = sizes(beats=beats, frames=frames)
        return beats * frames + self.latency

    def work(self, beats: Any = 1, frames: Any = 1) -> Any:
        """Two products a beat."""
        beats, frames = sizes(beats=beats, frames=frames)
        return beats * frames * LANES

    def moved(self, beats: Any = 1, frames: Any = 1) -> dict[str, Any]:
        """A sum a frame, or a chunk."""
        beats, frames = sizes(beats=beats, frames=frames)
        sums = -(-beats // self.chunk) if self.chunk else beats // beats
        return {"a": beats * frames, "b": beats * frames, "sum": sums * frames}
