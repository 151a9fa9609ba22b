"""What to try on an encoder: random programs of all its units, refusals, frames of other lengths, pauses, resets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.specs.encoder import EncoderSpec
from hw.specs.instructions import Instruction, Place, encode
from sim.benches.reset import resets
from sim.benches.stimulus import mixed
from sim.benches.streamplay import StreamPlay
from sim.benches.streams import Streams, paused, stream_play
from sim.golden.words import to_words

FORMULA = "y = programs of C = requantise(A B + bias), softmax, GELU, layernorm(a + b), a + b"

Words = NDArray[Any]


@dataclass
class Writer:
    """Writes a random program, and what it needs of `w`.

    Attributes
    ----------
    matrices : list of (Place, rows, words)
        What is in the memory, every code of it written.
    free : int
        The first address behind them.
    """

    spec: EncoderSpec
    rng: np.random.Generator
    program: list[Instruction] = field(default_factory=list)
    w: list[Words] = field(default_factory=list)
    matrices: list[tuple[Place, int, int]] = field(default_factory=list)
    free: int = 0

    def number(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high, endpoint=True))

    def size(self, most: int) -> int:
        """A size up to that, small ones and the largest more often."""
        return int(self.rng.choice([1, min(2, most), most, self.number(1, most)]))

    def place(self, rows: int, words: int) -> Place:
        """Room for a matrix, some words between its rows; where there is none left, all before is forgotten."""
        stride = words + self.number(0, 2)
        if self.free + rows * stride > self.spec.depth:
            self.free, self.matrices = 0, []
            stride = words
        place = Place(self.free, stride)
        self.free += rows * stride
        return place

    def load(self, rows: int, words: int) -> Place:
        """Bring a matrix into the memory."""
        place = self.place(rows, words)
        self.add(Instruction("copy", rows, words, c=place), self.codes(rows * words))
        self.matrices.append((place, rows, words))
        return place

    def codes(self, words: int) -> Words:
        return mixed(self.spec.code, (words, self.spec.lanes), self.rng)

    def add(self, instruction: Instruction, *w: Words) -> None:
        self.program.append(instruction)
        self.w += w

    def operand(self, rows: int, words: int) -> Place:
        """A matrix of that shape: one that is there, or another one."""
        there = [place for place, *shape in self.matrices if shape == [rows, words]]
        if there and self.number(0, 3):
            return there[self.number(0, len(there) - 1)]
        return self.load(rows, words)

    def unit(self, name: str) -> None:
        """An instruction of that unit, whose result is shown."""
        (self._product if self.spec.slots[name].product else self._plain)(name)

    def _plain(self, name: str) -> None:
        spec, slot = self.spec, self.spec.slots[name]
        longest = min(spec.row // spec.lanes, spec.depth // 4)
        words = self.size(longest)
        rows = self.size(min(spec.rows, max(1, spec.depth // 4 // words)))
        self._result(Instruction(name, rows, words, spare=self.number(0, spec.lanes - 1)), words, slot.operands)

    def _product(self, name: str) -> None:
        spec = self.spec
        longest = min(spec.row // spec.lanes, spec.words // spec.lanes)
        words = self.size(longest)
        columns = self.size(min(spec.row // spec.lanes, spec.words // spec.lanes // words))
        rows = self.size(min(spec.rows, max(1, spec.depth // 4 // max(words, columns))))
        self._result(Instruction(name, rows, words, columns), columns, "ab")

    def _result(self, made: Instruction, columns: int, operands: str) -> None:
        """Complete an instruction: its operands and where its result goes, which is shown then."""
        spec, slot = self.spec, self.spec.slots[made.unit]
        shapes = {name: made.shape(name, slot, spec.lanes) for name in operands}
        room = sum(rows * (words + 2) for rows, words in [*shapes.values(), (2 * made.rows + spec.lanes, columns + 2)])
        if self.free + 2 * room > spec.depth:
            self.free, self.matrices = 0, []
        streamed = bool(self.number(0, 1)) or (slot.product and shapes["b"][0] > spec.rows)
        given: dict[str, Any] = {"relu": not self.number(0, 3)}
        for name in operands:
            if not (streamed and name == slot.streamed):
                given[name] = self.operand(*shapes[name])
        parameters = self._parameters(made, columns, slot)
        words = [self.codes(shapes[slot.streamed][0] * shapes[slot.streamed][1])] if streamed else []
        way = self.number(0, 3)
        if way < 2:
            return self.add(_with(made, **given), *parameters, *words)
        rows, across = made.rows, columns
        if way == 3:
            rows, across = columns * spec.lanes, -(-made.rows // spec.lanes)
        if way == 3 and (rows > spec.rows or made.rows % spec.lanes):
            # So that what stays in its last words is known, too; a matrix with more rows than are loaded is not shown.
            way, rows, across = 2, made.rows, columns
        place = self.place(rows, across)
        self.add(_with(made, **given, c=place, transposed=way == 3), *parameters, *words)
        self.matrices.append((place, rows, across))
        self.add(Instruction("copy", rows, across, a=place))

    def _parameters(self, made: Instruction, columns: int, slot: Any) -> list[Words]:
        spec = self.spec
        if not slot.parameters:
            return []
        beats = slot.parameter_beats(made.words, columns, spec.lanes)
        fields = {
            name: mixed(position.format, (beats, position.lanes), self.rng)
            for name, position in slot.parameters.items()
        }
        return [to_words(slot.parameters, fields, spec.code.width, spec.lanes)]


def _with(instruction: Instruction, **fields: Any) -> Instruction:
    from dataclasses import replace

    return replace(instruction, **fields)


def streams(spec: EncoderSpec, writers: Sequence[Writer]) -> Streams:
    """The streams of programs, one after the other."""
    beats = [encode(spec, writer.program) for writer in writers]
    frames = [np.concatenate(writer.w) for writer in writers]
    i = {name: np.concatenate([each[name] for each in beats]) for name in beats[0]}
    last = np.concatenate([np.arange(len(frame)) == len(frame) - 1 for frame in frames]).astype(np.int64)
    return {"i": i, "w": {"x": np.concatenate(frames), "last": last}}


def plays(spec: EncoderSpec, seed: int) -> list[StreamPlay]:
    """All plays for an encoder."""
    rng = np.random.default_rng(seed)
    found = []
    for name in spec.slots:
        writer = Writer(spec, rng)
        for _ in range(6):
            writer.unit(name)
        found.append(stream_play(spec, name, streams(spec, [writer]), 100000, duration=None))
    return found


def run(spec: EncoderSpec, seed: int, m: int, k: int, n: int) -> StreamPlay:
    """A product of an M x K matrix, which is loaded, and one from `w`."""
    spec.check_run(m, k, n)
    writer, (words, columns) = Writer(spec, np.random.default_rng(seed)), (k // spec.lanes, n // spec.lanes)
    place = Place(0, words)
    writer.add(Instruction("copy", m, words, c=place), writer.codes(m * words))
    made = Instruction("gemm", m, words, columns, a=place)
    writer.add(made, *writer._parameters(made, columns, spec.slots["gemm"]), writer.codes(k * columns))
    return stream_play(spec, "run", streams(spec, [writer]), int(spec.cycles(m, k, n)))
