"""Floats that carry beside them what they are: their products, rounded to nearest even, and what sums share with them.

Nothing is looked for in codes: two bits of each operand say what it is, and two of the result. The fields go on as if
operands were numbers, exponents modulo ``2**E``, and mean nothing where the bits say that the result is none.
"""

from __future__ import annotations

from collections.abc import Callable

from amaranth.hdl import Cat, Const, Mux, Value

from hw.arith import Logic, fabric, multiply
from hw.arith.place import Place, always, plain
from hw.arith.steps import bits
from hw.arith.wires import lookup
from hw.datapath.tabled import fits_table, multiply_by_table
from hw.encodings import Flagged
from hw.encodings.flagged import INFINITE, NAN, NUMBER, ZERO


class Fields:
    """A code's parts."""

    def __init__(self, fmt: Flagged, code: Value) -> None:
        self.fraction, self.exponent = code[: fmt.mantissa_bits], code[fmt.mantissa_bits : fmt.sign]
        self.negate, self.kind = code[fmt.sign], code[fmt.sign + 1 :]


def multiply_flagged(m: Logic, fmt: Flagged, a: Value, b: Value) -> Value:
    """The code of the product of two codes."""
    x, y = Fields(fmt, a), Fields(fmt, b)
    if fits_table(m, fmt.mantissa_bits, fmt.mantissa_bits, fmt.mantissa_bits):
        significand = multiply_by_table(m, x.fraction, y.fraction, fmt.mantissa_bits)
        fraction, rise = significand[: fmt.mantissa_bits], significand[fmt.mantissa_bits]
        total = fabric(m).row(m, "exponent", _exponent_places(m, x.exponent, y.exponent, rise))
    else:
        fraction, total = _rounded_product(m, fmt, x, y)
    kinds = lookup(m, "kinds", Cat(x.kind, y.kind), 2, _two(kind_of_product))
    # The exponent is half its range too high: what is added to it is one less than its bias.
    upper, exponent = total[fmt.exponent_bits - 1 :], Cat(total[: fmt.exponent_bits - 1], ~total[fmt.exponent_bits - 1])
    kind = in_range(m, kinds, ~upper.any(), upper[2] | upper[:2].all())
    return m.wire("code", Cat(fraction, exponent, x.negate ^ y.negate, kind))


def kind_of_product(a: int, b: int) -> int:
    """What a product is before its exponent is looked at."""
    if NAN in (a, b) or {a, b} == {ZERO, INFINITE}:
        return NAN
    return INFINITE if INFINITE in (a, b) else ZERO if ZERO in (a, b) else NUMBER


def _two(function: Callable[[int, int], int]) -> Callable[[int], int]:
    return lambda code: function(code & 3, code >> 2)


def in_range(m: Logic, kinds: Value, under: Value, over: Value) -> Value:
    """What a result is: a number beyond the range is an infinity, and one below it zero."""
    under, over = m.wire("under", under), m.wire("over", over)
    return m.wire("kind", Mux(kinds == NUMBER, Mux(over, INFINITE, Mux(under, ZERO, NUMBER)), kinds))


def _exponent_places(m: Logic, x: Value, y: Value, rise: Value) -> list[Place]:
    """The places of ``x + y + rise + 1``, of two bits more."""
    if not fabric(m).folds_four:
        total = fabric(m).row(m, "exponents", [*map(plain, bits(x), bits(y)), plain(Const(0, 1), Const(0, 1))], 1)
        ones = [rise, *[Const(0, 1)] * len(total)]
        return list(map(plain, [*bits(total), Const(0, 1)], ones))
    # Bits that meet are a sum and a carry first, the lowest sum with the one in it: that leaves a bit free below.
    pairs = [*zip(bits(x), bits(y), strict=True)]
    places = [Place((*pairs[0], rise), lambda a, b, r: 1 ^ a ^ b, lambda a, b, r: r)]
    for index, below in enumerate(pairs):
        here = pairs[index + 1] if index + 1 < len(pairs) else (Const(0, 1), Const(0, 1))
        carries = (lambda a, b, c, d: c & d) if index else (lambda a, b, c, d: c | d)
        places.append(Place((*here, *below), lambda a, b, c, d: a ^ b, carries))
    return [*places, Place((), always(0), always(0))]


def _rounded_product(m: Logic, fmt: Flagged, x: Fields, y: Fields) -> tuple[Value, Value]:
    """The fraction and the exponent, half its range too high, where no table rounds."""
    mantissa = fmt.mantissa_bits
    product = multiply(m, "product", Cat(x.fraction, 1), Cat(y.fraction, 1))
    top = product[-1]
    kept = [
        Place((product[n + 1], product[n], top), lambda a, b, t: (a & t) | (b & (1 ^ t)), always(0))
        for n in range(mantissa, 2 * mantissa)
    ]
    half, lowest = (
        Mux(top, product[mantissa], product[mantissa - 1]),
        Mux(top, product[mantissa + 1], product[mantissa]),
    )
    rest = product[: mantissa - 1].any() | (top & product[mantissa - 1])
    increment = m.wire("increment", half & (rest | lowest))
    total = fabric(m).row(m, "rounded", [*kept, *_exponent_places(m, x.exponent, y.exponent, top)], increment)
    return total[:mantissa], total[mantissa:]
