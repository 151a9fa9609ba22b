"""The sum of two numbers, rounded once into a float; the float accumulator and the adder share it.

The number with the larger exponent stays, the other one is shifted right to it, and both are added.
What is shifted out is only a sticky bit below `guard` bits. That is enough for a correct rounding:

- Let the one that stays have its top bit set. Bits are lost only in a shift of guard + 1 or more; with a
  guard bit that is 2 or more, so the other number is less than half of it, and a difference keeps its top
  bit or has the one below. ``width + guard >= precision + 2`` then leaves the bit below the last kept one
  (half of it), and the sticky bit below that. One bit more for a number whose top bit may be missing.
- Else the one that stays is at its lowest exponent: a subnormal or zero. Then either the result has no
  finer steps than it, and is rounded where nothing is lost; or the other number has none, and loses nothing.
  `addend` normalises an operand for which neither holds, and gives a zero the lowest exponent.

The sum is negative only where nothing is lost but the sticky bit, which stands for an odd half of the last
place, and so negates like the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Cat, Const, Mux, Value, signed

from hw.arith import Logic, fabric
from hw.arith.place import Place, always
from hw.arith.rounding import round_up
from hw.arith.shift import shift_left, shift_right_sticky
from hw.arith.signed import minus, signed_bits, signed_width
from hw.arith.steps import bits, extend
from hw.arith.zeros import leading_zeros, normalise
from hw.datapath.product import Specials
from hw.datapath.rounded import (
    Signs,
    Unrounded,
    flushes,
    overflowed,
    pack,
    signed_code,
    with_specials,
    without_infinity,
)
from hw.datapath.unpack import Kind, has_exponent, unpack
from hw.formats import Format, Minifloat


@dataclass
class Addend:
    """A number to be added.

    Attributes
    ----------
    significand : Value
        Unsigned. Its top bit is set, unless the exponent is at its lowest.
    exponent : Value
        The field that the result has if the significand's top bit leads; a Const for fixed point.
    lowest, highest : int
        Bounds of the exponent.
    negate : Value
    status : Value or None
        Two bits: it is +infinity, -infinity, both: NaN.
    slack : int
        1 if only one of the two top bits is sure to be set, else 0.
    counts : Value or None
        If low, it is zero, and its significand may be anything: its exponent is below those of all others.
    """

    significand: Value
    exponent: Value
    lowest: int
    highest: int
    negate: Value
    status: Value | None
    slack: int = 0
    counts: Value | None = None


@dataclass
class Total:
    """A sum ``(-1)**negate * magnitude``; `exponent` is the field if the bit below the magnitude's top one leads.

    It is zero, whatever the magnitude, where `zero` is high.
    """

    magnitude: Value
    exponent: Value
    lowest: int
    highest: int
    negate: Value
    zero: Value


def addend(m: Logic, fmt: Format, code: Value, name: str, other: Format, result: Minifloat) -> Addend:
    """An operand, to be added to one of format `other`."""
    flushes = isinstance(fmt, Minifloat) and not fmt.subnormals
    bare = flushes and has_exponent(fmt) and fmt == other
    operand = unpack(fmt, m, code, name, masked=flushes and not bare)
    significand = operand.significand
    negate = Const(0, 1) if operand.negate is None else operand.negate
    if significand.shape().signed:
        negate = significand[-1]
        significand = fabric(m).negate(m, f"{name}_magnitude", significand, negate, len(significand))
    base = fmt.span.lsb + len(significand) - 1 + result.bias
    lowest = highest = base
    exponent: Value = constant(base)
    if bare:
        # Zeros of both have the lowest exponent of all, so no other number gives way to one.
        assert operand.field is not None
        lowest, highest = base - 1, base + (1 << len(operand.field)) - 2
        exponent = add_base(m, f"{name}_exponent", operand.field, lowest)
        status = status_of(m, operand.kind, name)
        return Addend(significand, exponent, lowest, highest, negate, status, counts=operand.normal)
    if operand.exponent is not None:
        base -= 1
        lowest, highest = base + 1, base + (1 << len(operand.exponent)) - 1
        exponent = add_base(m, f"{name}_exponent", operand.exponent, base)
    number = Addend(significand, exponent, lowest, highest, negate, status_of(m, operand.kind, name))
    fixed = operand.exponent is None and not has_exponent(other)
    if fixed or result.span.lsb >= fmt.span.lsb or other.span.lsb >= fmt.span.lsb - 1:
        return number
    return normalised(m, number, name, other.span.lsb + result.bias)


def normalised(m: Logic, number: Addend, name: str, floor: int) -> Addend:
    """The same number with its top bit set; a zero with an exponent of at most `floor`, the other number's lowest."""
    width = len(number.significand)
    shifted, count = normalise(m, f"{name}_normal", number.significand)
    lowest = min(number.lowest - width, floor)
    bound = signed_width(lowest, number.highest)
    exponent = minus(m, f"{name}_raised", number.exponent, count, bound)
    exponent = m.wire(f"{name}_lifted", Mux(shifted[-1], exponent, Const(lowest, exponent.shape())))
    return Addend(shifted, exponent, lowest, number.highest, number.negate, number.status)


