"""Products with sums of signed powers of two: shifted copies of the other operand, added up, and no multiplier."""

from __future__ import annotations

from amaranth.hdl import Const, Value

from hw.arith import Logic, fabric
from hw.arith.shift import shift_left
from hw.arith.steps import extend
from hw.encodings import KHot


def terms(fmt: KHot, code: Value) -> list[tuple[Value, Value]]:
    """Sign and shift of each term."""
    size = fmt.shift_bits + 1
    return [(code[low + size - 1], code[low : low + size - 1]) for low in range(0, fmt.width, size)]


def multiply_hot(m: Logic, name: str, x: Value, fmt: KHot, code: Value) -> tuple[Value, Value]:
    """A number times what a code stands for, and whether that is to be negated, by the first term's sign."""
    (negate, shift), *others = terms(fmt, code)
    widest = len(x) + (1 << fmt.shift_bits) - 1
    total: Value = shift_left(m, f"{name}_0", x, shift, widest)
    if not others:
        return total, negate
    signed = x.shape().signed
    width = widest + (0 if signed else 1) + (len(others)).bit_length()
    total = extend(total, width)[:width]
    for index, (sign, amount) in enumerate(others, 1):
        shifted = shift_left(m, f"{name}_{index}", x, amount, widest)
        differs = m.wire(f"{name}_minus{index}", sign ^ negate)
        total = fabric(m).accumulate(m, f"{name}_sum{index}", total, Const(0, 1), shifted, differs)
    return total.as_signed(), negate
