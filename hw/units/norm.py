"""What a layer normalisation works out of a row's sums, a bit in a cycle: its mean, and what its norm is divided by."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value

from hw.specs.layernorm import BITS, START, STEPS, LayernormSpec
from hw.units.division import Division
from hw.units.passes import Passes
from hw.units.root import Root
from hw.units.stream import moved


class Norm:
    """The mean of a row behind its first pass; behind its second the reciprocal of its norm.

    One division does all: of the sum by the count, of the squares by a guess of their root, and of the numerator.

    Parameters
    ----------
    m : Module
        Where it is added.
    spec : LayernormSpec
    passes : Passes
    total, count, norm : Signal
        Of a row's numbers that were kept: their sum, how many they are, and the sum of their squares or magnitudes.

    Attributes
    ----------
    mean, reciprocal : Value
        Codes.
    """

    def __init__(
        self, m: Module, spec: LayernormSpec, passes: Passes, total: Signal, count: Signal, norm: Signal
    ) -> None:
        self.m, self.spec, self.passes, self.move = m, spec, passes, passes.move
        self.norm, bits = norm, spec.quotient_bits
        self.left = Signal(range(bits + 1), name="bits_left")
        self.divided = moved(m, self.left == 1, self.move, 1, "divided")
        self.by = Signal(spec.root_bits, name="root_found", reset_less=True)
        # Behind the first pass it is the second's turn.
        self.about_mean = passes.turn == 1
        width = max(len(count), len(self.by))
        divisor = Signal(width, name="divisor")
        m.d.comb += divisor.eq(Mux(self.about_mean, count, self.by))
        with m.If(self.move & (self.left != 0)):
            m.d.sync += self.left.eq((self.left - 1)[: len(self.left)])
        self.division = Division(m, "division", divisor, bits, self.move & (self.left != 0))
        self.ends = [self.move & passes.ended & (passes.turn == turn) for turn in (0, 1)]
        self.mean = self._mean(total, count)
        {"l1": self._magnitudes, "isqrt": self._root, "newton": self._newton}[spec.norm]()
        self.reciprocal: Value = self.division.quotient[:BITS]

    def _divide(self, when: Value, numerator: Value) -> None:
        with self.m.If(when):
            self.division.start(Cat(numerator, Const(0, self.spec.quotient_bits - len(numerator))))
            self.m.d.sync += self.left.eq(self.spec.quotient_bits)

    def _mean(self, total: Signal, count: Signal) -> Value:
        """The quotient of the magnitude, rounded to the nearest, or of two as near to the even one."""
        m, spec, signed = self.m, self.spec, self.spec.total.signed
        negative = total[-1] if signed else Const(0, 1)
        magnitude = Mux(negative, -total.as_signed(), total.as_signed())[: len(total)] if signed else total
        self._divide(self.ends[0], magnitude)
        mean = Signal(spec.input.width, name="mean_found", reset_less=True)
        quotient, twice = self.division.quotient, Cat(Const(0, 1), self.division.rest)
        up = Signal(name="mean_up", reset_less=True)
        with m.If(self.move & self.divided):
            m.d.sync += up.eq((twice > count) | ((twice == count) & quotient[0]))
        # -(q + up) is ~q + 1 - up.
        with m.If(self.move & moved(m, self.divided & self.about_mean, self.move, 1, "mean_divided")):
            low = quotient[: len(mean)] ^ negative.replicate(len(mean))
            m.d.sync += mean.eq((low + (up ^ negative))[: len(mean)])
        return mean

    def _numerator(self, when: Value) -> None:
        self._divide(when, Const((1 << BITS) - 1, BITS))

    def _magnitudes(self) -> None:
        self.m.d.comb += self.by.eq(self.norm)
        self._numerator(self.ends[1])

    def _root(self) -> None:
        m, bits = self.m, self.spec.root_bits
        left = Signal(range(bits + 1), name="root_left")
        root = Root(m, bits, self.move & (left != 0))
        with m.If(self.move & (left != 0)):
            m.d.sync += left.eq((left - 1)[: len(left)])
        with m.If(self.ends[1]):
            root.start(self.norm)
            m.d.sync += left.eq(bits)
        m.d.comb += self.by.eq(root.root)
        self._numerator(self.move & moved(m, left == 1, self.move, 1, "rooted"))

    def _newton(self) -> None:
        m, guess = self.m, self.by
        step = Signal(range(STEPS + 1), name="newton_step", reset_less=True)
        again = self.move & self.divided & ~self.about_mean & (step != STEPS)
        following = Signal(len(guess), name="guess_next")
        m.d.comb += following.eq((guess + self.division.quotient)[1 : len(guess) + 1])
        with m.If(self.ends[1]):
            m.d.sync += [guess.eq(START), step.eq(0)]
        with m.If(again):
            m.d.sync += [guess.eq(following), step.eq((step + 1)[: len(step)])]
        self._divide(self.ends[1] | (again & (step != STEPS - 1)), self.norm)
        self._numerator(again & (step == STEPS - 1))
