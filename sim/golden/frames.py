"""Matrices as the bytes of a GEMM core's streams."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Fixed, Format, Integer, check_int
from sim.golden.codes import Codes, check_codes, code_type


@dataclass(frozen=True)
class Frames:
    """How the frames of a core are written.

    Parameters
    ----------
    a, b, result : Format
        Of A, B and C.
    flow : str
        That of the array: ``os``, ``ws`` or ``is``.
    rows, columns : int
        Of the array.
    height : int
        Rows of a tile of C, or of its transpose, if the flow is ``is``.
    parameters : dict of str to Format
        What comes with each column of C.
    """

    a: Format
    b: Format
    result: Format
    flow: str
    rows: int
    columns: int
    height: int
    parameters: Mapping[str, Format]

    def pack_a(self, a: ArrayLike) -> bytes:
        """The frame of A; what is beyond A in the last tile and the last slice is filled up with codes 0.

        For each tile, going down, its columns, in an output-stationary core; in a weight-stationary one for each slice
        of a tile its rows; in an input-stationary one for each tile of C's transpose, going across, columns of A.

        Raises
        ------
        TypeError, ValueError
            They are not codes, or not in two dimensions.
        """
        return self._frame(_matrix("a", self.a, a), self.a.width, moves=self.flow != "is")

    def pack_b(self, b: ArrayLike) -> bytes:
        """The frame of B: for each tile, going across, its rows; in an input-stationary core, as A in the other one."""
        return self._frame(_matrix("b", self.b, b).T, self.b.width, moves=self.flow == "is")

    def _frame(self, matrix: NDArray[Any], width: int, moves: bool) -> bytes:
        """A frame of an operand whose columns are those that sums go across."""
        if not moves or self.flow == "os":
            return _columns_of_tiles(matrix, self.rows if moves else self.columns, width)
        tiles = [matrix[top : top + self.height] for top in range(0, len(matrix), self.height)]
        return b"".join(_columns_of_tiles(tile.T, self.rows, width) for tile in tiles)

    def pack_p(self, **parameters: ArrayLike) -> bytes:
        """The frame of parameters: for each column of C the codes of all of them, each in a slot.

        Raises
        ------
        TypeError, ValueError
            They are not codes, or their lengths differ; parameters are missing or unknown.
        """
        if set(parameters) != set(self.parameters):
            wanted = ", ".join(self.parameters) or "none"
            raise ValueError(f"parameters must be {wanted}, got {', '.join(parameters) or 'none'}")
        given = {name: check_codes(name, fmt, parameters[name]) for name, fmt in self.parameters.items()}
        shapes = {codes.shape for codes in given.values()}
        if len(shapes) != 1 or len(shapes.pop()) != 1:
            raise ValueError("parameters must have one shape (N,)")
        slots = [[_slot(self.parameters[name], code) for code in codes] for name, codes in given.items()]
        return b"".join(b"".join(column) for column in zip(*slots, strict=True))

    def pack_c(self, c: ArrayLike) -> bytes:
        """What TKEEP marks of the frame of C: for each tile, going across and then down, its rows, codes in slots.

        In an input-stationary core they are tiles of the transpose.
        """
        codes = _matrix("c", self.result, c)
        return b"".join(_slot(self.result, codes[place]) for place in self._places(*codes.shape))

    def unpack(self, frame: bytes, m: int, n: int) -> Codes:
        """C, of shape (m, n), of what TKEEP marks of its frame.

        Raises
        ------
        TypeError, ValueError
            It is not bytes, or not as many; `m` or `n` is no size.
        """
        if not isinstance(frame, (bytes, bytearray)):
            raise TypeError(f"frame must be bytes, got {type(frame).__name__}")
        for name, count in (("m", m), ("n", n)):
            check_int(name, count, 1, 1 << 31)
        size = slot_bytes(self.result)
        if len(frame) != m * n * size:
            raise ValueError(f"frame must have {m} x {n} x {size} bytes, got {len(frame)}")
        c, mask = np.zeros((m, n), dtype=code_type(self.result.width)), (1 << self.result.width) - 1
        for index, place in enumerate(self._places(m, n)):
            c[place] = int.from_bytes(frame[index * size : (index + 1) * size], "little") & mask
        return c

    def _places(self, m: int, n: int) -> Iterator[tuple[int, int]]:
        """Rows and columns of C in the order in which they come."""
        if self.flow == "is":
            yield from ((row, column) for column, row in self._tiled(n, m))
        else:
            yield from self._tiled(m, n)

    def _tiled(self, rows: int, columns: int) -> Iterator[tuple[int, int]]:
        for top in range(0, rows, self.height):
            for left in range(0, columns, self.columns):
                for row in range(top, min(top + self.height, rows)):
                    for column in range(left, min(left + self.columns, columns)):
                        yield row, column


def slot_bytes(fmt: Format) -> int:
    """Bytes of the slot of a code: 1, 2, 4 and so on."""
    size = 1
    while 8 * size < fmt.width:
        size *= 2
    return size


def _slot(fmt: Format, code: Any) -> bytes:
    """A code in its slot; the sign of numbers is extended."""
    number, size = int(code), slot_bytes(fmt)
    if isinstance(fmt, (Integer, Fixed)) and fmt.signed and number >> (fmt.width - 1):
        number += (1 << 8 * size) - (1 << fmt.width)
    return number.to_bytes(size, "little")


def _matrix(name: str, fmt: Format, codes: ArrayLike) -> Codes:
    array = check_codes(name, fmt, codes)
    if array.ndim != 2:
        raise ValueError(f"{name} must have two dimensions, got {array.ndim}")
    return array


def _columns_of_tiles(matrix: NDArray[Any], height: int, width: int) -> bytes:
    """For each tile of so many rows, its columns: codes bit by bit, the first in the lowest bits, in whole bytes."""
    return to_bytes(tile_words(matrix, height, width), height * width)


def tile_words(matrix: NDArray[Any], height: int, width: int) -> NDArray[Any]:
    """For each tile of so many rows, its columns as words: codes bit by bit, the first in the lowest bits."""
    padded = np.zeros((-(-len(matrix) // height) * height, matrix.shape[1]), dtype=object)
    padded[: len(matrix)] = matrix
    weights = np.array([1 << lane * width for lane in range(height)], dtype=object)
    return weights @ padded.reshape(-1, height, matrix.shape[1])


def to_bytes(words: NDArray[Any], bits: int) -> bytes:
    """Words of so many bits in whole bytes."""
    size = -(-bits // 8)
    return b"".join(int(word).to_bytes(size, "little") for word in words.ravel())
