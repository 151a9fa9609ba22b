"""The addition to exponents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amaranth.hdl import Cat, Value

from hw.arith import Logic
from hw.datapath.expadd import add_to_exponent
from hw.formats import Minifloat
from hw.specs.expadd import ExpaddSpec
from hw.units.stream import Feedforward


class Expadd(Feedforward):
    """``y = x * 2**k``, exactly, in every lane; a beat a cycle.

    Parameters
    ----------
    spec : ExpaddSpec
        What to build.
    target : Target
        The fabric to build it for.

    Members
    -------
    x : In(stream)
        ``x``: codes of ``spec.input``; ``k``: the power of each lane, or of all; ``last``: passes through.
    y : Out(stream)
        ``x``: codes of ``spec.output``; ``last``.

    Raises
    ------
    TypeError
        `spec` is not an ExpaddSpec, or `target` not a Target.
    ValueError
        From `elaborate`, a pipeline that is deeper than the logic.
    """

    spec: ExpaddSpec
    spec_type = ExpaddSpec

    def compute(self, m: Logic, beats: Mapping[str, Any]) -> dict[str, Value]:
        spec, beat, codes = self.spec, beats["x"], []
        assert isinstance(spec.input, Minifloat) and isinstance(spec.output, Minifloat)
        for lane in range(spec.lanes):
            x = m.wire("x", Value.cast(beat.x[lane]))
            k = m.wire("k", Value.cast(beat.k[lane] if spec.scope == "channel" else beat.k))
            codes.append(add_to_exponent(m, spec.input, spec.output, x, k))
        return {"x": Cat(*codes), "last": beat.last}
