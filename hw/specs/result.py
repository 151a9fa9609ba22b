"""What specs of units with one result share: it is exact in fixed point, or a float that it is rounded into."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from hw.datapath.rounded import check_result
from hw.formats import Fixed, Format, Span
from hw.specs.base import Spec, check_format


class ResultSpec(Spec):
    """A unit with operands `a` and `b` and one `result`; subclasses are dataclasses with these fields.

    Parameters
    ----------
    a, b : Format
        The operands' formats.
    result : Format, optional
        A minifloat, into which the result is rounded once. By default the fixed-point format that holds every result.
    rounding : str
        How it is rounded: a key of `hw.formats.ROUNDINGS` but "stochastic".
    pipeline : int
        Registers between operands and result, 0..99, placed where they balance the logic.
    form : str
        How it is built: a key of `hw.specs.base.FORMS`.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value, or formats that do not go together, or that there is no hardware for.
    """

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

    def _settle_result(self) -> None:
        """Put the exact format where no result is given; raise TypeError or ValueError for one that can't be."""
        if self.result is None:
            object.__setattr__(self, "result", self.exact_format)
        check_format("result", self.result)
        check_result(self.a, self.b, self.result, self.exact_format, self.rounding)
