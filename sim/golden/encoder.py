"""The golden encoder: an interpreter of programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Format
from sim.golden.codes import Codes, check_codes
from sim.golden.operations import OPERATIONS, Job, Operation
from sim.golden.streams import StreamModel
from sim.golden.words import from_words

REFUSED, LENGTH = 1, 2
"""What a frame's last beat says: an instruction was refused; the frame of `w` had not the length that was needed."""


class Refused(Exception):
    """An instruction is not done."""


@dataclass
class Weights:
    """A frame of `w`, as it is used up.

    Parameters
    ----------
    words : codes of shape (words, lanes)
    """

    words: Codes
    used: int = 0

    def take(self, count: int) -> Codes:
        """So many words; zeros behind the frame's end."""
        found = self.words[self.used : self.used + count]
        self.used += count
        return np.pad(found, ((0, count - len(found)), (0, 0)))

    @property
    def fits(self) -> bool:
        """Whether all were used, and no more; a word that nobody wants may come alone."""
        return self.used == len(self.words) or (self.used == 0 and len(self.words) == 1)


class Memory:
    """Words, and which of their codes were written."""

    def __init__(self, depth: int, lanes: int) -> None:
        self.codes = np.zeros((depth, lanes), dtype=np.int64)
        self.written = np.zeros((depth, lanes), dtype=bool)

    def read(self, name: str, at: NDArray[Any]) -> Codes:
        """The words at addresses of shape (rows, words), as rows of codes.

        Raises
        ------
        ValueError
            One has a code that nobody has written.
        """
        at = at % len(self.codes)
        if not (known := self.written[at].all(axis=2)).all():
            raise ValueError(f"{name} must have been written before it is read, and address {at[~known][0]} was not")
        return self.codes[at].reshape(len(at), -1)

    def write(self, at: NDArray[Any], lane: NDArray[Any], codes: Codes) -> None:
        """Codes at addresses and in lanes, all of shape (rows, numbers)."""
        at = at % len(self.codes)
        self.codes[at, lane] = codes
        self.written[at, lane] = True


