"""The dot product."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amaranth.hdl import Value

from hw.arith import Logic, fabric
from hw.datapath import PRODUCTS
from hw.specs.dot import DotSpec
from hw.units.stream import Feedforward


class Dot(Feedforward):
    """``sum = a[0] * b[0] + ... + a[n-1] * b[n-1]``; a beat of operands a cycle.

    Parameters
    ----------
    spec : DotSpec
        What to build.
    target : Target
        The fabric to build it for.

    Members
    -------
    a, b : In(stream)
        ``x``: operand codes, one a lane.
    sum : Out(stream)
        ``x``: a code of ``spec.result``; and ``status``, if ``spec.has_status``: bit 0 +infinity, bit 1 -infinity,
        both NaN.

    Raises
    ------
    TypeError
        `spec` is not a DotSpec, or `target` not a Target.
    ValueError
        Form dsp on a family without multiplier blocks; or, from `elaborate`, a pipeline that is deeper
        than the logic.
    """

    spec: DotSpec
    spec_type = DotSpec

    def compute(self, m: Logic, beats: Mapping[str, Any]) -> dict[str, Value]:
        spec, rule = self.spec, PRODUCTS[self.spec.product]
        span = rule.span(spec.a, spec.b)
        terms = []
        for lane in range(spec.lanes):
            x, y = (Value.cast(beats[name].x[lane]) for name in ("a", "b"))
            number = rule.fixed(m, spec.a, spec.b, rule.multiply(m, spec.a, spec.b, x, y))
            terms.append((number.as_signed() if span.signed else number, 1))
        while len(terms) > 1:
            terms = [self._add(m, *terms[i : i + 2]) for i in range(0, len(terms), 2)]
        return {"x": terms[0][0]}

    def _add(self, m: Logic, x: tuple[Value, int], y: tuple[Value, int] | None = None) -> tuple[Value, int]:
        """The sum of two sums, each with how many products are in it."""
        if y is None:
            return x
        span = PRODUCTS[self.spec.product].span(self.spec.a, self.spec.b).accumulate(x[1] + y[1])
        total = fabric(m).add(m, "total", x[0], y[0], span.width)
        return total.as_signed() if span.signed else total, x[1] + y[1]
