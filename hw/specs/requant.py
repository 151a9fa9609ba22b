"""The requantiser's spec."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import ClassVar

from hw.datapath.unpack import is_float
from hw.formats import ROUNDINGS, Fixed, Format, Integer, Minifloat, Span, check_choice, check_int
from hw.formats.messages import cut, echo
from hw.specs.base import check_build, check_format, uses_blocks
from hw.specs.depth import IN_BLOCK, doublings, settle
from hw.specs.dot import LANES, MAX_LANES
from hw.specs.grammar import Part
from hw.specs.parts import FORM, STAGES, flag, further, operands, rounding_of
from hw.specs.stream import FLAG, STATUS, Beat, FeedforwardSpec, Field

SCOPES: dict[str, str] = {
    "tensor": "one scale for all: the parameters are ports",
    "channel": "a scale for each lane of each beat: the parameters come as a stream",
}
MAX_INPUT_WIDTH, MAX_MULTIPLIER, DEFAULT_MULTIPLIER = 128, 32, 16


def _read_scope(text: str) -> dict[str, str]:
    scope, colon, rounding = text.partition(":")
    return {"scope": scope} | ({"rounding": rounding} if colon else {})


SCOPE = Part("SCOPE[:ROUNDING]", _read_scope, lambda spec: f"{spec.scope}{rounding_of(spec)}")
MULTIPLIER = further("multiplier", "m", "mBITS", DEFAULT_MULTIPLIER)
WITH_STATUS = flag("status")
CLIP = further("clip", "c", "cBOUND")


@dataclass(frozen=True)
class RequantSpec(FeedforwardSpec):
    """A requantiser: sums become short codes again, by integers alone.

    ``y = saturate(round((z + bias) * m / 2**e) + zero)`` for an integer output; for a float ``(z + bias) * m / 2**e``,
    rounded once. ``z`` is the integer that the sum's code is: a sum in steps of ``2**-s`` wants ``e`` larger by s.

    Parameters
    ----------
    input : Format
        Of the sums: an integer or fixed point, of 128 bits at most.
    output : Format
        An integer, or a float with exponent bits.
    lanes : int
        Numbers in a beat, 1..1024.
    scope : str
        Whether the parameters are ports or a stream: a key of `SCOPES`.
    rounding : str
        A key of `hw.formats.ROUNDINGS` but "stochastic"; "down" is the plain shift.
    multiplier : int
        Bits of ``m``, 1..32.
    status : bool
        Whether sums come with a status, and so may be infinities or NaN: only for an output that has a NaN.
    clip : int
        What no result is above, nor its negative below, a number of `output`, 1 or more; 0 for none. Of integers it is
        the code that is clipped, zero point and all. A NaN stays one; an infinity becomes the bound.
    pipeline : int
        Registers between a sum and its code, 0..99, placed where they balance the logic.
    form : str
        How it is built: a key of `hw.specs.base.FORMS`.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value.
    """

    input: Format
    output: Format
    lanes: int
    scope: str = "tensor"
    rounding: str = "nearest_even"
    multiplier: int = DEFAULT_MULTIPLIER
    status: bool = False
    clip: int = 0
    pipeline: int = None  # type: ignore[assignment]
    form: str = "small"

    unit: ClassVar[str] = "requant"
    example: ClassVar[str] = "requant/fix26.0xint8/n8/tensor/p1"
    sizes: ClassVar[tuple[str, ...]] = ("lanes",)
    parts: ClassVar[tuple[Part, ...]] = (
        operands("input", "output", "INxOUT"),
        LANES,
        SCOPE,
        MULTIPLIER,
        WITH_STATUS,
        CLIP,
        STAGES,
        FORM,
    )

    def __post_init__(self) -> None:
        for name in ("input", "output"):
            check_format(name, getattr(self, name))
        if not isinstance(self.input, (Integer, Fixed)) or self.input.width > MAX_INPUT_WIDTH:
            raise ValueError(
                f"input must be an integer or fixed point of at most {MAX_INPUT_WIDTH} bits, got {cut(self.input)}"
            )
        if not isinstance(self.output, Integer) and not self.gives_float:
            raise ValueError(f"output must be an integer or a float with exponent bits, got {cut(self.output)}")
        check_int("lanes", self.lanes, 1, MAX_LANES)
        check_choice("scope", self.scope, SCOPES)
        check_choice("rounding", self.rounding, [name for name in ROUNDINGS if name != "stochastic"])
        check_int("multiplier", self.multiplier, 1, MAX_MULTIPLIER)
        if not isinstance(self.status, bool):
            raise TypeError(f"status must be a bool, got {echo(self.status)}")
        if self.status and not self.output.has_special:
            raise ValueError(f"status must be False for an output without a NaN, got {cut(self.output)}")
        self._check_clip()
        check_build(self.form, self.pipeline)
        settle(self)

    def _check_clip(self) -> None:
        check_int("clip", self.clip, 0, int(self.output.max))
        if self.clip and self.output.decode(self.clip_code) != self.clip:
            raise ValueError(f"clip must be a number of the output, {cut(self.output)}, got {self.clip}")

    __hash__ = FeedforwardSpec.__hash__

    @property
    def levels(self) -> int:
        """Levels of logic, as `hw.specs.depth` counts them."""
        # The bias, the multiplier's rows, a shift to the result's place, and rounding.
        rows = IN_BLOCK if uses_blocks(self.form) else 1 + doublings(min(self.multiplier, self.bias_format.width) // 2)
        return 1 + rows + ceil(doublings(self.product_span.width) / 2) + 3

    @property
    def gives_float(self) -> bool:
        return is_float(self.output)

    @property
    def clip_code(self) -> int:
        """The code of the bound; of a float that does not have it, of one that is near."""
        if not isinstance(self.output, Minifloat):
            return self.clip
        # A float's codes count in steps of its own, from each power of two to the next.
        steps = Fraction(self.clip) / Fraction(2) ** self.output.span.lsb
        places = max(0, int(steps).bit_length() - 1 - self.output.mantissa_bits)
        return int(steps) // (1 << places) + (places << self.output.mantissa_bits)

    @property
    def bias_format(self) -> Fixed:
        """As wide as the sums, with a sign."""
        return Fixed(self.input.width + (not self.input.span.signed))

    @property
    def product_span(self) -> Span:
        """The span of ``(z + bias) * m``."""
        sums = self.input.span
        return (Span(sums.lo, sums.hi, 0) + self.bias_format.span) * Integer(self.multiplier, signed=False).span

    @property
    def shift_format(self) -> Integer:
        """So wide that the highest shift leaves nothing of any product."""
        steps = self.output.span.lsb if self.gives_float else 0
        return Integer(max(1, self.product_span.width - steps).bit_length(), signed=False)

    @property
    def parameters(self) -> dict[str, Format]:
        """What a scale is made of."""
        zero = {} if self.gives_float else {"zero": self.output}
        multiplier = Integer(self.multiplier, signed=False)
        return {"bias": self.bias_format, "m": multiplier, "e": self.shift_format, **zero}

    @property
    def settings(self) -> dict[str, Format]:
        """The ports beside the streams."""
        return {**(self.parameters if self.scope == "tensor" else {}), "relu": FLAG}

    @property
    def inputs(self) -> dict[str, Beat]:
        status = {"status": Field(STATUS, self.lanes)} if self.status else {}
        streams: dict[str, Beat] = {"z": {"x": Field(self.input, self.lanes), **status, "last": Field(FLAG)}}
        if self.scope == "channel":
            streams["p"] = {name: Field(fmt, self.lanes) for name, fmt in self.parameters.items()}
        return streams

    @property
    def outputs(self) -> dict[str, Beat]:
        return {"y": {"x": Field(self.output, self.lanes), "last": Field(FLAG)}}

    @property
    def port_formats(self) -> dict[str, Format]:
        return super().port_formats | self.settings
