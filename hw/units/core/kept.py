"""What a run leaves in a core for the next ones, and whether a run that asks for it may have it."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.specs.gemm import GemmSpec
from hw.specs.registers import WORD

PIECE = 8
"""Bits that are compared from one clock edge to the next."""


class Kept(wiring.Component):
    """Remembers of which shape the last run was that came to its end, and whether it left what it should.

    Parameters
    ----------
    spec : GemmSpec

    Members
    -------
    keep, bias : In(1)
        The settings.
    m, k, n : In(32)
        The shape of what is made of tiles: C, or its transpose where the input stays.
    ended : In(1)
        A run is over. Settings are still its own.
    faulty : In(1)
        A frame of what is kept had a wrong length in it.
    stale : Out(1)
        What `keep` asks for is not there: since the reset no run has come to its end, the last one's frames were
        faulty, or it was of another shape, or without the biases that are asked for. A cycle behind all of these.
    """

    def __init__(self, spec: GemmSpec) -> None:
        self.spec = spec
        ports = {name: In(WORD) for name in ("m", "k", "n")}
        super().__init__(ports | {name: In(1) for name in ("keep", "bias", "ended", "faulty")} | {"stale": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m, spec, held = Module(), self.spec, Signal()
        rows, columns = spec.limits
        # What is beyond the limits is refused anyway.
        whole = Cat(self.k[: spec.max_k.bit_length()], self.n[: columns.bit_length()])
        differs = self._differs(m, "shape", whole)
        if spec.parameters:
            # Where the input stays, columns of C are not those of what is kept whole.
            given = Cat(self.bias, self.m[: rows.bit_length()] if spec.flow == "is" else [])
            wanted = self.bias if spec.scope == "tensor" else Const(1, 1)
            differs |= wanted & self._differs(m, "parameters", given)
        with m.If(self.ended):
            m.d.sync += held.eq(~self.faulty)
        m.d.comb += self.stale.eq(self.keep & (~held | differs))
        return m

    def _differs(self, m: Module, name: str, value: Value) -> Value:
        """Whether a value is not what it was in the last run, a cycle after either was set."""
        last, pieces = Signal(len(value), name=f"last_{name}"), range(0, len(value), PIECE)
        differs = Signal(len(pieces), name=f"{name}_differs")
        with m.If(self.ended):
            m.d.sync += last.eq(value)
        m.d.sync += differs.eq(Cat(value[low : low + PIECE] != last[low : low + PIECE] for low in pieces))
        return differs.any()
