"""The spec of a layer normalisation in integers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hw.formats import Fixed, Format, Integer, Span, check_choice, check_int
from hw.specs.base import uses_blocks
from hw.specs.depth import IN_BLOCK, doublings, settle
from hw.specs.dot import LANES
from hw.specs.grammar import Part
from hw.specs.parts import FORM, STAGES, further, scalar, word
from hw.specs.rows import ROW, RowSpec
from hw.specs.stream import Field

BITS, PLACES = 31, 30
"""Of I-ViT's numerator, and how many of a result's are below the deviation."""
START, STEPS = 1 << 16, 10
"""I-ViT's Newton iteration: where it starts, and how often it is done."""
MAX_WEIGHT = 16
NORMS: dict[str, str] = {
    "isqrt": "the square root of the squares' sum, rounded down",
    "newton": "I-ViT's: ten steps of Newton's from 2**16, which are too few for roots below 187",
    "l1": "the sum of the magnitudes, and no root",
}

INPUT = scalar("input", "IN", needed=True)
# What begins with t, too, is tmr, where it does not belong.
POINT = further("places", "t", "tPLACES", PLACES, lambda text, _: text.startswith("t") and not text.startswith("tmr"))
WEIGHT = further("weight", "w", "wWEIGHT")


@dataclass(frozen=True)
class LayernormSpec(RowSpec):
    """A layer normalisation of rows of integers: I-ViT's I-LayerNorm (arXiv 2207.01405).

    ``d = x - round(mean)``, and ``y = d / norm`` of what is left of the row, rounded down; the norm is that of all of
    ``d``, so that a row of C numbers wants a scale of ``sqrt(C)``, or of ``C`` for the sum of magnitudes. With a
    weight ``y * weight + bias``, exactly.

    Parameters
    ----------
    input : Format
        An integer of at most 16 bits.
    lanes : int
        Numbers in a beat, 1..1024.
    row : int
        Numbers of the longest row, a multiple of `lanes`, at most 16384: what is kept.
    norm : str
        A key of `NORMS`.
    places : int
        Bits of ``y`` behind the point, 1..30; I-ViT's has 30.
    weight : int
        Bits of weights, which have a sign, at most 16; 0 for none. They come, with biases, as a stream `p`, a beat with
        each beat of results.
    pipeline : int
        Registers of the datapath, 0..99, placed where they balance the logic.
    form : str
        How it is built: a key of `hw.specs.base.FORMS`.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value.
    """

    input: Format
    lanes: int
    row: int
    norm: str = "isqrt"
    places: int = PLACES
    weight: int = 0
    pipeline: int = None  # type: ignore[assignment]
    form: str = "small"

    unit: ClassVar[str] = "layernorm"
    example: ClassVar[str] = "layernorm/int8/n4/r256/isqrt/p4"
    parts: ClassVar[tuple[Part, ...]] = (INPUT, LANES, ROW, word("norm", "NORM"), POINT, WEIGHT, STAGES, FORM)

    def __post_init__(self) -> None:
        self.check_rows()
        check_choice("norm", self.norm, NORMS)
        check_int("places", self.places, 1, PLACES)
        check_int("weight", self.weight, 0, MAX_WEIGHT)
        settle(self)

    __hash__ = RowSpec.__hash__

    @property
    def levels(self) -> int:
        """Levels of logic, as `hw.specs.depth` counts them."""
        products = [self.difference.width, *([self.weight] if self.weight else [])]
        # A wide row is a level more.
        rows = [IN_BLOCK if uses_blocks(self.form) else 2 * doublings(-(-width // 2)) + 1 for width in products]
        return 2 + sum(rows) + bool(self.weight)

    @property
    def difference(self) -> Span:
        """The span of a number less the row's mean."""
        span = self.input.span
        return Span(span.lo - span.hi, span.hi - span.lo, 0)

    @property
    def total(self) -> Span:
        """The span of a row's sum."""
        return Span(self.input.span.lo, self.input.span.hi, 0).accumulate(self.row)

    @property
    def norm_bits(self) -> int:
        """Bits of the sum of the squares, or of the magnitudes."""
        highest = self.difference.hi
        return (self.row * (highest if self.norm == "l1" else highest * highest)).bit_length()

    @property
    def root_bits(self) -> int:
        """Bits of what the numerator is divided by."""
        if self.norm == "l1":
            return self.norm_bits
        if self.norm == "isqrt":
            return -(-self.norm_bits // 2)
        # From then on it only falls.
        return max(START, (START + ((1 << self.norm_bits) - 1) // START) >> 1).bit_length()

    @property
    def quotient_bits(self) -> int:
        """Bits, and cycles, of a division: of the sum, of the numerator, or of the squares by a guess of their root."""
        mean = max(-self.total.lo, self.total.hi).bit_length()
        return max(BITS, mean, self.norm_bits if self.norm == "newton" else 0)

    @property
    def passes(self) -> int:
        return 3

    @property
    def solving(self) -> tuple[int, ...]:
        division = self.quotient_bits
        before = {"isqrt": self.root_bits + 1, "newton": STEPS * (division + 1), "l1": 0}[self.norm]
        return division, before + division

    @property
    def normalised(self) -> Fixed:
        """The format of the quotients."""
        return Fixed(self.places + 1, self.places)

    @property
    def result(self) -> Fixed:
        """The format of the results."""
        if not self.weight:
            return self.normalised
        return Fixed.holding(self.bias.span + self.bias.span)

    @property
    def weights(self) -> Integer:
        """The format of the weights, if there are some."""
        return Integer(self.weight)

    @property
    def bias(self) -> Fixed:
        """The format of the biases: that of the products."""
        return Fixed.holding(self.normalised.span * self.weights.span)

    @property
    def parameters(self) -> dict[str, Field]:
        if not self.weight:
            return {}
        return {"weight": Field(self.weights, self.lanes), "bias": Field(self.bias, self.lanes)}

    @property
    def results(self) -> dict[str, Field]:
        return {"x": Field(self.result, self.lanes)}
