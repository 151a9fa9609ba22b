"""The softmax in integers."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value

from hw.arith import Logic, multiply
from hw.arith.compare import greater
from hw.arith.shift import shift_left, shift_right
from hw.arith.signed import minus
from hw.arith.steps import bits
from hw.arith.term import plain_term
from hw.arith.tree import sum_terms
from hw.datapath.shiftexp import Power, below_bound, below_highest, power
from hw.formats import Span
from hw.specs.softmax import BITS, SHIFTS, SoftmaxSpec
from hw.units.division import Division
from hw.units.passes import Passes
from hw.units.rows import Rows
from hw.units.running import Running


class Softmax(Rows):
    """``exp(x) / sum(exp(x))`` of the numbers of a row, by shifts.

    Parameters
    ----------
    spec : SoftmaxSpec
        What to build.
    target : Target
        The fabric to build it for.

    Members
    -------
    x : In(stream)
        ``x``: codes of ``spec.input``; ``keep``: of each, whether it is one of the row's; ``last``: the row ends.
    y : Out(stream)
        ``x``: codes of ``spec.output``, 0 where a number was not kept; ``error``: the row was longer than the memory,
        and was cut, or had no number; ``last``.

    Raises
    ------
    TypeError
        `spec` is not a SoftmaxSpec, or `target` not a Target.
    ValueError
        Form dsp on a family without multiplier blocks; or, from `elaborate`, a pipeline that is deeper
        than the logic.
    """

    spec: SoftmaxSpec
    spec_type = SoftmaxSpec

    def compute(self, m: Logic, passes: Passes) -> tuple[Value, list[Value]]:
        spec = self.spec
        self.reciprocal = Signal(spec.reciprocal_bits, name="reciprocal")
        self.reference = Signal(spec.highest.bit_length() or 1 if spec.two_pass else spec.input.width, name="reference")
        keep = [m.wire("keep", flag) for flag in passes.keep]
        codes = [m.wire("x", code) for code in passes.lanes]
        lanes = [code.as_signed() if spec.input.span.signed else code for code in codes]
        powers = [self._power(m, lane) for lane in lanes]
        shown = [self._quotient(m, number, flag) for number, flag in zip(powers, keep, strict=True)]
        found = self._pair(m, powers, keep) if spec.two_pass else self._sums(m, lanes, powers, keep)
        return m.wire("quotients", Cat(*shown)), found

    def _power(self, m: Logic, x: Value) -> Power:
        """The exponential of a number, below that of the row's highest, or of the highest that there is."""
        spec, span = self.spec, self.spec.input.span
        if spec.two_pass:
            t = below_bound(m, x, spec.steps, spec.bound)
        else:
            highest = self.reference.as_signed() if span.signed else self.reference
            distance = minus(m, "distance", highest, x, spec.input.width + 1)[:-1]
            t = below_highest(m, distance, spec.steps, SHIFTS)
        return power(m, t, spec.steps, spec.highest)

    def _quotient(self, m: Logic, number: Power, keep: Value) -> Value:
        """The code of an exponential, divided by their sum."""
        spec, shift = self.spec, number.q
        if spec.two_pass:
            shift = minus(m, "behind", number.q, self.reference, len(number.q))[: len(number.q)]
        product = multiply(m, "product", number.m, self.reciprocal)
        width = spec.output.width
        padded = Cat(product[spec.dropped :], Const(0, max(0, width - len(product) + spec.dropped)))
        code = shift_right(m, "quotient", m.wire("scaled", padded), shift, width)
        return m.wire("code", code & keep.replicate(width))

    def _sums(self, m: Logic, lanes: list[Value], powers: list[Power], keep: list[Value]) -> list[Value]:
        """The highest number of a beat, and the sum of its exponentials."""
        spec = self.spec
        lowest = Const(spec.input.span.lo, lanes[0].shape())
        candidates = [m.wire("number", Mux(flag, lane, lowest)) for lane, flag in zip(lanes, keep, strict=True)]
        highest = _chosen(m, candidates)
        terms = []
        for number, flag in zip(powers, keep, strict=True):
            # Of the lowest, which has a q of 15, m is even.
            far = m.wire("far", ~_four(number.q))
            moved = shift_left(m, "moved", number.m, far, len(number.m) + SHIFTS)
            terms.append(m.wire("term", moved[1:] & flag.replicate(len(moved) - 1)))
        return [highest, _added(m, terms, spec.lanes * (spec.steps << SHIFTS))]

    def _pair(self, m: Logic, powers: list[Power], keep: list[Value]) -> list[Value]:
        """The sum of a beat's exponentials as mantissa and exponent."""
        width = len(powers[0].q)
        own = [m.wire("q", number.q | (~flag).replicate(width)) for number, flag in zip(powers, keep, strict=True)]
        least = _chosen(m, own, lowest=True)
        terms = []
        for number, flag in zip(powers, keep, strict=True):
            behind = minus(m, "less", number.q, least, width)[:width]
            far = m.wire("gone", behind[4:].any() | ~flag)
            moved = shift_left(m, "moved", number.m, m.wire("near", ~_four(behind)), len(number.m) + SHIFTS)
            terms.append(m.wire("term", moved & ~far.replicate(len(moved))))
        return [_added(m, terms, self.spec.lanes * (2 * self.spec.steps << SHIFTS)), least]

    def gather(self, m: Module, passes: Passes, found: list[Value]) -> None:
        spec = self.spec
        gather = self._gather_pair if spec.two_pass else self._gather_sums
        divisor = gather(m, passes, *found)
        division = Division(m, "reciprocal", divisor, spec.reciprocal_bits, passes.move & passes.solving)
        with m.If(passes.move & passes.ended):
            division.start(Const((1 << spec.numerator_bits) - 1, spec.numerator_bits))
        m.d.comb += self.reciprocal.eq(division.quotient)

    def _gather_sums(self, m: Module, passes: Passes, highest: Value, total: Value) -> Value:
        """The row's highest number, and the sum of its exponentials, as far as it can divide."""
        spec, move = self.spec, passes.move
        # In offset binary the carry out of one chain compares; no later pass has a higher number.
        flip = int(spec.input.span.signed) << len(highest) - 1
        lower = Signal(len(highest) + 1, name="lower")
        m.d.comb += lower.eq((self.reference ^ flip) - (highest ^ flip))
        with m.If(move & passes.gathered & (passes.opens | lower[-1])):
            m.d.sync += self.reference.eq(highest)
        sums = Signal(spec.largest_sum.bit_length(), name="sum", reset_less=True)
        with m.If(move & passes.gathered):
            m.d.sync += sums.eq((Mux(passes.first, 0, sums) + total)[: len(sums)])
        most = (1 << BITS) - 1
        if spec.largest_sum <= most:
            return sums
        divisor = Signal(BITS, name="divisor", reset_less=True)
        with m.If(move & passes.ended):
            m.d.sync += divisor.eq(Mux(sums[BITS:].any(), most, sums[:BITS]))
        return divisor

    def _gather_pair(self, m: Module, passes: Passes, total: Value, least: Value) -> Value:
        """The sum of the row's exponentials, as mantissa and exponent."""
        width = self.spec.largest_sum.bit_length()
        running = Running(m, (total, least), passes.gathered, passes.first, passes.move, width)
        m.d.comb += self.reference.eq(running.exponent)
        return running.mantissa


def _chosen(m: Logic, numbers: list[Value], lowest: bool = False) -> Value:
    """The highest of some numbers, or the lowest."""
    while len(numbers) > 1:
        pairs = list(zip(numbers[::2], numbers[1::2], strict=False))
        chosen = []
        for x, y in pairs:
            is_first = greater(m, "exceeds", y, x) if lowest else greater(m, "exceeds", x, y)
            chosen.append(m.wire("chosen", Mux(is_first, x, y)))
        numbers = [*chosen, *numbers[2 * len(pairs) :]]
    return numbers[0]


def _added(m: Logic, terms: list[Value], most: int) -> Value:
    """The sum of some terms, which is at most `most`."""
    total = sum_terms(m, "total", [plain_term(term) for term in terms], Span(0, -(-most // len(terms)), 0))
    return m.wire("beat_sum", Cat(*bits(total)))


def _four(value: Value) -> Value:
    """The lowest four bits of a value, which may have fewer."""
    return Cat(value[:4], Const(0, 4 - min(4, len(value))))
