"""Numbers with a sign, in as many bits as their bounds need: exponents, mostly."""

from __future__ import annotations

from amaranth.hdl import Const, Value

from hw.arith import fabric
from hw.arith.logic import Logic
from hw.arith.place import Place
from hw.arith.steps import bits, extend


def signed_width(low: int, high: int) -> int:
    """Bits of the two's complement that holds low..high."""
    return max((-low - 1).bit_length() if low < 0 else 0, max(high, 0).bit_length()) + 1


def minus(m: Logic, name: str, x: Value, y: Value, width: int) -> Value:
    """``x - y``, signed, in `width` bits that are known to hold it."""
    pairs = zip(signed_bits(x, width), signed_bits(y, width), strict=True)
    return fabric(m).row(m, name, [Place(pair, lambda a, b: a, lambda a, b: 1 ^ b) for pair in pairs], 1).as_signed()


def signed_bits(value: Value, width: int) -> list[Value]:
    """The lowest bits of a number with its own sign; those of a constant are constants."""
    if isinstance(value, Const):
        return [Const(value.value >> index & 1, 1) for index in range(width)]
    return bits(extend(value, max(width, len(value))))[:width]
