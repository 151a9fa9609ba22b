"""The block quantiser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amaranth.hdl import Cat, Value

from hw.arith import Logic
from hw.datapath.divided import quantise_divided
from hw.datapath.quantised import quantise
from hw.formats import Minifloat
from hw.specs.quantise import QuantiseSpec
from hw.units.stochastic import Stochastic


class Quantise(Stochastic):
    """``y.x * y.scale`` is nearly ``x``: a block a beat, as dot products of blocks take it.

    Parameters
    ----------
    spec : QuantiseSpec
        What to build.
    target : Target
        The fabric to build it for.

    Members
    -------
    x : In(stream)
        ``x``: codes of ``spec.input``, as many as a block has; ``random``, if the rounding is stochastic and without
        an LFSR: random bits for each; ``tensor``, if the block has that: the code of the tensor's scale.
    y : Out(stream)
        ``x``: codes of the elements; ``scale``: the code of their scale.

    Raises
    ------
    TypeError
        `spec` is not a QuantiseSpec, or `target` not a Target.
    ValueError
        From `elaborate`, a pipeline that is deeper than the logic.
    """

    spec: QuantiseSpec
    spec_type = QuantiseSpec

    def compute(self, m: Logic, beats: Mapping[str, Any]) -> dict[str, Value]:
        spec, beat = self.spec, beats["x"]
        codes = [m.wire("x", Value.cast(beat.x[lane])) for lane in range(spec.lanes)]
        if spec.divides:
            assert isinstance(spec.input, Minifloat)
            tensor = Value.cast(beat.tensor) if spec.output.tensor else None
            elements, scale = quantise_divided(m, spec.input, spec.output, codes, tensor)
        else:
            elements, scale = quantise(m, spec.input, spec.output, codes, spec.rounding, self.random(m, beat))
        return {"x": Cat(*elements), "scale": scale}
