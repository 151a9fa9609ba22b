"""An integer in fewer bits, rounded, that never needs more than these."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Value

from hw.arith import Logic
from hw.arith.compare import above
from hw.arith.rounding import increment
from hw.arith.window import shift_window
from hw.datapath.dyadic import goes_up
from hw.formats import Integer


def reround(m: Logic, fmt: Integer, code: Value, drop: Value, rounding: str) -> Value:
    """Logic, added to `m`: the code in `fmt` of a code without its lowest bits.

    It is beyond the bits that are left only if it goes up where all of these are ones, or, of a format without its
    lowest number, does not where all are zeros but the sign; so it does the other.

    Parameters
    ----------
    m : Logic
    fmt : Integer
    code, drop : Value
        And how many of its bits go.
    rounding : str
        A key of `hw.formats.ROUNDINGS` but "stochastic".
    """
    sign = code[-1] if fmt.signed else Const(0, 1)
    number = Cat(Const(0, 1), code, *([] if fmt.signed else [sign])).as_signed()
    window = shift_window(m, "window", number, drop, fmt.width + 1)
    kept = window.kept[1:]
    up = m.wire("up", goes_up(rounding, kept[0], window.kept[0], window.lost, sign))
    magnitude = code[:-1] if fmt.signed else code
    ones = (1 << len(magnitude)) - 1
    # Below the bits that stay, ones, and the same of zeros.
    lowest = m.wire("dropped", Cat(*(above(drop, place) for place in range(len(magnitude)))))
    up &= ~(~sign & ((magnitude | lowest) == ones))
    if fmt.symmetric:
        up |= sign & ((magnitude & ~lowest) == 0)
    return m.wire("code", increment(m, "rounded", kept, m.wire("carry", up))[: fmt.width])
