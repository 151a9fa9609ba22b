"""What specs of units with one result share: it is exact in fixed point, or a float that it is rounded into."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from hw.datapath.rounded import check_result
from hw.encodings import Flagged, Unpacked
from hw.formats import Fixed, Format, Span
from hw.formats.messages import cut, echo
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
    def is_unpacked(self) -> bool:
        """Whether the result's parts are put out side by side, before they are aligned."""
        return isinstance(self.result, Unpacked)

    @property
    def port_formats(self) -> dict[str, Format]:
        return {"a": self.a, "b": self.b, self.port: self.result}

    @property
    def has_status(self) -> bool:
        """Whether there is a port `status`: an operand has infinities or NaNs, which the result has no codes for."""
        return not self.result.has_special and (self.a.has_special or self.b.has_special)

    @property
    def latency(self) -> int:
        """Enabled clock edges from operands to their result; 0 for logic without a clock."""
        return self.pipeline

    def _settle_result(self, flagged: bool = False) -> None:
        """Put the exact format where no result is given; raise TypeError or ValueError for one that can't be.

        A result that carries its flags is one only where the unit has `flagged` ones.
        """
        if self.result is None:
            object.__setattr__(self, "result", self.exact_format)
        if self.result == "unpacked":
            raise ValueError("result must be exact or a float, got 'unpacked', which only products of unit mul can be")
        check_format("result", self.result)
        if flagged and isinstance(self.result, Flagged):
            check_flagged(self.a, self.b, self.result, self.rounding)
        else:
            check_result(self.a, self.b, self.result, self.exact_format, self.rounding)


def check_flagged(a: Format, b: Format, result: Flagged, rounding: str) -> None:
    """Raise ValueError unless operands go with a result that carries its flags."""
    if not a == b == result:
        raise ValueError(f"operands must be {result}, as the result is, got {cut(a)} and {cut(b)}")
    if rounding != "nearest_even":
        raise ValueError(f"rounding must be nearest_even for {result}, got {echo(rounding)}")
