"""The bit-serial processing element for a mixture of data types."""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value

from hw.arith import Logic, fabric
from hw.arith.steps import extend
from hw.datapath import PRODUCTS
from hw.datapath.fused import sum_products
from hw.datapath.terms import TermsOf
from hw.specs.bitmod import KINDS, LARGEST, SCALE, TERM, BitmodSpec
from hw.units.horner import horner
from hw.units.outlet import Outlet
from hw.units.skew import delayed
from hw.units.stream import Streamed, all_of, moved


@dataclass
class Steps:
    """Where a dot product is.

    Attributes
    ----------
    term : Signal
        The term of a beat, from 0 on.
    opens, closes : Value
        Whether it is a beat's first term, or the last.
    begins, ends : Value
        Whether the beat is a group's first, or the last.
    """

    term: Signal
    opens: Value
    closes: Value
    begins: Value
    ends: Value


class Bitmod(Streamed):
    """``y = scale[0] * (w . x of group 0) + scale[1] * ...``, by a term of each lane's weight a cycle.

    Parameters
    ----------
    spec : BitmodSpec
        What to build.
    target : Target
        The fabric to build it for.

    Members
    -------
    x : In(stream)
        ``x``: an activation for each lane.
    w : In(stream)
        ``code``: a weight for each lane, in the lowest bits of 8.
    g : In(stream)
        Of a group: ``kind``: 0 int8, 1 int6, 2 FP4, 3 FP3; ``special``: what stands for -0 in floats, bit 0 the larger
        (FP4 8, not 5; FP3 6, not 3), bit 1 negative; ``scale``: what its sum is multiplied by; ``last``: the dot
        product ends with it. It is taken with the group's last beat.
    y : Out(stream)
        ``x``: the result, exactly; of FP4 weights count twice their value.

    Raises
    ------
    TypeError
        `spec` is not a BitmodSpec, or `target` not a Target.
    ValueError
        From `elaborate`, a pipeline that is deeper than the logic.
    """

    spec: BitmodSpec
    spec_type = BitmodSpec

    def elaborate(self, platform: object) -> Module:
        m, spec, stages = Module(), self.spec, self.spec.pipeline
        outlet = Outlet(m, self.y)
        move = outlet.move
        sources = [self.x, self.w, self.g]
        offered = Value.cast(all_of([source.valid for source in sources]))
        steps = self._steps(m, offered & move)
        for source, last in zip(sources, (steps.closes, steps.closes, steps.closes & steps.ends), strict=True):
            others = [other.valid for other in sources if other is not source]
            m.d.comb += source.ready.eq(move & last & Value.cast(all_of(others)))

        # Four times what was there: a term counts four times the next one. Who offers a beat does so to its end, so
        # there are no gaps but before a first term, which clears.
        logic, width = Logic(self.target, stages), (spec.x.span * LARGEST).accumulate(spec.lanes).width
        terms = self._terms(logic, steps.term)
        beat, _ = horner(m, logic, "beat", width, steps.opens, terms, move, move, shift=2)
        closed = moved(m, offered & steps.closes, move, stages + 1, "closed") & move
        begins, width = delayed(m, "begins", steps.begins, move, stages + 1), spec.product.accumulate(spec.group).width
        _, group = horner(m, Logic(self.target), "group", width, begins, beat, move, closed)
        ended = moved(m, offered & steps.closes & steps.ends, move, stages + 1, "ended") & move
        said = delayed(m, "said", Cat(self.g.payload.scale, self.g.payload.last), move, stages + 1)
        shown, total = self._scaled(m, group, said[: SCALE.width], said[-1], ended, move)
        outlet.offer(shown, Cat(total))
        return m

    def _steps(self, m: Module, take: Value) -> Steps:
        """Counts terms and beats."""
        term, beat = Signal(2, name="term"), Signal(range(self.spec.beats), name="beat_of_group")
        most = Signal(2, name="most_terms")
        kinds = [Const(count - 1, 2) for count in KINDS.values()]
        kind = self.g.payload.kind
        m.d.comb += most.eq(Mux(kind[1], kinds[2], Mux(kind[0], kinds[1], kinds[0])))
        closes, ends = term == most, beat == self.spec.beats - 1
        with m.If(take):
            m.d.sync += term.eq(Mux(closes, 0, (term + 1)[:2]))
        with m.If(take & closes):
            m.d.sync += beat.eq(Mux(ends, 0, (beat + 1)[: len(beat)]))
        return Steps(term, term == 0, closes, beat == 0, ends)

    def _terms(self, m: Logic, term: Value) -> Value:
        """The sum of the lanes' terms times activations."""
        spec, said = self.spec, self.g.payload
        place = fabric(m).lookup(m, "place", Cat(said.kind, term), 2, _place)
        terms = TermsOf(m, said.kind, said.special, place)
        pairs = []
        for lane in range(spec.lanes):
            code, x = Value.cast(self.w.payload.code[lane]), Value.cast(self.x.payload.x[lane])
            pairs.append((x, terms.of(f"lane{lane}", code)))
        return m.wire("terms", sum_products(m, PRODUCTS["exact"], spec.x, TERM, pairs).value)

    def _scaled(
        self, m: Module, group: Value, scale: Value, last: Value, ended: Value, move: Value
    ) -> tuple[Value, Signal]:
        """The sum of groups times their scales: a bit of a scale a cycle, the lowest first."""
        width = self.spec.result.width
        shifted = Signal(len(group) + SCALE.width - 1, name="group_shifted", reset_less=True)
        left, rest = Signal(SCALE.width, name="scale_left", reset_less=True), Signal(SCALE.width, name="bits_left")
        final, fresh = Signal(name="final", reset_less=True), Signal(name="fresh", init=1)
        opens = Signal(name="scale_opens", reset_less=True)
        with m.If(move):
            m.d.sync += [
                shifted.eq(Mux(ended, Cat(extend(group, len(shifted))), Cat(Const(0, 1), shifted[:-1]))),
                left.eq(Mux(ended, scale, left[1:])),
                # As many ones as there are bits to come.
                rest.eq(Mux(ended, -1, rest[1:])),
                opens.eq(ended & fresh),
            ]
        with m.If(move & ended):
            m.d.sync += [final.eq(last), fresh.eq(last)]
        addend = extend((shifted & left[0].replicate(len(shifted))).as_signed(), width)
        total, _ = horner(m, Logic(self.target), "total", width, opens, addend, move, move & rest[0])
        return moved(m, final & rest[0] & ~rest[1], move, 1, "total_there"), total


def _place(index: int) -> int:
    """Of a type and the number of a term: the term counts ``4**place``."""
    return [*KINDS.values()][index & 3] - 1 - (index >> 2)
