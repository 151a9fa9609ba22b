"""L-Mul: a float product without a multiplier (arXiv 2410.00907), in three semantics.

With X and Y the sign-stripped codes read as integers, b the bias and M mantissa bits, the product's
code is ``X + Y - (b << M) + (1 << (M - l))``, where l = M for M <= 3, 3 for M = 4 and 4 above.
The mantissa's carry runs into the exponent by itself. Mitchell's multiplier is that without the
offset. In the value semantics there is no such carry: the significand is between 1 and 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from amaranth.hdl import Cat, Const, Mux, Value

from hw.arith import Logic, fabric
from hw.arith.compare import above, below
from hw.arith.place import Function, Place, always, plain
from hw.arith.steps import bits
from hw.datapath.product import Product, ProductRule, Specials, specials, status
from hw.datapath.rounded import Signs, Unrounded, add_offset, pack, signed_code, with_specials
from hw.datapath.unpack import Kind, kind_of
from hw.formats import Format, Minifloat, Span
from hw.formats.messages import cut

WIDE = 8
"""Bits of a code above which `_clipped_sum` is smaller; infinities and NaN choose among the same wires again."""


def offset_exponent(mantissa_bits: int) -> int:
    """l(M): the offset that stands in for the mantissas' product is ``2**-l``."""
    return mantissa_bits if mantissa_bits <= 3 else 3 if mantissa_bits == 4 else 4


@dataclass
class Magnitude:
    """A product's code without its sign, and the operands' kinds."""

    code: Value
    x: Kind
    y: Kind


class LMul(ProductRule):
    """L-Mul in its integer form, on two operands of one minifloat format.

    Edges: a zero or subnormal operand, or a result below the normal numbers, gives 0; a result
    above the highest finite value gives that value.

    Parameters
    ----------
    name : str
        Its name in specs.
    offset : bool
        Whether ``2**-l`` is added; without it the rule is Mitchell's.
    """

    multiplies: ClassVar[bool] = False

    def __init__(self, name: str = "lmul", offset: bool = True) -> None:
        self.name, self.offset = name, offset

    def check(self, a: Format, b: Format) -> None:
        if not isinstance(a, Minifloat) or not isinstance(b, Minifloat):
            raise ValueError(f"product {self.name} takes minifloats, got {cut(a)} and {cut(b)}")
        if not all(fmt.exponent_bits and fmt.signed for fmt in (a, b)):
            raise ValueError(
                f"product {self.name} takes minifloats with exponents and signs, got {cut(a)} and {cut(b)}"
            )
        if a != b:
            raise ValueError(f"product {self.name} takes two operands of one format, got {cut(a)} and {cut(b)}")

    def span(self, a: Format, b: Format) -> Span:
        return a.span

    def bias(self, a: Format, b: Format) -> int | None:
        return 1

    def multiply(self, m: Logic, a_format: Format, b_format: Format, a: Value, b: Value) -> Product:
        assert isinstance(a_format, Minifloat)
        fraction = a_format.mantissa_bits
        parts = self._magnitude(m, a_format, a, b, masked=True)
        significand = m.wire("product", Cat(parts.code[:fraction], parts.code[fraction:].any()))
        return Product(significand, parts.code[fraction:], _negate(m, a, b), status(m, parts.x, parts.y))

    def round(
        self, m: Logic, a_format: Format, b_format: Format, a: Value, b: Value, result: Format, rounding: str
    ) -> Value:
        assert isinstance(a_format, Minifloat) and isinstance(result, Minifloat)
        parts = self._magnitude(m, a_format, a, b)
        negate, special = _negate(m, a, b), specials(m, parts.x, parts.y)
        if result == a_format:
            # The rule's own code: nothing is left to round.
            number = Signs(negate, special)
            return signed_code(m, number, result, with_specials(number, result, parts.code))
        return pack(m, self._unrounded(m, a_format, result, parts.code, negate, special), result, rounding)

    @staticmethod
    def _unrounded(
        m: Logic, fmt: Minifloat, result: Minifloat, code: Value, negate: Value, special: Specials
    ) -> Unrounded:
        """The number of a code that is normal or zero."""
        fraction, step = fmt.mantissa_bits, result.bias - fmt.bias
        lowest, highest = 1 + step, (fmt.max_magnitude_code >> fraction) + step
        exponent = add_offset(m, code[fraction:], step, lowest, highest)
        significand, zero = Cat(code[:fraction], Const(1, 2)), ~code[fraction:].any()
        return Unrounded(negate, special, significand, exponent, lowest, highest, m.wire("zero", zero))

    def _magnitude(self, m: Logic, fmt: Minifloat, a: Value, b: Value, masked: bool = False) -> Magnitude:
        """The product's code without its sign; of infinities and NaN it is 0 if `masked`, else of no meaning."""
        fraction = fmt.mantissa_bits
        x, y = _kinds(m, fmt, a, b)
        constant = ((1 << (fraction - offset_exponent(fraction))) if self.offset else 0) - (fmt.bias << fraction)
        fits = -(1 << fmt.width) <= constant <= 0 and fabric(m).folds_four
        add = _clipped_sum if fits and fmt.width > WIDE and not fmt.has_special else _sum_with_overrides
        zero = Cat(x.zero, y.zero, *(_no_numbers(x, y) if masked else [])).any()
        return Magnitude(m.wire("code", add(m, fmt, a[:-1], b[:-1], constant, zero)), x, y)


