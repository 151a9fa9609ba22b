"""The sum of all that was looked up for a row of weights: over the tables, then over the planes."""

from __future__ import annotations

from dataclasses import dataclass, field

from amaranth.hdl import Cat, Const, Mux, Signal, Value

from hw.arith import Logic, fabric
from hw.arith.fabric import fitted
from hw.arith.wires import truncate
from hw.datapath.folded import Folded, add, add_all, cleared, finish, negated, plain
from hw.formats import Span
from hw.formats.base import integers
from hw.specs.lookup import LookupSpec


@dataclass
class Found:
    """What has been looked up for a row of weights.

    Attributes
    ----------
    sums : list of list of Value
        Of each plane and table.
    signs : list of list of Value
        Whether it counts negative; empty where none does.
    chained : Value or None
        What the result is added to.
    """

    sums: list[list[Value]]
    signs: list[list[Value]]
    chained: Value | None


@dataclass
class Total:
    """The result's code, and registers with what they hold next."""

    code: Value
    kept: list[tuple[Signal, Value]] = field(default_factory=list)


class RowSum:
    """Adds up a row; all rows of a unit are alike.

    Parameters
    ----------
    m : Logic
        Where it is added.
    spec : LookupSpec
    first, final : Value
        Whether the lookups are those of the lowest plane, and of the highest.
    """

    def __init__(self, m: Logic, spec: LookupSpec, first: Value, final: Value) -> None:
        self.m, self.spec, self.first, self.final = m, spec, first, final
        self.doubled = int(spec.total_weight is not None)
        self.most = spec.result.width + self.doubled

    def row(self, found: Found, whole: Value | None) -> Total:
        """The sum, from `found` and from what all activations add."""
        beside = self._beside(found, whole)
        if self.spec.planes_a_beat < self.spec.planes:
            return self._serial(found, beside)
        total = self._parallel(found, absorbs=any(not at for _, at in beside))
        for number, at in beside:
            total = add(self.m, "beside", total, number, self.most, at)
        return Total(self._code(finish(self.m, "total", total, self.most)))

    def _beside(self, found: Found, whole: Value | None) -> list[tuple[Folded, int]]:
        """What is added beside the lookups, and the places it is shifted by."""
        spec, beside = self.spec, []
        if whole is not None and spec.total_weight is not None:
            span = (spec.x.span * Span(spec.total_weight, spec.total_weight, 0)).accumulate(spec.width)
            beside.append((plain(whole, span), 0))
        if found.chained is not None:
            beside.append((plain(found.chained, spec.result.span), self.doubled))
        return beside

    def _code(self, total: Value) -> Value:
        """The result's code: half the total, where that is doubled."""
        if self.doubled:
            total = truncate(self.m, "halved", total, self.spec.result.width, 1)
        return self.m.result(self.m.wire("code", total, 0.0))

    def _plane(self, found: Found, plane: int, absorbs: bool) -> Folded:
        """The sum of a plane over all tables; `absorbs` says that a carry can still be added to it."""
        entry, sums = self.spec.entry, found.sums[plane]
        if not found.signs[plane]:
            return add_all(self.m, "plane", [plain(value, entry) for value in sums], self.most)
        terms = [negated(value, entry, sign) for value, sign in zip(sums, found.signs[plane], strict=True)]
        if not absorbs:
            # Of the rows of a tree each takes one carry, so one is left.
            both = terms[0].span
            terms[0] = plain(fabric(self.m).negate(self.m, "first", sums[0], found.signs[plane][0], both.width), both)
        return add_all(self.m, "plane", terms, self.most)

    def _parallel(self, found: Found, absorbs: bool) -> Folded:
        """The sum of all planes, each times its power of two."""
        total = None
        for plane in range(self.spec.planes):
            number = self._plane(found, plane, absorbs or plane > 0)
            if self.spec.negative_top and not found.signs[plane] and plane == self.spec.planes - 1:
                number = negated(number.value, number.span, Const(1, 1))
            total = number if total is None else add(self.m, "planes", total, number, self.most, plane)
        assert total is not None
        return total

    def _serial(self, found: Found, beside: list[tuple[Folded, int]]) -> Total:
        """The sum of a plane and of those below it, of which the lowest bits have left to the right."""
        number = self._plane(found, 0, absorbs=True)
        if self.spec.negative_top and not found.signs[0]:
            number = negated(number.value, number.span, self.final)
        held, base = self._base(number.span, beside)
        sums = add(self.m, "sum", base, number, None if not beside else self.most)
        lower = self.m.feedback(Signal(self.spec.planes - 1, name="lower", reset_less=True))
        number_of = plain(Cat(lower, sums.value), Span(sums.span.lo << len(lower), (sums.span.hi + 1) << len(lower), 0))
        following = [plain(Value.cast(sums.value)[1:], base.span), plain(Cat(lower[1:], sums.value[0]), Span(0, 1, 0))]
        kept = [
            (register, self.m.result(self.m.wire("next", Cat(*fitted(value.value, len(register))), 0.0)))
            for register, value in zip((held, lower), following, strict=True)
        ]
        return Total(self._code(finish(self.m, "total", number_of, self.most)), kept)

    def _base(self, number: Span, beside: list[tuple[Folded, int]]) -> tuple[Signal, Folded]:
        """The register of the sum so far, and what a plane is added to: that, or, for the lowest, what is beside."""
        if not beside:
            # Half of the sum of two such numbers is another one.
            span = Span(min(0, number.lo), max(0, number.hi), number.lsb)
            held = self.m.feedback(Signal(span.width, name="sum_so_far", reset_less=True))
            return held, cleared(held, span, self.first)
        start = beside[0][0]
        for each, at in beside[1:]:
            start = add(self.m, "start", start, each, self.most, at)
        held = self.m.feedback(Signal(self.most, name="sum_so_far", reset_less=True))
        chosen = self.m.wire("base", Mux(self.first, Cat(*fitted(start.value, self.most)), held))
        return held, plain(chosen, integers(self.most, self.spec.result.signed, number.lsb))
