"""The systolic array: columns of processing elements, and what keeps them in step."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib.wiring import Out

from hw.arith import Logic
from hw.datapath.unpack import unpack
from hw.formats import Format
from hw.specs.array import ArraySpec
from hw.units.column import Column
from hw.units.flows import CONTROLS
from hw.units.groups import Group, groups, most_lanes, squares
from hw.units.outlet import Outlet
from hw.units.skew import delayed
from hw.units.stream import Streamed
from hw.units.unit import Unit, instance


class Array(Streamed):
    """A matrix product, tile by tile.

    Everything moves on together, unless a beat waits at the output. Where no input is there, a gap moves on.

    Parameters
    ----------
    spec : ArraySpec
        What to build.
    target : Target
        The fabric to build it for.

    Members
    -------
    a, b, c : In(stream)
        As the spec says.
    sum : Out(stream)
        ``x``: codes of the sums, ``status``, if ``spec.has_status``: bit 0 +infinity, bit 1 -infinity, both NaN; and
        ``last`` with a tile's last beat.
    error : Out(1), if the output stays
        Since reset, the last beats of a and b did not come together. The tile ended with the first of them.

    Raises
    ------
    TypeError
        `spec` is not an ArraySpec, or `target` not a Target.
    ValueError
        Form dsp on a family without multiplier blocks; or, from the element's `elaborate`, a pipeline that is deeper
        than the logic.
    """

    spec: ArraySpec
    spec_type = ArraySpec

    def plain_ports(self) -> dict[str, Any]:
        return {"error": Out(1)} if self.spec.flow == "os" else {}

    @property
    def meanings(self) -> dict[str, str]:
        """What each port carries, for headers and manifests."""
        return super().meanings | {"error": "since reset: the last beats of a and b did not come together"}

    @cached_property
    def parts(self) -> dict[str, Unit]:
        spec, target, together = self.spec, self.target, self.together
        return {group.part("column"): Column(spec, target, group.lanes, group.form, together) for group in self.groups}

    @property
    def together(self) -> int:
        """Rows of an element: two where the sums stay and a block makes the products of two rows and two columns."""
        spec = self.spec
        square = spec.flow == "os" and spec.in_blocks == spec.columns > 1 and spec.rows > 1
        return 2 if square and squares(spec.pe.mac, self.target) else 1

    @property
    def row_starts(self) -> list[int]:
        """The cycle in which each row begins, counted from the first."""
        together = self.together
        return [row - row % together for row in range(self.spec.rows)]

    @property
    def groups(self) -> list[Group]:
        """The columns, those together whose elements share multiplier blocks."""
        pe, together = self.spec.pe, self.together
        lanes = most_lanes(pe.mac, pe.other, self.target) if together == 1 else 2
        return groups(pe.mac, self.spec.columns, self.spec.in_blocks, lanes)

    def elaborate(self, platform: object) -> Module:
        m, spec, pe = Module(), self.spec, self.spec.pe
        outlet = Outlet(m, self.sum)
        move, columns = outlet.move, self.groups
        control = CONTROLS[spec.flow](m, spec, columns, self, move)
        # Each row is a cycle behind the one above it, each column behind the one to its left.
        right: dict[str, Value] = dict(zip(pe.flags, control.flags, strict=True))
        right[pe.moving] = Cat(self._entering(m, pe.moving, *row, move) for row in enumerate(self.row_starts))
        sums: dict[str, list[Value]] = {name: [] for name in spec.sum_beat}
        for group, beside in zip(columns, control.beside, strict=True):
            first = group.first
            down = Cat(self._entering(m, pe.other, column, first, move) for column in group.numbers)
            outputs = self._column(m, group, {**right, pe.other: down, **beside, "en": move})
            # The next group is as many cycles behind as there are columns in this one.
            right = {
                name: delayed(m, f"{name}_past_{first}", outputs[f"{name}_out"], move, group.lanes - 1)
                for name in right
            }
            for name, values in sums.items():
                after = spec.columns - 1 - first
                values.append(delayed(m, f"{name}_of_{first}", outputs[name], move, after))
        outlet.offer(control.valid, Cat(*(Cat(values) for values in sums.values()), control.last))
        return m

    def _entering(self, m: Module, operand: str, lane: int, cycles: int, move: Value) -> Value:
        """A lane of an operand as its row or column gets it, so many cycles late."""
        code = Value.cast(getattr(self, operand).payload.x[lane])
        fmt = getattr(self.spec, operand)
        if self.spec.inside(fmt) != fmt:
            code = self._number(m, f"{operand}_number_{lane}", fmt, code)
        return delayed(m, f"{operand}_of_{lane}", code, move, cycles)

    def _number(self, m: Module, name: str, fmt: Format, code: Value) -> Value:
        """What a code is looked up to be, in as many bits as its format's span has."""
        logic = Logic(self.target, 0, "small")
        number = logic.result(logic.wire(name, unpack(fmt, logic, code, name).significand))
        logic.into(m, Const(1), reset=False)
        return number[: fmt.span.width]

    def _column(self, m: Module, group: Group, inputs: dict[str, Value]) -> dict[str, Signal]:
        """A column, or several in one; its outputs."""
        spec, number = self.spec, group.first
        widths = {f"{name}_out": len(inputs[name]) for name in (spec.pe.moving, *spec.pe.flags)}
        widths |= {name: group.lanes * field.format.width for name, field in spec.sum_beat.items()}
        outputs = {name: Signal(width, name=f"column{number}_{name}") for name, width in widths.items()}
        m.submodules[f"column{number}"] = instance(group.part("column"), inputs, outputs)
        return outputs
