"""The multiplier."""

from __future__ import annotations

from amaranth.hdl import Value

from hw.arith import Logic
from hw.datapath import PRODUCTS
from hw.datapath.flagged import multiply_flagged
from hw.datapath.fused import unmasked_product
from hw.datapath.parts import side_by_side
from hw.encodings import Flagged
from hw.specs.mul import MulSpec
from hw.units.unit import Pairwise


class Mul(Pairwise):
    """``p = a * b``, exact in fixed point or in parts, or rounded once into a float; one pair each enabled cycle.

    Parameters
    ----------
    spec : MulSpec
        What to build.
    target : Target
        The fabric to build it for.

    Members
    -------
    a, b : In(width of the format)
        Operand codes.
    en : In(1), only with a pipeline
        Clock enable: while low, everything holds.
    p : Out(width of spec.result)
        The product, as a code of ``spec.result``, `latency` enabled clock edges later.
    status : Out(2), only if an operand format has infinities or NaNs and the result is fixed point or unpacked
        Bit 0: +infinity, bit 1: -infinity; both: NaN. Then `p` is 0, or of no meaning if unpacked.

    Raises
    ------
    TypeError
        `spec` is not a MulSpec, or `target` not a Target.
    ValueError
        Form dsp on a family without multiplier blocks; or, from `elaborate`, a pipeline that is deeper
        than the logic.
    """

    spec: MulSpec
    spec_type = MulSpec

    def compute(self, m: Logic, a: Value, b: Value) -> tuple[Value, Value | None]:
        spec, rule = self.spec, PRODUCTS[self.spec.product]
        if isinstance(spec.result, Flagged):
            return multiply_flagged(m, spec.result, a, b), None
        if spec.is_unpacked:
            product = unmasked_product(m, rule, spec.a, spec.b, a, b)
            return side_by_side(product), product.status
        if not spec.is_exact:
            return rule.round(m, spec.a, spec.b, a, b, spec.result, spec.rounding), None
        product = rule.multiply(m, spec.a, spec.b, a, b)
        return rule.fixed(m, spec.a, spec.b, product), product.status
