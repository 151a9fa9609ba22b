"""L-Mul: a float product by one integer addition of the codes (arXiv 2410.00907).

With X and Y the sign-stripped codes read as integers, b the bias and M mantissa bits, the product's
code is ``X + Y - (b << M) + (1 << (M - l))``, where l = M for M <= 3, 3 for M = 4 and 4 above.
The mantissa's carry runs into the exponent by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Cat, Mux, Value

from hw.arith import Logic, fabric
from hw.arith.compare import above, below
from hw.datapath.product import Product, ProductRule, specials, status
from hw.datapath.rounded import Signs, signed_code, with_specials
from hw.datapath.unpack import Kind, kind_of
from hw.formats import Format, Minifloat, Span


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
    """

    def check(self, a: Format, b: Format) -> None:
        if not isinstance(a, Minifloat) or not isinstance(b, Minifloat):
            raise ValueError(f"product lmul takes minifloats, got {a} and {b}")
        if not all(fmt.exponent_bits and fmt.signed for fmt in (a, b)):
            raise ValueError(f"product lmul takes minifloats with exponents and signs, got {a} and {b}")
        if a != b:
            raise ValueError(f"product lmul takes two operands of one format, got {a} and {b}")

    def span(self, a: Format, b: Format) -> Span:
        return a.span

    def bias(self, a: Format, b: Format) -> int | None:
        return 1

    def check_result(self, a: Format, b: Format, result: Format) -> None:
        if result != a:
            raise ValueError(f"result must be exact or {a} for product lmul, got {result}")

    def multiply(self, m: Logic, a_format: Format, b_format: Format, a: Value, b: Value) -> Product:
        assert isinstance(a_format, Minifloat)
        fraction = a_format.mantissa_bits
        parts = self._magnitude(m, a_format, a, b)
        # What is not a number adds nothing.
        special = [flag for kind in (parts.x, parts.y) for flag in (kind.infinite, kind.nan) if flag is not None]
        zero = m.wire("zero", Cat(~parts.code[fraction:].any(), *special).any())
        significand = m.wire("product", Cat(parts.code[:fraction], ~zero))
        return Product(significand, parts.code[fraction:], m.wire("negate", a[-1] ^ b[-1]), status(m, parts.x, parts.y))

    def round(
        self, m: Logic, a_format: Format, b_format: Format, a: Value, b: Value, result: Format, rounding: str
    ) -> Value:
        """The rule's own code: nothing is left to round."""
        assert isinstance(result, Minifloat)
        parts = self._magnitude(m, result, a, b)
        number = Signs(m.wire("negate", a[-1] ^ b[-1]), specials(m, parts.x, parts.y))
        return signed_code(m, number, result, with_specials(number, result, parts.code))

    def _magnitude(self, m: Logic, fmt: Minifloat, a: Value, b: Value) -> Magnitude:
        """The product's code without its sign, of operands that are numbers."""
        fraction, width = fmt.mantissa_bits, fmt.width - 1
        # Subnormals count as zeros, also beside an infinity.
        x, y = (kind_of(fmt, m, code, name, subnormals=False) for code, name in ((a, "a"), (b, "b")))
        constant = (1 << (fraction - offset_exponent(fraction))) - (fmt.bias << fraction)
        carry = constant & 1
        total, constant = fabric(m).add(m, "code_sum", a[:-1], b[:-1], fmt.width, carry), constant - carry
        flush = m.wire("flush", Cat(x.zero, y.zero, below(total, (1 << fraction) - constant)).any())
        overflow = m.wire("overflow", above(total, fmt.max_magnitude_code - constant))
        # What is added does not reach below its lowest one.
        low = min((constant & -constant).bit_length() - 1, width - 1) if constant else 0
        code = fabric(m).add_constant(
            m,
            "code_upper",
            total[low:width],
            (constant >> low) & ((1 << (width - low)) - 1),
            [(flush, 0), (overflow, fmt.max_magnitude_code >> low)],
        )
        lower = Mux(flush, 0, Mux(overflow, fmt.max_magnitude_code & ((1 << low) - 1), total[:low]))[:low]
        return Magnitude(m.wire("code", Cat(lower, code)), x, y)
