"""The adder-tree matrix-vector unit."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib.wiring import Out

from hw.specs.matvec import MatVecSpec
from hw.units.groups import Group, groups, most_lanes
from hw.units.outlet import Outlet
from hw.units.replay import Beats, Replay
from hw.units.skew import delayed
from hw.units.stream import Streamed, moved
from hw.units.treesum import TreeSum
from hw.units.unit import Unit, instance


class MatVec(Streamed):
    """``y[p] = w[p][0] * a[0] + w[p][1] * a[1] + ...``, `lanes` products of each sum a cycle.

    Everything moves on together, unless a beat waits at the output.

    Parameters
    ----------
    spec : MatVecSpec
        What to build.
    target : Target
        The fabric to build it for.

    Members
    -------
    a : In(stream)
        ``x``: a vector's codes; ``last``: the sum ends here, or, with a resident matrix, all vectors for it.
    w : In(stream)
        ``x``: the matrix' codes, those of the first row in the lowest bits; ``last``, if it is not resident.
    y : Out(stream)
        ``x``: codes of ``spec.accumulator_format``, 0 where a sum is no number; ``status``, if ``spec.has_status``:
        bit 0 +infinity, bit 1 -infinity, both NaN; and, with a resident matrix, ``last`` with a vector's last sums.
    error : Out(1)
        Since reset, a and w did not end together, or the last vector for a matrix was not complete. The sum ended
        with the first of them.

    Raises
    ------
    TypeError
        `spec` is not a MatVecSpec, or `target` not a Target.
    ValueError
        Form dsp on a family without multiplier blocks; or, from the element's `elaborate`, a pipeline that is deeper
        than the logic.
    """

    spec: MatVecSpec
    spec_type = MatVecSpec

    def plain_ports(self) -> dict[str, Any]:
        return {"error": Out(1)}

    @property
    def meanings(self) -> dict[str, str]:
        """What each port carries, for headers and manifests."""
        what = "the last vector for a matrix was not complete" if self.spec.resident else "a and w did not end together"
        return super().meanings | {"error": f"since reset: {what}"}

    @cached_property
    def parts(self) -> dict[str, Unit]:
        return {
            group.part("element"): TreeSum(self.spec, self.target, group.lanes, group.form) for group in self.groups
        }

    @property
    def groups(self) -> list[Group]:
        """The elements, those together that share multiplier blocks."""
        lanes = most_lanes(self.spec.mac, "b", self.target)
        return groups(self.spec.mac, self.spec.elements, self.spec.in_blocks, lanes)

    def elaborate(self, platform: object) -> Module:
        m, spec, y = Module(), self.spec, self.y
        outlet = Outlet(m, y)
        move = outlet.move
        beats = Replay(m, spec, self.a, self.w, move).beats() if spec.resident else self._joined(m, move)
        with m.If(beats.error):
            m.d.sync += self.error.eq(1)
        arrived = moved(m, beats.valid, move, spec.pipeline, "arrived")
        outputs = [self._element(m, group, beats, arrived, move) for group in self.groups]
        after = spec.mac.latency
        last = [delayed(m, "final_behind", beats.final, move, after)] if spec.resident else []
        payload = Cat(*(shown[name] for name in outputs[0] for shown in outputs), *last)
        outlet.offer(moved(m, beats.valid & beats.last, move, after), payload)
        return m

    def _joined(self, m: Module, move: Value) -> Beats:
        """The beats of both streams, each with the other's."""
        a, w = self.a, self.w
        both, last, first = Signal(name="both"), Signal(name="last"), Signal(init=1, name="first")
        m.d.comb += [
            both.eq(a.valid & w.valid),
            a.ready.eq(move & w.valid),
            w.ready.eq(move & a.valid),
            last.eq(a.payload.last | w.payload.last),
        ]
        with m.If(both & move):
            m.d.sync += first.eq(last)
        error = both & move & (a.payload.last ^ w.payload.last)
        codes = Value.cast(a.payload.x), Value.cast(w.payload.x)
        return Beats(*codes, both, first, last, Const(0, 1), error)

    def _element(self, m: Module, group: Group, beats: Beats, arrived: Value, move: Value) -> dict[str, Signal]:
        """An element, or several in one; its outputs."""
        spec, number = self.spec, group.first
        row = spec.lanes * spec.b.width
        widths = {"x": spec.accumulator_format.width, **({"status": 2} if spec.has_status else {})}
        outputs = {name: Signal(group.lanes * width, name=f"{name}_{number}") for name, width in widths.items()}
        inputs = {
            "a": beats.a,
            "b": beats.w[number * row : (number + group.lanes) * row],
            "first": beats.first,
            "arrived": arrived,
            "en": move,
        }
        m.submodules[f"element{number}"] = instance(group.part("element"), inputs, outputs)
        return outputs
