"""A store of codes in two planes: its packer and its unpacker."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, Value

from hw.specs.planes import PlanesSpec
from hw.units.outlet import Outlet
from hw.units.stream import Streamed

LOW, FIRST, SECOND = range(3)
"""The words of two beats of codes, in their order."""


class Planes(Streamed):
    """Three words for two beats of codes, or back: the low bits of all, then the high bits of each beat.

    Parameters
    ----------
    spec : PlanesSpec
        What to build.
    target : Target
        The fabric to build it for.

    Members
    -------
    x : In(stream)
        ``x``: codes of ``spec.input``, or words; ``last`` ends a frame.
    y : Out(stream)
        ``x``: words, or codes; ``last``.

    Raises
    ------
    TypeError
        `spec` is not a PlanesSpec, or `target` not a Target.
    """

    spec: PlanesSpec
    spec_type = PlanesSpec

    def elaborate(self, platform: object) -> Module:
        return self._pack() if self.spec.packs else self._unpack()

    def _pack(self) -> Module:
        """One beat is kept until it is known what stands beside its low bits; of the next only the high bits are."""
        m, spec, x, y = Module(), self.spec, self.x, self.y
        phase, full = Signal(2), Signal()
        first, ends = Signal(spec.input.width * spec.lanes, reset_less=True), Signal(reset_less=True)
        second, ends_too = Signal(len(Value.cast(y.payload.x)), reset_less=True), Signal(reset_less=True)
        (low, high), (low_in, high_in) = (_parts(spec, codes) for codes in (first, Value.cast(x.payload.x)))
        beside = Mux(ends, 0, low_in)[: len(low_in)]
        take_first, take_second = Signal(), Signal()
        m.d.comb += [
            # The place of the first is free, or is left just now; but the second may be on its way.
            take_first.eq(x.valid & (~full | ((phase == FIRST) & y.ready))),
            take_second.eq(x.valid & full & ~ends & (phase == LOW) & y.ready),
            x.ready.eq(~full | (y.ready & ((phase == FIRST) | ((phase == LOW) & ~ends)))),
            y.valid.eq((phase != LOW) | (full & (ends | x.valid))),
            Value.cast(y.payload.x).eq(Mux(phase == LOW, Cat(low, beside), Mux(phase == FIRST, high, second))),
            y.payload.last.eq(Mux(phase == LOW, 0, Mux(phase == FIRST, ends, ends_too))),
        ]
        with m.If(take_first):
            m.d.sync += [first.eq(Value.cast(x.payload.x)), ends.eq(x.payload.last)]
        with m.If(take_second):
            m.d.sync += [second.eq(high_in), ends_too.eq(x.payload.last)]
        with m.If(take_first | ((phase == FIRST) & y.ready)):
            m.d.sync += full.eq(take_first)
        with m.If(y.valid & y.ready):
            # A frame's last beat may be a first one: then there is no second.
            done = (phase == SECOND) | ((phase == FIRST) & ends)
            m.d.sync += phase.eq(Mux(done, LOW, phase + 1)[:2])
        return m

    def _unpack(self) -> Module:
        """The low bits are kept, and each word of high bits makes a beat with its half of them."""
        m, spec, x = Module(), self.spec, self.x
        outlet = Outlet(m, self.y)
        phase, valid = Signal(2), Signal()
        held = Signal(len(Value.cast(x.payload.x)), name="low", reset_less=True)
        codes = Signal(len(Value.cast(self.y.payload)), reset_less=True)
        word = Value.cast(x.payload.x)
        half, bits = len(word) // 2, spec.low_bits
        low = Mux(phase == FIRST, held[:half], held[half:])
        joined = [Cat(low[bits * lane :][:bits], word[2 * bits * lane :][: 2 * bits]) for lane in range(spec.lanes)]
        m.d.comb += x.ready.eq(outlet.move)
        with m.If(outlet.move):
            m.d.sync += [valid.eq(x.valid & (phase != LOW)), codes.eq(Cat(*joined, x.payload.last))]
            with m.If(x.valid):
                ended = (phase == SECOND) | ((phase == FIRST) & x.payload.last)
                m.d.sync += phase.eq(Mux(ended, LOW, phase + 1)[:2])
                with m.If(phase == LOW):
                    m.d.sync += held.eq(word)
        outlet.offer(valid, codes)
        return m


def _parts(spec: PlanesSpec, codes: Any) -> tuple[Value, Value]:
    """The low parts of a beat of codes, side by side, and the high ones."""
    width, bits = spec.input.width, spec.low_bits
    lanes = [codes[width * lane : width * (lane + 1)] for lane in range(spec.lanes)]
    return Cat(lane[:bits] for lane in lanes), Cat(lane[bits:] for lane in lanes)
