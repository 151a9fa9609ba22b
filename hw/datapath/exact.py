"""The exact product: significands multiply, exponents add, nothing is rounded."""

from __future__ import annotations

from collections.abc import Callable
from operator import add, xor

from amaranth.hdl import Value

from hw.arith import Logic, multiply
from hw.datapath.product import Product, ProductRule, status
from hw.datapath.rounded import round_product
from hw.datapath.unpack import Operand, has_exponent, unpack, unpacks
from hw.formats import Format, Minifloat, Span


class Exact(ProductRule):
    """``a * b``, for any two formats."""

    def check(self, a: Format, b: Format) -> None:
        """Any two formats go together that there is hardware for."""
        for fmt in (a, b):
            if not unpacks(fmt):
                raise ValueError(f"no hardware takes {fmt} operands")

    def span(self, a: Format, b: Format) -> Span:
        return a.span * b.span

    def bias(self, a: Format, b: Format) -> int | None:
        return sum(map(has_exponent, (a, b))) or None

    def multiply(self, m: Logic, a_format: Format, b_format: Format, a: Value, b: Value) -> Product:
        x, y = unpack(a_format, m, a, "a"), unpack(b_format, m, b, "b")
        return Product(
            multiply(m, "product", x.significand, y.significand),
            self._combine(m, "exponent", add, x, y),
            self._combine(m, "negate", xor, x, y),
            status(m, x.kind, y.kind),
        )

    def round(
        self, m: Logic, a_format: Format, b_format: Format, a: Value, b: Value, result: Format, rounding: str
    ) -> Value:
        assert isinstance(result, Minifloat)
        return round_product(m, a_format, b_format, a, b, result, rounding)

    @staticmethod
    def _combine(
        m: Logic, part: str, operation: Callable[[Value, Value], Value], x: Operand, y: Operand
    ) -> Value | None:
        values = [getattr(operand, part) for operand in (x, y) if getattr(operand, part) is not None]
        if not values:
            return None
        return m.wire(part, operation(*values)) if len(values) == 2 else values[0]
