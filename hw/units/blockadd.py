"""What adds sums of blocks, scaled, to floats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amaranth.hdl import Cat, Const, Value

from hw.arith import Logic
from hw.datapath import PRODUCTS
from hw.datapath.accumulate import addend_of
from hw.datapath.fused import Sum
from hw.datapath.product import Product
from hw.datapath.scaled import scale_sum
from hw.datapath.sum import add_rounded, addend
from hw.formats import Minifloat
from hw.specs.blockadd import BlockAddSpec
from hw.units.stream import Feedforward


class BlockAdd(Feedforward):
    """``y = c + x * scale_a * scale_b`` in every lane, rounded once; a beat a cycle.

    Parameters
    ----------
    spec : BlockAddSpec
        What to build.
    target : Target
        The fabric to build it for.

    Members
    -------
    x : In(stream)
        ``x``: sums of the products of a block's elements, codes of ``spec.sum_format``; and ``status``, if
        ``spec.has_status``: bit 0 +infinity, bit 1 -infinity, both NaN. Of elements without
        infinities it is both or neither.
    scale : In(stream)
        ``a``: one scale for all lanes; ``b``: one for each.
    c : In(stream)
        ``x``: the sums so far, codes of ``spec.result``.
    y : Out(stream)
        ``x``: codes of ``spec.result``.

    Raises
    ------
    TypeError
        `spec` is not a BlockAddSpec, or `target` not a Target.
    ValueError
        Form dsp on a family without multiplier blocks; or, from `elaborate`, a pipeline that is deeper
        than the logic.
    """

    spec: BlockAddSpec
    spec_type = BlockAddSpec

    def compute(self, m: Logic, beats: Mapping[str, Any]) -> dict[str, Value]:
        x, scale, c = beats["x"], beats["scale"], beats["c"]
        lanes = []
        for lane in range(self.spec.lanes):
            status = Value.cast(x.status[lane]) if self.spec.has_status else None
            product = self._scaled(m, Value.cast(x.x[lane]), status, scale.a, Value.cast(scale.b[lane]))
            lanes.append(self._add(m, product, Value.cast(c.x[lane])))
        return {"x": Cat(*lanes)}

    def _scaled(self, m: Logic, total: Value, status: Value | None, a: Value, b: Value) -> Product:
        """A block's sum times both scales, exactly."""
        spec = self.spec
        if spec.sum_format.span.signed:
            total = total.as_signed()
        scaled = scale_sum(m, Sum(total, status), spec.sum_format.span.lsb, (spec.a, spec.b), (a, b))
        return Product(scaled.total.value, scaled.exponent, scaled.negate, scaled.total.status)

    def _add(self, m: Logic, product: Product, c: Value) -> Value:
        spec = self.spec
        assert isinstance(spec.result, Minifloat)
        lsb = spec.sum_format.span.lsb + spec.scale_span.lsb
        bias = PRODUCTS["exact"].bias(spec.a.scale, spec.b.scale)
        term = addend_of(m, product, lsb, bias, spec.result)
        so_far = addend(m, spec.result, c, "c", spec.result, spec.result)
        return add_rounded(m, so_far, term, spec.result, spec.rounding, Const(0, 1))
