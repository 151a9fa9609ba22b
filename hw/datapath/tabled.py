"""Products of floats with few mantissa bits: significands multiplied and rounded by one truth table.

What is left is an addition of exponents, with the table's carry, and the edges of the range. It needs
a result without subnormals, since those are rounded where the exponent says.
"""

from __future__ import annotations

from amaranth.hdl import Cat, Mux, Value

from hw.arith import Logic, fabric
from hw.arith.compare import above, below
from hw.arith.product import parts
from hw.formats import Minifloat


def rounded_significand(fraction: int, bits: int, keep: int) -> tuple[int, int, bool]:
    """A significand of ``2**bits + fraction`` to nearest even, `keep` bits behind the point.

    Its `fraction` may reach 3 * 2**bits: then the point is one place higher.

    Returns
    -------
    fraction of `keep` bits, how far the exponent rises, and whether it was more than that power of two.
    """
    value = (1 << bits) + fraction
    rise = value.bit_length() - 1 - bits
    shift = bits + rise - keep
    kept, lost = (value << -shift, 0) if shift <= 0 else (value >> shift, value & ((1 << shift) - 1))
    if shift > 0 and (2 * lost, kept & 1) > (1 << shift, 0):
        kept += 1
    if kept >> (keep + 1):
        kept, rise = kept >> 1, rise + 1
    return kept & ((1 << keep) - 1), rise, value > 1 << (bits + rise)


def fits(m: Logic, wires: int, lowest: int, result: Minifloat, most: int) -> bool:
    """Whether a table does it: few wires, no subnormal result, and an exponent that rises by one at most.

    Without mantissa bits the exponent decides a tie, and the table does not have that.
    """
    kept = result.mantissa_bits > 0 and (not result.subnormals or lowest > 0)
    return kept and wires <= fabric(m).table_inputs and most == 1


def fits_table(m: Logic, x: int, y: int, keep: int) -> bool:
    """Whether a table multiplies and rounds fractions of `x` and `y` bits, whatever the exponents are."""
    return x + y <= fabric(m).table_inputs and most_rise(x, y, keep) == 1


def multiply_by_table(m: Logic, x: Value, y: Value, keep: int) -> Value:
    """The rounded product of significands with a leading one: fraction, rise, and whether more than a power of two."""
    wires, below_point = Cat(x, y), len(x) + len(y)

    def product(code: int) -> int:
        one, other = (1 << len(x)) + (code & ((1 << len(x)) - 1)), (1 << len(y)) + (code >> len(x))
        fraction, rise, more = rounded_significand(one * other - (1 << below_point), below_point, keep)
        return fraction | rise << keep | more << keep + 1

    return m.wire("significand", fabric(m).lookup(m, "table", wires, keep + 2, product))


def most_rise(x: int, y: int, keep: int) -> int:
    """How far the exponent can rise, for fractions of `x` and `y` bits."""
    highest = ((2 << x) - 1) * ((2 << y) - 1) - (1 << x + y)
    return rounded_significand(highest, x + y, keep)[1]


def assemble(
    m: Logic, fmt: Minifloat, significand: Value, total: Value, offset: int, zero: Value, nan: Value | None
) -> Value:
    """The magnitude's code of a rounded significand with exponent ``total + offset``.

    What is out of range replaces the field before the offset is added, where a row does that for nothing.
    """
    mantissa, highest = fmt.mantissa_bits, fmt.max_magnitude_code
    fraction, more = significand[:mantissa], significand[mantissa + 1]
    top = highest >> mantissa
    under = m.wire("under", below(total, 1 - offset))
    over: Value = above(Cat(fraction, total).as_signed(), highest - (offset << mantissa))
    flush, up = zero | under, Mux(under, ~below(total, -offset) & more & ~zero, 0)
    over = m.wire("overflow", over & ~zero)
    clear = m.wire("flush", flush if nan is None else flush & ~nan)
    full = over if nan is None else m.wire("full", over | nan)
    width = fmt.exponent_bits
    field = fabric(m).add_constant(m, "field", _fitted(total, width), offset, [(clear, 0), (full, top)])
    # The smallest normal number, for what is nearer to it than to zero.
    field = Cat(field[0] | (up if nan is None else up & ~nan), field[1:])
    inner = Mux(clear, 0, Mux(over, highest & ((1 << mantissa) - 1), fraction))
    return Cat(inner[:mantissa], field)


def _fitted(total: Value, width: int) -> Value:
    if len(total) >= width:
        return total[:width]
    return Cat(total, total[-1].replicate(width - len(total)))


def fraction_wires(significand: Value) -> Value:
    """What a significand has below its leading one."""
    return Cat(*parts(significand)[:-1])
