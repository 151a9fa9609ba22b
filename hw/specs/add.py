"""The adder's spec."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from hw.datapath.unpack import unpacks
from hw.formats import Format, Span
from hw.specs.base import (
    MAX_TERM_WIDTH,
    Spec,
    build_parts,
    check_build,
    check_operands,
    parse_operands,
)
from hw.specs.result import ResultSpec, parse_result


@dataclass(frozen=True)
class AddSpec(ResultSpec):
    """An adder: ``s = a + b``, exactly or rounded once.

    Parameters
    ----------
    a, b : Format
        The operands' formats.
    result : Format, optional
        Of the sum: a minifloat, into which it is rounded. By default the fixed-point format that holds
        every sum.
    rounding : str
        How: a key of `hw.formats.ROUNDINGS` but "stochastic".
    pipeline : int
        Registers between operands and sum, 0..4, placed where they balance the logic.
    form : str
        How it is built: a key of `FORMS`.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value, or formats that there is no hardware for.
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
    layout: ClassVar[str] = (
        "add/AxB/RESULT[:ROUNDING]/pSTAGES[/FORM], for example add/e4m3xe4m3/e4m3/p1; "
        "RESULT exact is fixed point that holds every sum"
    )

    def __post_init__(self) -> None:
        check_operands(self.a, self.b)
        for fmt in (self.a, self.b):
            if not unpacks(fmt):
                raise ValueError(f"no hardware takes {fmt} operands")
        check_build(self.form, self.pipeline)
        if self.span.width > MAX_TERM_WIDTH:
            raise ValueError(
                f"{self.a} + {self.b} has exact sums of {self.span.width} bits; at most {MAX_TERM_WIDTH} are built"
            )
        self._settle_result()

    __hash__ = Spec.__hash__

    @property
    def name(self) -> str:
        return f"add/{self.a}x{self.b}/{self.result_part}/{build_parts(self.form, self.pipeline)}"

    @classmethod
    def from_parts(cls, parts: list[str]) -> Self:
        if not 1 <= len(parts) <= 4:
            raise ValueError("it must have 1 to 4 parts after the unit")
        a, b = parse_operands(parts[0])
        values: dict[str, Any] = {"a": a, "b": b}
        return cls(**values, **parse_result(parts[1:]))

    @property
    def span(self) -> Span:
        """The span of all sums."""
        return self.a.span + self.b.span
