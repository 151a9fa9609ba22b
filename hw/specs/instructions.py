"""The instructions of an encoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hw.formats import check_choice, check_int
from hw.formats.messages import echo
from hw.specs.encoder import EncoderSpec
from hw.specs.slots import Slot


@dataclass(frozen=True)
class Place:
    """Where a matrix is in the memory.

    Parameters
    ----------
    base : int
        The address of the first word of its first row.
    stride : int
        Words from a row to the next.
    """

    base: int
    stride: int


@dataclass(frozen=True)
class Instruction:
    """What an encoder does at a time: a matrix or two go through a unit.

    Parameters
    ----------
    unit : str
        A key of the spec's `slots`.
    rows, words : int
        Of `a`: its rows, and the words in each.
    columns : int, optional
        Of a product: words in each row of the result. `b` has `words` times `lanes` rows, of `columns` words. The
        results of other units, and their `b`, have the same shape as `a`.
    a, b : Place or None
        Where the operands are; None if one comes on `w`, or there is no `b`.
    c : Place or None
        Where the result goes; None for stream `y`, word by word, in the order of `Slot`.
    transposed : bool
        Code j of row i goes to row j, as its code i: `c` is where the transposed matrix is. Of rows whose number is no
        multiple of `lanes` the last words keep what they had in the codes that are left.
    spare : int
        Numbers at the end of each row, less than `lanes`, that softmax and normalisation leave out, as if they gave 0.
    relu : bool
        Of all but a copy: results below zero become zero.
    Raises
    ------
    TypeError, ValueError
        From `check`: an argument that the spec has no room for, a matrix that ends beyond the memory.
    """

    unit: str
    rows: int
    words: int
    columns: int | None = None
    a: Place | None = None
    b: Place | None = None
    c: Place | None = None
    transposed: bool = False
    spare: int = 0
    relu: bool = False

    def shape(self, name: str, slot: Slot, lanes: int) -> tuple[int, int]:
        """Rows of the matrix of that name, and words in each."""
        if name == "a" or not slot.product:
            return self.rows, self.words
        return (self.words * lanes if name == "b" else self.rows), self._columns

    @property
    def _columns(self) -> int:
        return self.words if self.columns is None else self.columns

    def check(self, spec: EncoderSpec) -> None:
        """Raise TypeError or ValueError unless the encoder does it."""
        check_choice("unit", self.unit, spec.slots)
        slot, longest = spec.slots[self.unit], spec.row // spec.lanes
        check_int("rows", self.rows, 1, spec.rows)
        check_int("words", self.words, 1, longest)
        if slot.product == (self.columns is None):
            wanted = "given for a product" if slot.product else f"None for {self.unit}, which is no product"
            raise ValueError(f"columns must be {wanted}, got {echo(self.columns)}")
        if slot.product:
            check_int("columns", self._columns, 1, longest)
            if (size := self.words * spec.lanes * self._columns) > spec.words:
                raise ValueError(f"b must have at most {spec.words} words, got {size}")
        for name in "ab":
            self._check_operand(name, slot)
        for name in "abc":
            self._check_place(name, spec, slot)
        for name in ("transposed", "relu"):
            if not isinstance(getattr(self, name), bool):
                raise TypeError(f"{name} must be a bool, got {echo(getattr(self, name))}")
        check_int("spare", self.spare, 0, spec.lanes - 1)

    def _check_operand(self, name: str, slot: Slot) -> None:
        """Raise unless it is where the unit takes it from."""
        place = getattr(self, name)
        if name not in slot.operands:
            if place is not None:
                raise ValueError(f"{name} must be None, for {self.unit} has one operand, got {echo(place)}")
        elif place is None and name != slot.streamed:
            raise ValueError(f"{name} must be a Place: of {self.unit} only {slot.streamed} may come on w, got None")

    def _check_place(self, name: str, spec: EncoderSpec, slot: Slot) -> None:
        """Raise unless the matrix is in the memory."""
        place = getattr(self, name)
        if place is None:
            if name == "c" and self.transposed:
                raise ValueError("transposed must be False for a result on y, got True")
            return
        if not isinstance(place, Place):
            raise TypeError(f"{name} must be a Place or None, got {echo(place)}")
        for part in ("base", "stride"):
            check_int(f"{name}'s {part}", getattr(place, part), 0, spec.depth - 1)
        rows, words = self.shape(name, slot, spec.lanes)
        if name == "c" and self.transposed:
            rows, words = words * spec.lanes, -(-rows // spec.lanes)
        if (last := place.base + (rows - 1) * place.stride + words - 1) >= spec.depth:
            raise ValueError(f"{name} must end in the memory, of {spec.depth} words, got {last} as its last address")

    def codes(self, spec: EncoderSpec) -> dict[str, int]:
        """The fields of its beat, but for `last`."""
        places, operands = {name: getattr(self, name) for name in "abc"}, spec.slots[self.unit].operands + "c"
        given = {name: place or Place(0, 0) for name, place in places.items()}
        return {
            "unit": list(spec.slots).index(self.unit),
            "rows": self.rows - 1,
            "words": self.words - 1,
            "columns": self._columns - 1,
            **{f"{name}_{part}": getattr(place, part) for name, place in given.items() for part in ("base", "stride")},
            **{f"{name}_streamed": int(places[name] is None and name in operands) for name in "abc"},
            **{name: int(getattr(self, name)) for name in ("transposed", "relu", "spare")},
        }


def encode(spec: EncoderSpec, program: Sequence[Instruction]) -> dict[str, NDArray[np.int64]]:
    """The beats of stream `i` of a program.

    Raises
    ------
    TypeError, ValueError
        There is no instruction, or the encoder does not do one; the message says which.
    """
    if not program:
        raise ValueError("program must have an instruction, got none")
    beats = []
    for number, instruction in enumerate(program):
        if not isinstance(instruction, Instruction):
            raise TypeError(f"program must be of Instructions, got {echo(instruction)} as number {number}")
        try:
            instruction.check(spec)
        except (TypeError, ValueError) as error:
            raise type(error)(f"instruction {number}, {instruction.unit}: {error}") from None
        beats.append({**instruction.codes(spec), "last": int(number == len(program) - 1)})
    return {name: np.array([beat[name] for beat in beats]) for name in beats[0]}
