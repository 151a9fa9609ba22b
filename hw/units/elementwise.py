"""Operations on vectors, lane by lane."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amaranth.hdl import Cat, Value

from hw.arith import Logic
from hw.specs.add import AddSpec
from hw.specs.elementwise import ElementwiseSpec
from hw.units.add import Add
from hw.units.mul import Mul
from hw.units.stream import Feedforward
from hw.units.unit import Pairwise


class Elementwise(Feedforward):
    """``y = a + b`` or ``y = a * b`` in every lane, exact in fixed point or rounded once into a float; a beat a cycle.

    Parameters
    ----------
    spec : ElementwiseSpec
        What to build.
    target : Target
        The fabric to build it for.

    Members
    -------
    a : In(stream)
        ``x``: codes of ``spec.a``; ``last``: passes through.
    b : In(stream)
        ``x``: codes of ``spec.b``.
    y : Out(stream)
        ``x``: codes of ``spec.result``; ``status``, if an operand format has infinities or NaN and the result is fixed
        point: bit 0 +infinity, bit 1 -infinity, both NaN; ``last``.

    Raises
    ------
    TypeError
        `spec` is not an ElementwiseSpec, or `target` not a Target.
    ValueError
        Form dsp on a family without multiplier blocks; or, from `elaborate`, a pipeline that is deeper
        than the logic.
    """

    spec: ElementwiseSpec
    spec_type = ElementwiseSpec

    def compute(self, m: Logic, beats: Mapping[str, Any]) -> dict[str, Value]:
        spec = self.spec
        kind: type[Pairwise] = Add if isinstance(spec.lane, AddSpec) else Mul
        lane, codes, statuses = kind(spec.lane, self.target), [], []
        for number in range(spec.lanes):
            a, b = (m.wire(name, Value.cast(beats[name].x[number])) for name in "ab")
            code, status = lane.compute(m, a, b)
            codes.append(code)
            statuses += [] if status is None else [status]
        given = {"status": Cat(*statuses)} if statuses else {}
        return {"x": Cat(*codes), **given, "last": beats["a"].last}
