"""The block dot product."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amaranth.hdl import Value

from hw.arith import Logic
from hw.datapath import PRODUCTS
from hw.datapath.fused import cleared, round_sum, sum_products
from hw.datapath.scaled import Scaled, place_sum, scale_sum
from hw.formats import Minifloat
from hw.specs.blockdot import BlockDotSpec
from hw.units.stream import Feedforward


class BlockDot(Feedforward):
    """``sum = scale_a * scale_b * (a[0] * b[0] + ... + a[n-1] * b[n-1])``; a pair of blocks a cycle.

    Parameters
    ----------
    spec : BlockDotSpec
        What to build.
    target : Target
        The fabric to build it for.

    Members
    -------
    a, b : In(stream)
        ``x``: codes of the elements, one a lane; ``scale``: the code of their scale.
    sum : Out(stream)
        ``x``: a code of ``spec.result``; ``scale``, if ``spec.keeps_scale`` and the result is exact: the sum of the
        scales' codes; ``status``, if ``spec.has_status``: bit 0 +infinity, bit 1 -infinity, both NaN. Then `x` is 0.

    Raises
    ------
    TypeError
        `spec` is not a BlockDotSpec, or `target` not a Target.
    ValueError
        Form dsp on a family without multiplier blocks; or, from `elaborate`, a pipeline that is deeper
        than the logic.
    """

    spec: BlockDotSpec
    spec_type = BlockDotSpec

    def compute(self, m: Logic, beats: Mapping[str, Any]) -> dict[str, Value]:
        spec = self.spec
        a, b = beats["a"], beats["b"]
        pairs = [(Value.cast(a.x[lane]), Value.cast(b.x[lane])) for lane in range(spec.lanes)]
        total = sum_products(m, PRODUCTS["exact"], *spec.elements, pairs)
        scaled = scale_sum(m, total, spec.sum_span.lsb, (spec.a, spec.b), (Value.cast(a.scale), Value.cast(b.scale)))
        if isinstance(spec.result, Minifloat):
            code = round_sum(m, scaled.total, scaled.lsb, spec.result, spec.rounding, scaled.exponent, scaled.negate)
            return {"x": code}
        return self._exact(m, scaled)

    def _exact(self, m: Logic, scaled: Scaled) -> dict[str, Value]:
        """The fields of a result in fixed point."""
        spec, fields = self.spec, {}
        if spec.keeps_scale:
            assert scaled.exponent is not None
            fields["scale"] = scaled.exponent
        placed = scaled.total if spec.keeps_scale else place_sum(m, scaled, spec.exact_span)
        if spec.has_status:
            assert placed.status is not None
            fields["status"] = placed.status
        return {"x": cleared(m, placed), **fields}
