"""The exact product: significands multiply, exponents add, nothing is rounded."""

from __future__ import annotations

from collections.abc import Callable
from operator import add, xor

from amaranth.hdl import Module, Value

from hw.arith.wires import named
from hw.datapath.product import Product, ProductRule, status
from hw.datapath.unpack import Operand, has_exponent, unpack, unpacks
from hw.formats import Format, Span


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

    def multiply(self, m: Module, a_format: Format, b_format: Format, a: Value, b: Value) -> Product:
        x, y = unpack(a_format, m, a, "a"), unpack(b_format, m, b, "b")
        return Product(
            named(m, "product", x.significand * y.significand),
            self._combine(m, "exponent", add, x, y),
            self._combine(m, "negate", xor, x, y),
            status(m, x.kind, y.kind),
        )

    @staticmethod
    def _combine(
        m: Module, part: str, operation: Callable[[Value, Value], Value], x: Operand, y: Operand
    ) -> Value | None:
        values = [getattr(operand, part) for operand in (x, y) if getattr(operand, part) is not None]
        if not values:
            return None
        return named(m, part, operation(*values)) if len(values) == 2 else values[0]
