"""Addresses of a pattern: nested counts, each with a stride."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class Walk(wiring.Component):
    """Goes through nested counts, and shows the address where it is.

    Parameters
    ----------
    width : int
        Bits of an address.
    bits : sequence of int
        Of each count, that of the innermost first.

    Members
    -------
    start, step : In(1)
        It begins with the first; it goes on.
    base : In(width)
        The first address.
    stride0, stride1, ... : In(width)
        From a step of that count to the next.
    most0, most1, ... : In(bits)
        The last step of that count.
    address : Out(width)
    last : Out(1)
        It is the last of all.

    All that says where it goes is there for two cycles before `start`: it is looked at behind registers.
    """

    def __init__(self, width: int, bits: Sequence[int]) -> None:
        self.bits = bits
        ports = {"start": In(1), "step": In(1), "base": In(width), "address": Out(width), "last": Out(1)}
        for level, count in enumerate(bits):
            ports |= {f"stride{level}": In(width), f"most{level}": In(count)}
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m, levels = Module(), range(len(self.bits))
        counts = [self._count(m, level) for level in levels]
        ends = [count.ends for count in counts]
        # Where each count but the innermost one began its step.
        bases = [self.address, *(Signal.like(self.base, name=f"base{level}") for level in levels[1:])]
        # Whether a step goes so far out; from the outermost it goes nowhere.
        beyond = [reduce(and_, ends[:level], Const(1, 1)) for level in levels]
        # Sums of registers, of which one is chosen: a choice before a sum would take longer.
        sums = [Signal.like(self.base, name=f"sum{level}") for level in levels]
        m.d.comb += [
            total.eq((base + count.stride)[: len(total)])
            for total, base, count in zip(sums, bases, counts, strict=True)
        ]
        chosen: Value = sums[-1]
        for level in reversed(levels[:-1]):
            chosen = Mux(beyond[level + 1], chosen, sums[level])
        following = Signal.like(self.base, name="address_following")
        m.d.comb += [following.eq(chosen), self.last.eq(Cat(ends).all())]
        for count, base, reached in zip(counts, bases, beyond, strict=True):
            with m.If(self.step & reached):
                m.d.sync += [
                    base.eq(following),
                    count.left.eq(Mux(count.ends, count.most, count.left - 1)[: len(count.left)]),
                ]
                m.d.sync += count.ends.eq(Mux(count.ends, count.single, count.left == 1))
            with m.If(self.start):
                m.d.sync += [base.eq(self.base), count.left.eq(count.most), count.ends.eq(count.single)]
        return m

    def _count(self, m: Module, level: int) -> Count:
        """A count, and what is said of it, a cycle later."""
        stride, most, left = (Signal(len(value), name=f"{name}{level}_kept", reset_less=True) for name, value in (
            ("stride", getattr(self, f"stride{level}")),
            ("most", getattr(self, f"most{level}")),
            ("left", getattr(self, f"most{level}")),
        ))  # fmt: skip
        ends, single = Signal(name=f"ends{level}"), Signal(name=f"single{level}")
        m.d.sync += [
            stride.eq(getattr(self, f"stride{level}")),
            most.eq(getattr(self, f"most{level}")),
            single.eq(most == 0),
        ]
        return Count(stride, most, single, left, ends)


@dataclass
class Count:
    """Steps of a count: how many are left, and that it is the last one.

    Attributes
    ----------
    stride, most, single : Value
        From one to the next; how many are left at the first one; whether that is the last.
    left, ends : Signal
    """

    stride: Value
    most: Value
    single: Value
    left: Signal
    ends: Signal
