"""The adder's spec."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from hw.datapath.rounded import check_result
from hw.datapath.unpack import unpacks
from hw.formats import Fixed, Format, Span, parse_scalar
from hw.specs.base import (
    MAX_TERM_WIDTH,
    Spec,
    build_parts,
    check_build,
    check_operands,
    parse_operands,
    parse_pipeline,
)


@dataclass(frozen=True)
class AddSpec(Spec):
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
        if self.sum_span.width > MAX_TERM_WIDTH:
            raise ValueError(
                f"{self.a} + {self.b} has exact sums of {self.sum_span.width} bits; at most {MAX_TERM_WIDTH} are built"
            )
        if self.result is None:
            object.__setattr__(self, "result", self.exact_format)
        if not isinstance(self.result, Format):
            raise TypeError(f"result must be a Format, got {self.result!r}")
        check_result(self.a, self.b, self.result, self.exact_format, self.rounding)

    __hash__ = Spec.__hash__

    @property
    def name(self) -> str:
        result = "exact" if self.is_exact else self.result.name
        rounding = "" if self.rounding == "nearest_even" else f":{self.rounding}"
        return f"add/{self.a}x{self.b}/{result}{rounding}/{build_parts(self.form, self.pipeline)}"

    @classmethod
    def from_parts(cls, parts: list[str]) -> Self:
        if not 1 <= len(parts) <= 4:
            raise ValueError("it must have 1 to 4 parts after the unit")
        a, b = parse_operands(parts[0])
        values: dict[str, Any] = {"a": a, "b": b}
        if len(parts) > 1:
            result, colon, rounding = parts[1].partition(":")
            values["result"] = None if result == "exact" else parse_scalar(result)
            if colon:
                values["rounding"] = rounding
        if len(parts) > 2:
            values["pipeline"] = parse_pipeline(parts[2])
        if len(parts) > 3:
            values["form"] = parts[3]
        return cls(**values)

    @property
    def sum_span(self) -> Span:
        """The span of all sums."""
        return self.a.span + self.b.span

    @property
    def exact_format(self) -> Fixed:
        """The fixed-point format that holds every sum."""
        return Fixed.holding(self.sum_span)

    @property
    def is_exact(self) -> bool:
        return self.result == self.exact_format

    @property
    def port_formats(self) -> dict[str, Format]:
        return {"a": self.a, "b": self.b, "s": self.result}

    @property
    def has_status(self) -> bool:
        """Whether there is a port `status`: an operand has infinities or NaNs, which fixed point has not."""
        return self.is_exact and (self.a.has_special or self.b.has_special)

    @property
    def latency(self) -> int:
        """Enabled clock edges from operands to their sum; 0 for logic without a clock."""
        return self.pipeline
