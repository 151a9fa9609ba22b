"""The layer normalisation in integers."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value

from hw.arith import Logic, fabric, multiply
from hw.arith.signed import minus
from hw.arith.steps import bits
from hw.arith.term import plain_term
from hw.arith.tree import sum_terms
from hw.arith.wires import truncate
from hw.formats import Span
from hw.specs.layernorm import BITS, LayernormSpec
from hw.units.norm import Norm
from hw.units.passes import Passes
from hw.units.rows import Rows


class Layernorm(Rows):
    """``(x - mean) / norm`` of the numbers of a row, and perhaps times a weight, plus a bias.

    Parameters
    ----------
    spec : LayernormSpec
        What to build.
    target : Target
        The fabric to build it for.

    Members
    -------
    x : In(stream)
        ``x``: codes of ``spec.input``; ``keep``: of each, whether it is one of the row's; ``last``: the row ends.
    p : In(stream), if ``spec.weight``
        ``weight`` and ``bias``, codes of ``spec.weights`` and ``spec.bias``: those of a beat of results.
    y : Out(stream)
        ``x``: codes of ``spec.result``, 0 where a number was not kept; ``error``: the row was longer than the memory,
        and was cut, or had no number; ``last``.

    Raises
    ------
    TypeError
        `spec` is not a LayernormSpec, or `target` not a Target.
    ValueError
        Form dsp on a family without multiplier blocks; or, from `elaborate`, a pipeline that is deeper
        than the logic.
    """

    spec: LayernormSpec
    spec_type = LayernormSpec

    def compute(self, m: Logic, passes: Passes) -> tuple[Value, list[Value]]:
        spec, span = self.spec, self.spec.input.span
        self.mean = Signal(spec.input.width, name="mean", reset_less=True)
        self.reciprocal = Signal(BITS, name="reciprocal")
        mean = self.mean.as_signed() if span.signed else self.mean
        keep = [m.wire("keep", flag) for flag in passes.keep]
        kept, differences = [], []
        for code, flag in zip(passes.lanes, keep, strict=True):
            x = m.wire("x", code)
            kept.append(self._signed(m.wire("number", x & flag.replicate(len(x)))))
            difference = minus(m, "less", self._signed(x), mean, spec.difference.width).as_unsigned()
            differences.append(m.wire("difference", difference & flag.replicate(len(difference))).as_signed())
        shown = Cat(self._result(m, passes, lane, number) for lane, number in enumerate(differences))
        counted = sum_terms(m, "beat_count", [plain_term(flag) for flag in keep], Span(0, 1, 0))
        one = Span(min(0, span.lo), max(0, span.hi), 0)
        total = sum_terms(m, "beat_total", [plain_term(number) for number in kept], one)
        norm = self._norm(m, differences)
        return m.wire("results", shown), [m.wire("found", Cat(*bits(value))) for value in (total, counted, norm)]

    def _signed(self, code: Value) -> Value:
        return code.as_signed() if self.spec.input.span.signed else code

    def _norm(self, m: Logic, differences: list[Value]) -> Value:
        """The sum of a beat's squares, or of its magnitudes."""
        highest, terms = self.spec.difference.hi, []
        for number in differences:
            if self.spec.norm == "l1":
                terms.append(fabric(m).negate(m, "magnitude", number, number[-1], len(number) - 1))
            else:
                square = multiply(m, "square", number, number)
                terms.append(truncate(m, "term", square, (highest * highest).bit_length()))
        most = highest if self.spec.norm == "l1" else highest * highest
        return sum_terms(m, "beat_norm", [plain_term(term) for term in terms], Span(0, most, 0))

    def _result(self, m: Logic, passes: Passes, lane: int, difference: Value) -> Value:
        """The code of a lane's result."""
        spec, places = self.spec, self.spec.places
        product = multiply(m, "quotient", difference, self.reciprocal)
        number = truncate(m, "normalised", product, places + 1, BITS - places, signed=True)
        if not spec.weight:
            return Cat(*bits(number))
        weights = spec.lanes * spec.weight
        weight = m.wire("weight", passes.parameters[:weights].word_select(lane, spec.weight))
        bias = m.wire("bias", passes.parameters[weights:].word_select(lane, spec.bias.width))
        keep = m.wire("keep_bias", passes.keep[lane])
        scaled = multiply(m, "scaled", number, weight.as_signed())
        offset = m.wire("offset", bias & keep.replicate(len(bias))).as_signed()
        return fabric(m).add(m, "affine", scaled, offset, spec.result.width)

    def gather(self, m: Module, passes: Passes, found: list[Value]) -> None:
        spec, move = self.spec, passes.move
        widths = spec.total.width, spec.row.bit_length(), spec.norm_bits
        sums = [Signal(width, name=name, reset_less=True) for width, name in zip(widths, NAMES, strict=True)]
        for register, value in zip(sums, found, strict=True):
            signed = register is sums[0] and spec.total.signed
            addend = value.as_signed() if signed else value
            before = register.as_signed() if signed else register
            with m.If(move & passes.gathered):
                m.d.sync += register.eq((Mux(passes.first, 0, before) + addend)[: len(register)])
        total, count, norm = sums
        solved = Norm(m, spec, passes, total, count, norm)
        m.d.comb += [self.mean.eq(solved.mean), self.reciprocal.eq(solved.reciprocal)]


NAMES = ("total", "count", "norm")
"""What is summed up of a row."""
