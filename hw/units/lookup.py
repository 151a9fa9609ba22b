"""Matrix products by table lookup: what looks sums up, and adds them."""

from __future__ import annotations

from functools import cached_property

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value

from hw.arith import Logic
from hw.arith.schedule import TooDeep
from hw.specs.lookup import LookupSpec
from hw.target import GENERIC, Target
from hw.units.outlet import Outlet
from hw.units.rowsum import Found, RowSum
from hw.units.stream import Streamed, moved
from hw.units.tables import STORAGES, Tables, check_storage
from hw.units.tables.inmemory import memory
from hw.units.unit import Unit


class Lookup(Streamed):
    """``y = W x`` by tables: a beat of activations fills them, each beat of indices looks up sums and adds them.

    All lookups move on together, unless a result waits at the output. Subclasses give `spec_type`.
    """

    spec: LookupSpec

    def __init__(self, spec: LookupSpec, target: Target = GENERIC) -> None:
        super().__init__(spec, target)
        check_storage(spec.storage, target)

    @cached_property
    def parts(self) -> dict[str, Unit]:
        return {} if self.spec.storage == "registers" else {"table": memory(self.spec)}

    def elaborate(self, platform: object) -> Module:
        m, spec, stages = Module(), self.spec, self.spec.pipeline
        offered, take = (Signal(name=name) for name in ("offered", "take"))
        outlet = Outlet(m, self.y)
        move = outlet.move
        first, final = self._planes(m, take)
        tables = STORAGES[spec.storage](spec, self.target)
        tables.fill(m, self.x, take & final & self.w.payload.last)

        go = tables.full & (~first | self.c.valid if spec.is_chained else Const(1))
        m.d.comb += [offered.eq(go & self.w.valid), take.eq(offered & move), self.w.ready.eq(go & move)]
        if spec.is_chained:
            m.d.comb += self.c.ready.eq(tables.full & self.w.valid & first & move)
        there = moved(m, offered, move, stages)
        shown = there & moved(m, final, move, stages, "final")

        logic = Logic(self.target, max(0, stages - 1))
        whole = None if tables.whole is None else self._held(m, "whole", tables.whole, move)
        add = RowSum(logic, spec, self._held(m, "first", first, move), self._held(m, "highest", final, move), whole)
        codes, kept = [], []
        for row in range(spec.lookups):
            total = add.row(self._find(m, tables, row, take, move))
            codes.append(total.code)
            kept += total.kept
        outlet.offer(shown, Cat(*codes, moved(m, self.w.payload.last, move, stages, "last")))
        try:
            logic.into(m, move, reset=False)
        except TooDeep as error:
            raise TooDeep(f"behind the first register, {error}") from None
        with m.If(there & move):
            m.d.sync += [register.eq(value) for register, value in kept]
        return m

    def _planes(self, m: Module, take: Value) -> tuple[Value, Value]:
        """Whether a beat of indices is of the lowest plane, and whether it is of the highest."""
        count = self.spec.planes // self.spec.planes_a_beat
        if count == 1:
            return Const(1), Const(1)
        plane, final = Signal(range(count), name="plane"), Signal(name="highest")
        m.d.comb += final.eq(plane == count - 1)
        with m.If(take):
            m.d.sync += plane.eq(Mux(final, 0, (plane + 1)[: len(plane)]))
        return plane == 0, final

    def _find(self, m: Module, tables: Tables, row: int, take: Value, move: Value) -> Found:
        """The lookups of a row of weights."""
        spec, sums, signs = self.spec, [], []
        for plane in range(spec.planes_a_beat):
            for table in range(spec.tables):
                lane = (row * spec.planes_a_beat + plane) * spec.tables + table
                index = Value.cast(self.w.payload.index[lane])
                found = tables.look(m, f"found_{row}_{plane}_{table}", table, index[: spec.table.address_bits], take)
                sums.append(found if tables.registered else self._held(m, "found", found, move))
                if spec.entries == "half":
                    signs.append(self._held(m, "sign", index[-1], move))
        chained = self._held(m, "chained", Value.cast(self.c.payload.x[row]), move) if spec.is_chained else None
        by_plane = [slice(low, low + spec.tables) for low in range(0, len(sums), spec.tables)]
        return Found([sums[plane] for plane in by_plane], [signs[plane] for plane in by_plane], chained)

    def _held(self, m: Module, name: str, value: Value, move: Value) -> Value:
        """A value behind the first register, if there is one."""
        if not self.spec.pipeline or isinstance(value, Const):
            return value
        register = Signal(len(value), name=f"{name}_held", reset_less=True)
        with m.If(move):
            m.d.sync += register.eq(value)
        return register
