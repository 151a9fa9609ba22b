"""A float times a power of two, in a format in which it is a normal number."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Mux, Value

from hw.arith import Logic, fabric
from hw.datapath.product import Specials
from hw.datapath.rounded import Signs, add_offset, normalised, own_exponent, signed_code, with_specials
from hw.formats import Minifloat


def add_to_exponent(m: Logic, source: Minifloat, result: Minifloat, code: Value, k: Value) -> Value:
    """Logic, added to `m`: the code in `result` of a code of `source` times ``2**k``.

    Parameters
    ----------
    m : Logic
    source, result : Minifloat
        Each number of the one but zero is a normal number of the other, with any k.
    code, k : Value
        `k` is not negative.
    """
    number = normalised(m, source, code, "x")
    offset = number.base + len(number.significand) - 1 + result.bias
    # The field that the number has there without k, and then that with it: no carry is lost.
    high = number.highest + offset
    before = add_offset(m, own_exponent(m, number), offset, number.lowest + offset, high)[: max(1, high.bit_length())]
    field = fabric(m).add(m, "field", before, k, result.exponent_bits)
    fraction = Cat(Const(0, result.mantissa_bits - source.mantissa_bits), number.significand[:-1])
    kind = number.operand.kind
    magnitude = Mux(kind.zero, 0, Cat(fraction, field))[: result.exponent_bits + result.mantissa_bits]
    signs = Signs(number.negate, Specials(kind.infinite, kind.nan))
    return signed_code(m, signs, result, with_specials(signs, result, magnitude))
