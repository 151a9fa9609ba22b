"""Numbers as a block: a scale, which is a power of two, for all of them, and each divided by it and rounded.

A scale's code follows from the largest exponent among the numbers, and a division by it is a difference of exponents.
Exponents are signed numbers, in as many bits as their bounds need.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Const, Mux, Value

from hw.arith import Logic, fabric
from hw.arith.compare import above, greater
from hw.arith.signed import minus, signed_width
from hw.arith.steps import extend
from hw.arith.wires import any_of
from hw.datapath.dyadic import Scaled, to_integer
from hw.datapath.product import Specials
from hw.datapath.rounded import Normalised, Unrounded, add_offset, normalised, own_exponent, pack
from hw.formats import Block, Fixed, Format, Integer, Minifloat, PowerOfTwo


@dataclass
class Scale:
    """How a block's scale follows from exponents.

    Attributes
    ----------
    format : PowerOfTwo
    offset : int
        Its code is the largest exponent and this, but at least 0.
    code : Value
    """

    format: PowerOfTwo
    offset: int
    code: Value

    @property
    def top(self) -> int:
        """The highest code of a number."""
        return (1 << self.format.width) - 1 - self.format.nan


def quantise(
    m: Logic, source: Format, block: Block, codes: Sequence[Value], rounding: str, random: Sequence[Value | None]
) -> tuple[list[Value], Value]:
    """Logic, added to `m`: the codes of a block's elements, and of its scale.

    Parameters
    ----------
    m : Logic
    source : Format
        Of the numbers; its largest one has a scale in the block's format.
    block : Block
        With a scale that is a power of two without a sign or zero.
    codes : sequence of Value
        As many as a block has.
    rounding : str
        Of the elements: a key of `hw.formats.ROUNDINGS`.
    random : sequence of Value or None
        Of each element, bits for "stochastic".
    """
    numbers = [normalised(m, source, code, "x") for code in codes]
    fmt, one = block.scale, numbers[0]
    assert isinstance(fmt, PowerOfTwo)
    largest = _largest(m, [_power(m, number, block) for number in numbers])
    offset = one.base + len(one.significand) - 1 - block.max_exponent + fmt.bias
    low, high = one.lowest + offset, one.highest + 1 + offset
    total = add_offset(m, largest, offset, low, high)
    scale = Scale(fmt, offset, Const(0, fmt.width))
    within: Value = extend(total, max(len(total), fmt.width + 1))[: fmt.width]
    if high > scale.top:
        within = Mux(above(total, scale.top), scale.top, within)
    if low < 0:
        within = Mux(total[-1], 0, within)[: fmt.width]
    if low > 0:
        # Without a number the scale is the lowest, which no exponent leads to.
        within &= any_of(m, "any_number", *(~flag for flag in _without(numbers))).replicate(fmt.width)
    code = m.wire("scale_code", within)
    scale = Scale(fmt, offset, code)
    divided = _as_float if isinstance(block.element, Minifloat) else _as_fixed
    elements = [divided(m, block, number, scale, rounding, bits) for number, bits in zip(numbers, random, strict=True)]
    spoilt = _spoilt(m, block, numbers)
    if spoilt is None:
        return elements, code
    whole = [m.wire("element", element & ~spoilt.replicate(len(element))) for element in elements]
    return whole, m.wire("scale", Mux(spoilt, scale.top + 1, code))


def _power(m: Logic, number: Normalised, block: Block) -> Value:
    """The exponent that a number's scale follows from; of what is zero or no number the lowest."""
    power = own_exponent(m, number)
    most = block.element.max / 2**block.max_exponent
    if block.rule == "ceil" and number.significand.shape().width > 1:
        # Above the largest element, once that has the same power, it takes a scale twice as large.
        fraction = number.significand[:-1]
        beyond = m.wire("beyond", above(fraction, int((most - 1) * 2 ** len(fraction))))
        width = signed_width(number.lowest, number.highest + 1)
        power = fabric(m).add(m, "power_up", power, Const(0, 1), width, beyond).as_signed()
    (without,) = _without([number])
    return m.wire("power", Mux(without, Const(number.lowest, power.shape()), power)).as_signed()


def _without(numbers: Sequence[Normalised]) -> list[Value]:
    """Whether each is zero or no number."""
    kinds = [number.operand.kind for number in numbers]
    return [
        kind.zero | reduce(or_, [x for x in (kind.infinite, kind.nan) if x is not None], Const(0, 1)) for kind in kinds
    ]


def _largest(m: Logic, powers: Sequence[Value]) -> Value:
    """The largest of numbers, in a tree."""
    while len(powers) > 1:
        pairs = list(zip(powers[::2], powers[1::2], strict=False))
        merged = [m.wire("larger", Mux(greater(m, "exceeds", x, y), x, y)).as_signed() for x, y in pairs]
        powers = [*merged, *powers[2 * len(pairs) :]]
    return powers[0]


def _spoilt(m: Logic, block: Block, numbers: Sequence[Normalised]) -> Value | None:
    """Whether a number is infinite or NaN, and its element can't be."""
    kinds = [number.operand.kind for number in numbers]
    flags = []
    for special, found in ((float("inf"), "infinite"), (float("nan"), "nan")):
        if block.element.code_of(special) is None:
            flags += [flag for kind in kinds if (flag := getattr(kind, found)) is not None]
    return any_of(m, "spoilt", *flags) if flags else None


def _as_float(m: Logic, block: Block, number: Normalised, scale: Scale, rounding: str, random: Value | None) -> Value:
    """A number divided by the scale, as a float."""
    element, kind = block.element, number.operand.kind
    assert isinstance(element, Minifloat)
    offset = number.base + len(number.significand) - 1 + scale.format.bias + element.bias
    carry = offset & 1
    low, high = number.lowest - scale.top, number.highest
    exponent = own_exponent(m, number, carry)
    relative = minus(m, "relative", exponent, scale.code, signed_width(low + carry, high + carry))
    special = Specials(
        None if element.code_of(float("inf")) is None else kind.infinite,
        None if element.code_of(float("nan")) is None else kind.nan,
    )
    # A number is no larger than its scale lets it be, or, under the largest scale, by one power.
    bounds = (low + offset, element.bias + block.max_exponent + 1)
    significand = Cat(number.significand, Const(0, 1))
    unrounded = Unrounded(number.negate, special, significand, relative, *bounds, kind.zero, offset - carry)
    return pack(m, unrounded, element, rounding, random)


def _as_fixed(m: Logic, block: Block, number: Normalised, scale: Scale, rounding: str, random: Value | None) -> Value:
    """A number divided by the scale, in fixed point: down from the highest place that there can be."""
    element, width = block.element, len(number.significand)
    assert isinstance(element, (Integer, Fixed))
    counts = ~number.operand.kind.zero.replicate(width)
    magnitude = m.wire("magnitude", number.significand & counts)
    signed = fabric(m).negate(m, "signed", magnitude, number.negate, width + 1).as_signed()
    highest = block.max_exponent + 1 - element.span.lsb
    up = max(0, highest - (width - 1))
    # As many places as the number's exponent is less than the scale's, and those that `up` is too far.
    constant = up - (number.base + scale.format.bias - element.span.lsb)
    low, high = -number.highest, scale.top - number.lowest
    apart = minus(m, "apart", scale.code, own_exponent(m, number), signed_width(low, high))
    down = add_offset(m, apart, constant, low + constant, high + constant)
    value = Cat(Const(0, up), signed).as_signed()
    return to_integer(m, Scaled(value, down[:-1]), Const(0, element.width), Const(0, 1), element, rounding, random)
