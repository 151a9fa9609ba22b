"""Sums of floats that carry their flags, rounded to nearest even.

The larger number stays, the other one is shifted right to it, so no sum is negative. Of what is shifted out two guard
bits and a sticky bit are kept; the leading one is at the top, one place below it, or, where no more than a guard bit
was shifted out, anywhere. The last choice of each shifter is made by the row behind it.
"""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Cat, Const, Mux, Value

from hw.arith import Logic, fabric
from hw.arith.compare import greater
from hw.arith.place import Place, always
from hw.arith.shift import shift_left, shift_right
from hw.arith.steps import bits
from hw.arith.wires import lookup
from hw.arith.zeros import leading_zeros
from hw.datapath.flagged import Fields, in_range
from hw.encodings import Flagged
from hw.encodings.flagged import INFINITE, NAN, NUMBER, ZERO

GUARD = 2
NONE = Const(0, 1)


@dataclass
class Ordered:
    """Two numbers by size.

    Attributes
    ----------
    swap : Value
        The second one is the larger.
    stays : Value
        The fraction of the larger one.
    moving : Value
        The significand of the other, from the place above a guard bit up; 0 where it does not count.
    distance : Value
        By how many places it is to be shifted, at most.
    beyond : Value
        It counts, but is shifted beyond the guard bits.
    """

    swap: Value
    stays: Value
    moving: Value
    distance: Value
    beyond: Value


def add_flagged(m: Logic, fmt: Flagged, a: Value, b: Value) -> Value:
    """The code of the sum of two codes.

    In the fields a NaN counts as a number and an infinity as zero; of a zero they are what the shifters leave.
    """
    x, y = Fields(fmt, a), Fields(fmt, b)
    order = _ordered(m, fmt, x, y)
    subtract = m.wire("subtract", x.negate ^ y.negate)
    total = _sum(m, order, subtract)
    fraction, exponent, found = _rounded(m, fmt, total, x, y, order.swap)
    some = m.wire("some", found & (x.kind[0] | y.kind[0]))
    differ = m.wire("differ", x.kind[1] & y.kind[1] & subtract)
    kinds = lookup(
        m, "kinds", Cat(x.kind, y.kind, differ), 2, lambda code: kind_of_sum(code & 3, code >> 2 & 3, code >> 4)
    )
    # The exponent has two bits more than its field: the upper one is its sign.
    under, over = exponent[-1] | ~some, exponent[-2] & ~exponent[-1]
    kind = in_range(m, kinds, under, over)
    own = Mux(some, Mux(order.swap, y.negate, x.negate), x.negate & y.negate)
    infinite = [fields.kind == INFINITE for fields in (x, y)]
    negate = m.wire("negate", Mux(infinite[0], x.negate, Mux(infinite[1], y.negate, own)))
    return m.wire("code", Cat(fraction, exponent[:-2], negate, kind))


def kind_of_sum(a: int, b: int, differ: int) -> int:
    """What a sum is before its exponent is looked at; `differ` says that both are special, with other signs."""
    if NAN in (a, b) or (a == b == INFINITE and differ):
        return NAN
    return INFINITE if INFINITE in (a, b) else NUMBER if NUMBER in (a, b) else ZERO


def _ordered(m: Logic, fmt: Flagged, x: Fields, y: Fields) -> Ordered:
    mantissa, width = fmt.mantissa_bits, fmt.exponent_bits
    # What does not count is below all that does.
    pairs = zip([*bits(x.exponent), x.kind[0]], [*bits(y.exponent), y.kind[0]], strict=True)
    places = [Place(pair, lambda p, q: p, lambda p, q: 1 ^ q) for pair in pairs]
    apart = fabric(m).row(m, "apart", [*places, Place((), always(0), always(1))], 1)
    below = apart[-1]
    swap = m.wire("swap", below | (~apart[:-1].any() & _less(m, x.fraction, y.fraction)))
    # Where the second exponent is the higher, the distance is one more than the inverted bits: x starts a place lower.
    distance = m.wire("distance", apart[:width] ^ below.replicate(width))
    near = min(width, (mantissa + GUARD).bit_length())
    counts = m.wire("counts", x.kind[0] & y.kind[0])
    beyond = m.wire("beyond", counts & distance[near:].any()) if near < width else NONE
    moves = m.wire("moves", counts & ~beyond)
    one, other = Cat(x.fraction, 1), Cat(y.fraction, 1)
    here = Mux(below, Cat(one, NONE), Cat(NONE, Mux(swap, one, other)))
    moving = m.wire("moving", Cat(wire & moves for wire in bits(here)))
    return Ordered(swap, m.wire("stays", Mux(swap, y.fraction, x.fraction)), moving, distance[:near], beyond)


