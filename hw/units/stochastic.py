"""The random bits of units that round stochastically."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Cat, Module, Signal, Value

from hw.arith import Logic
from hw.specs.stochastic import StochasticSpec
from hw.units.stream import Feedforward


class Stochastic(Feedforward):
    """A `Feedforward` whose beats bring random bits, or that has a shift register of them; subclasses give `compute`.

    The register moves on by a beat's bits where one is taken, so what comes out depends on how many were before.
    """

    spec: StochasticSpec
    bits: list[Value]

    def elaborate(self, platform: object) -> Module:
        spec, stream = self.spec, getattr(self, "x")  # noqa: B009
        if not spec.lfsr:
            return super().elaborate(platform)
        first = sum(bit << index for index, bit in enumerate(spec.first_bits))
        state, drawn = Signal(spec.lfsr, name="lfsr", init=first), spec.lanes * spec.random
        after = [Signal(name=f"lfsr_{spec.lfsr + index}") for index in range(drawn)]
        self.bits = [*state, *after]
        m = super().elaborate(platform)
        m.d.comb += [bit.eq(value) for bit, value in zip(after, following(self.bits, spec.lfsr, spec.tap), strict=True)]
        with m.If(stream.valid & stream.ready):
            m.d.sync += state.eq(Cat(self.bits[drawn:]))
        return m

    def random(self, m: Logic, beat: Any) -> list[Value | None]:
        """The random bits of each lane, if there are any."""
        spec = self.spec
        lanes = range(spec.lanes)
        if not spec.random:
            return [None for _ in lanes]
        if not spec.lfsr:
            return [m.wire("random", Value.cast(beat.random[lane])) for lane in lanes]
        return [m.wire("random", Cat(self.bits[lane * spec.random : (lane + 1) * spec.random])) for lane in lanes]


def following(bits: Sequence[Value], length: int, tap: int) -> list[Value]:
    """What those of an LFSR's bits are that follow its state.

    The square of ``x^n + x^t + 1`` is ``x^2n + x^2t + 1``: bits far behind are sums of two of earlier ones, too, so
    that the XORs of a bit are as deep as the logarithm of its distance.
    """
    values = []
    for index in range(length, len(bits)):
        power = 1 << (index // length).bit_length() - 1
        values.append(bits[index - (length - tap) * power] ^ bits[index - length * power])
    return values
