"""Numbers as a block whose scale is a float, under a scale for the tensor: NVFP4.

Only the scale is a quotient, one for all. An element is not divided: where one element ends and the next begins, times
the scale and the tensor's, is a number, exactly, and of each input it is only asked how many of these it has reached.
They are rounded to odd into the input's format with one bit more, which leaves them on the same side of all inputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from itertools import pairwise
from operator import or_

from amaranth.hdl import Cat, Const, Mux, Value

from hw.arith import Logic, fabric, multiply
from hw.arith.compare import greater
from hw.arith.place import Place, always
from hw.arith.signed import minus, signed_width
from hw.arith.steps import bits, extend
from hw.arith.wires import any_of, lookup, truncate
from hw.datapath.product import Specials
from hw.datapath.rounded import Normalised, Unrounded, exponent_sum, normalised, own_exponent, pack
from hw.datapath.shiftadd.times import times
from hw.datapath.unpack import Kind, Operand
from hw.formats import Block, Fixed, Integer, Minifloat, Span

ROUNDINGS = {"nearest": "nearest_even", "ceil": "up"}
"""How the scale is rounded, by a block's rule."""
NUMBER = Specials(None, None)
"""Of what is no infinity or NaN."""


def positives(block: Block) -> list[Fraction]:
    """The magnitudes of a block's elements, ascending; the code of each is its place."""
    assert isinstance(block.element, (Integer, Fixed, Minifloat))
    values = [block.element.value(code) for code in range(1 << block.element.width - 1)]
    assert all(isinstance(value, Fraction) for value in values)
    return values  # type: ignore[return-value]


def quantise_divided(
    m: Logic, source: Minifloat, block: Block, codes: Sequence[Value], tensor: Value | None
) -> tuple[list[Value], Value]:
    """Logic, added to `m`: the codes of a block's elements, rounded to nearest, ties to even, and of its scale.

    Parameters
    ----------
    m : Logic
    source : Minifloat
        Of the numbers: with exponents, and no NaN in place of -0.
    block : Block
        Whose scale is a float with subnormals and a NaN, by rule nearest or ceil; its elements are signs and
        magnitudes of 2 to 4 bits, or integers or fixed point as far as they are that.
    codes : sequence of Value
        As many as a block has.
    tensor : Value or None
        The code of the tensor's scale, if the block has one. What is no positive number spoils the block.
    """
    magnitudes = [_magnitude(m, source, code) for code in codes]
    largest = normalised(m, source, extend(_largest(m, magnitudes), source.width), "largest")
    factor = _one() if tensor is None or block.tensor is None else normalised(m, block.tensor, tensor, "tensor")
    spoilt = m.wire("spoilt", _flags(largest.operand.kind, False) | _flags(factor.operand.kind, tensor is not None))
    scale = _scale(m, largest, factor, block)
    keys = _keys(m, source, block, scale, factor)
    empty = m.wire("empty", spoilt | ~scale.any())
    elements = []
    for code, magnitude in zip(codes, magnitudes, strict=True):
        place = _place(m, magnitude, keys)
        negative = code[-1] if source.signed else Const(0, 1)
        elements.append(m.wire("element", _signed(m, block, place, negative) & ~empty.replicate(block.element.width)))
    nan = block.scale.code_of(float("nan"))
    assert nan is not None
    return elements, m.wire("scale", Mux(spoilt, nan, scale))


def _magnitude(m: Logic, source: Minifloat, code: Value) -> Value:
    """A number that ascends with the magnitude."""
    magnitude = code[:-1] if source.signed else code
    if source.subnormals:
        return magnitude
    return m.wire("x_magnitude", magnitude & magnitude[source.mantissa_bits :].any().replicate(len(magnitude)))


def _largest(m: Logic, numbers: Sequence[Value]) -> Value:
    """The largest of numbers, in a tree."""
    while len(numbers) > 1:
        pairs = list(zip(numbers[::2], numbers[1::2], strict=False))
        merged = [m.wire("larger", Mux(greater(m, "exceeds", x, y), x, y)) for x, y in pairs]
        numbers = [*merged, *numbers[2 * len(pairs) :]]
    return numbers[0]


