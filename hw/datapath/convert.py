"""A number of one format as the code of another, rounded once.

Floats are rounded as products are, integers and fixed point as what a requantiser has scaled. Other outputs are few
numbers on a ladder: a number's place on it is how many steps it has reached, and each bit of the code changes at some.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from fractions import Fraction
from functools import cache

from amaranth.hdl import Cat, Const, Mux, Value

from hw.arith import Logic, fabric
from hw.arith.compare import below
from hw.arith.wires import lookup
from hw.datapath.dyadic import Scaled, to_integer
from hw.datapath.rounded import round_operand
from hw.datapath.unpack import Kind, is_float, unpack, unpacks
from hw.formats import Fixed, Format, Integer, Minifloat
from hw.formats.messages import cut

MAX_WIDTH, MAX_SEARCHED, MAX_LADDER, MAX_TABLE, MAX_SPAN = 32, 16, 5, 6, 64
"""Bits of what is cast, of what is put on a ladder, of the codes that stand on one, of what is looked up in a table,
and of the grid of an input that is no float."""


def check_convertible(source: Format, result: Format, rounding: str) -> None:
    """Raise ValueError unless there is a cast from `source` to `result`."""
    for name, fmt in (("input", source), ("output", result)):
        if fmt.width > MAX_WIDTH:
            raise ValueError(f"{name} must have at most {MAX_WIDTH} bits, got {cut(fmt)} of {fmt.width}")
    if not unpacks(source) or (not isinstance(source, Minifloat) and source.span.width > MAX_SPAN):
        raise ValueError(f"input must be a float or have a grid of at most {MAX_SPAN} bits, got {cut(source)}")
    if is_float(result):
        if rounding == "stochastic" and not result.subnormals:
            raise ValueError(f"output must have subnormals where rounding is stochastic, got {cut(result)}")
        return
    if isinstance(result, (Integer, Fixed)):
        return
    if source.width > MAX_SEARCHED or result.width > MAX_LADDER:
        raise ValueError(
            f"output must be a float, an integer or fixed point, or have at most {MAX_LADDER} bits for an input of at "
            f"most {MAX_SEARCHED}, got {cut(result)} of {result.width} for {cut(source)} of {source.width}"
        )
    if rounding == "stochastic":
        raise ValueError(f"output must be a float, an integer or fixed point for stochastic, got {cut(result)}")


def convert(m: Logic, source: Format, result: Format, code: Value, rounding: str, random: Value | None) -> Value:
    """Logic, added to `m`: the code in `result` of a code of `source`.

    Parameters
    ----------
    m : Logic
    source, result : Format
        Of which `check_convertible` says nothing.
    code : Value
    rounding : str
        A key of `hw.formats.ROUNDINGS`.
    random : Value or None
        Bits for "stochastic".
    """
    if source == result:
        return code
    if is_float(result):
        rounded, kind = round_operand(m, source, code, result, rounding, random)
        return _zero_for_nan(m, rounded, kind if result.code_of(float("nan")) is None else None)
    if isinstance(result, (Integer, Fixed)):
        return _to_fixed(m, source, result, code, rounding, random)
    return _on_ladder(m, source, result, code, rounding)


def _zero_for_nan(m: Logic, code: Value, kind: Kind | None) -> Value:
    """The code, or 0 for a NaN."""
    if kind is None or kind.nan is None:
        return code
    return m.wire("number", code & ~kind.nan.replicate(len(code)))


def _to_fixed(
    m: Logic, source: Format, result: Integer | Fixed, code: Value, rounding: str, random: Value | None
) -> Value:
    """A significand at its place: to the left as far as it may fill the result, and from there to the right."""
    # An infinity, unmasked, is larger than any number: where it goes up as far as one can, it ends there.
    reaches = _reaches(source, result)
    operand = unpack(source, m, code, "x", masked=not reaches)
    significand, zero = operand.significand, Const(0, 1)
    if operand.negate is not None:
        significand = fabric(m).negate(m, "signed", significand, operand.negate, len(significand) + 1).as_signed()
    elif not significand.shape().signed:
        significand = Cat(significand, zero).as_signed()
    lowest = source.span.lsb - result.span.lsb
    if operand.exponent is None:
        # A step of one is so many of the other.
        up, down = max(lowest, 0), Const(max(-lowest, 0))
    else:
        up, down = _places(m, operand.exponent, lowest - 1, _enough(source, result))
    value = Cat(Const(0, up), significand).as_signed()
    infinite = operand.kind.infinite
    if infinite is not None and not reaches:
        # So large that it is beyond any end.
        negative = Const(0, 1) if operand.kind.negative is None else operand.kind.negative
        beyond = Cat(negative.replicate(len(value)), ~negative, negative).as_signed()
        value = m.wire("number", Mux(infinite, beyond, Cat(value, value[-1].replicate(2)).as_signed())).as_signed()
        down = Mux(infinite, 0, down)[: len(down)]
    offset = Const(0, result.width)
    return _zero_for_nan(m, to_integer(m, Scaled(value, down), offset, zero, result, rounding, random), operand.kind)


def _enough(source: Format, result: Integer | Fixed) -> int:
    """How far up a normal significand is beyond the result's ends; a subnormal has the lowest exponent."""
    assert isinstance(source, Minifloat)
    return max(result.width - source.mantissa_bits, source.span.lsb - result.span.lsb)


