"""Addresses of a pattern: nested counts, each with a stride."""

from __future__ import annotations

from collections.abc import Sequence
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
    number : Out
        The innermost count.
    last : Out(1)
        It is the last of all.
    """

    def __init__(self, width: int, bits: Sequence[int]) -> None:
        self.bits = bits
        ports = {"start": In(1), "step": In(1), "base": In(width), "address": Out(width), "last": Out(1)}
        for level, count in enumerate(bits):
            ports |= {f"stride{level}": In(width), f"most{level}": In(count)}
        super().__init__(ports | {"number": Out(bits[0])})

    def elaborate(self, platform: object) -> Module:
        m, levels = Module(), range(len(self.bits))
        counts = [self.number, *(Signal(bits, name=f"count{level + 1}") for level, bits in enumerate(self.bits[1:]))]
        # Where each count but the innermost one began its step.
        bases = [self.address, *(Signal.like(self.base, name=f"base{level}") for level in levels[1:])]
        ends = [counts[level] == getattr(self, f"most{level}") for level in levels]
        # Whether the step goes so far out; from the outermost it goes nowhere.
        beyond = [reduce(and_, ends[:level], Const(1, 1)) for level in levels]
        origin: Value = bases[-1]
        stride: Value = getattr(self, f"stride{levels[-1]}")
        for level in reversed(levels[:-1]):
            origin = Mux(ends[level] & beyond[level], origin, bases[level])
            stride = Mux(ends[level] & beyond[level], stride, getattr(self, f"stride{level}"))
        following = Signal.like(self.base, name="address_following")
        m.d.comb += [following.eq((origin + stride)[: len(following)]), self.last.eq(Cat(ends).all())]
        with m.If(self.step):
            for level in levels:
                with m.If(beyond[level]):
                    count = counts[level]
                    m.d.sync += [bases[level].eq(following), count.eq(Mux(ends[level], 0, (count + 1)[: len(count)]))]
        with m.If(self.start):
            m.d.sync += [*(base.eq(self.base) for base in bases), *(count.eq(0) for count in counts)]
        return m
