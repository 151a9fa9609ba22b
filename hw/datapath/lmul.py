"""L-Mul: a float product by one integer addition of the codes (arXiv 2410.00907).

With X and Y the sign-stripped codes read as integers, b the bias and M mantissa bits, the product's
code is ``X + Y - (b << M) + (1 << (M - l))``, where l = M for M <= 3, 3 for M = 4 and 4 above.
The mantissa's carry runs into the exponent by itself.
"""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Value, signed

from hw.arith.wires import named, truncate
from hw.datapath.product import Product, ProductRule, status
from hw.datapath.unpack import kind_of
from hw.formats import Format, Minifloat, Span


def offset_exponent(mantissa_bits: int) -> int:
    """l(M): the offset that stands in for the mantissas' product is ``2**-l``."""
    return mantissa_bits if mantissa_bits <= 3 else 3 if mantissa_bits == 4 else 4


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

    def multiply(self, m: Module, a_format: Format, b_format: Format, a: Value, b: Value) -> Product:
        assert isinstance(a_format, Minifloat)
        fmt, fraction = a_format, a_format.mantissa_bits
        # Subnormals count as zeros, also beside an infinity.
        x, y = (kind_of(fmt, m, code, name, subnormals=False) for code, name in ((a, "a"), (b, "b")))

        constant = (1 << (fraction - offset_exponent(fraction))) - (fmt.bias << fraction)
        code_sum = named(m, "code_sum", a[:-1] + b[:-1] + Const(constant, signed(fmt.width + 1)))
        overflow = named(m, "overflow", code_sum > fmt.max_magnitude_code)
        code = truncate(m, "code", Mux(overflow, fmt.max_magnitude_code, code_sum), fmt.width - 1)
        special = [flag for kind in (x, y) for flag in (kind.infinite, kind.nan) if flag is not None]
        flush = named(m, "flush", Cat(x.zero, y.zero, code_sum < (1 << fraction), *special).any())
        return Product(
            named(m, "product", Mux(flush, 0, Cat(code[:fraction], 1))),
            code[fraction:],
            named(m, "negate", a[-1] ^ b[-1]),
            status(m, x, y),
        )
