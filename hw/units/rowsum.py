"""The sum of what was looked up for a row of weights: over the tables, then over the planes."""

from __future__ import annotations

from dataclasses import dataclass, field

from amaranth.hdl import Cat, Const, Mux, Signal, Value

from hw.arith import Logic
from hw.arith.fabric import fitted
from hw.arith.wires import truncate
from hw.datapath.folded import Folded, add, add_all, cleared, finish, negated, plain
from hw.formats import Span
from hw.formats.base import integers
from hw.specs.lookup import LookupSpec


@dataclass
class Found:
    """What was looked up for a row of weights.

    Attributes
    ----------
    sums : list of list of Value
        Of each plane and table.
    signs : list of list of Value
        Of each, whether it counts negative; empty where none has a sign.
    chained : Value or None
        What the result is added to.
    """

    sums: list[list[Value]]
    signs: list[list[Value]]
    chained: Value | None


@dataclass
class Total:
    """A result's code, and registers with what they hold next."""

    code: Value
    kept: list[tuple[Signal, Value]] = field(default_factory=list)


class RowSum:
    """Adds up rows.

    Parameters
    ----------
    m : Logic
        Where that is added.
    spec : LookupSpec
    first, final : Value
        Whether the lookups are those of the lowest plane, and of the highest.
    whole : Value or None
        What all activations together add to twice each result.
    """

    def __init__(self, m: Logic, spec: LookupSpec, first: Value, final: Value, whole: Value | None) -> None:
        self.m, self.spec, self.first, self.final, self.whole = m, spec, first, final, whole
        self.doubled = int(spec.whole_weight is not None)
        self.most = spec.result.width + self.doubled

    def row(self, found: Found) -> Total:
        """The sum of a row."""
        return self._serial(found) if self.spec.planes_a_beat < self.spec.planes else self._parallel(found)

    def _parallel(self, found: Found) -> Total:
        """All planes at once, each times its power of two."""
        beside = self._beside(found)
        # A carry that no row takes in needs one of its own; that of a higher plane is taken in with the plane.
        absorbed = any(not at for _, at in beside)
        total = self._plane(found, 0, absorbed)
        for plane in range(1, self.spec.planes):
            total = add(self.m, "planes", total, self._plane(found, plane, True), self.most, plane)
        for number, at in beside:
            total = add(self.m, "beside", total, number, self.most, at)
        return Total(self._code(total))

    def _serial(self, found: Found) -> Total:
        """One plane, added to those below it: a sum of which the lowest bits have left to the right."""
        beside, plane = self._beside(found), self._plane(found, 0, True)
        lower = self.m.feedback(Signal(self.spec.planes - 1, name="lower", reset_less=True))
        if beside:
            upper, base = self._chosen(beside)
            total = add(self.m, "upper", base, plane, self.most)
        else:
            # Half of the sum of two such numbers is one again.
            span = Span(min(0, plane.span.lo), max(0, plane.span.hi), plane.span.lsb)
            upper = self.m.feedback(Signal(span.width, name="upper_held", reset_less=True))
            total = add(self.m, "upper", cleared(upper, span, self.first), plane)
        following = fitted(total.value, max(len(total.value), 1 + len(upper)))
        kept = [(upper, Cat(following[1:])), (lower, Cat(lower[1:], following[0]))]
        scale = 1 << len(lower)
        return Total(
            self._code(plain(Cat(lower, total.value), total.span * Span(scale, scale, 0))),
            [(register, self.m.result(self.m.wire("following", value))) for register, value in kept],
        )

    def _chosen(self, beside: list[tuple[Folded, int]]) -> tuple[Signal, Folded]:
        """The register of the sum so far, and what a plane is added to: what is beside, if it is the lowest."""
        start = beside[0][0]
        for number, at in beside[1:]:
            start = add(self.m, "start", start, number, self.most, at)
        upper = self.m.feedback(Signal(self.most, name="upper_held", reset_less=True))
        chosen = self.m.wire("base", Mux(self.first, Cat(*fitted(start.value, self.most)), upper))
        return upper, plain(chosen, integers(self.most, self.spec.result.signed, start.span.lsb))

    def _beside(self, found: Found) -> list[tuple[Folded, int]]:
        """What is added beside the lookups, and by how many places each is shifted."""
        spec, beside = self.spec, []
        if self.whole is not None and spec.whole_weight is not None:
            span = (spec.x.span * Span(spec.whole_weight, spec.whole_weight, 0)).accumulate(spec.width)
            beside.append((plain(self.whole, span), 0))
        if found.chained is not None:
            beside.append((plain(found.chained, spec.result.span), self.doubled))
        return beside

    def _plane(self, found: Found, plane: int, absorbed: bool) -> Folded:
        """The sum of a plane over all tables; a carry may be left to be `absorbed`."""
        sums, signs, entry, negative = found.sums[plane], found.signs[plane], self.spec.entry, self._negative(plane)
        if not signs:
            total = add_all(self.m, "plane", [plain(value, entry) for value in sums])
            return total if negative is None else negated(total.value, total.span, negative)
        if negative is not None:
            signs = [self.m.wire("sign", sign ^ negative) for sign in signs]
        terms = [negated(value, entry, sign) for value, sign in zip(sums, signs, strict=True)]
        return add_all(self.m, "plane", terms, absorbed)

    def _negative(self, plane: int) -> Value | None:
        """Whether a plane counts negative; None if it never does."""
        if not self.spec.negative_top:
            return None
        if self.spec.planes_a_beat < self.spec.planes:
            return self.final
        return Const(1, 1) if plane == self.spec.planes - 1 else None

    def _code(self, total: Folded) -> Value:
        """The result's code: of half the total, where that is doubled."""
        code = finish(self.m, "total", total, self.most)
        if self.doubled:
            code = truncate(self.m, "halved", code, self.spec.result.width, 1)
        return self.m.result(self.m.wire("code", code))
