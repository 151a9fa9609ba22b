"""The dot product."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amaranth.hdl import Value

from hw.arith import Logic
from hw.datapath import PRODUCTS
from hw.datapath.fused import cleared, round_sum, sum_groups, sum_products
from hw.datapath.stepwise import sum_rounded_products
from hw.formats import Minifloat
from hw.specs.dot import DotSpec
from hw.units.stream import Feedforward


class Dot(Feedforward):
    """``sum = a[0] * b[0] + ... + a[n-1] * b[n-1]``, added as ``spec.sums`` says; a beat of operands a cycle.

    Parameters
    ----------
    spec : DotSpec
        What to build.
    target : Target
        The fabric to build it for.

    Members
    -------
    a, b : In(stream)
        ``x``: operand codes, one a lane; of b also ``shift``, one a group, if lanes are in groups.
    sum : Out(stream)
        ``x``: a code of ``spec.result``; and ``status``, if ``spec.has_status``: bit 0 +infinity, bit 1 -infinity,
        both NaN. Then `x` is 0.

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
        spec, rule, result = self.spec, PRODUCTS[self.spec.product], self.spec.result
        pairs = [(Value.cast(beats["a"].x[lane]), Value.cast(beats["b"].x[lane])) for lane in range(spec.lanes)]
        if spec.sums == "rounded":
            assert isinstance(result, Minifloat)
            return {"x": sum_rounded_products(m, rule, (spec.a, spec.b), pairs, result, spec.rounding)}
        shifts = [Value.cast(beats["b"].shift[group]) for group in range(spec.groups)]
        if shifts:
            total = sum_groups(m, rule, spec.a, spec.b, pairs, shifts)
        else:
            total = sum_products(m, rule, spec.a, spec.b, pairs)
        if isinstance(result, Minifloat):
            return {"x": round_sum(m, total, spec.span.lsb, result, spec.rounding)}
        return {"x": cleared(m, total)} | ({} if total.status is None else {"status": total.status})
