"""The Walsh-Hadamard rotation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amaranth.hdl import Cat, Const, Value

from hw.arith import Logic, fabric
from hw.arith.place import Place
from hw.arith.steps import bits, extend
from hw.specs.hadamard import HadamardSpec
from hw.units.stream import Feedforward


class Hadamard(Feedforward):
    """``y = H x`` of the lanes of a beat: sums and differences of pairs, as often as lanes can be halved.

    A flipped sign is never applied to a number. Of a pair both results have the sign of the first, and whether the
    second has the same says which of them is the sum; so signs move on to the first lanes of ever larger blocks, and
    the first of all has none.

    Parameters
    ----------
    spec : HadamardSpec
        What to build.
    target : Target
        The fabric to build it for.

    Members
    -------
    x : In(stream)
        ``x``: codes of ``spec.input``; ``flip``, if ``spec.flips``: of each lane but the first, whether its sign is
        changed; ``last``: passes through.
    y : Out(stream)
        ``x``: codes of ``spec.result``; ``last``.

    Raises
    ------
    TypeError
        `spec` is not a HadamardSpec, or `target` not a Target.
    ValueError
        From `elaborate`, a pipeline that is deeper than the logic.
    """

    spec: HadamardSpec
    spec_type = HadamardSpec

    def compute(self, m: Logic, beats: Mapping[str, Any]) -> dict[str, Value]:
        spec, beat = self.spec, beats["x"]
        codes = [m.wire("x", Value.cast(beat.x[lane])) for lane in range(spec.lanes)]
        lanes = [code.as_signed() if spec.input.span.signed else code for code in codes]
        flips: list[Value] = [Const(0, 1)] * spec.lanes
        if spec.flips:
            flips[1:] = [m.wire("flip", Value.cast(beat.flip[lane])) for lane in range(spec.lanes - 1)]
        reach = 1
        while reach < spec.lanes:
            span = spec.span(2 * reach)
            for first in range(0, spec.lanes, 2 * reach):
                differ = m.wire("differ", flips[first] ^ flips[first + reach]) if spec.flips else Const(0, 1)
                for lane in range(first, first + reach):
                    pair = lanes[lane], lanes[lane + reach]
                    lanes[lane], lanes[lane + reach] = (
                        _row(m, *pair, differ ^ minus, span.width, span.signed) for minus in (0, 1)
                    )
            reach *= 2
        return {"x": Cat(lanes), "last": beat.last}


def _row(m: Logic, x: Value, y: Value, minus: Value, width: int, signed: bool) -> Value:
    """``x - y if minus else x + y``."""
    pairs = zip(bits(extend(x, width)), bits(extend(y, width)), strict=True)
    places = [Place((one, other, minus), lambda a, b, n: a, lambda a, b, n: b ^ n) for one, other in pairs]
    total = fabric(m).row(m, "rotated", places, minus)
    return total.as_signed() if signed else total
