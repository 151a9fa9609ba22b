"""The adder's spec."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hw.datapath.unpack import unpacks
from hw.formats import Format, Span
from hw.formats.messages import cut
from hw.specs.base import Spec, check_build, check_operands, check_term
from hw.specs.grammar import Part
from hw.specs.parts import FORM, OPERANDS, RESULT, STAGES
from hw.specs.result import ResultSpec


@dataclass(frozen=True)
class AddSpec(ResultSpec):
    """An adder: ``s = a + b``, exactly or rounded once.

    Parameters
    ----------
    a, b, result, rounding, pipeline, form
        As for `ResultSpec`. The result may also be a `Flagged` float, if both operands are of it.
    """

    a: Format
    b: Format
    result: Format = None  # type: ignore[assignment]
    rounding: str = "nearest_even"
    pipeline: int = 0
    form: str = "small"

    unit: ClassVar[str] = "add"
    port: ClassVar[str] = "s"
    port_meaning: ClassVar[str] = "sum"
    example: ClassVar[str] = "add/e4m3xe4m3/e4m3/p1"
    note: ClassVar[str] = "; RESULT exact is fixed point that holds every sum"
    parts: ClassVar[tuple[Part, ...]] = (OPERANDS, RESULT, STAGES, FORM)

    def __post_init__(self) -> None:
        check_operands(self.a, self.b)
        for fmt in (self.a, self.b):
            if not unpacks(fmt):
                raise ValueError(f"no hardware takes {cut(fmt)} operands")
        check_build(self.form, self.pipeline)
        check_term(self.a, self.b, self.span, "+", "sums")
        self._settle_result(flagged=True)

    __hash__ = Spec.__hash__

    @property
    def span(self) -> Span:
        """The span of all sums."""
        return self.a.span + self.b.span
