"""The processing element's spec."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import ClassVar

from hw.formats import Format, Minifloat, check_choice
from hw.formats.messages import cut
from hw.specs.base import Spec
from hw.specs.grammar import Part
from hw.specs.mac import MacSpec
from hw.specs.parts import ACCUMULATOR, FORM, OPERANDS, PRODUCT, STAGES, word
from hw.specs.rate import Rate

FLOWS: dict[str, str] = {
    "os": "output-stationary: both operands pass through, and each element keeps a sum",
    "ws": "weight-stationary: each element keeps a b, and an a and a sum pass through",
    "is": "input-stationary: each element keeps an a, and a b and a sum pass through",
}
ELEMENT = (word("flow", "FLOW"), PRODUCT, ACCUMULATOR, STAGES, FORM)


@dataclass(frozen=True)
class PeSpec(Spec):
    """A processing element: a multiply-accumulate, and the registers that make it one of an array.

    Parameters
    ----------
    a, b, product, accumulator, pipeline, form
        As for `MacSpec`.
        The accumulator must take pairs with gaps between them, as all but floats with partial sums do.
    flow : str
        What stays in the element: a key of `FLOWS`. A sum in segments stays: ``os``.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value, or formats that the product rule does not take.
    """

    a: Format
    b: Format
    flow: str = "os"
    product: str = "exact"
    accumulator: str = "kulisch1024"
    pipeline: int = None  # type: ignore[assignment]
    form: str = "small"

    unit: ClassVar[str] = "pe"
    example: ClassVar[str] = "pe/int8xint8/os/exact/kulisch1024/p1"
    parts: ClassVar[tuple[Part, ...]] = (OPERANDS, *ELEMENT)

    def __post_init__(self) -> None:
        check_choice("flow", self.flow, FLOWS)
        object.__setattr__(self, "accumulator", self.mac.accumulator)
        object.__setattr__(self, "pipeline", self.mac.pipeline)
        self._check_sums()

    __hash__ = Spec.__hash__

    def _check_sums(self) -> None:
        mac = self.mac
        if mac.sums.steady:
            said = f"accumulator must be one that waits for pairs, as {mac.accumulator_format.name} does"
            raise ValueError(f"{said}, got {cut(self.accumulator)}")
        if self.flow != "os" and mac.stages > mac.pipeline:
            raise ValueError(f"flow must be os for a sum in segments, got {self.flow} and {cut(self.accumulator)}")

    @cached_property
    def mac(self) -> MacSpec:
        """The multiply-accumulate inside."""
        return MacSpec(self.a, self.b, self.product, self.accumulator, self.pipeline, self.form)

    @property
    def rate(self) -> Rate:
        return Rate(Fraction(1))

    @property
    def moving(self) -> str:
        """The operand that passes to the right: ``a`` or ``b``."""
        return "b" if self.flow == "is" else "a"

    @property
    def other(self) -> str:
        """The operand that passes down, and stays if one does: ``b`` or ``a``."""
        return "a" if self.flow == "is" else "b"

    @property
    def flags(self) -> tuple[str, str]:
        """What passes to the right beside the moving operand."""
        return ("valid", "first") if self.flow == "os" else ("take", "swap")

    @property
    def words(self) -> tuple[str, ...]:
        """The ports that carry the sum: a carry-save accumulator has two words, whose sum it is."""
        return ("partial", "carried") if self.mac.sums.behind else ("acc",)

    @property
    def has_status(self) -> bool:
        """Whether infinities and NaNs are counted beside the sum."""
        return self.mac.has_status

    @property
    def finite_sums(self) -> bool:
        """Whether a sum that passes through must be finite: a float that no product makes infinite, or NaN."""
        fmt = self.mac.accumulator_format
        return isinstance(fmt, Minifloat) and fmt.overflow == "sat" and not (self.a.has_special or self.b.has_special)

    @property
    def port_formats(self) -> dict[str, Format]:
        return {"a": self.a, "b": self.b, **dict.fromkeys(self.words, self.mac.accumulator_format)}

    @property
    def latency(self) -> int:
        """Enabled clock edges from operands to the sum that holds their product."""
        return self.mac.stages + 2
