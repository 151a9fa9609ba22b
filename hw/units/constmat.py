"""A matrix of constants by vectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amaranth.hdl import Cat, Value

from hw.arith import Logic, fabric
from hw.datapath.convert import convert
from hw.datapath.shiftadd.depth import depth_of
from hw.datapath.shiftadd.joined import joined
from hw.datapath.shiftadd.solve import solve
from hw.datapath.shiftadd.turned import spelled, turned
from hw.datapath.shiftadd.write import write
from hw.specs.constmat import ConstMatSpec
from hw.units.stream import Feedforward


class ConstMat(Feedforward):
    """``y = W x``: what the rows of W have in common is added up once, and each result is a tree of what is left.

    Parameters
    ----------
    spec : ConstMatSpec
        What to build.
    target : Target
        The fabric to build it for.

    Members
    -------
    x : In(stream)
        ``x``: a code of ``spec.input`` for each column; ``last``: passes through.
    y : Out(stream)
        ``x``: a code of ``spec.result`` for each row; ``last``.

    Raises
    ------
    TypeError
        `spec` is not a ConstMatSpec, or `target` not a Target.
    ValueError
        From `elaborate`, a pipeline that is deeper than the logic.
    """

    spec: ConstMatSpec
    spec_type = ConstMatSpec

    def compute(self, m: Logic, beats: Mapping[str, Any]) -> dict[str, Value]:
        spec, beat, addends = self.spec, beats["x"], fabric(m).addends
        numbers = []
        for column in range(spec.columns):
            code = m.wire("x", Value.cast(beat.x[column]))
            number = convert(m, spec.input, spec.number, code, "nearest_even", None)
            numbers.append(number.as_signed() if spec.number.span.signed else number)
        graph = solve(spec.constants, spec.input.span, depth_of(spec.constants, spec.form), addends)
        results = write(m, spelled(joined(turned(graph), addends)), numbers, spec.span)
        return {"x": Cat(*results), "last": beat.last}