def _sum_with_overrides(m: Logic, fmt: Minifloat, x: Value, y: Value, constant: int, zero: Value) -> Value:
    """``x + y + constant``, or what the edges make of it: the row that adds the constant takes those in."""
    fraction, width, highest = fmt.mantissa_bits, fmt.width - 1, fmt.max_magnitude_code
    carry = constant & 1
    total, constant = fabric(m).add(m, "code_sum", x, y, fmt.width, carry), constant - carry
    flush = m.wire("flush", zero | below(total, (1 << fraction) - constant))
    overflow = m.wire("overflow", above(total, highest - constant))
    # What is added does not reach below its lowest one.
    low = min((constant & -constant).bit_length() - 1, width - 1) if constant else 0
    added, overrides = (constant >> low) & ((1 << (width - low)) - 1), [(flush, 0), (overflow, highest >> low)]
    upper = fabric(m).add_constant(m, "code_upper", total[low:width], added, overrides)
    lower = Mux(flush, 0, Mux(overflow, highest & ((1 << low) - 1), total[:low]))[:low]
    return Cat(lower, upper)


def _clipped_sum(m: Logic, fmt: Minifloat, x: Value, y: Value, constant: int, zero: Value) -> Value:
    """The same where one row takes the constant in: then the edges are plain to see in its sum."""
    width, highest = fmt.width - 1, fmt.max_magnitude_code
    total = fabric(m).row(m, "code_sum", _three(x, y, constant >> 1 << 1, width + 2), constant & 1)
    flush = m.wire("flush", zero | total[-1] | below(total[:-1], 1 << fmt.mantissa_bits))
    overflow = above(total[:-1], highest)
    return Mux(flush, 0, Mux(overflow, highest, total[:width]))[:width]


def _three(x: Value, y: Value, constant: int, width: int) -> list[Place]:
    """Places that add three numbers, the last one constant: each takes the carry of full adders below it."""
    places = []
    for index in range(width):
        here = [value[index] if index < len(value) else Const(0, 1) for value in (x, y)]
        low = [value[index - 1] if 0 < index <= len(value) else Const(0, 1) for value in (x, y)]
        if not constant & ((1 << (index + 1)) - 1):
            places.append(plain(*here))
            continue
        one, before = constant >> index & 1, constant >> (index - 1) & 1 if index else 0
        if not constant & ((1 << index) - 1):
            # The lowest one.
            places.append(Place((*here,), lambda a, b: 1 ^ a ^ b, always(0)))
            continue
        places.append(Place((*here, *low), _total(one), _carry(before), whole=True))
    return places


def _total(one: int) -> Function:
    return lambda a, b, c, d: a ^ b ^ one


def _carry(one: int) -> Function:
    return lambda a, b, c, d: (c | d) if one else (c & d)


@dataclass
class Sums:
    """A product ``significand * 2**(exponent - 2 * bias - M)``, the operands' kinds, and whether it is out of range.

    Attributes
    ----------
    flush : Value
        An operand is a zero or subnormal, or the product is below the normal numbers.
    overflow : Value
        It is above the highest finite value.
    """

    significand: Value
    exponent: Value
    x: Kind
    y: Kind
    flush: Value
    overflow: Value


