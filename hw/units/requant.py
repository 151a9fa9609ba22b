"""The requantiser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amaranth.hdl import Cat, Value
from amaranth.lib.wiring import In

from hw.arith import Logic
from hw.datapath.clip import clipped
from hw.datapath.dyadic import scale, to_float, to_integer
from hw.formats import Integer, Minifloat
from hw.specs.requant import RequantSpec
from hw.units.stream import Feedforward


class Requant(Feedforward):
    """``y = saturate(round((z + bias) * m / 2**e) + zero)`` in every lane; a beat a cycle.

    Parameters
    ----------
    spec : RequantSpec
        What to build.
    target : Target
        The fabric to build it for.

    Members
    -------
    z : In(stream)
        ``x``: sums, codes of ``spec.input``; ``status``, if ``spec.status``: bit 0 +infinity, bit 1 -infinity, both
        NaN; ``last``: passes through.
    p : In(stream), only if the scope is channel
        ``bias``, ``m``, ``e`` and, for integers, ``zero``: a scale for each lane of a beat of `z`.
    bias, m, e, zero : In(width of the format), only if the scope is tensor
        The scale of the beats that are taken while they are shown; ``zero`` only for integers.
    relu : In(1)
        What is below zero (of an integer output: below the zero point) becomes that.
    y : Out(stream)
        ``x``: codes of ``spec.output``; ``last``.

    Raises
    ------
    TypeError
        `spec` is not a RequantSpec, or `target` not a Target.
    ValueError
        Form dsp on a family without multiplier blocks; or, from `elaborate`, a pipeline that is deeper
        than the logic.
    """

    spec: RequantSpec
    spec_type = RequantSpec

    def plain_ports(self) -> dict[str, Any]:
        return {name: In(fmt.width) for name, fmt in self.spec.settings.items()}

    @property
    def meanings(self) -> dict[str, str]:
        """What each port carries, for headers and manifests."""
        spec = self.spec
        said = {
            "bias": f"added to each sum, a code of {spec.bias_format}",
            "m": "multiplier, unsigned",
            "e": "how far to shift to the right, unsigned",
            "zero": f"zero point, added last, a code of {spec.output}",
            "relu": "numbers below zero become zero",
        }
        return super().meanings | {name: f"{said[name]}; counts for each beat that is taken" for name in spec.settings}

    def compute(self, m: Logic, beats: Mapping[str, Any]) -> dict[str, Value]:
        spec, codes = self.spec, []
        common = {name: m.wire(name, getattr(self, name)) for name in spec.settings}
        for lane in range(spec.lanes):
            z = m.wire("z", Value.cast(beats["z"].x[lane]))
            given = dict(common)
            if spec.scope == "channel":
                # On wires of their own a pipeline delays no more of a beat than it has to.
                given |= {name: m.wire(name, Value.cast(beats["p"][name][lane])) for name in spec.parameters}
            status = m.wire("status", Value.cast(beats["z"].status[lane])) if spec.status else None
            codes.append(self._convert(m, z.as_signed() if spec.input.span.signed else z, status, given))
        return {"x": Cat(*codes), "last": beats["z"].last}

    def _convert(self, m: Logic, z: Value, status: Value | None, given: Mapping[str, Value]) -> Value:
        """The code of one sum."""
        output, rounding = self.spec.output, self.spec.rounding
        number = scale(m, z, given["bias"], given["m"], given["e"])
        if isinstance(output, Integer):
            code = to_integer(m, number, given["zero"], given["relu"], output, rounding)
        else:
            assert isinstance(output, Minifloat)
            code = to_float(m, number, status, given["relu"], output, rounding)
        return clipped(m, code, output, self.spec.clip_code) if self.spec.clip else code
