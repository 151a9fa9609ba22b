"""Goes through the lists of a vector, an entry a cycle."""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Module, Mux, Signal, Value

from hw.specs.sparse import SparseSpec
from hw.units.sparse.lists import Lists


@dataclass
class Step:
    """What is to be done in a cycle.

    Attributes
    ----------
    place, slot : Signal
        The entry.
    go : Value
        There is one.
    first : Value
        It is the first one of a place but the lowest.
    bare : Value
        The place has none. Then the matrix' first row is added, and in the next cycle taken away again.
    away : Value
        It is taken away.
    done : Value
        It is the last one of a vector.
    ending : Value
        The cycle behind that, in which nothing is added, for the sums to be shown.
    final : Value
        In that cycle, whether the vector is the last one for the matrix.
    """

    place: Signal
    slot: Signal
    go: Value
    first: Value
    bare: Value
    away: Value
    done: Value
    ending: Value
    final: Value


def walk(m: Module, spec: SparseSpec, lists: Lists, there: Value, move: Value) -> Step:
    """Logic, added to `m`, that says what to do while the matrix is `there`.

    How many entries a place has is looked up in the cycle before the last of them, which is the first to be read.
    """
    place, ahead = Signal(range(spec.places), name="place", reset_less=True), Signal(range(spec.places), name="ahead")
    slot = Signal(spec.k.bit_length(), name="slot", reset_less=True)
    go, through, done = (Signal(name=name) for name in ("go", "through", "done"))
    some, first, only = (Signal(name=f"place_{name}", reset_less=True) for name in ("has_some", "first", "only"))
    ending, final, begins = Signal(name="ending"), Signal(name="final", reset_less=True), Signal(name="begins")
    m.d.comb += [
        through.eq(go & only),
        done.eq(move & through & (place == spec.places - 1)),
        begins.eq(~go & lists.full & there & ~(ending & final)),
    ]
    counted, used = lists.look(ahead)
    with m.If(move):
        m.d.sync += ending.eq(done)
        with m.If(through | ~go):
            m.d.sync += [place.eq(ahead), some.eq(used), first.eq(1), go.eq(begins | (go & ~done))]
            m.d.sync += [slot.eq(Mux(used, counted, 2)), only.eq(used & (counted == 1))]
        with m.Else():
            m.d.sync += [slot.eq((slot - 1)[: len(slot)]), only.eq(slot == 2), first.eq(0)]
        with m.If(through | begins):
            m.d.sync += ahead.eq(Mux(ahead == spec.places - 1, 0, (ahead + 1)[: len(ahead)]))
    with m.If(done):
        # The last place began when that behind it, the first one, was already ahead.
        m.d.sync += [ahead.eq(0), final.eq(lists.final)]
    lists.release(done)
    return Step(place, slot, go, first & (place != 0), ~some, only, done, ending, final)
