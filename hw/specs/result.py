"""What specs of units with one result share: it is exact in fixed point, or a float that it is rounded into."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

from hw.datapath.rounded import check_result
from hw.formats import Fixed, Format, Span, parse_scalar
from hw.specs.base import Spec, parse_pipeline


class ResultSpec(Spec):
    """A unit with operands `a` and `b` and one `result`; subclasses are dataclasses with these fields."""

    port: ClassVar[str]
    port_meaning: ClassVar[str]
    a: Format
    b: Format
    result: Format
    rounding: str
    pipeline: int
    form: str

    @property
    @abstractmethod
    def span(self) -> Span:
        """The span of all exact results."""

    @property
    def exact_format(self) -> Fixed:
        """The fixed-point format that holds every result."""
        return Fixed.holding(self.span)

    @property
    def is_exact(self) -> bool:
        return self.result == self.exact_format

    @property
    def port_formats(self) -> dict[str, Format]:
        return {"a": self.a, "b": self.b, self.port: self.result}

    @property
    def has_status(self) -> bool:
        """Whether there is a port `status`: an operand has infinities or NaNs, which fixed point has not."""
        return self.is_exact and (self.a.has_special or self.b.has_special)

    @property
    def latency(self) -> int:
        """Enabled clock edges from operands to their result; 0 for logic without a clock."""
        return self.pipeline

    @property
    def result_part(self) -> str:
        """The result and how it is rounded, as a part of the name."""
        result = "exact" if self.is_exact else self.result.name
        return result + ("" if self.rounding == "nearest_even" else f":{self.rounding}")

    def _settle_result(self) -> None:
        """Put the exact format where no result is given; raise TypeError or ValueError for one that can't be."""
        if self.result is None:
            object.__setattr__(self, "result", self.exact_format)
        if not isinstance(self.result, Format):
            raise TypeError(f"result must be a Format, got {self.result!r}")
        check_result(self.a, self.b, self.result, self.exact_format, self.rounding)


def parse_result(parts: list[str]) -> dict[str, Any]:
    """The fields in the last parts of a name, ``RESULT[:ROUNDING]/pSTAGES/FORM``, as many as there are."""
    values: dict[str, Any] = {}
    if parts:
        result, colon, rounding = parts[0].partition(":")
        values["result"] = None if result == "exact" else parse_scalar(result)
        if colon:
            values["rounding"] = rounding
    if len(parts) > 1:
        values["pipeline"] = parse_pipeline(parts[1])
    if len(parts) > 2:
        values["form"] = parts[2]
    return values
