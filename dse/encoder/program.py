"""A layer's operations as a program of an encoder, with the words of stream `w` that it needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import singledispatchmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dse.encoder.memory import DoesNotFit, Matrix, Memory
from dse.encoder.operations import Columns, Paired, Step, Vector, Weighted
from dse.encoder.units import Parameters
from hw.specs.encoder import EncoderSpec
from hw.specs.instructions import Instruction, Place, encode
from sim.golden.codes import Codes
from sim.golden.words import to_words

Words = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Part:
    """An operation's program: a frame of each stream.

    Attributes
    ----------
    instructions : list of Instruction
    words : codes of shape (words, lanes)
        Of stream `w`.
    """

    instructions: list[Instruction]
    words: Words

    def products(self, lanes: int) -> int:
        """Multiply-accumulates, those with rows and columns of zeros too."""
        return sum(each.rows * each.words * (each.columns or 0) * lanes**2 for each in self.instructions)

    def numbers(self, lanes: int) -> int:
        """Numbers that pass a unit that multiplies no matrices."""
        return sum(each.rows * each.words * lanes for each in self.instructions if each.columns is None)


@dataclass(frozen=True, eq=False)
class Program:
    """What an encoder is given for a layer: a program for each operation, for the memory keeps what they leave.

    Attributes
    ----------
    spec : EncoderSpec
    tokens, columns : int
        Of the result, which comes on `y`.
    parts : dict of str to Part
        By the operations' names; first of what loads ``x``, and last of what stores the result, ``y``.
    peak : int
        The address behind the highest that is used.
    """

    spec: EncoderSpec
    tokens: int
    columns: int
    parts: dict[str, Part]
    peak: int

    @property
    def streams(self) -> dict[str, dict[str, NDArray[np.int64]]]:
        """The beats of both streams, as golden model and bench take them."""
        beats = [encode(self.spec, part.instructions) for part in self.parts.values()]
        words = [part.words for part in self.parts.values()]
        last = [np.arange(len(each)) == len(each) - 1 for each in words]
        i = {name: np.concatenate([each[name] for each in beats]) for name in beats[0]}
        return {"i": i, "w": {"x": np.concatenate(words), "last": np.concatenate(last).astype(np.int64)}}

    def result(self, y: Mapping[str, Any]) -> Codes:
        """The codes of the result, of shape (tokens, columns), in the beats of stream `y`.

        Raises
        ------
        ValueError
            The encoder refused a program, or there are too few beats.
        """
        closing = np.asarray(y["last"]).astype(bool)
        statuses, found = np.asarray(y["status"])[closing], np.asarray(y["x"])[~closing]
        wrong = dict(zip(self.parts, statuses.tolist(), strict=False))
        if len(statuses) != len(self.parts) or statuses.any() or found.size != self.tokens * self.columns:
            raise ValueError(f"each operation must end with status 0, and all words be there, got {wrong}")
        return found.reshape(self.tokens, self.columns)


def program(spec: EncoderSpec, steps: Mapping[str, Step], x: Codes) -> Program:
    """The program of a chain of operations; the last one's result comes out.

    Parameters
    ----------
    spec : EncoderSpec
    steps : dict of str to Step
    x : codes of shape (tokens, columns)
        What the first takes.

    Raises
    ------
    DoesNotFit
        There are more tokens than an instruction may have rows, columns are no whole words, or tensors need more words
        than there are.
    """
    return _Writer(spec, steps, len(x)).written(x)


@dataclass(frozen=True, eq=False)
class _Region:
    """Columns of a tensor, as they are stored: a matrix, or its transpose.

    Attributes
    ----------
    first, columns : int
    matrix : Matrix
    transposed : bool
    """

    first: int
    columns: int
    matrix: Matrix
    transposed: bool = False


@dataclass
class _Writer:
    """Writes a program, step by step."""

    spec: EncoderSpec
    steps: Mapping[str, Step]
    tokens: int
    memory: Memory = field(init=False)
    regions: dict[str, list[_Region]] = field(default_factory=dict)
    instructions: list[Instruction] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)
    parts: dict[str, Part] = field(default_factory=dict)
    peak: int = 0

    def __post_init__(self) -> None:
        self.memory = Memory(self.spec.depth)
        if self.rows > self.spec.rows:
            raise DoesNotFit(f"tokens must be at most {self.spec.rows} with all words whole, got {self.tokens}")

    @property
    def rows(self) -> int:
        """Rows that tensors have: tokens, and zeros up to whole words, for where they are columns."""
        return self.pieces(self.tokens) * self.spec.lanes

    def pieces(self, columns: int) -> int:
        """Words of so many codes."""
        return -(-columns // self.spec.lanes)

    def written(self, x: Codes) -> Program:
        self._load(x)
        for name, step in self.steps.items():
            self._write(step)
            self._end(name)
            for source in set(step.sources) - self._needed_after(name):
                self.memory.free(source)
        result = self.regions[name][0].matrix
        # A program without words takes one that is ignored.
        ignored = np.zeros((1, self.spec.lanes), dtype=np.int64)
        self._add(Instruction("copy", self.tokens, result.words, a=result.part()), ignored)
        self._end("y")
        return Program(self.spec, self.tokens, result.words * self.spec.lanes, self.parts, self.peak)

    def _end(self, name: str) -> None:
        """What was written since the last one is the program of that operation."""
        self.parts[name] = Part(self.instructions, np.concatenate(self.words))
        self.instructions, self.words = [], []

    def _needed_after(self, name: str) -> set[str]:
        """Tensors that later steps take."""
        names = list(self.steps)
        return {source for later in names[names.index(name) + 1 :] for source in self.steps[later].sources}

    def _load(self, x: Codes) -> None:
        """What comes in, and rows of zeros."""
        rows = np.pad(x, ((0, self.rows - self.tokens), (0, 0)))
        region = self._store("x", x.shape[1])[0]
        place = region.matrix.part()
        self._add(Instruction("copy", self.rows, region.matrix.words, c=place), rows.reshape(-1, self.spec.lanes))
        self._end("x")

    def _add(self, instruction: Instruction, *words: Words) -> None:
        self.instructions.append(instruction)
        self.words += words

    # Where tensors are.

    def _store(self, name: str, columns: int) -> list[_Region]:
        """Room for a tensor, cut where steps take it apart."""
        if columns % self.spec.lanes:
            raise DoesNotFit(f"{name} must have whole words of {self.spec.lanes} codes, got {columns} columns")
        cuts = sorted({(side.first, side.each * side.heads, side.transposed) for side in self._sides(name)})
        regions = []
        for first, count, transposed in cuts or [(0, columns, False)]:
            shape = (count, self.pieces(self.rows)) if transposed else (self.rows, self.pieces(count))
            regions.append(_Region(first, count, self._take(name, *shape), transposed))
        self.regions[name] = regions
        return regions

    def _take(self, name: str, rows: int, words: int) -> Matrix:
        matrix = self.memory.take(name, rows, words)
        self.peak = max(self.peak, matrix.base + matrix.size)
        return matrix

    def _instead(self, step: Vector) -> Matrix:
        """Room for a result: where the first source is, if nothing needs that any more."""
        source = step.sources[0]
        matrix = self.regions[source][0].matrix
        if source in self._needed_after(step.name):
            return self._take(step.name, matrix.rows, matrix.words)
        self.memory.rename(source, step.name)
        return matrix

    def _sides(self, name: str) -> Iterator[Columns]:
        """The parts of a tensor that products of two take."""
        for step in self.steps.values():
            if isinstance(step, Paired):
                sides = zip(step.sources, (step.a, step.b), strict=True)
                yield from (side for source, side in sides if source == name and side.each)

    def _head(self, name: str, side: Columns, head: int) -> Place:
        """Where a head of a tensor is."""
        if not side.each:
            return self.regions[name][0].matrix.part(head * self.rows)
        region = next(each for each in self.regions[name] if each.first == side.first)
        if region.transposed:
            return region.matrix.part(head * side.each)
        return region.matrix.part(0, head * self.pieces(side.each))

    # What is done.

    @singledispatchmethod
    def _write(self, step: Any) -> None:
        raise TypeError(f"step must be a Weighted, Paired or Vector, got {type(step).__name__}")

    @_write.register
    def _(self, step: Weighted) -> None:
        """Columns at a time, as many as the core has room for."""
        depth, columns = step.weights.shape
        words = self.pieces(depth)
        most = self.spec.words // (words * self.spec.lanes)
        if not most:
            raise DoesNotFit(f"{step.name} must have at most {self.spec.words} rows of weights, got {depth}")
        source = self.regions[step.sources[0]][0].matrix
        for region in self._store(step.name, columns):
            pieces = self.pieces(region.columns)
            for start in range(0, pieces, most):
                count = min(most, pieces - start)
                first = region.first + start * self.spec.lanes
                part = slice(first, first + count * self.spec.lanes)
                at = region.matrix.part(start * self.spec.lanes) if region.transposed else region.matrix.part(0, start)
                self._add(
                    Instruction("gemm", self.rows, words, count, a=source.part(), c=at, transposed=region.transposed),
                    self._of_columns({name: codes[part] for name, codes in step.parameters.items()}),
                    _by_columns(step.weights[:, part], self.spec.lanes),
                )

    @_write.register
    def _(self, step: Paired) -> None:
        """A head after the other."""
        heads, (a, b) = step.a.heads, (step.a, step.b)
        columns = self.rows if b.transposed else b.each
        words, count = self.pieces(a.each or self.tokens), self.pieces(columns)
        if step.joined:
            result = self._store(step.name, heads * columns)[0].matrix
            places = [result.part(0, head * count) for head in range(heads)]
        else:
            result = self._take(step.name, heads * self.rows, count)
            self.regions[step.name] = [_Region(0, columns, result)]
            places = [result.part(head * self.rows) for head in range(heads)]
        for head, place in enumerate(places):
            given = {name: np.broadcast_to(codes[head], (columns,)) for name, codes in step.parameters.items()}
            operands = [self._head(name, side, head) for name, side in zip(step.sources, (a, b), strict=True)]
            self._add(
                Instruction("gemm", self.rows, words, count, a=operands[0], b=operands[1], c=place),
                self._of_columns(given),
            )

    @_write.register
    def _(self, step: Vector) -> None:
        """All columns at once; of a matrix for each head one after the other."""
        sources = [self.regions[name][0].matrix for name in step.sources]
        words = sources[0].words
        result = self._instead(step)
        self.regions[step.name] = [_Region(0, words * self.spec.lanes, result)]
        heads = sources[0].rows // self.rows
        for head in range(heads):
            a, *others = (matrix.part(head * self.rows) for matrix in sources)
            spare = words * self.spec.lanes - self.tokens if heads > 1 else 0
            pre = [{name: codes[head] if heads > 1 else codes for name, codes in given.items()} for given in step.pre]
            post = {name: codes[head] if heads > 1 else codes for name, codes in step.post.items()}
            self._add(
                Instruction(
                    step.unit,
                    self.rows,
                    words,
                    a=a,
                    b=others[0] if others else None,
                    c=result.part(head * self.rows),
                    spare=spare,
                ),
                self._of_row(step.unit, words * self.spec.lanes, pre, post),
            )

    # Words of stream w.

    def _of_columns(self, parameters: Parameters) -> Words:
        """A beat for each column of a product."""
        return self._words("gemm", {name: np.asarray(codes).reshape(-1) for name, codes in parameters.items()})

    def _of_row(self, unit: str, columns: int, pre: Sequence[Parameters], post: Parameters) -> Words:
        """A beat for each share of a row."""
        # A unit of one operand does not look at the other's.
        terms = {
            f"{name}_{part}": given[part] for name, given in zip("ab", [*pre, pre[0]], strict=False) for part in "me"
        }
        share = self.spec.slots[unit].share
        fields = {
            name: np.broadcast_to(codes, (columns,)).reshape(-1, share) for name, codes in (terms | {**post}).items()
        }
        return self._words(unit, fields)

    def _words(self, unit: str, fields: dict[str, NDArray[Any]]) -> Words:
        return to_words(self.spec.slots[unit].parameters, fields, self.spec.code.width, self.spec.lanes)


def _by_columns(b: Codes, lanes: int) -> Words:
    """A product's b: the first word of all rows, then the second."""
    return np.asarray(b).reshape(len(b), -1, lanes).swapaxes(0, 1).reshape(-1, lanes)