@dataclass(frozen=True)
class Encoder(StreamModel):
    """A memory, and units that instructions take matrices through.

    Parameters
    ----------
    code : Format
    lanes, depth : int
        Of words: codes in each, and how many there are.
    rows, pieces, words : int
        The most rows of an instruction, words of a row, and words of a product's b.
    slots : dict of str to Slot
        What the units take.
    operations : dict of str to Operation
        What they do.
    """

    code: Format
    lanes: int
    depth: int
    rows: int
    pieces: int
    words: int
    slots: Mapping[str, Any]
    operations: Mapping[str, Operation]

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The model of a spec."""
        operations = {name: OPERATIONS[name](spec) for name in spec.slots}
        sizes = (spec.lanes, spec.depth, spec.rows, spec.row // spec.lanes, spec.words)
        return cls(spec.code, *sizes, spec.slots, operations)

    def run(self, i: Mapping[str, ArrayLike], w: Mapping[str, ArrayLike]) -> dict[str, dict[str, NDArray[Any]]]:
        """What programs give, one after the other.

        Parameters
        ----------
        i : dict
            The fields of instructions (`hw.specs.instructions.encode`), and ``last``, of shape (beats,).
        w : dict
            ``x``, codes of shape (beats, lanes); ``last`` of shape (beats,): a frame for each program.

        Returns
        -------
        Stream ``y``: ``x`` of shape (beats, lanes), ``status`` and ``last``.

        Raises
        ------
        TypeError, ValueError
            Codes that are none; a frame of `w` that is missing; words that are read before they were written.
        """
        beats = zip(*(np.asarray(codes).tolist() for codes in i.values()), strict=True)
        instructions = [dict(zip(i, beat, strict=True)) for beat in beats]
        codes = check_codes("w's x", self.code, w["x"]).astype(np.int64)
        ends = np.flatnonzero(np.asarray(w["last"])) + 1
        memory, given, closing, begin = Memory(self.depth, self.lanes), [], [], 0
        for number, program in enumerate(_programs(instructions)):
            if number >= len(ends):
                raise ValueError(f"w must have a frame for each program, got {len(ends)}")
            weights = Weights(codes[begin : ends[number]])
            begin = ends[number]
            results, status = self._run(program, weights, memory)
            given += [*results, np.zeros((1, self.lanes), dtype=np.int64)]
            closing += [0] * sum(map(len, results)) + [status + 4]
        x = np.concatenate(given) if given else np.zeros((0, self.lanes), dtype=np.int64)
        marks = np.array(closing, dtype=np.int64)
        return {"y": {"x": x, "status": marks & 3, "last": marks >> 2}}

    def _run(self, program: list[dict[str, int]], weights: Weights, memory: Memory) -> tuple[list[Codes], int]:
        """The words that a program gives, and its status."""
        results: list[Codes] = []
        for number, fields in enumerate(program):
            try:
                results += self._do(fields, weights, memory)
            except Refused:
                return results, REFUSED
            except ValueError as error:
                raise ValueError(f"instruction {number}: {error}") from None
        return results, 0 if weights.fits else LENGTH

    def _do(self, fields: Mapping[str, int], weights: Weights, memory: Memory) -> list[Codes]:
        """What an instruction gives to stream `y`."""
        if fields["unit"] >= len(self.slots):
            raise Refused
        name = list(self.slots)[fields["unit"]]
        slot, (rows, words, columns) = self.slots[name], self._shape(name, fields)
        taken = slot.parameter_beats(words, columns, self.lanes) * slot.parameter_words(self.code.width * self.lanes)
        parameters = from_words(slot.parameters, weights.take(taken), self.code.width) if taken else {}
        operands = {"a": (rows, words), "b": (words * self.lanes, columns) if slot.product else (rows, words)}
        found = {
            operand: self._operand(operand, slot, fields, shape, weights, memory)
            for operand, shape in operands.items()
            if operand in slot.operands
        }
        result = self.operations[name].run(Job(found["a"], found.get("b"), parameters, fields)).astype(np.int64)
        if fields["c_streamed"]:
            return [_in_order(slot, result.reshape(rows, -1, self.lanes))]
        at, lane = self._places(fields, result.shape)
        self._check_overlap(name, fields, operands, at)
        memory.write(at, lane, result)
        return []

    def _places(self, fields: Mapping[str, int], shape: tuple[int, ...]) -> tuple[NDArray[Any], NDArray[Any]]:
        """The address and the lane of each number of a result: code j of row i is code i of row j if transposed."""
        row, number = np.indices(shape)
        if fields["transposed"]:
            row, number = number, row
        return fields["c_base"] + row * fields["c_stride"] + number // self.lanes, number % self.lanes

    def _check_overlap(
        self, name: str, fields: Mapping[str, int], operands: Mapping[str, tuple[int, int]], at: NDArray[Any]
    ) -> None:
        """Raise ValueError if a result is written over what may not have been read: a matrix may be its own result."""
        written = np.unique(at % self.depth)
        if len(written) * self.lanes < at.size:
            raise ValueError("c must have an address for each word, got one for two")
        for operand, shape in operands.items():
            if operand not in self.slots[name].operands or fields[f"{operand}_streamed"]:
                continue
            same = all(fields[f"{operand}_{part}"] == fields[f"c_{part}"] for part in ("base", "stride"))
            if same and not self.slots[name].product and not fields["transposed"]:
                continue
            read = _addresses(fields, operand, shape) % self.depth
            if len(both := np.intersect1d(read, written)):
                raise ValueError(f"c must not lie over {operand}, got address {both[0]} in both")

    def _shape(self, name: str, fields: Mapping[str, int]) -> tuple[int, int, int]:
        """Rows, words of a row and words of a result's row of a product."""
        slot, (rows, words, columns) = self.slots[name], (fields[size] + 1 for size in ("rows", "words", "columns"))
        elsewhere = [operand for operand in slot.operands if fields[f"{operand}_streamed"] and operand != slot.streamed]
        large = slot.product and (columns > self.pieces or words * self.lanes * columns > self.words)
        if elsewhere or rows > self.rows or words > self.pieces or large:
            raise Refused
        return rows, words, columns

    def _operand(
        self, name: str, slot: Any, fields: Mapping[str, int], shape: tuple[int, int], weights: Weights, memory: Memory
    ) -> Codes:
        """Rows of codes, from the memory or from `w`."""
        if not fields[f"{name}_streamed"]:
            return memory.read(name, _addresses(fields, name, shape))
        words = weights.take(shape[0] * shape[1])
        by_columns = words.reshape(shape[1], shape[0], -1).swapaxes(0, 1) if slot.product else words
        return by_columns.reshape(shape[0], -1)


def _programs(instructions: list[dict[str, int]]) -> Iterator[list[dict[str, int]]]:
    """The programs that end among some instructions."""
    program: list[dict[str, int]] = []
    for fields in instructions:
        program.append(fields)
        if fields["last"]:
            yield program
            program = []


def _addresses(fields: Mapping[str, int], name: str, shape: tuple[int, int]) -> NDArray[Any]:
    """The addresses of a matrix's words, of shape (rows, words)."""
    row, word = np.indices(shape)
    return fields[f"{name}_base"] + row * fields[f"{name}_stride"] + word


def _in_order(slot: Any, words: Codes) -> Codes:
    """Words of shape (rows, words, lanes) as they come from a unit, of shape (beats, lanes)."""
    ordered = words.swapaxes(0, 1) if slot.product else words
    return ordered.reshape(-1, words.shape[2])
