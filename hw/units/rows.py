"""Units that need a row of numbers more than once: a memory, a datapath that it passes again and again, and an end."""

from __future__ import annotations

from abc import abstractmethod

from amaranth.hdl import Cat, Module, Value

from hw.arith import Logic
from hw.specs.rows import RowSpec
from hw.units.outlet import Outlet
from hw.units.passes import Passes
from hw.units.skew import delayed
from hw.units.stream import Streamed


class Rows(Streamed):
    """All of a unit but what is done with a beat, and with what is gathered of all. Subclasses give these."""

    spec: RowSpec

    @abstractmethod
    def compute(self, m: Logic, passes: Passes) -> tuple[Value, list[Value]]:
        """Logic, added to `m`, for the fields that a beat shows in the last pass, and what is gathered in others."""

    @abstractmethod
    def gather(self, m: Module, passes: Passes, found: list[Value]) -> None:
        """Registers for what is gathered, of what a beat has; and what is worked out of them behind a pass."""

    def elaborate(self, platform: object) -> Module:
        m, spec, y = Module(), self.spec, self.y
        outlet = Outlet(m, y)
        passes = Passes(m, spec, self.target, self.x, getattr(self, "p", None), outlet.move)
        logic = Logic(self.target, spec.pipeline, spec.form)
        shown, found = self.compute(logic, passes)
        payload = logic.result(shown)
        results = [logic.result(value) for value in found]
        logic.into(m, outlet.move, reset=False)
        # Behind a register, for what gathers is a loop.
        self.gather(m, passes, [delayed(m, "found", value, outlet.move, 1) for value in results])
        outlet.offer(passes.shown, Cat(payload, passes.error, passes.last))
        return m
