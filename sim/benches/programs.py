"""Random programs of an encoder, with the words that they need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.specs.encoder import EncoderSpec
from hw.specs.encoder_cycles import program_cycles
from hw.specs.instructions import Instruction, Place, encode
from sim.benches.stimulus import mixed
from sim.benches.streams import Streams
from sim.golden.words import to_words

Words = NDArray[Any]
CLOSING = 8
"""Cycles in which a refused program ends, beside those of its instructions and of what is thrown away."""


@dataclass(frozen=True)
class Program:
    """A program as it is given to an encoder.

    Attributes
    ----------
    i : dict of str to array
        The fields of its instructions.
    w : codes of shape (words, lanes)
        Its frame.
    cycles : int
        What it takes, at most.
    """

    i: Mapping[str, NDArray[np.int64]]
    w: Words
    cycles: int

    def framed(self, more: int, rng: np.random.Generator) -> Program:
        """With so many words more, or less, than it needs."""
        extra = rng.integers(0, 1 << 8, (max(0, more), self.w.shape[1])) & self.w.max(initial=0)
        w = np.concatenate([self.w, extra]) if more > 0 else self.w[: max(1, len(self.w) + more)]
        return Program(self.i, w, self.cycles + max(0, more))

    def altered(self, number: int, **fields: int) -> Program:
        """With another instruction of that number, which is refused."""
        beats = {name: codes.copy() for name, codes in self.i.items()}
        for name, code in fields.items():
            beats[name][number] = code
        return Program(beats, self.w, self.cycles + len(beats["last"]) + len(self.w) + CLOSING)


def streams(programs: Sequence[Program]) -> Streams:
    """The streams of programs, one after the other."""
    i = {name: np.concatenate([program.i[name] for program in programs]) for name in programs[0].i}
    last = np.concatenate([np.arange(len(program.w)) == len(program.w) - 1 for program in programs])
    return {"i": i, "w": {"x": np.concatenate([program.w for program in programs]), "last": last.astype(np.int64)}}


@dataclass
class Writer:
    """Writes a random program, and what it needs of `w`. What was written is shown sooner or later.

    Attributes
    ----------
    matrices : list of (Place, rows, words)
        What is in the memory, every code of it written.
    free : int
        The first address behind them.
    """

    spec: EncoderSpec
    rng: np.random.Generator
    made: list[Instruction] = field(default_factory=list)
    w: list[Words] = field(default_factory=list)
    matrices: list[tuple[Place, int, int]] = field(default_factory=list)
    free: int = 0

    def program(self) -> Program:
        """All of it."""
        # What needs no word takes one all the same.
        alone = [] if self.w else [np.zeros((1, self.spec.lanes), dtype=np.int64)]
        cycles = program_cycles(self.spec, self.made) + len(alone)
        return Program(encode(self.spec, self.made), np.concatenate([*self.w, *alone]), cycles)

    def chance(self, one_in: int) -> bool:
        return not self.rng.integers(one_in)

    def size(self, most: int) -> int:
        """A size up to that, small ones and the largest more often."""
        return int(self.rng.choice(np.array([1, min(2, most), most, self.rng.integers(1, most + 1)])))

    def codes(self, words: int) -> Words:
        return mixed(self.spec.code, (words, self.spec.lanes), self.rng)

    def add(self, instruction: Instruction, *w: Words) -> None:
        self.made.append(instruction)
        self.w += w

    def make_room(self, words: int) -> None:
        """Room for so many words: where there is none left, all before is forgotten."""
        if self.free + words > self.spec.depth:
            self.free, self.matrices = 0, []

    def place(self, rows: int, words: int) -> Place:
        """A place for a matrix, perhaps with words between its rows."""
        stride = words + int(self.rng.integers(2))
        self.make_room(rows * stride)
        place = Place(self.free, stride)
        self.free += rows * stride
        return place

    def operand(self, rows: int, words: int) -> Place:
        """A matrix of that shape: one that is there, or another one."""
        there = [place for place, *shape in self.matrices if shape == [rows, words]]
        if there and not self.chance(3):
            return there[int(self.rng.integers(len(there)))]
        place = self.place(rows, words)
        for top in range(0, rows, self.spec.rows):
            height = min(self.spec.rows, rows - top)
            part = Place(place.base + top * place.stride, place.stride)
            self.add(Instruction("copy", height, words, c=part), self.codes(height * words))
        self.matrices.append((place, rows, words))
        return place

    def unit(self, name: str, streamed: bool | None = None, way: int | None = None) -> None:
        """An instruction of that unit.

        Parameters
        ----------
        name : str
        streamed : bool, optional
            Whether its last operand comes on `w`; else by chance.
        way : int, optional
            Whether the result goes to `y`, to the memory or there transposed; else by chance.
        """
        spec, slot = self.spec, self.spec.slots[name]
        streamed = self.chance(2) if streamed is None else streamed
        way = int(self.rng.integers(3)) if way is None else way
        words, columns = self._widths(slot.product, streamed, way == 2)
        rows = self.size(min(spec.rows, max(1, spec.depth // 8 // max(words, columns))))
        spare = int(self.rng.integers(spec.lanes)) if self.chance(2) else 0
        made = Instruction(name, rows, words, columns if slot.product else None, spare=spare, relu=self.chance(3))
        self._complete(made, columns, streamed, way)

    def _widths(self, product: bool, streamed: bool, transposed: bool) -> tuple[int, int]:
        """Words of a row of an operand, and of a result, of which an eighth of the memory has room."""
        spec, longest, part = self.spec, self.spec.row // self.spec.lanes, max(1, self.spec.depth // 8)
        # Of a matrix with a row for each code of a row's words.
        tall = max(1, part // spec.lanes)
        if not product:
            words = self.size(min(longest, tall if transposed else part))
            return words, words
        most = spec.words // spec.lanes
        words = self.size(min(longest, most if streamed else min(most, tall)))
        columns = min(longest, most // words)
        if not streamed:
            columns = min(columns, max(1, tall // words))
        return words, self.size(min(columns, tall) if transposed else columns)

    def _complete(self, made: Instruction, columns: int, streamed: bool, way: int) -> None:
        """An instruction with its operands, its parameters, and where its result goes, which is shown then."""
        slot, lanes = self.spec.slots[made.unit], self.spec.lanes
        shapes = {name: made.shape(name, slot, lanes) for name in slot.operands}
        into = (made.rows, columns) if way < 2 else (columns * lanes, -(-made.rows // lanes))
        # So that nothing is forgotten between here and its use.
        self.make_room(sum(rows * (words + 1) for rows, words in [*shapes.values(), into]))
        in_memory = [name for name in slot.operands if not (streamed and name == slot.streamed)]
        if way == 2 and made.rows % lanes:
            # Its last words keep some of what they had.
            place = self.operand(*into)
            self.matrices.remove((place, *into))
        elif way:
            place = self.place(*into)
        given: dict[str, Any] = {name: self.operand(*shapes[name]) for name in in_memory}
        given |= {"c": place, "transposed": way == 2} if way else {}
        rows, words = shapes[slot.streamed]
        self.add(replace(made, **given), *self.parameters(made, columns), *[self.codes(rows * words)] * streamed)
        if way:
            self.matrices.append((place, *into))
            self.show(place, *into)

    def parameters(self, made: Instruction, columns: int) -> list[Words]:
        """The words of an instruction's parameters."""
        spec, slot = self.spec, self.spec.slots[made.unit]
        if not slot.parameters:
            return []
        beats = slot.parameter_beats(made.words, columns, spec.lanes)
        fields = {
            name: self._scale(name, mixed(position.format, (beats, position.lanes), self.rng))
            for name, position in slot.parameters.items()
        }
        return [to_words(slot.parameters, fields, spec.code.width, spec.lanes)]

    def _scale(self, name: str, codes: NDArray[Any]) -> NDArray[Any]:
        """Parameters: most shifts leave something of a number."""
        small = self.rng.integers(0, 10 if name.endswith("_e") else 20, codes.shape)
        return np.where(self.rng.random(codes.shape) < 0.8, small, codes) if name.split("_")[-1] == "e" else codes

    def show(self, place: Place, rows: int, words: int) -> None:
        """Bring a matrix to `y`."""
        for top in range(0, rows, self.spec.rows):
            height = min(self.spec.rows, rows - top)
            self.add(Instruction("copy", height, words, a=Place(place.base + top * place.stride, place.stride)))
