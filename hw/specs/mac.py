"""The multiply-accumulate unit's spec."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from hw.datapath import PRODUCTS
from hw.formats import Fixed, Format, Span, check_choice, check_int
from hw.specs.base import (
    Spec,
    build_parts,
    check_build,
    check_operands,
    check_term,
    parse_operands,
    parse_pipeline,
)


@dataclass(frozen=True)
class MacSpec(Spec):
    """A multiply-accumulate: ``acc = (0 if clear else acc) + a * b``.

    Parameters
    ----------
    a, b : Format
        The operands' formats.
    product : str
        The product rule: a name in `hw.datapath.PRODUCTS`.
    accumulator : str
        ``kulisch``: fixed point that holds every sum exactly, of derived width.
    depth : int
        Products that the accumulator is sure to hold without wrapping, 1..2**20.
    pipeline : int
        Registers between operands and accumulator, 0..4, placed where they balance the logic.
    form : str
        How it is built: a key of `FORMS`.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value, or formats that the product rule does not take.
    """

    a: Format
    b: Format
    product: str = "exact"
    accumulator: str = "kulisch"
    depth: int = 1024
    pipeline: int = 1
    form: str = "small"

    unit: ClassVar[str] = "mac"
    layout: ClassVar[str] = (
        "mac/AxB/PRODUCT/kulischDEPTH/pSTAGES[/FORM], for example mac/int8xint8/exact/kulisch1024/p1"
    )

    def __post_init__(self) -> None:
        check_operands(self.a, self.b)
        for name, known in (("product", list(PRODUCTS)), ("accumulator", ["kulisch"])):
            check_choice(name, getattr(self, name), known)
        check_int("depth", self.depth, 1, 1 << 20)
        check_build(self.form, self.pipeline)
        PRODUCTS[self.product].check(self.a, self.b)
        check_term(self.a, self.b, self.term_span)

    __hash__ = Spec.__hash__

    @property
    def name(self) -> str:
        build = build_parts(self.form, self.pipeline)
        return f"mac/{self.a}x{self.b}/{self.product}/{self.accumulator}{self.depth}/{build}"

    @classmethod
    def from_parts(cls, parts: list[str]) -> Self:
        if not 1 <= len(parts) <= 5:
            raise ValueError("it must have 1 to 5 parts after the unit")
        a, b = parse_operands(parts[0])
        values: dict[str, Any] = {"a": a, "b": b}
        if len(parts) > 1:
            values["product"] = parts[1]
        if len(parts) > 2:
            match = re.fullmatch(r"([a-z]+)(|0|[1-9][0-9]{0,9})", parts[2])
            if not match:
                raise ValueError(f"the accumulator must be written kulisch or kulischDEPTH, got {parts[2]!r}")
            values["accumulator"] = match[1]
            if match[2]:
                values["depth"] = int(match[2])
        if len(parts) > 3:
            values["pipeline"] = parse_pipeline(parts[3])
        if len(parts) > 4:
            values["form"] = parts[4]
        return cls(**values)

    @property
    def term_span(self) -> Span:
        """The span of one product."""
        return PRODUCTS[self.product].span(self.a, self.b)

    @property
    def accumulator_format(self) -> Fixed:
        """The fixed-point format of port `acc`: wide enough for `depth` products."""
        return Fixed.holding(self.term_span.accumulate(self.depth))

    @property
    def port_formats(self) -> dict[str, Format]:
        return {"a": self.a, "b": self.b, "acc": self.accumulator_format}

    @property
    def has_status(self) -> bool:
        """Whether a code of either operand is an infinity or NaN, so that there is a port `status`."""
        return self.a.has_special or self.b.has_special

    @property
    def latency(self) -> int:
        """Enabled clock edges from operands to the accumulator that holds their product."""
        return self.pipeline + 1