def status_of(m: Logic, kind: Kind, name: str) -> Value | None:
    """Two bits, +infinity and -infinity, both for NaN; None if a number is neither."""
    if kind.nan is None:
        return None
    if kind.infinite is None:
        return kind.nan.replicate(2)
    negative = Const(0, 1) if kind.negative is None else kind.negative
    return m.wire(f"{name}_status", Cat(kind.nan | (kind.infinite & ~negative), kind.nan | (kind.infinite & negative)))


def add_rounded(m: Logic, x: Addend, y: Addend, fmt: Minifloat, rounding: str, zero_sign: Value) -> Value:
    """The code of ``x + y``, rounded once; `zero_sign` is the sign of an exact zero."""
    total = _exact(m, x, y) if isinstance(x.exponent, Const) and isinstance(y.exponent, Const) else _sum(m, x, y, fmt)
    zero = m.wire("zero", total.zero)
    negate: Value = m.wire("negate", Mux(zero, zero_sign, total.negate))
    statuses = [number.status for number in (x, y) if number.status is not None]
    special = Specials(None, None)
    if statuses:
        # As with sums of products: infinities of both signs are a NaN.
        status = m.wire("status", statuses[0] | statuses[1]) if len(statuses) == 2 else statuses[0]
        special = Specials(m.wire("infinite", status.any()), m.wire("nan", status.all()))
        negate = m.wire("sign", Mux(status.any(), status[1], negate))
    if total.lowest >= 0 or not fmt.subnormals:
        return _round_counted(m, total, without_infinity(Signs(negate, special), fmt), zero, fmt, rounding)
    significand, count = normalise(m, "normal", total.magnitude)
    lowest = total.lowest - len(significand)
    exponent = minus(m, "exponent", total.exponent, count, signed_width(lowest, total.highest))
    return pack(m, Unrounded(negate, special, significand, exponent, lowest, total.highest, zero), fmt, rounding)


def _sum(m: Logic, x: Addend, y: Addend, fmt: Minifloat) -> Total:
    width = max(len(x.significand), len(y.significand))
    slack = max(x.slack, y.slack)
    guard = max(1 + slack, fmt.mantissa_bits + 3 + slack - width)
    one, other = (Cat(Const(0, width - len(n.significand)), n.significand) for n in (x, y))
    apart = minus(m, "apart", x.exponent, y.exponent, signed_width(x.lowest - y.highest, x.highest - y.lowest))
    swap = apart[-1]
    # Where y stays, the distance is one more than the inverted bits: x starts one place lower.
    distance = m.wire("distance", apart[:-1] ^ swap.replicate(len(apart) - 1))
    moving = Mux(swap, Cat(one, Const(0, 1)), Cat(Const(0, 1), other))
    if x.counts is not None and y.counts is not None:
        moving &= m.wire("moves", Mux(swap, x.counts, y.counts)).replicate(len(moving))
    moving = m.wire("moving", moving)
    small, sticky = shift_right_sticky(m, "moved", Cat(Const(0, guard - 1), moving), distance)
    subtract = m.wire("subtract", x.negate ^ y.negate)
    row = fabric(m).row(m, "sum", _sum_places(one, other, swap, small, subtract), m.wire("lacks", subtract & ~sticky))
    negative = m.wire("negative", subtract & row[-1])
    magnitude = fabric(m).negate(m, "magnitude", Cat(sticky, row), negative, len(row) + 1)
    low, high = max(x.lowest, y.lowest), max(x.highest, y.highest)
    size = signed_width(low, high)
    exponent = Mux(swap, *(Cat(*signed_bits(number.exponent, size)) for number in (y, x))).as_signed()
    negate = Mux(swap, y.negate, x.negate) ^ negative
    zero = ~magnitude.any()
    if x.counts is not None and y.counts is not None:
        zero |= ~(x.counts | y.counts)
    return Total(magnitude, m.wire("larger", exponent), low, high, m.wire("negative_sum", negate), zero)


