"""Tables of sums, made on line of activations: in registers, all at once, or in memory, one after the other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value

from hw.arith import Logic
from hw.arith.fabric import fitted
from hw.arith.wires import lookup
from hw.datapath.digits import Sums, Vector
from hw.datapath.folded import Folded, add, finish, negated, plain
from hw.datapath.groupsums import Network, fixed_value, whole
from hw.formats import Span
from hw.specs.lookup import LookupSpec
from hw.target import Target
from hw.units.column import instance
from hw.units.table import Table
from hw.units.unit import Unit

WITHOUT_LUTRAM = ("ice40", "gatemate")
"""Families whose LUTs are no memory."""


def check_storage(storage: str, target: Target) -> None:
    """Raise ValueError for a storage that the target does not have."""
    if storage == "lutram" and target.name in WITHOUT_LUTRAM:
        raise ValueError(f"storage must be registers or blockram for {target.title}, which has no LUT RAM, got 'lutram'")


def choose(select: Value, values: Mapping[int, Value]) -> Value:
    """The value of a number; of a number that has none, whichever costs least."""
    if not len(select):
        return values[0]
    top = 1 << (len(select) - 1)
    low = {number: value for number, value in values.items() if number < top}
    high = {number - top: value for number, value in values.items() if number >= top}
    if not low or not high:
        return choose(select[:-1], low or high)
    return Mux(select[-1], choose(select[:-1], high), choose(select[:-1], low))


class Tables(ABC):
    """The tables of a unit.

    Attributes
    ----------
    full : Value
        There are sums to look up.
    whole : Value or None
        What the sum of all activations adds to twice each result, where the spec wants it.
    registered : bool
        A lookup shows what it found behind a clock edge.
    """

    registered = False
    full: Value

    @property
    def parts(self) -> dict[str, Unit]:
        """Modules that it instantiates."""
        return {}

    def __init__(self, spec: LookupSpec, target: Target) -> None:
        self.spec, self.target = spec, target
        self.whole: Value | None = None

    @abstractmethod
    def fill(self, m: Module, x: Any, release: Value) -> None:
        """Logic, added to `m`, that makes tables of the stream `x`; `release` goes with their last lookup."""

    @abstractmethod
    def look(self, m: Module, table: int, address: Value, take: Value) -> Value:
        """Logic, added to `m`, that looks up a sum in one of the tables while `take` is high."""

    def _group(self, x: Any, table: int) -> list[Value]:
        """The codes of a table's activations."""
        group = self.spec.group
        return [Value.cast(x.payload.x[table * group + place]) for place in range(group)]


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
            if spec.total_weight is not None:
                sums.append(network.sum((1,) * spec.group))
        if spec.total_weight is not None:
            total = whole(logic, sums, spec.total_weight)
            self.whole = self._hold(m, logic, load, "whole_held", total, total.span)
        logic.into(m, Const(1))

    @staticmethod
    def _hold(m: Module, logic: Logic, load: Value, name: str, number: Folded, span: Span) -> Value:
        """A register for a number, as wide as its span."""
        register = Signal(span.width, name=name, reset_less=True)
        shown = logic.result(finish(logic, f"{name}_next", number, span.width))
        with m.If(load):
            m.d.sync += register.eq(shown)
        return register

    def look(self, m: Module, table: int, address: Value, take: Value) -> Value:
        found = Signal(self.spec.entry.width, name=f"found{table}")
        m.d.comb += found.eq(choose(address, self.entries[table]))
        return found


class InMemory(Tables):
    """Tables that are filled a sum a cycle, each one activation more or less than the one before.

    The activations wait on offer until the last one. While there is no free bank, they wait, too.
    """

    def __init__(self, spec: LookupSpec, target: Target) -> None:
        super().__init__(spec, target)
        self.registered = spec.storage == "blockram"
        self.memory = Table(spec.storage, spec.table.address_bits + spec.banks - 1, spec.entry.width)
        self.writes: list[dict[str, Value]] = []

    @property
    def parts(self) -> dict[str, Unit]:
        return {self.memory.name: self.memory}

    def fill(self, m: Module, x: Any, release: Value) -> None:
        spec, walk = self.spec, self.spec.table.walk()
        at, last, building = Signal(range(len(walk)), name="step"), Signal(name="last_step"), Signal(name="building")
        free = self._banks(m, building & last, release)
        m.d.comb += [last.eq(at == len(walk) - 1), building.eq(x.valid & free), x.ready.eq(free & last)]
        with m.If(building):
            m.d.sync += at.eq(Mux(last, 0, (at + 1)[: len(at)]))

        logic = Logic(self.target)
        plan = Plan(logic, spec.table, at)
        sums = []
        write = {"write_en": building & plan.stays, "write_address": Cat(plan.address, self.into)}
        for table in range(spec.tables):
            sums.append(self._sum(m, logic, x, table, plan, building, last))
            self.writes.append({**write, "write_data": sums[-1].value})
        if spec.total_weight is not None:
            self.whole = self._whole(m, logic, whole(logic, sums, spec.total_weight), building & plan.complete)
        logic.into(m, Const(1))

    def _sum(
        self, m: Module, logic: Logic, x: Any, table: int, plan: Plan, building: Value, last: Value
    ) -> Folded:
        """The register that goes through all sums of a table, and begins again with zero."""
        span, chosen = self.spec.entry, Signal(self.spec.x.width, name=f"chosen{table}")
        m.d.comb += chosen.eq(choose(plan.place, dict(enumerate(self._group(x, table)))))
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

    def look(self, m: Module, table: int, address: Value, take: Value) -> Value:
        data = Signal(self.spec.entry.width, name=f"found{table}")
        read = {"address": Cat(address, self.of), **({"en": take} if self.registered else {})}
        # Each lookup has a copy: memories have one port to read.
        m.submodules += instance(self.memory.name, {**self.writes[table], **read}, {"data": data})
        return data


class Plan:
    """What happens in each step of a walk through a table.

    Attributes
    ----------
    address, stays : Value
        Where the sum is written, and whether it is.
    place, minus : Value
        The activation that makes the next sum, and whether it is taken away.
    complete : Value
        The sum is that of all activations.
    """

    def __init__(self, logic: Logic, sums: Sums, at: Value) -> None:
        walk = sums.walk()
        addresses = [sums.address(vector) for vector in walk]
        moves = [_move(*pair) for pair in pairwise(walk)]
        first = walk.index((1,) * sums.group)

        def table(name: str, width: int, entries: list[int]) -> Value:
            padded = entries + [0] * ((1 << len(at)) - len(entries))
            return logic.result(lookup(logic, name, at, width, lambda n: padded[n]))

        self.address = table("address", sums.address_bits, [address or 0 for address in addresses])
        self.stays = table("stays", 1, [address is not None for address in addresses])
        self.place = table("place", (sums.group - 1).bit_length(), [place for place, _ in moves])
        self.minus = table("minus", 1, [minus for _, minus in moves])
        self.complete = at == first


def _move(before: Vector, after: Vector) -> tuple[int, int]:
    """The place in which two vectors differ, and whether it becomes less."""
    return next((place, a < b) for place, (b, a) in enumerate(zip(before, after, strict=True)) if a != b)
