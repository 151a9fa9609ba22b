"""The spec of a softmax in integers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hw.datapath.shiftexp import base_two, reach
from hw.formats import Format, Integer, check_choice, check_int, parse_scalar
from hw.formats.messages import cut
from hw.specs.base import check_format, uses_blocks
from hw.specs.depth import IN_BLOCK, doublings, settle
from hw.specs.dot import LANES
from hw.specs.grammar import Part
from hw.specs.parts import FORM, STAGES, number, scalar, word
from hw.specs.rows import ROW, RowSpec
from hw.specs.stream import Field

MAX_STEPS, MAX_OUTPUT = 1024, 16
UINT8 = parse_scalar("uint8")
SHIFTS = 15
"""I-ViT's n of Shiftmax: exponentials smaller than ``2**-n`` of the largest are as large as that."""
BITS = 31
"""Of its numerator."""
GUARD = 2
"""Bits of a two-pass reciprocal beyond those of the output."""
METHODS: dict[str, str] = {
    "shiftmax": "I-ViT's: a pass for the maximum, one for the sum of the exponentials, one for the quotients",
    "twopass": "the sum is kept as mantissa and exponent, so that no pass for the maximum is needed",
}

INPUT = scalar("input", "IN", needed=True)
OUTPUT = scalar("output", "OUT")


@dataclass(frozen=True)
class SoftmaxSpec(RowSpec):
    """A softmax of rows of integers, by shifts: I-ViT's Shiftmax (arXiv 2207.01405), or with its sum in one pass.

    ``y = exp(x / steps) / sum(exp(x / steps))``, about, in units of ``2**-bits`` of the output, rounded down.

    Parameters
    ----------
    input : Format
        An integer of at most 16 bits.
    lanes : int
        Numbers in a beat, 1..1024.
    row : int
        Numbers of the longest row, a multiple of `lanes`, at most 16384: what is kept.
    steps : int
        Steps of the input in one, 1..1024: ``ceil(1 / scale)``; I-ViT's x0 is ``-steps``.
    output : Format
        An unsigned integer of at most 16 bits. I-ViT's `bits` are one more.
    method : str
        A key of `METHODS`.
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
    steps: int
    output: Format = UINT8
    method: str = "shiftmax"
    pipeline: int = None  # type: ignore[assignment]
    form: str = "small"

    unit: ClassVar[str] = "softmax"
    example: ClassVar[str] = "softmax/int8/n4/r256/s20/uint8/shiftmax/p7"
    parts: ClassVar[tuple[Part, ...]] = (
        INPUT,
        LANES,
        ROW,
        number("steps", "s", "sSTEPS", needed=True),
        OUTPUT,
        word("method", "METHOD"),
        STAGES,
        FORM,
    )

    def __post_init__(self) -> None:
        self.check_rows()
        check_int("steps", self.steps, 1, MAX_STEPS)
        check_format("output", self.output)
        if not isinstance(self.output, Integer) or self.output.signed or self.output.width > MAX_OUTPUT:
            raise ValueError(f"output must be uint1 to uint{MAX_OUTPUT}, got {cut(self.output)}")
        check_choice("method", self.method, METHODS)
        settle(self)

    __hash__ = RowSpec.__hash__

    @property
    def levels(self) -> int:
        """Levels of logic, as `hw.specs.depth` counts them."""
        # A distance, its base two, what is left of each restoring step, and the significand.
        steps = 0 if self.steps & (self.steps - 1) == 0 else 2 * self.highest.bit_length()
        factors = (2 * self.steps).bit_length(), self.reciprocal_bits
        product = IN_BLOCK if uses_blocks(self.form) else 1 + doublings(min(factors) // 2)
        return 5 + steps + product + 2

    @property
    def two_pass(self) -> bool:
        """Whether there is no pass for the maximum."""
        return self.method == "twopass"

    @property
    def passes(self) -> int:
        return 2 if self.two_pass else 3

    @property
    def solving(self) -> tuple[int, ...]:
        return (self.reciprocal_bits,) if self.two_pass else (0, self.reciprocal_bits)

    @property
    def settling(self) -> int:
        # Exponents are compared, what is smaller is shifted, and in the end the sum to its highest exponent.
        return 3 if self.two_pass else 0

    @property
    def results(self) -> dict[str, Field]:
        return {"x": Field(self.output, self.lanes)}

    @property
    def bound(self) -> int:
        """The least power of two that no exponential reaches, of two passes."""
        return -(-max(0, base_two(self.input.span.hi)) // self.steps)

    @property
    def highest(self) -> int:
        """The highest ``q`` of an exponential ``m * 2**-q``."""
        span = self.input.span
        if self.two_pass:
            return (self.bound * self.steps - base_two(span.lo)) // self.steps
        return reach(span.hi - span.lo, self.steps, SHIFTS)

    @property
    def largest_sum(self) -> int:
        """What no sum of exponentials exceeds."""
        return self.row * (2 * self.steps << SHIFTS - (0 if self.two_pass else 1))

    @property
    def numerator_bits(self) -> int:
        """The reciprocal is ``(2**numerator_bits - 1) // sum``."""
        return self.largest_sum.bit_length() + self.output.width + GUARD if self.two_pass else BITS

    @property
    def reciprocal_bits(self) -> int:
        """Bits of the reciprocal, and the cycles that it takes."""
        least = self.steps + 1 if self.two_pass else self.steps
        return int(((1 << self.numerator_bits) - 1) // (least << SHIFTS)).bit_length()

    @property
    def dropped(self) -> int:
        """By how many places a product of ``m`` and the reciprocal is shifted, beside ``q``."""
        if self.two_pass:
            return self.numerator_bits - SHIFTS - self.output.width
        return BITS - (SHIFTS - 1) - self.output.width
