"""The spec of several products in one multiplier block."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from hw.arith.packing import Packing
from hw.formats import Fixed, Format, Integer, Span, check_int
from hw.formats.messages import cut, echo
from hw.specs.base import MAX_PIPELINE, Spec, check_operands
from hw.specs.grammar import Part
from hw.specs.parts import OPERANDS, STAGES
from hw.specs.rate import Rate

COUNTS: dict[int, tuple[int, int]] = {2: (2, 1), 4: (2, 2)}
"""How many a and how many b each number of products has."""


def _read_count(text: str) -> dict[str, int]:
    match = re.fullmatch(r"x([1-9][0-9]?)", text)
    if not match:
        raise ValueError(f"the number of products must be written xCOUNT, got {echo(text)}")
    return {"count": int(match[1])}


COUNT = Part("xCOUNT", _read_count, lambda spec: f"x{spec.count}")


@dataclass(frozen=True)
class PackSpec(Spec):
    """Two or four exact products of integers by one wide multiplication.

    The operands stand side by side in the factors, as `hw.arith.packing` says.

    Parameters
    ----------
    a, b : Integer
        The operands' formats.
    count : int
        2 products, ``a0 * b`` and ``a1 * b``, or 4, ``a0 * b0``, ``a1 * b0``, ``a0 * b1`` and ``a1 * b1``.
    pipeline : int
        Registers between operands and products, 0..99, placed where they balance the logic.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value. Whether the factors fit a block is checked when it is built.
    """

    a: Format
    b: Format
    count: int = 2
    pipeline: int = 0

    unit: ClassVar[str] = "pack"
    form: ClassVar[str] = "dsp"
    example: ClassVar[str] = "pack/int8xint8/x2/p2"
    note: ClassVar[str] = "; x2 is two a by one b, x4 two a by two b"
    parts: ClassVar[tuple[Part, ...]] = (OPERANDS, COUNT, STAGES)

    def __post_init__(self) -> None:
        check_operands(self.a, self.b)
        for name, fmt in (("a", self.a), ("b", self.b)):
            if not isinstance(fmt, Integer):
                raise ValueError(f"{name} must be an integer format, got {cut(fmt)}")
        check_int("count", self.count, 2, 4)
        if self.count not in COUNTS:
            raise ValueError(f"count must be 2 or 4, got {self.count}")
        check_int("pipeline", self.pipeline, 0, MAX_PIPELINE)

    __hash__ = Spec.__hash__

    @property
    def takes(self) -> str:
        return "operand set"

    @property
    def operands(self) -> dict[str, Format]:
        """The input ports and their formats."""
        a_count, b_count = COUNTS[self.count]
        b_names = ["b"] if b_count == 1 else [f"b{n}" for n in range(b_count)]
        return {f"a{n}": self.a for n in range(a_count)} | dict.fromkeys(b_names, self.b)

    @property
    def products(self) -> dict[str, tuple[str, str]]:
        """The output ports, and which operands each is the product of."""
        names = list(self.operands)
        pairs = [(a, b) for b in names if b[0] == "b" for a in names if a[0] == "a"]
        return {f"p{n}": pair for n, pair in enumerate(pairs)}

    @property
    def rate(self) -> Rate:
        return Rate(Fraction(self.count))

    @property
    def packing(self) -> Packing:
        """How the operands stand in the factors, and the products in the wide one."""
        return Packing(self.a.span, self.b.span, COUNTS[self.count])

    @property
    def product_span(self) -> Span:
        return self.packing.product

    @property
    def port_formats(self) -> dict[str, Format]:
        return self.operands | dict.fromkeys(self.products, Fixed.holding(self.product_span))

    @property
    def latency(self) -> int:
        """Enabled clock edges from operands to their products; 0 for logic without a clock."""
        return self.pipeline