def _reaches(source: Format, result: Integer | Fixed) -> bool:
    """Whether the highest exponents of a float with subnormals are beyond what is far enough up."""
    if not isinstance(source, Minifloat) or not source.subnormals or source.exponent_bits < 2:
        return False
    return source.span.lsb - result.span.lsb + (1 << source.exponent_bits) - 2 > _enough(source, result)


def _places(m: Logic, exponent: Value, base: int, enough: int) -> tuple[int, Value]:
    """How far a significand goes up at once, and how far down from there by its exponent, for ``exponent + base`` up.

    Further up than `enough` it is beyond the result's end wherever it is.
    """
    highest = (1 << len(exponent)) - 1 + base
    up = max(0, min(highest, enough))
    # That is up - (exponent + base), but not below zero.
    most = up - base
    if len(exponent) <= 5:
        return up, lookup(m, "down", exponent, max(1, (most - 1).bit_length()), lambda e: max(0, most - e))
    width = max(len(exponent), most.bit_length()) + 1
    down = fabric(m).add_constant(m, "down_by", ~Cat(exponent, Const(0, width - len(exponent))), most + 1)[:width]
    return up, m.wire("down", Mux(down[-1], 0, down[:-1]))


@cache
def _ladder(result: Format) -> tuple[list[Fraction], list[int]]:
    """The numbers that are encoded, ascending, and their codes; of two codes for one number the first."""
    codes: dict[Fraction, int] = {}
    for code in range(1 << result.width):
        value = result.value(code)
        if isinstance(value, Fraction) and not result.is_reserved(code):
            codes.setdefault(value, code)
    return sorted(codes), [codes[value] for value in sorted(codes)]


def _place(result: Format, value: Fraction, rounding: str) -> int:
    """The place of a number on the ladder, once rounded."""
    values, codes = _ladder(result)
    up = bisect_left(values, value)
    if up in (0, len(values)) or values[up] == value:
        return min(up, len(values) - 1)
    down, low, high = up - 1, values[up - 1], values[up]
    inward, outward = (down, up) if value > 0 else (up, down)
    if low < 0 < high and rounding in ("toward_zero", "nearest_away"):
        # Neither neighbour is nearer zero: the nearer one is taken.
        rounding, outward = "nearest_away", up
    evens = [result.is_even(code) for code in codes[down : up + 1]]
    even = up if (abs(high) <= abs(low) if evens[0] == evens[1] else evens[1]) else down
    twice = 2 * value - low - high
    nearer = up if twice > 0 else down
    ties = {"nearest_even": even, "nearest_away": outward}
    if rounding in ties:
        return nearer if twice else ties[rounding]
    return {"toward_zero": inward, "up": up, "down": down, "odd": down + up - even}[rounding]


