"""A scale by integers alone: numbers times ``m / 2**e``, rounded once, into an integer or a float."""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Cat, Const, Mux, Value

from hw.arith import Logic, fabric, multiply
from hw.arith.compare import above, below
from hw.arith.place import Function, Place, always, plain
from hw.arith.signed import signed_width
from hw.arith.steps import bits, extend
from hw.arith.window import normalise_window, shift_window
from hw.datapath.product import Specials
from hw.datapath.rounded import Unrounded, pack
from hw.formats import Fixed, Integer, Minifloat

MULTIPLIED = 64
"""Bits of the widest operand that `multiply` takes."""


@dataclass
class Scaled:
    """A number ``value / 2**shift``; `value` is signed."""

    value: Value
    shift: Value


def scale(m: Logic, z: Value, bias: Value, multiplier: Value, shift: Value) -> Scaled:
    """``(z + bias) * multiplier / 2**shift``."""
    total = fabric(m).add(m, "biased", z, bias.as_signed(), len(bias) + 1).as_signed()
    return Scaled(_multiply(m, "scaled", total, multiplier), shift)


def _multiply(m: Logic, name: str, x: Value, y: Value) -> Value:
    """``x * y`` for a signed x of any width, and an unsigned y."""
    if len(x) <= MULTIPLIED:
        return multiply(m, name, x, y)
    low = multiply(m, f"{name}_low", x[:MULTIPLIED], y)
    high = _multiply(m, f"{name}_high", x[MULTIPLIED:].as_signed(), y)
    upper = fabric(m).add(m, f"{name}_upper", high, low[MULTIPLIED:], len(high))
    return m.wire(name, Cat(low[:MULTIPLIED], upper).as_signed())


def to_integer(
    m: Logic,
    number: Scaled,
    zero: Value,
    relu: Value,
    fmt: Integer | Fixed,
    rounding: str,
    random: Value | None = None,
) -> Value:
    """The code of a number, rounded, plus `zero`, saturated; not below `zero` if `relu`.

    `random` has the bits of rounding "stochastic".
    """
    sign, width = number.value[-1], fmt.width + 2
    # The bit below the last one says half. Beyond the code's bits there is but the sign, or else the number is out
    # of the code's range with any zero point.
    fraction = 1 if random is None else len(random)
    below_point = Cat(Const(0, fraction), number.value).as_signed()
    window = shift_window(m, "window", below_point, number.shift, fmt.width + fraction)
    kept = Cat(window.kept[fraction:], sign).as_signed()
    if random is None:
        up = m.wire("up", goes_up(rounding, kept[0], window.kept[0], window.lost, sign))
    else:
        up = _goes_up_by(m, random, window.kept[:fraction], window.lost, sign)
    offset = zero.as_signed() if fmt.signed else zero
    pairs = zip(bits(extend(kept, width)), bits(extend(offset, width)), strict=True)
    total = fabric(m).row(m, "moved", [plain(*pair) for pair in pairs], up).as_signed()
    return _saturated(m, total, window.beyond, sign, zero, relu, fmt)


def goes_up(rounding: str, odd: Value, half: Value, rest: Value, negative: Value) -> Value:
    """Whether a number in two's complement goes to the one above that which its leading bits are."""
    return {
        "nearest_even": half & (rest | odd),
        "nearest_away": half & (rest | ~negative),
        "toward_zero": negative & (half | rest),
        "up": half | rest,
        "down": Const(0, 1),
        "odd": ~odd & (half | rest),
    }[rounding]


def _goes_up_by(m: Logic, random: Value, fraction: Value, rest: Value, negative: Value) -> Value:
    """The same for a rounding by random bits: a magnitude's fraction, cut, and they carry.

    Below a negative number's place there is what is missing to the next: its own fraction is that inverted and, unless
    something was cut off, one more.
    """
    pairs = zip(bits(fraction), bits(random), strict=True)
    places = [Place((bit, negative, chance), lambda f, n, r: f ^ n, lambda f, n, r: r) for bit, chance in pairs]
    carried = fabric(m).row(m, "chance", [*places, plain(Const(0, 1), Const(0, 1))], m.wire("whole", negative & ~rest))
    return m.wire("up", carried[-1] ^ negative)


def _saturated(
    m: Logic, total: Value, beyond: Value, sign: Value, zero: Value, relu: Value, fmt: Integer | Fixed
) -> Value:
    """The code of `total`, or an end of the format, or `zero`."""
    lowest, highest = fmt.span.lo + fmt.symmetric, fmt.span.hi
    clamped = m.wire("clamped", relu & sign)
    # Two wires choose one of four, so that a bit is a LUT4.
    over = m.wire("over", Mux(beyond, ~sign, above(total, highest)) | clamped)
    under = m.wire("under", Mux(beyond, sign, below(total, lowest)) | clamped)
    low, high = (end & ((1 << fmt.width) - 1) for end in (lowest, highest))
    if fmt.symmetric:
        # The code below the lowest is not given out, even as a zero point.
        zero = Cat(m.wire("lowest", zero[0] | (zero == low - 1)), zero[1:])
    code = [
        fabric(m).gate(m, f"code{n}", [over, under, zero[n], total[n]], _one_of(low >> n & 1, high >> n & 1))
        for n in range(fmt.width)
    ]
    return m.wire("code", Cat(*code))


def _one_of(low: int, high: int) -> Function:
    """A bit of the zero point where a number is over and under, an end of the format's, or a bit of the number."""
    return lambda over, under, zero, number: (zero if under else high) if over else low if under else number


def to_float(m: Logic, number: Scaled, status: Value | None, relu: Value, fmt: Minifloat, rounding: str) -> Value:
    """The code of a number, or of the infinity or NaN that it is, rounded once; not below zero if `relu`."""
    sign, width = number.value[-1], len(number.value)
    magnitude = fabric(m).negate(m, "magnitude", number.value, sign, width)
    # The code's bits, one that says half, one more, and one for all below.
    significand, count = normalise_window(m, "normal", magnitude, fmt.mantissa_bits + 4)
    highest = width - 2 + fmt.bias
    lowest = highest - (1 << len(number.shift)) - (1 << len(count)) + 2
    exponent = _exponent(m, highest, number.shift, count, signed_width(lowest, highest))
    special, clamped = Specials(None, None), relu & sign
    if status is not None:
        nan = m.wire("nan", status.all())
        special = Specials(m.wire("infinite", status.any()), nan)
        sign = m.wire("sign", Mux(status.any(), status[1], sign))
        clamped = relu & sign & ~nan
    zero = m.wire("zero", ~significand[-1])
    code = pack(m, Unrounded(sign, special, significand, exponent, lowest, highest, zero), fmt, rounding)
    return m.wire("rectified", code & ~m.wire("clamped", clamped).replicate(fmt.width))


def _exponent(m: Logic, highest: int, shift: Value, count: Value, width: int) -> Value:
    """``highest - shift - count``, signed."""
    down = fabric(m).add(m, "down", shift, count, max(len(shift), len(count)) + 1)
    places = [
        Place((wire,), always(highest >> index & 1), lambda b: 1 ^ b)
        for index, wire in enumerate(bits(extend(down, width)))
    ]
    return fabric(m).row(m, "exponent", places, 1).as_signed()
