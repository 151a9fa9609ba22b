"""A matrix that stays in a memory, and vectors that are played again for all of its rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib.memory import Memory

from hw.specs.matvec import MatVecSpec
from hw.units.skew import delayed
from hw.units.stream import moved


@dataclass
class Beats:
    """What enters the elements of a matrix-vector unit.

    Attributes
    ----------
    a, w : Value
        Codes.
    valid : Value
        There are some.
    first, last : Value
        They start a sum, or end it.
    final : Value
        The sums are the last ones of a vector.
    error : Value
        In this cycle something ended where it should not have.
    """

    a: Value
    w: Value
    valid: Value
    first: Value
    last: Value
    final: Value
    error: Value


class Replay:
    """Loads a matrix; then takes vectors, beat by beat, with its first rows, and plays each again with the others.

    All counts go alike through the loading of a matrix and through a vector.

    Parameters
    ----------
    m : Module
        Where it is added.
    spec : MatVecSpec
    a, w : stream
        The unit's inputs.
    move : Value
        While it is low, all holds but the loading.
    """

    def __init__(self, m: Module, spec: MatVecSpec, a: Any, w: Any, move: Value) -> None:
        self.m, self.spec, self.a, self.w, self.move = m, spec, a, w, move
        self.loading, self.done = Signal(init=1, name="loading"), Signal(name="done")
        self.fold, self.length = (counter(spec.synapse_folds, name) for name in ("fold", "length"))
        self.neuron = counter(spec.neuron_folds, "neuron")
        self.word, self.row = (counter(spec.words, name) for name in ("word", "row"))
        self.fresh, self.play = Signal(name="fresh"), Signal(name="play")

    def beats(self) -> Beats:
        """The beats, a cycle after they were played: the memories take one."""
        m, spec, move = self.m, self.spec, self.move
        complete, final = self.fold == spec.synapse_folds - 1, self.neuron == spec.neuron_folds - 1
        ended = self.a.payload.last & ~self.loading
        last = Signal(name="last_of_sum")
        m.d.comb += [
            self.fresh.eq(self.neuron == 0),
            self.play.eq(~self.loading & move & (self.a.valid | ~self.fresh)),
            self.a.ready.eq(~self.loading & move & self.fresh),
            self.w.ready.eq(self.loading),
            last.eq(Mux(self.fresh, complete | ended, self.fold == self.length)),
        ]
        self._count(last, final)
        return Beats(
            self._vector(),
            self._matrix(),
            moved(m, self.play, move, 1, "played"),
            delayed(m, "first_kept", self.fold == 0, move, 1),
            delayed(m, "last_kept", last, move, 1),
            delayed(m, "final_kept", final, move, 1),
            self.play & self.fresh & ended & ~complete,
        )

    def _count(self, last: Value, final: Value) -> None:
        """To the next word of the matrix, and of the vector."""
        m, spec = self.m, self.spec
        following = Mux(final, 0, self.row + spec.synapse_folds)
        with m.If(self.play | (self.loading & self.w.valid)):
            m.d.sync += self.fold.eq(stepped(self.fold, last))
            m.d.sync += self.word.eq(Mux(last, following, self.word + 1)[: len(self.word)])
            with m.If(last):
                m.d.sync += [self.neuron.eq(stepped(self.neuron, final)), self.row.eq(following[: len(self.row)])]
                with m.If(self.fresh):
                    m.d.sync += [self.length.eq(self.fold), self.done.eq(self.a.payload.last)]
                with m.If(final):
                    # The vector whose last beat is marked is the last one of this matrix.
                    m.d.sync += self.loading.eq(~self.loading & Mux(self.fresh, self.a.payload.last, self.done))

    def _matrix(self) -> Value:
        """The word of the matrix that is played."""
        payload = Value.cast(self.w.payload.x)
        memory = self._memory("matrix", self.spec.words, payload, self.word, self.loading & self.w.valid)
        port = memory.read_port()
        self.m.d.comb += [port.addr.eq(self.word), port.en.eq(self.move & ~self.loading)]
        return port.data

    def _vector(self) -> Value:
        """The word of the vector that is played: as it came, or as it was kept."""
        m, payload = self.m, Value.cast(self.a.payload.x)
        came = delayed(m, "came", payload, self.move, 1)
        if self.spec.neuron_folds == 1:
            return came
        memory = self._memory("vector", self.spec.synapse_folds, payload, self.fold, self.play & self.fresh)
        port = memory.read_port()
        m.d.comb += [port.addr.eq(self.fold), port.en.eq(self.move & ~self.fresh)]
        return Mux(delayed(m, "was_fresh", self.fresh, self.move, 1), came, port.data)

    def _memory(self, name: str, depth: int, data: Value, address: Value, enable: Value) -> Memory:
        """A memory that is written."""
        m = self.m
        m.submodules[name] = memory = Memory(shape=len(data), depth=depth, init=[])
        port = memory.write_port()
        m.d.comb += [port.addr.eq(address), port.data.eq(data), port.en.eq(enable)]
        return memory


def counter(count: int, name: str) -> Signal:
    """A register for a number below `count`."""
    return Signal(range(count), name=name)


def stepped(number: Signal, wraps: Value) -> Value:
    """The number after this one."""
    return Mux(wraps, 0, number + 1)[: len(number)]