def _sum_places(one: Value, other: Value, swap: Value, small: Value, subtract: Value) -> list[Place]:
    """The places of ``(other if swap else one) +- small``, with one more for a carry or sign."""
    guard = len(small) - len(one)
    places = [Place((wire, subtract), always(0), lambda s, n: s ^ n) for wire in bits(small)[:guard]]
    for x, y, wire in zip(bits(one), bits(other), bits(small)[guard:], strict=True):
        places.append(
            Place(
                (x, y, swap, wire, subtract),
                lambda a, b, g, s, n: (a & (1 ^ g)) | (b & g),
                lambda a, b, g, s, n: s ^ n,
            )
        )
    return [*places, Place((subtract,), always(0), lambda n: n)]


def _exact(m: Logic, x: Addend, y: Addend) -> Total:
    """The sum of two numbers in fixed point."""
    lsb = min(number.lowest - len(number.significand) for number in (x, y))
    aligned = [Cat(Const(0, n.lowest - len(n.significand) - lsb), n.significand) for n in (x, y)]
    width = max(map(len, aligned)) + 2
    first = fabric(m).negate(m, "first", aligned[0], x.negate, width)
    total = fabric(m).accumulate(m, "sum", first, Const(0, 1), aligned[1], y.negate)
    magnitude = fabric(m).negate(m, "magnitude", total, total[-1], width)[:-1]
    exponent = lsb + width - 2
    return Total(magnitude, constant(exponent), exponent, exponent, total[-1], ~magnitude.any())


def _round_counted(m: Logic, total: Total, signs: Signs, zero: Value, fmt: Minifloat, rounding: str) -> Value:
    """The code of a sum that is normalised by a count of its zeros.

    If there are subnormals its exponent is 0 or more, and it is shifted by no more than that, as a subnormal is.
    """
    mantissa = fmt.mantissa_bits
    magnitude = Cat(Const(0, max(0, mantissa + 3 - len(total.magnitude))), total.magnitude)
    count = leading_zeros(m, "zeros", magnitude)
    left = minus(m, "left", total.exponent, count, signed_width(total.lowest - len(magnitude), total.highest))
    low, amount = left[-1], count
    if fmt.subnormals:
        amount = m.wire("amount", Mux(low, Cat(*signed_bits(total.exponent, len(count))), count))
    normal = shift_left(m, "normal", magnitude, amount, len(magnitude))
    kept, half, rest = normal[-1 - mantissa :], normal[-2 - mantissa], m.wire("rest", normal[: -2 - mantissa].any())
    # Without mantissa bits the code's last bit is that of the exponent.
    odd = kept[0] if mantissa else (left[0] & ~low) ^ kept[0]
    cleared = Const(0, 1) if fmt.subnormals else low
    increment = m.wire("increment", round_up(rounding, signs.negate, odd, half, rest) & ~cleared)
    # Without subnormals a number below the normal ones is the smallest of them, unless it is zero.
    # The leading one adds to the exponent, which is one less than the field; a subnormal has none.
    places = [Place((bit, cleared), lambda b, c: b & (1 ^ c), always(0)) for bit in bits(kept)[:-1]]
    size = max(fmt.exponent_bits, (total.highest + 2).bit_length())
    for index, wire in enumerate(bits(extend(left, max(size + 1, len(left))))[:size]):
        leading = kept[-1] if index == 0 else Const(0, 1)
        places.append(Place((wire, low, leading), lambda e, c, t: e & (1 ^ c), lambda e, c, t: t))
    code = fabric(m).row(m, "rounded", places, increment)
    value: Value = code[: fmt.exponent_bits + mantissa]
    if (total.highest + 2) << mantissa > fmt.max_magnitude_code:
        value, signs = overflowed(m, signs, fmt, rounding, code, zero)
    if not fmt.subnormals:
        # Of those that are low, all but the lowest bits are ones.
        binades = left[: (len(magnitude) - total.lowest - 1).bit_length()]
        to_zero = flushes(m, rounding, signs.negate, binades.all(), ~Cat(kept[:-1], half, rest).any())
        zero = m.wire("flush", zero | (low & to_zero))
    return signed_code(m, signs, fmt, with_specials(signs, fmt, Mux(zero, 0, value)))


def add_base(m: Logic, name: str, exponent: Value, base: int) -> Value:
    """The signed ``exponent + base`` of an unsigned exponent."""
    width = signed_width(base, base + (1 << len(exponent)) - 1)
    whole = Cat(exponent, Const(0, max(1, width - len(exponent))))
    # What is added does not reach below its lowest one.
    low = (base & -base).bit_length() - 1 if base else len(whole)
    if low >= len(whole):
        return whole.as_signed()
    upper = fabric(m).add_constant(m, name, whole[low:], (base >> low) & ((1 << (len(whole) - low)) - 1))
    return Cat(whole[:low], upper).as_signed()


def constant(value: int) -> Const:
    """A signed constant."""
    return Const(value, signed(value.bit_length() + 1))
