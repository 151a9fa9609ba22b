"""Tables in registers: all sums of a beat of activations at once."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Const, Module, Signal, Value

from hw.arith import Logic, fabric
from hw.datapath.folded import Folded, finish
from hw.datapath.groupsums import Network, fixed_value, whole
from hw.formats import Span
from hw.units.tables.base import Tables


class Registers(Tables):
    """Tables that are loaded in one cycle, which may be that of the last lookup in what they held."""

    def fill(self, m: Module, x: Any, release: Value) -> None:
        self.full = Signal(name="full")
        load = Signal()
        m.d.comb += [x.ready.eq(~self.full | release), load.eq(x.valid & x.ready)]
        with m.If(load | release):
            m.d.sync += self.full.eq(load)
        spec, logic = self.spec, Logic(self.target)
        self.entries: list[dict[int, Value]] = []
        sums = []
        for table in range(spec.tables):
            numbers = [fixed_value(logic, spec.x, code) for code in self._group(x, table)]
            network = Network(logic, spec.table, numbers)
            made = {address: network.sum(vector) for address, vector in spec.table.entries().items()}
            self.entries.append(
                {n: self._hold(m, logic, load, f"table{table}_{n}", each, spec.entry) for n, each in made.items()}
            )
            if spec.whole_weight is not None:
                sums.append(network.sum((1,) * spec.group))
        if spec.whole_weight is not None:
            total = whole(logic, sums, spec.whole_weight)
            self.whole = self._hold(m, logic, load, "whole_held", total, total.span)
        logic.into(m, Const(1))

    @staticmethod
    def _hold(m: Module, logic: Logic, load: Value, name: str, number: Folded, span: Span) -> Value:
        """A register for a number, as wide as its span; none for zero."""
        if isinstance(number.value, Const):
            return Const(0, span.width)
        register = Signal(span.width, name=name, reset_less=True)
        shown = logic.result(finish(logic, f"{name}_next", number, span.width))
        with m.If(load):
            m.d.sync += register.eq(shown)
        return register

    def look(self, m: Module, name: str, table: int, address: Value, take: Value) -> Value:
        entries, logic = self.entries[table], Logic(self.target)
        # An address without a sum shows that of a neighbour, so that the bit between them costs nothing.
        words = [entries.get(n, entries.get(n & (n - 1), entries[0])) for n in range(max(entries) + 1)]
        found = logic.result(fabric(logic).select(logic, name, words, address))
        logic.into(m, Const(1))
        return found
