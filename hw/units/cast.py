"""The cast."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amaranth.hdl import Cat, Value

from hw.arith import Logic
from hw.datapath.convert import convert
from hw.specs.cast import CastSpec
from hw.units.stream import Feedforward


class Cast(Feedforward):
    """``y = x``, in another format, rounded once, in every lane; a beat a cycle.

    Parameters
    ----------
    spec : CastSpec
        What to build.
    target : Target
        The fabric to build it for.

    Members
    -------
    x : In(stream)
        ``x``: codes of ``spec.input``; ``random``, if the rounding is stochastic: random bits for each; ``last``:
        passes through.
    y : Out(stream)
        ``x``: codes of ``spec.output``; ``last``.

    Raises
    ------
    TypeError
        `spec` is not a CastSpec, or `target` not a Target.
    ValueError
        From `elaborate`, a pipeline that is deeper than the logic.
    """

    spec: CastSpec
    spec_type = CastSpec

    def compute(self, m: Logic, beats: Mapping[str, Any]) -> dict[str, Value]:
        spec, beat, codes = self.spec, beats["x"], []
        for lane in range(spec.lanes):
            x = m.wire("x", Value.cast(beat.x[lane]))
            random = m.wire("random", Value.cast(beat.random[lane])) if spec.random else None
            codes.append(convert(m, spec.input, spec.output, x, spec.rounding, random))
        return {"x": Cat(*codes), "last": beat.last}
