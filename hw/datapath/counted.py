"""Sums of products of single bits: a product is one of two numbers, so what is added up is how often it is the larger.

For two bipolar bits that is where they are equal: XNOR and popcount.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from amaranth.hdl import Cat, Const, Value

from hw.arith import Logic, fabric
from hw.arith.popcount import popcount
from hw.arith.steps import extend
from hw.arith.term import Bit
from hw.formats import Format, Span


@dataclass(frozen=True)
class TwoValues:
    """Products of two bits, in steps of their span.

    Attributes
    ----------
    low, high : int
        What they can be.
    table : int
        Bit ``a + 2 * b`` says whether that of codes a and b is `high`.
    """

    low: int
    high: int
    table: int

    @classmethod
    def of(cls, a: Format, b: Format) -> TwoValues | None:
        """Those of two formats; None if they have more bits or values."""
        if a.width > 1 or b.width > 1 or a.has_special or b.has_special:
            return None
        values = [a.value(code & 1) * b.value(code >> 1) / 2 ** (a.span * b.span).lsb for code in range(4)]
        low, high = int(min(values)), int(max(values))
        if len(set(values)) != 2:
            return None
        return cls(low, high, sum((value == high) << code for code, value in enumerate(values)))

    def product(self, x: int, y: int) -> int:
        """Whether that of two codes is `high`: a function of wires."""
        terms = [(x if code & 1 else 1 ^ x) & (y if code & 2 else 1 ^ y) for code in range(4) if self.table >> code & 1]
        total = terms[0]
        for term in terms[1:]:
            total = total | term
        return total


def sum_counted(m: Logic, values: TwoValues, pairs: Sequence[tuple[Value, Value]], span: Span) -> Value:
    """The sum of the products of pairs of codes, in steps of their `span`."""
    count = popcount(m, "count", [Bit(pair, values.product) for pair in pairs])
    total = span.accumulate(len(pairs))
    step, base = values.high - values.low, values.low * len(pairs)
    shift = step.bit_length() - 1
    if step != 1 << shift:
        raise ValueError(f"values must be a power of two apart, got {values.low} and {values.high}")
    scaled = Cat(Const(0, shift), count) if shift else count
    if not base:
        return scaled.as_signed() if total.signed else scaled
    # What the lowest bits are is known, so the constant is added above them.
    known = (base & -base).bit_length() - 1
    extended = extend(scaled, max(total.width, len(scaled)))[: total.width]
    above = fabric(m).add_constant(m, "total", extended[known:], base >> known)
    return Cat(extended[:known], above).as_signed() if total.signed else Cat(extended[:known], above)
