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

    How many entries a place has is looked up in the cycle before the first of them.
    """
    place, ahead = Signal(range(spec.places), name="place", reset_less=True), Signal(range(spec.places), name="ahead")
    slot, count = (Signal(spec.k.bit_length(), name=name, reset_less=True) for name in ("slot", "place_count"))
    go, through, done = (Signal(name=name) for name in ("go", "through", "done"))
    some = Signal(name="place_has_some", reset_less=True)
    ending, final, begins = Signal(name="ending"), Signal(name="final", reset_less=True), Signal(name="begins")
    m.d.comb += [
        through.eq(go & Mux(some, slot == count, slot == 2)),
        done.eq(move & through & (place == spec.places - 1)),
        begins.eq(~go & lists.full & there & ~(ending & final)),
    ]
    counted, used = lists.look(ahead)
    with m.If(move):
        m.d.sync += ending.eq(done)
        with m.If(through | ~go):
            m.d.sync += [place.eq(ahead), count.eq(counted), some.eq(used), go.eq(begins | (go & ~done)), slot.eq(1)]
        with m.Else():
            m.d.sync += slot.eq((slot + 1)[: len(slot)])
        with m.If(through | begins):
            m.d.sync += ahead.eq(Mux(ahead == spec.places - 1, 0, (ahead + 1)[: len(ahead)]))
    with m.If(done):
        # The last place began when that behind it, the first one, was already ahead.
        m.d.sync += [ahead.eq(0), final.eq(lists.final)]
    lists.release(done)
    return Step(place, slot, go, (slot == 1) & (place != 0), ~some, slot == 2, done, ending, final)
