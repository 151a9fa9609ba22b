"""The adder."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Value

from hw.arith import Logic, fabric
from hw.arith.shift import shift_left
from hw.arith.steps import extend
from hw.datapath.flaggedsum import add_flagged
from hw.datapath.sum import add_rounded, addend, status_of
from hw.datapath.unpack import Kind, unpack
from hw.encodings import Flagged
from hw.formats import Format, Minifloat
from hw.specs.add import AddSpec
from hw.units.unit import Pairwise


class Add(Pairwise):
    """``s = a + b``, exact in fixed point or rounded once into a float; one pair each enabled cycle.

    Parameters
    ----------
    spec : AddSpec
        What to build.
    target : Target
        The fabric to build it for.

    Members
    -------
    a, b : In(width of the format)
        Operand codes.
    en : In(1), only with a pipeline
        Clock enable: while low, everything holds.
    s : Out(width of spec.result)
        The sum, as a code of ``spec.result``, `latency` enabled clock edges later.
    status : Out(2), only if an operand format has infinities or NaNs and the result is fixed point
        Bit 0: +infinity, bit 1: -infinity; both: NaN. Then `s` is 0.

    Raises
    ------
    TypeError
        `spec` is not an AddSpec, or `target` not a Target.
    ValueError
        Form dsp on a family without multiplier blocks; or, from `elaborate`, a pipeline that is deeper
        than the logic.
    """

    spec: AddSpec
    spec_type = AddSpec

    def compute(self, m: Logic, a: Value, b: Value) -> tuple[Value, Value | None]:
        result = self.spec.result
        if isinstance(result, Flagged):
            return add_flagged(m, result, a, b), None
        return self._exact(m, a, b) if self.spec.is_exact else (self._rounded(m, a, b), None)

    def _rounded(self, m: Logic, a: Value, b: Value) -> Value:
        spec = self.spec
        assert isinstance(spec.result, Minifloat)
        x = addend(m, spec.a, a, "a", spec.b, spec.result)
        y = addend(m, spec.b, b, "b", spec.a, spec.result)
        # IEEE 754: zeros of both signs, or x and -x, add to +0, or to -0 if rounded down.
        zero_sign = x.negate | y.negate if spec.rounding == "down" else x.negate & y.negate
        return add_rounded(m, x, y, spec.result, spec.rounding, zero_sign)

    def _exact(self, m: Logic, a: Value, b: Value) -> tuple[Value, Value | None]:
        """The sum in fixed point, and its status."""
        spec = self.spec
        terms = [
            _aligned(m, fmt, code, name, spec.span.lsb) for fmt, code, name in ((spec.a, a, "a"), (spec.b, b, "b"))
        ]
        (x, x_negate, x_kind), (y, y_negate, y_kind) = terms
        width = spec.result.width
        first = extend(x, max(width, len(x)))[:width]
        if x_negate is not None:
            first = fabric(m).negate(m, "first", x, x_negate, width)
        total = fabric(m).accumulate(m, "sum", first, Const(0, 1), y, y_negate)
        flags = [status_of(m, kind, name) for kind, name in ((x_kind, "a"), (y_kind, "b"))]
        statuses = [status for status in flags if status is not None]
        if not statuses:
            return total, None
        return self._cleared(m, total, statuses)

    def _cleared(self, m: Logic, total: Value, statuses: list[Value]) -> tuple[Value, Value]:
        """0 where the sum is no number."""
        status = m.wire("status_sum", statuses[0] | statuses[-1])
        return m.wire("number", total & ~status.any().replicate(len(total))), status


def _aligned(m: Logic, fmt: Format, code: Value, name: str, lsb: int) -> tuple[Value, Value | None, Kind]:
    """An operand in steps of ``2**lsb``, its sign, and what else it is."""
    operand = unpack(fmt, m, code, name)
    value = operand.significand
    if operand.exponent is not None:
        # An exponent is at least 1.
        width = max(-fmt.span.lo, fmt.span.hi).bit_length()
        value = shift_left(m, f"{name}_aligned", value, operand.exponent, width + 1)[1:]
    steps = Cat(Const(0, fmt.span.lsb - lsb), value)
    return steps.as_signed() if value.shape().signed else steps, operand.negate, operand.kind
