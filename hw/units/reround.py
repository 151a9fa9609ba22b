"""The second rounding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amaranth.hdl import Cat, Value

from hw.arith import Logic
from hw.datapath.reround import reround
from hw.formats import Integer
from hw.specs.reround import ReroundSpec
from hw.units.stream import Feedforward


class Reround(Feedforward):
    """``y = round(x / 2**drop)``, saturated to the bits that are left, in every lane; a beat a cycle.

    Parameters
    ----------
    spec : ReroundSpec
        What to build.
    target : Target
        The fabric to build it for.

    Members
    -------
    x : In(stream)
        ``x``: codes of ``spec.input``; ``drop``: how many bits each of them loses; ``last``: passes through.
    y : Out(stream)
        ``x``: codes of ``spec.input``; ``last``.

    Raises
    ------
    TypeError
        `spec` is not a ReroundSpec, or `target` not a Target.
    ValueError
        From `elaborate`, a pipeline that is deeper than the logic.
    """

    spec: ReroundSpec
    spec_type = ReroundSpec

    def compute(self, m: Logic, beats: Mapping[str, Any]) -> dict[str, Value]:
        spec, beat = self.spec, beats["x"]
        assert isinstance(spec.input, Integer)
        drop = m.wire("drop", Value.cast(beat.drop))
        codes = [m.wire("x", Value.cast(beat.x[lane])) for lane in range(spec.lanes)]
        return {
            "x": Cat(*(reround(m, spec.input, code, drop, spec.rounding) for code in codes)),
            "last": beat.last,
        }