def _on_ladder(m: Logic, source: Format, result: Format, code: Value, rounding: str) -> Value:
    """The code of a place on a ladder."""
    if source.width <= MAX_TABLE or not isinstance(source, (Integer, Fixed, Minifloat)):
        return lookup(m, "code", code, result.width, lambda number: _code_of(source, result, rounding, number))
    key, first, steps = _key(source, code), *_steps(source, result, rounding)
    total: Value = Const(first, result.width)
    for begin, changed in steps:
        # Each bit of the code changes with some of the steps that have been reached.
        reached = m.wire("reached", ~below(key, begin))
        total = total ^ Cat(reached if changed >> bit & 1 else Const(0, 1) for bit in range(result.width))
    is_nan = unpack(source, m, code, "x").kind.nan
    if is_nan is None:
        return m.wire("code", total)
    return m.wire("code", Mux(is_nan, _nan(result, rounding), total))


def _code_of(source: Format, result: Format, rounding: str, number: int) -> int:
    """The code in `result` of what the code `number` of `source` stands for."""
    _, codes = _ladder(result)
    value = source.value(number)
    if value != value:
        return _nan(result, rounding)
    if not isinstance(value, Fraction):
        return codes[-1 if value > 0 else 0]
    code = codes[_place(result, value, rounding)]
    # A float on a ladder has no exponent: it is a sign and a magnitude.
    minus_zero = 1 << result.width - 1 if isinstance(result, Minifloat) else 0
    return minus_zero if minus_zero and not result.value(code) and _is_negative(source, number) else code


def _nan(result: Format, rounding: str) -> int:
    """The code of a NaN, or of 0 where there is none."""
    nan = result.code_of(float("nan"))
    return _ladder(result)[1][_place(result, Fraction(0), rounding)] if nan is None else nan


@cache
def _steps(source: Integer | Fixed | Minifloat, result: Format, rounding: str) -> tuple[int, list[tuple[int, int]]]:
    """The code of the least number; and where it changes, ascending: the key, and which bits are others from there on.

    A code that has been left does not come again. So what has one code at both ends has it throughout, and few of the
    numbers need to be looked at.
    """
    keys = _ordered(source)

    def between(low: int, before: int, high: int, after: int) -> Iterator[tuple[int, int]]:
        if before == after:
            return
        if high - low == 1:
            yield keys[high][0], before ^ after
            return
        middle = (low + high) // 2
        code = _code_of(source, result, rounding, keys[middle][1])
        yield from between(low, before, middle, code)
        yield from between(middle, code, high, after)

    first, last = (_code_of(source, result, rounding, keys[end][1]) for end in (0, -1))
    return first, [*between(0, first, len(keys) - 1, last)]


def _is_negative(source: Format, code: int) -> bool:
    """Whether a number is below zero, or -0."""
    value = source.value(code)
    return value < 0 or (isinstance(source, Minifloat) and source.signed and code >> source.width - 1 == 1)


def _key(source: Integer | Fixed | Minifloat, code: Value) -> Value:
    """A number that ascends as what the code stands for."""
    if isinstance(source, Minifloat) and source.signed:
        # A sign and a magnitude: as a negative number counts downwards, its bits are inverted.
        return Cat(code[:-1] ^ code[-1].replicate(source.width - 1), code[-1]).as_signed()
    return code.as_signed() if source.span.signed else code


def _ordered(source: Integer | Fixed | Minifloat) -> list[tuple[int, int]]:
    """The keys of all numbers, ascending, with their codes."""
    half, every = 1 << source.width - 1, range(1 << source.width)
    if isinstance(source, Minifloat) and source.signed:
        keys = [(~(n - half) if n >= half else n, n) for n in every]
    elif source.span.signed:
        keys = [((n ^ half) - half, n) for n in every]
    else:
        keys = [(n, n) for n in every]
    return sorted((at, n) for at, n in keys if source.value(n) == source.value(n))