def _less(m: Logic, x: Value, y: Value) -> Value:
    """``x < y``: in one LUT, if there is one for so many wires."""
    if len(x) + len(y) > fabric(m).lut_inputs:
        return greater(m, "less", y, x)
    return lookup(m, "less", Cat(x, y), 1, lambda code: (code & ((1 << len(x)) - 1)) < code >> len(x))


def _sum(m: Logic, order: Ordered, subtract: Value) -> Value:
    """The sum's magnitude from its carry down to its guard bits, and a sticky bit below."""
    last, amount = order.distance[-1], order.distance[:-1]
    weight = 1 << len(amount)
    low = weight - 1
    wide = Cat(Const(0, low + GUARD - 1), order.moving)
    near = shift_right(m, "near", wide, amount, len(wide))
    lost = near[:low].any() | (last & near[low : low + weight].any())
    sticky = m.wire("sticky", lost | order.beyond)
    small = [*bits(near)[low:], *[NONE] * weight]
    stays = [(NONE, 0)] * GUARD + [(wire, 0) for wire in bits(order.stays)] + [(NONE, 1)]
    places = []
    for index, (wire, one) in enumerate(stays):
        inputs = (wire, small[index], small[index + weight], last, subtract)
        places.append(
            Place(
                inputs,
                lambda s, p, q, g, n, one=one: s | one,
                lambda s, p, q, g, n: ((p & (1 ^ g)) | (q & g)) ^ n,
            )
        )
    carry = Place((subtract,), always(0), lambda n: n)
    total = fabric(m).row(m, "sum", [*places, carry], m.wire("lacks", subtract & ~sticky))
    return Cat(sticky, total)


def _rounded(m: Logic, fmt: Flagged, total: Value, x: Fields, y: Fields, swap: Value) -> tuple[Value, Value, Value]:
    """The fraction, the exponent with two bits more, and whether there is any, of a sum; its sticky bit never leads."""
    mantissa, width = fmt.mantissa_bits, fmt.exponent_bits
    count = leading_zeros(m, "zeros", total[1:])
    near = shift_left(m, "normal", total, count[:-1], len(total))
    last, weight, lowest = count[-1], 1 << len(count) - 1, len(total) - 1 - mantissa
    # A shift by the last bit leaves nothing to round.
    rest = near[: lowest - 1].any()
    increment = m.wire("increment", near[lowest - 1] & (near[lowest] | rest) & ~last)
    below = [*[NONE] * weight, *bits(near)]
    places = [
        Place((near[index], below[index], last), lambda p, q, g: (p & (1 ^ g)) | (q & g), always(0))
        for index in range(lowest, lowest + mantissa)
    ]
    # Where the top bit leads the exponent is one more.
    raised = lookup(m, "raised", count, len(count) + 1, lambda zeros: 1 - zeros)
    for index in range(width + 2):
        own = (x.exponent[index], y.exponent[index], swap) if index < width else (NONE, NONE, NONE)
        up = raised[min(index, len(raised) - 1)]
        places.append(Place((*own, up), lambda p, q, s, u: (p & (1 ^ s)) | (q & s), lambda p, q, s, u: u))
    row = fabric(m).row(m, "rounded", places, increment)
    return row[:mantissa], row[mantissa:], m.wire("found", total[1:].any())
