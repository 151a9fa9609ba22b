"""A column: the sum that rows are added to, and the bits that have left it below."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from hw.arith import Logic, fabric
from hw.specs.sparse import SparseSpec
from hw.target import Target
from hw.units.unit import Unit


class Column(Unit):
    """``sum = (sum >> 1 if down else sum) + word``; what is shifted out are the lowest bits of the result.

    Parameters
    ----------
    spec : SparseSpec
    target : Target

    Members
    -------
    word : In
        A number of the matrix, or its negative.
    down : In(1)
        It is the first one of a place.
    en : In(1)
        There is one.
    leaves : In(1)
        Its lowest bit leaves the sum.
    clear : In(1)
        The sum begins anew.
    x : Out(width of spec.result)
        The sum.
    """

    def __init__(self, spec: SparseSpec, target: Target) -> None:
        self.spec, self.target = spec, target
        flags = dict.fromkeys(("down", "en", "leaves", "clear"), In(1))
        super().__init__({"word": In(spec.word.width), **flags, "x": Out(spec.result.width)})

    @property
    def meanings(self) -> dict[str, str]:
        """What each port carries, for headers and manifests."""
        return {}

    def elaborate(self, platform: object) -> Module:
        m, spec, logic = Module(), self.spec, Logic(self.target)
        held = Signal(spec.sum.width, name="sum", reset_less=True)
        low = Signal(spec.places - 1, name="low", reset_less=True)
        word = self.word.as_signed()
        following = fabric(logic).accumulate_moved(logic, "next", logic.feedback(held), self.down, word)
        shown = logic.result(following)
        logic.into(m, self.en)
        with m.If(self.clear):
            m.d.sync += held.eq(0)
        with m.Elif(self.en):
            m.d.sync += held.eq(shown)
        with m.If(self.leaves):
            m.d.sync += low.eq(Cat(low[1:], held[0]))
        whole: Value = Cat(low, held).as_signed()
        result = Signal(max(spec.result.width, len(whole)), name="unused_result")
        m.d.comb += [result.eq(whole), self.x.eq(result[: spec.result.width])]
        return m