def _one() -> Normalised:
    """A factor that is 1."""
    kind = Kind(None, None, Const(0, 1), None)
    operand = Operand(Const(1, 1), None, None, kind)
    return Normalised(operand.significand, [(Const(0, 1), Const(0, 1))], 0, 0, 0, Const(0, 1), operand)


def _flags(kind: Kind, positive: bool) -> Value:
    """Whether a number is infinite or NaN, or, if it must be positive, zero or less."""
    flags = [flag for flag in (kind.infinite, kind.nan) if flag is not None]
    if positive:
        flags += [kind.zero, *([] if kind.negative is None else [kind.negative])]
    return reduce(or_, flags, Const(0, 1))


def _scale(m: Logic, largest: Normalised, factor: Normalised, block: Block) -> Value:
    """The largest magnitude, divided by the largest element and the factor, and rounded."""
    fmt, most = block.scale, block.element.max
    assert isinstance(fmt, Minifloat)
    power = _power(most)
    odd = most / Fraction(2) ** power
    (divisor,), up = _multiples(m, factor.significand, [odd.numerator]), None
    if odd > 1:
        up = m.wire("divisor_up", ~divisor[-1])
        divisor = m.wire("divisor_normal", Mux(up, Cat(0, divisor)[: len(divisor)], divisor))
    count = fmt.mantissa_bits + 3
    quotient = _quotient(m, largest.significand, divisor, count)
    constant = len(largest.significand) - len(divisor) - count + largest.base - factor.base - power
    offset = constant + count - 1 + fmt.bias
    low, high = largest.lowest - factor.highest, largest.highest - factor.lowest + 1
    width = signed_width(low, high + 1)
    apart = minus(m, "apart", own_exponent(m, largest, offset & 1), own_exponent(m, factor), width)
    exponent = apart if up is None else fabric(m).add(m, "scale_exponent", apart, Const(0, 1), width, up).as_signed()
    bounds = low + offset, high + offset
    number = Unrounded(
        Const(0, 1), NUMBER, quotient, exponent, *bounds, largest.operand.kind.zero, offset - (offset & 1)
    )
    return m.wire("scale_code", pack(m, number, fmt, ROUNDINGS[block.rule]))


def _quotient(m: Logic, x: Value, divisor: Value, count: int) -> Value:
    """``x / divisor``, both taken as 1 to 2: so many bits, the first worth one, and below them whether more follow."""
    width = max(len(x), len(divisor))
    divisor = Cat(Const(0, width - len(divisor)), divisor)
    # Between minus the divisor and the divisor; what is below zero is put right by adding, a bit further down.
    rest: Value = minus(m, "rest", Cat(Const(0, width - len(x)), x), divisor, width + 1)
    found, exact = [~rest[-1]], [~rest.any()]
    for _ in range(count - 1):
        pairs = zip([Const(0, 1), *bits(rest)], [*bits(divisor), Const(0, 1)], strict=False)
        places = [Place((bit, part, found[0]), lambda r, d, f: r, lambda r, d, f: d ^ f) for bit, part in pairs]
        rest = fabric(m).row(m, "rest", places, found[0])
        found.insert(0, m.wire("fits", ~rest[-1]))
        exact.append(~rest.any())
    return Cat(m.wire("inexact", ~Cat(*exact).any()), *found)


