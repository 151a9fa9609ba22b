"""The cast."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amaranth.hdl import Cat, Value

from hw.arith import Logic
from hw.datapath.convert import convert
from hw.specs.cast import CastSpec
from hw.units.stochastic import Stochastic


class Cast(Stochastic):
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
        ``x``: codes of ``spec.input``; ``random``, if the rounding is stochastic and without an LFSR: random bits
        for each; ``last``: passes through.
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
        for lane, random in enumerate(self.random(m, beat)):
            x = m.wire("x", Value.cast(beat.x[lane]))
            codes.append(convert(m, spec.input, spec.output, x, spec.rounding, random))
        return {"x": Cat(*codes), "last": beat.last}
