"""Results that are kept within a bound: what is beyond it, by a fault or not, becomes the bound."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Mux, Value

from hw.arith import Logic
from hw.arith.compare import above, below
from hw.formats import Fixed, Integer, Minifloat


def clipped(m: Logic, code: Value, fmt: Integer | Fixed | Minifloat, bound: int) -> Value:
    """The code of a number whose magnitude is at most that of code `bound`, which is positive; a NaN stays one."""
    if isinstance(fmt, Minifloat):
        return _of_float(m, code, fmt, bound)
    number = code.as_signed() if fmt.span.signed else code
    over = m.wire("over_bound", above(number, bound))
    kept = m.wire("kept_below", Mux(over, bound, code)[: fmt.width])
    if not fmt.span.signed:
        return kept
    under = m.wire("under_bound", below(number, -bound))
    return m.wire("clipped", Mux(under, -bound, kept)[: fmt.width])


def _of_float(m: Logic, code: Value, fmt: Minifloat, bound: int) -> Value:
    """A float's codes are in the order of their magnitudes, above these infinity and then NaN."""
    bits = fmt.exponent_bits + fmt.mantissa_bits
    magnitude, sign = code[:bits], code[bits:]
    finite = fmt.max_magnitude_code + (fmt.convention == "ieee")
    over = m.wire("over_bound", above(magnitude, bound) & ~above(magnitude, finite))
    return m.wire("clipped", Cat(Mux(over, Const(bound, bits), magnitude), sign))