def _keys(m: Logic, source: Minifloat, block: Block, scale: Value, factor: Normalised) -> list[Value]:
    """Where each magnitude of an element ends, halfway to the next: codes of the input's format with one bit more."""
    wider = Minifloat(source.exponent_bits, source.mantissa_bits + 1, "finite", source.bias, signed=False)
    one = normalised(m, block.scale, scale, "scale")
    product = multiply(m, "both", one.significand, factor.significand)
    leading = m.wire("both_normal", Mux(product[-1], product, Cat(0, product)[: len(product)]))
    total, low, high = exponent_sum(m, one, factor, product[-1])
    # An offset that is odd is even with an exponent that is one more.
    raised = fabric(m).add(m, "raised", total, Const(0, 1), signed_width(low, high + 2), 1).as_signed()
    halves = [(lower + upper) / 2 for lower, upper in pairwise(positives(block))]
    powers = [_power(half) for half in halves]
    odds = [int(half / Fraction(2) ** power) for half, power in zip(halves, powers, strict=True)]
    keys = []
    for odd, power, multiple in zip(odds, powers, _multiples(m, leading, odds), strict=True):
        # The leading one is its top bit's, or the next one's.
        width = len(leading) + odd.bit_length()
        significand = _shortened(m, extend(multiple, width), wider.mantissa_bits + 4)
        offset = one.base + factor.base + power - 1 + width - 2 + wider.bias
        exponent = raised if offset & 1 else total
        bounds = low + offset, high + 1 + offset
        number = Unrounded(Const(0, 1), NUMBER, significand, exponent, *bounds, Const(0, 1), offset - (offset & 1))
        keys.append(m.wire("key", pack(m, number, wider, "odd")))
    return keys


def _shortened(m: Logic, value: Value, width: int) -> Value:
    """The highest bits of a number, and below them whether more follow."""
    if len(value) <= width + 1:
        return value
    return Cat(any_of(m, "below", value[:-width]), value[-width:])


def _power(number: Fraction) -> int:
    """How many times 2 divides a number that is a fraction of a power of two."""
    return (number.numerator & -number.numerator).bit_length() - number.denominator.bit_length()


def _multiples(m: Logic, x: Value, constants: Sequence[int]) -> list[Value]:
    """A number times odd constants, each in as many bits as it needs."""
    if isinstance(x, Const):
        return [Const(x.value * constant, len(x) + constant.bit_length() - (constant == 1)) for constant in constants]
    different = sorted(set(constants) - {1})
    inputs = Span(0, (1 << len(x)) - 1, 0)
    span = Span(0, inputs.hi * max(constants), 0)
    made = times(m, tuple((constant,) for constant in different), [x], inputs, span) if different else []
    found = {1: x}
    for constant, value in zip(different, made, strict=True):
        found[constant] = truncate(m, "multiple", value, len(x) + constant.bit_length())
    return [found[constant] for constant in constants]


def _place(m: Logic, magnitude: Value, keys: Sequence[Value]) -> Value:
    """How many keys a magnitude has reached, found by halves; the choice of a key is a part of the comparison."""
    x = [Const(0, 1), *bits(magnitude)]
    low, high, chosen = [*keys], [*keys], Const(0, 1)
    found: list[Value] = []
    while low:
        middle = len(low) // 2
        # Halfway between, the even one of both is taken: all but the last choices are between an even place and more.
        ties = len(low) > 1
        places = [
            Place((bit, a, b, chosen), lambda x, a, b, c: x, lambda x, a, b, c: 1 ^ (a & (1 ^ c) ^ b & c))
            for bit, a, b in zip(x, bits(low[middle]), bits(high[middle]), strict=True)
        ]
        row = fabric(m).row(m, "reaches_row", [*places, Place((), always(0), always(0))], int(ties))
        reached = m.wire("reaches", row[-1])
        found.insert(0, reached)
        merged = [a if a is b else m.wire("nearer", Mux(chosen, b, a)) for a, b in zip(low, high, strict=True)]
        low, high, chosen = merged[:middle], merged[middle + 1 :], reached
    return Cat(*found)


def _signed(m: Logic, block: Block, place: Value, negative: Value) -> Value:
    """The code of an element of a magnitude and a sign."""
    if isinstance(block.element, Minifloat):
        return Cat(place, negative)
    half = 1 << len(place)
    return lookup(m, "code", Cat(place, negative), len(place) + 1, lambda n: -(n - half) if n >= half else n)
