"""A function of one number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amaranth.hdl import Cat, Value

from hw.arith import Logic
from hw.functions.build import computed
from hw.specs.func import FuncSpec
from hw.units.stream import Feedforward


class Func(Feedforward):
    """``y = f(x)`` in every lane, near enough for every code; a beat a cycle.

    Parameters
    ----------
    spec : FuncSpec
        What to build.
    target : Target
        The fabric to build it for.

    Members
    -------
    x : In(stream)
        ``x``: codes of ``spec.input``; ``last``: passes through.
    y : Out(stream)
        ``x``: codes of ``spec.output``; ``last``.

    Raises
    ------
    TypeError
        `spec` is not a FuncSpec, or `target` not a Target.
    ValueError
        From `elaborate`, a pipeline that is deeper than the logic.
    """

    spec: FuncSpec
    spec_type = FuncSpec

    def compute(self, m: Logic, beats: Mapping[str, Any]) -> dict[str, Value]:
        spec, beat, codes = self.spec, beats["x"], []
        for lane in range(spec.lanes):
            x = m.wire("x", Value.cast(beat.x[lane]))
            codes.append(computed(m, spec.plan, spec.input, spec.output, x))
        return {"x": Cat(*codes), "last": beat.last}
