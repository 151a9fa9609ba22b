"""A matrix of constants by vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value

from hw.arith import Logic, fabric
from hw.arith.steps import extend
from hw.datapath.convert import convert
from hw.datapath.shiftadd.times import times
from hw.formats import Span
from hw.specs.constmat import ConstMatSpec
from hw.units.outlet import Outlet
from hw.units.skew import delayed
from hw.units.stream import Feedforward, moved


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

    def elaborate(self, platform: object) -> Module:
        return super().elaborate(platform) if self.spec.fold == 1 else self._folded()

    def compute(self, m: Logic, beats: Mapping[str, Any]) -> dict[str, Value]:
        spec, beat = self.spec, beats["x"]
        numbers = []
        for column in range(spec.columns):
            code = m.wire("x", Value.cast(beat.x[column]))
            number = convert(m, spec.input, spec.number, code, "nearest_even", None)
            numbers.append(number.as_signed() if spec.number.span.signed else number)
        return {"x": Cat(*self._sums(m, numbers, spec.span)), "last": beat.last}

    def _sums(self, m: Logic, numbers: Sequence[Value], span: Span) -> list[Value]:
        """The product of the matrix by such numbers."""
        return times(m, self.spec.constants, numbers, self.spec.digit, span)

    def _folded(self) -> Module:
        """``y = W x`` from the highest bits of x on: what there is goes up, and ``W`` times the next bits is added."""
        m, spec = Module(), self.spec
        outlet = Outlet(m, self.y)
        digits = _Digits(m, spec, self.x, outlet.move)
        logic = Logic(self.target, spec.pipeline, spec.form)
        partial = spec.span_of(spec.digit)
        sums, following = [], []
        for row in self._sums(logic, digits.numbers, partial):
            held = Signal(spec.result.width, name="held", reset_less=True)
            following.append(logic.result(_added(logic, logic.feedback(held), digits, row, partial.signed)))
            sums.append(held)
        logic.into(m, outlet.move, reset=False)
        with m.If(outlet.move & moved(m, digits.valid, outlet.move, spec.pipeline, "arrived")):
            m.d.sync += [held.eq(value) for held, value in zip(sums, following, strict=True)]
        after = spec.pipeline + 1
        last = delayed(m, "last_behind", digits.last, outlet.move, after)
        outlet.offer(moved(m, digits.final, outlet.move, after), Cat(*sums, last))
        return m


class _Digits:
    """A vector in a register, which puts out the highest bits of its numbers and moves up, until there are no more.

    Parameters
    ----------
    m : Module
    spec : ConstMatSpec
    source : stream
        Where vectors come from.
    move : Value
        Whether everything moves on.

    Attributes
    ----------
    numbers : list of Value
        Of each column, in the span of `spec.digit`.
    valid, first, final, last : Signal
        Whether there are any, they are a vector's highest bits, they are its lowest; and the mark of the vector.
    bits : int
        How many of each number come in a cycle.
    """

    def __init__(self, m: Module, spec: ConstMatSpec, source: Any, move: Value) -> None:
        self.bits = spec.input.width // spec.fold
        self.valid, self.first, self.final = Signal(name="valid"), Signal(name="first"), Signal(name="final")
        self.last, left = Signal(name="last", reset_less=True), Signal(range(spec.fold), name="left")
        words = [Signal(spec.input.width, name="word", reset_less=True) for _ in range(spec.columns)]
        busy, signed = Signal(name="busy"), spec.input.span.signed
        m.d.comb += [self.valid.eq(busy), self.final.eq(busy & (left == 0)), source.ready.eq(move & (left == 0))]
        codes = [Value.cast(source.payload.x[column]) for column in range(spec.columns)]
        with m.If(move):
            with m.If(left == 0):
                m.d.sync += [busy.eq(source.valid), self.first.eq(1), self.last.eq(source.payload.last)]
                m.d.sync += [word.eq(code) for word, code in zip(words, codes, strict=True)]
                m.d.sync += left.eq(Mux(source.valid, spec.fold - 1, 0))
            with m.Else():
                m.d.sync += [self.first.eq(0), left.eq((left - 1)[: len(left)])]
                m.d.sync += [word.eq(Cat(Const(0, self.bits), word[: -self.bits])) for word in words]
        tops = [word[-self.bits :] for word in words]
        self.numbers = [Cat(top, top[-1] & self.first).as_signed() if signed else top for top in tops]


def _added(m: Logic, held: Signal, digits: _Digits, partial: Value, signed: bool) -> Value:
    """``(0 if first else held << bits) + partial``, in as many bits as `held` has."""
    bits, width = digits.bits, len(held)
    if width <= bits:
        # All constants are zero.
        return m.wire("following", Const(0, width))
    partial = m.wire("partial", extend(partial.as_signed() if signed else partial, width))
    upper = fabric(m).accumulate(m, "upper", held[: width - bits], digits.first, partial[bits:])
    return m.wire("following", Cat(partial[:bits], upper))
