"""The spec of an addition to exponents."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from hw.datapath.unpack import is_float
from hw.formats import Format, Integer, check_choice, check_int
from hw.formats.messages import cut
from hw.specs.base import check_build, check_format
from hw.specs.depth import doublings, settle
from hw.specs.dot import LANES, MAX_LANES
from hw.specs.grammar import Part
from hw.specs.parts import FORM, STAGES, number, operands, word
from hw.specs.stream import FLAG, Beat, FeedforwardSpec, Field

MAX_BITS = 6
SCOPES: dict[str, str] = {
    "channel": "each lane has a number of its own, as channels have (LLM-FP4)",
    "beat": "one number for all lanes, as a group's scale that is a power of two (ZeroQuant-FP)",
}
"""What an exponent's addend is of."""


@dataclass(frozen=True)
class ExpaddSpec(FeedforwardSpec):
    """Floats times powers of two, exactly, as codes of a format with more exponents: ``y = x * 2**k``.

    So a bias of each channel's (LLM-FP4, arXiv 2310.16836), or scales that are powers of two (ZeroQuant-FP, arXiv
    2307.09782), are a part of the numbers before a MAC, an array or a core meets them.

    Parameters
    ----------
    input : Format
        A float with exponent bits, of at most 16 bits.
    output : Format
        A float that has each number of `input`, but zero, times each power as a normal number; and its infinities and
        NaN, if there are any.
    lanes : int
        Numbers in a beat, 1..1024.
    bits : int
        Of k, which is not negative, 1..6; what k counts from is a matter of the output's bias.
    scope : str
        A key of `SCOPES`.
    pipeline : int
        Registers between a number and its result, 0..99, placed where they balance the logic.
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
    bits: int
    scope: str = "channel"
    pipeline: int = None  # type: ignore[assignment]
    form: str = "small"

    unit: ClassVar[str] = "expadd"
    example: ClassVar[str] = "expadd/e2m1xe4m3-b5/n8/k3/channel/p0"
    sizes: ClassVar[tuple[str, ...]] = ("lanes",)
    parts: ClassVar[tuple[Part, ...]] = (
        operands("input", "output", "INxOUT"),
        LANES,
        number("bits", "k", "kBITS", needed=True),
        word("scope", "SCOPE"),
        STAGES,
        FORM,
    )

    def __post_init__(self) -> None:
        for name in ("input", "output"):
            check_format(name, getattr(self, name))
            if not is_float(getattr(self, name)):
                raise ValueError(f"{name} must be a float with exponent bits, got {cut(getattr(self, name))}")
        if self.input.width > 16:
            raise ValueError(f"input must have at most 16 bits, got {cut(self.input)} of {self.input.width}")
        check_int("lanes", self.lanes, 1, MAX_LANES)
        check_int("bits", self.bits, 1, MAX_BITS)
        check_choice("scope", self.scope, SCOPES)
        self._check_output()
        check_build(self.form, self.pipeline)
        settle(self)

    __hash__ = FeedforwardSpec.__hash__

    def _check_output(self) -> None:
        source, result = self.input, self.output
        assert is_float(source) and is_float(result)
        least = Fraction(2) ** (source.span.lsb if source.subnormals else source.min_exponent)
        most = source.max * 2 ** ((1 << self.bits) - 1)
        normal = least >= Fraction(2) ** result.min_exponent and most <= result.max
        signed = result.signed or not source.signed
        if not normal or not signed or result.mantissa_bits < source.mantissa_bits:
            raise ValueError(
                f"output must have all numbers of {cut(source)} times 1 to 2^{(1 << self.bits) - 1} as normal numbers, "
                f"got {cut(result)}"
            )
        if any(
            source.code_of(special) is not None and result.code_of(special) is None
            for special in (float("inf"), float("nan"))
        ):
            raise ValueError(f"output must have the infinities and NaN that {cut(source)} has, got {cut(result)}")

    @property
    def addend(self) -> Format:
        """Of the powers."""
        return Integer(self.bits, signed=False)

    @property
    def levels(self) -> int:
        """Levels of logic, as `hw.specs.depth` counts them: subnormals' leading zeros, and a row."""
        return 1 + doublings(self.input.width) // 2

    @property
    def inputs(self) -> dict[str, Beat]:
        lanes = self.lanes if self.scope == "channel" else None
        return {"x": {"x": Field(self.input, self.lanes), "k": Field(self.addend, lanes), "last": Field(FLAG)}}

    @property
    def outputs(self) -> dict[str, Beat]:
        return {"y": {"x": Field(self.output, self.lanes), "last": Field(FLAG)}}
