"""The GELU in integers."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from typing import Any

from amaranth.hdl import Cat, Const, Mux, Value

from hw.arith import Logic, fabric, multiply
from hw.arith.compare import below, greater
from hw.arith.shift import shift_right
from hw.arith.wires import truncate
from hw.datapath.shiftexp import below_highest, exponential, power
from hw.specs.gelu import SHIFTS, GeluSpec
from hw.units.stream import Feedforward


class Gelu(Feedforward):
    """``x * sigmoid(1.702 x)`` of each number of a beat, by shifts.

    Parameters
    ----------
    spec : GeluSpec
        What to build.
    target : Target
        The fabric to build it for.

    Members
    -------
    x : In(stream)
        ``x``: codes of ``spec.input``; ``last``: passes through.
    y : Out(stream)
        ``x``: codes of ``spec.result``; ``last``.

    Raises
    ------
    TypeError
        `spec` is not a GeluSpec, or `target` not a Target.
    ValueError
        Form dsp on a family without multiplier blocks; or, from `elaborate`, a pipeline that is deeper
        than the logic.
    """

    spec: GeluSpec
    spec_type = GeluSpec

    def compute(self, m: Logic, beats: Mapping[str, Any]) -> dict[str, Value]:
        lanes = [m.wire("x", Value.cast(beats["x"].x[lane])).as_signed() for lane in range(self.spec.lanes)]
        return {"x": Cat(self._gelu(m, lane) for lane in lanes), "last": beats["x"].last}

    def _gelu(self, m: Logic, x: Value) -> Value:
        """The code of a number's result."""
        spec, clip = self.spec, self.spec.clip
        if clip:
            x = m.wire("clipped", Mux(below(x, -clip), Const(-clip, x.shape()), x))
        negative, distance = x[-1], fabric(m).negate(m, "distance", x, x[-1], len(x))
        product = multiply(m, "result", x, self._sigmoid(m, negative, distance))
        return truncate(m, "code", product, spec.result.width)

    def _sigmoid(self, m: Logic, negative: Value, distance: Value) -> Value:
        """Of two exponentials one is of 0, the other of the distance from it; one divided by the sum of both."""
        spec = self.spec
        other = power(m, below_highest(m, distance, spec.steps, SHIFTS), spec.steps, spec.highest)
        ours = m.wire("significand_ours", Mux(negative, other.m, 2 * spec.steps))
        q = m.wire("q_ours", other.q & negative.replicate(len(other.q)))
        product = multiply(m, "quotient", ours, self._reciprocal(m, distance))
        # Its unit is 2**(n - 1 - q), and the numerator is a power of two, less one.
        bits, places = spec.sigmoid.width, spec.numerator - (SHIFTS - 1) - spec.sigmoid.width
        scaled = product[places:] if places > 0 else Cat(Const(0, -places), product)
        scaled = m.wire("scaled", Cat(scaled, Const(0, max(0, bits - len(scaled)))))
        return shift_right(m, "sigmoid", scaled, q, bits)

    def _reciprocal(self, m: Logic, distance: Value) -> Value:
        """``(2**numerator - 1) // sum``: it rises with the distance, so its bits are found by comparing that."""
        spec = self.spec
        whole = spec.steps << SHIFTS
        values = [
            ((1 << spec.numerator) - 1) // (whole + exponential(-number, spec.steps, SHIFTS))
            for number in range(spec.farthest + 1)
        ]
        found: list[Value] = []
        count = values[-1].bit_length()
        if count >= len(distance):
            # The bounds' tables would be larger than one of all distances.
            return fabric(m).lookup(m, "reciprocal", distance, count, lambda number: values[min(number, spec.farthest)])
        for place in reversed(range(count)):
            # Whether it is as high as the bits so far with a one behind them say: the first distance where it is.
            above = Cat(*found)
            needed = [bisect_left(values, (prefix << 1 | 1) << place) for prefix in range(1 << len(found))]
            least = [min(first, spec.farthest + 1) for first in needed]
            found.insert(0, self._reaches(m, distance, above, least))
        return m.wire("reciprocal", Cat(*found))

    def _reaches(self, m: Logic, distance: Value, index: Value, least: list[int]) -> Value:
        """Whether a distance is at least that of some numbers which `index` says."""
        if len(set(least)) == 1:
            return m.wire("reaches", ~below(distance, least[0]))
        width = max(least).bit_length()
        bound = fabric(m).lookup(m, "least", index, width, lambda number: least[number])
        return m.wire("reaches", ~greater(m, "beyond", bound, distance))
