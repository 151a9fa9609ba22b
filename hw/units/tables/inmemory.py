"""Tables in memory: one sum after the other."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value

from hw.arith import Logic
from hw.arith.select import tree
from hw.datapath.folded import Folded, add, finish, negated, plain
from hw.datapath.groupsums import fixed_value, whole
from hw.specs.lookup import LookupSpec
from hw.target import Target
from hw.units.tables.base import Tables
from hw.units.tables.memory import Memory
from hw.units.tables.walk import Walk
from hw.units.unit import instance


def memory(spec: LookupSpec) -> Memory:
    """The memory that holds all banks of a table."""
    return Memory(spec.storage, spec.table.address_bits + spec.banks - 1, spec.entry.width)


class InMemory(Tables):
    """Tables that are filled a sum a cycle, each one activation more or less than the one before.

    The activations wait on offer until all is done: so they need no registers.
    """

    def __init__(self, spec: LookupSpec, target: Target) -> None:
        super().__init__(spec, target)
        self.registered = spec.storage == "blockram"
        self.writes: list[dict[str, Value]] = []

    def fill(self, m: Module, x: Any, release: Value) -> None:
        spec, walk = self.spec, self.spec.table.walk()
        at, last, building = Signal(range(len(walk)), name="step"), Signal(name="last_step"), Signal(name="building")
        free = self._banks(m, building & last, release)
        m.d.comb += [last.eq(at == len(walk) - 1), building.eq(x.valid & free), x.ready.eq(free & last)]
        with m.If(building):
            m.d.sync += at.eq(Mux(last, 0, (at + 1)[: len(at)]))

        logic = Logic(self.target)
        plan = Walk(m, logic, spec.table, at, building)
        sums = []
        write = {"write_en": building & plan.stays, "write_address": Cat(plan.address, self.into)}
        for table in range(spec.tables):
            sums.append(self._sum(m, logic, x, table, plan, building, last))
            self.writes.append({**write, "write_data": sums[-1].value})
        if spec.whole_weight is not None:
            self.whole = self._whole(m, logic, whole(logic, sums, spec.whole_weight), building & plan.complete)
        logic.into(m, Const(1))

    def _sum(self, m: Module, logic: Logic, x: Any, table: int, plan: Walk, building: Value, last: Value) -> Folded:
        """The register that goes through all sums of a table, and begins again with zero."""
        span, chosen = self.spec.entry, Signal(self.spec.x.width, name=f"chosen{table}")
        m.d.comb += chosen.eq(tree(self._group(x, table), plan.place))
        register = Signal(span.width, name=f"walked{table}")
        total, number = plain(register, span), fixed_value(logic, self.spec.x, chosen)
        following = add(logic, "walked", total, negated(number.value, number.span, plan.minus), span.width)
        shown = logic.result(finish(logic, "walked_next", following, span.width))
        with m.If(building):
            m.d.sync += register.eq(Mux(last, 0, shown))
        return total

    def _whole(self, m: Module, logic: Logic, number: Folded, complete: Value) -> Value:
        """A register in each bank for what all activations add; that of the bank that is looked up in."""
        shown = logic.result(number.value)
        held = []
        for bank in range(self.spec.banks):
            held.append(Signal(number.span.width, name=f"whole{bank}", reset_less=True))
            with m.If(complete & (self.into == bank)):
                m.d.sync += held[-1].eq(shown)
        return Mux(self.of, held[-1], held[0])

    def _banks(self, m: Module, filled: Value, release: Value) -> Value:
        """Whether there is a bank to fill; with what tells which banks are in use."""
        banks = self.spec.banks
        held = [Signal(name=f"full{bank}") for bank in range(banks)]
        self.into, self.of = (Signal(banks - 1, name=name) for name in ("bank_into", "bank_of"))
        for pointer, move in ((self.into, filled), (self.of, release)):
            with m.If(move):
                m.d.sync += pointer.eq(~pointer)
        for bank, full in enumerate(held):
            with m.If(filled & (self.into == bank)):
                m.d.sync += full.eq(1)
            with m.Elif(release & (self.of == bank)):
                m.d.sync += full.eq(0)
        # So plain that synthesis can prove that no bank is written while it is read.
        self.full = Mux(self.of, held[-1], held[0])
        return ~Mux(self.into, held[-1], held[0])

    def look(self, m: Module, name: str, table: int, address: Value, take: Value) -> Value:
        data = Signal(self.spec.entry.width, name=name)
        read = {"address": Cat(address, self.of), **({"en": take} if self.registered else {})}
        # Each lookup has a copy: memories have one port to read.
        m.submodules[f"{name}_table"] = instance("table", {**self.writes[table], **read}, {"data": data})
        return data