class LMulValue(LMul):
    """L-Mul in its value form, ``(1 + p + q + 2**-l) * 2**(e + f)``, with the edges of `LMul`."""

    def __init__(self) -> None:
        super().__init__("lmul_value")

    def span(self, a: Format, b: Format) -> Span:
        assert isinstance(a, Minifloat)
        fraction = a.mantissa_bits
        # A significand of 2 or more goes with an exponent one below that of the smallest normal number.
        lsb = a.min_exponent - fraction - (a.min_exponent < 0)
        leading = Fraction(2) ** (a.top - 1)
        top = (2 * a.max / leading - 1 + Fraction(1, 1 << offset_exponent(fraction))) * leading**2
        high = int(min(top, a.max) / Fraction(2) ** lsb)
        return Span(-high, high, lsb)

    def bias(self, a: Format, b: Format) -> int | None:
        return 0

    def multiply(self, m: Logic, a_format: Format, b_format: Format, a: Value, b: Value) -> Product:
        assert isinstance(a_format, Minifloat)
        fmt, sums = a_format, self._sums(m, a_format, a, b)
        zero = m.wire("zero", Cat(sums.flush, *_no_numbers(sums.x, sums.y)).any())
        significand = m.wire("product", Mux(zero, 0, _clipped(fmt, sums)))
        # The shift of the highest value is that of its field, or one less where no exponent is below the normals'.
        step = int(fmt.min_exponent >= 0)
        highest = (fmt.max_magnitude_code >> fmt.mantissa_bits) - step
        width = max(1, highest.bit_length())
        mask, given = (1 << width) - 1, sums.exponent[:width]
        constant, known = -(fmt.bias + step) & mask, highest & mask
        shift = fabric(m).add_constant(m, "shift", given, constant, [(sums.overflow, known)])
        return Product(significand, shift, _negate(m, a, b), status(m, sums.x, sums.y))

    def round(
        self, m: Logic, a_format: Format, b_format: Format, a: Value, b: Value, result: Format, rounding: str
    ) -> Value:
        assert isinstance(a_format, Minifloat) and isinstance(result, Minifloat)
        fmt, sums = a_format, self._sums(m, a_format, a, b)
        step = result.bias - 2 * fmt.bias
        lowest, highest = max(2, fmt.bias) + step, (2 << fmt.exponent_bits) - 2 + step
        significand = sums.significand
        saturates = result == fmt and fmt.overflow == "sat"
        exponent = add_offset(m, sums.exponent, step, lowest, highest)
        if not saturates:
            highest = (fmt.max_magnitude_code >> fmt.mantissa_bits) + result.bias - fmt.bias
            significand = m.wire("clipped", _clipped(fmt, sums))
            exponent = m.wire("clipped_exponent", Mux(sums.overflow, highest, exponent).as_signed())
        special = specials(m, sums.x, sums.y)
        number = Unrounded(_negate(m, a, b), special, significand, exponent, lowest, highest, sums.flush)
        return pack(m, number, result, rounding)

    @staticmethod
    def _sums(m: Logic, fmt: Minifloat, a: Value, b: Value) -> Sums:
        fraction = fmt.mantissa_bits
        x, y = _kinds(m, fmt, a, b)
        shift = fraction - offset_exponent(fraction)
        # Both leading ones together are 2 and the product's is 1: a one above the fractions.
        places = [plain(*pair) for pair in zip(bits(a[:fraction]), bits(b[:fraction]), strict=True)]
        places += [Place((), always(0), always(1)), Place((), always(0), always(0))]
        significand: Value = fabric(m).row(m, "significand_sum", places, int(not shift))
        if shift:
            upper = fabric(m).add_constant(m, "significand_upper", significand[shift:], 1)
            significand = m.wire("significand", Cat(significand[:shift], upper))
        exponent = fabric(m).add(m, "exponent_sum", a[fraction:-1], b[fraction:-1], fmt.exponent_bits + 1)
        under = below(exponent, fmt.bias) | ((exponent == fmt.bias) & ~significand[-1])
        field, highest = fmt.max_magnitude_code >> fraction, _highest(fmt)
        over = above(exponent, field + fmt.bias) | ((exponent == field + fmt.bias) & above(significand, highest))
        over |= (exponent == field + fmt.bias - 1) & above(significand, 2 * highest)
        flush = m.wire("flush", Cat(x.zero, y.zero, under).any())
        return Sums(significand, exponent, x, y, flush, m.wire("overflow", over))


def _highest(fmt: Minifloat) -> int:
    """The significand of the highest finite value."""
    return (1 << fmt.mantissa_bits) | (fmt.max_magnitude_code & ((1 << fmt.mantissa_bits) - 1))


def _clipped(fmt: Minifloat, sums: Sums) -> Value:
    """The significand, or that of the highest value."""
    return Mux(sums.overflow, Const(_highest(fmt), len(sums.significand)), sums.significand)


def _kinds(m: Logic, fmt: Minifloat, a: Value, b: Value) -> tuple[Kind, Kind]:
    """The operands' kinds: subnormals count as zeros, also beside an infinity."""
    return kind_of(fmt, m, a, "a", subnormals=False), kind_of(fmt, m, b, "b", subnormals=False)


def _no_numbers(*kinds: Kind) -> list[Value]:
    """Flags of what adds nothing to a sum."""
    return [flag for kind in kinds for flag in (kind.infinite, kind.nan) if flag is not None]


def _negate(m: Logic, a: Value, b: Value) -> Value:
    return m.wire("negate", a[-1] ^ b[-1])
