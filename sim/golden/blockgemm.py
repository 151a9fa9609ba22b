"""The golden GEMM core of block formats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hw.formats import Format
from hw.formats.messages import cut
from sim.golden.accumulators import Floating
from sim.golden.blocks import Quantized, block_matmul
from sim.golden.codes import Codes
from sim.golden.frames import Frames, tile_words, to_bytes


@dataclass(frozen=True)
class BlockFrames(Frames):
    """Frames of words that have a scale behind their elements: word j of a block has that of row, or column, j.

    Parameters are those of `Frames`; `a` and `b` are the elements' formats.

    Parameters
    ----------
    a_scale, b_scale : Format
    size : int
        Of a block, at least `rows` and `columns`.
    """

    a_scale: Format
    b_scale: Format
    size: int

    def pack_a(self, a: Quantized) -> bytes:  # type: ignore[override]
        """The frame of A, of blocks along its rows, whose length is whole blocks."""
        self.check("a", a)
        return self._pack(a, self.rows)

    def pack_b(self, b: Quantized) -> bytes:  # type: ignore[override]
        """The frame of B, given by its columns: an array of shape (N, K), of blocks along its rows."""
        self.check("b", b)
        return self._pack(b, self.columns)

    def check(self, name: str, x: Quantized) -> None:
        """Raise TypeError or ValueError unless `x` is a matrix in the format of operand `name`, of whole blocks."""
        if not isinstance(x, Quantized):
            raise TypeError(f"{name} must be Quantized, got {type(x).__name__}; sim.golden.blocks.quantize makes one")
        wanted = (self.a, self.a_scale, self.size) if name == "a" else (self.b, self.b_scale, self.size)
        if (x.format.element, x.format.scale, x.format.size) != wanted:
            raise ValueError(
                f"{name} must have blocks of {self.size} {wanted[0]} with a scale {wanted[1]}, got {cut(x.format)}"
            )
        if x.elements.ndim != 2 or x.elements.shape[1] % self.size:
            raise ValueError(f"{name} must have shape (rows, n * {self.size}), got {x.elements.shape}")

    def _pack(self, x: Quantized, height: int) -> bytes:
        element, scale = x.format.element.width, x.format.scale.width
        count = x.elements.shape[1] // self.size
        beside = np.zeros((len(x.elements), count, self.size), dtype=object)
        for row, codes in enumerate(x.scales):
            beside[row, :, row % height] = codes
        rows = beside.reshape(len(beside), -1)
        words = tile_words(x.elements, height, element) + tile_words(rows, height, 0) * (1 << height * element)
        return to_bytes(words, height * element + scale)


@dataclass(frozen=True)
class BlockGemm:
    """``C = A B`` of matrices in block formats: OCP MX 1.0's DotGeneral, the sums in a float.

    Parameters
    ----------
    accumulator : Floating
        Of the sums.
    frames : BlockFrames
        How its streams are written.
    """

    accumulator: Floating
    frames: BlockFrames

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The model of a spec."""
        a, b = spec.a, spec.b
        shape = (spec.flow, spec.rows, spec.columns, spec.height)
        frames = BlockFrames(a.element, b.element, spec.result, *shape, spec.parameters, a.scale, b.scale, a.size)
        return cls(Floating(spec.add.result, rounding=spec.add.rounding), frames)

    def run(self, a: Quantized, b: Quantized) -> tuple[Codes, NDArray[np.uint8]]:
        """C, and the status of its sums, of shape (M, N).

        Parameters
        ----------
        a : Quantized, of shape (M, K)
        b : Quantized, of shape (N, K)
            B's columns.

        Raises
        ------
        TypeError, ValueError
            They are no matrices of whole blocks in the formats of A and B, or their K differ.
        """
        self.frames.check("a", a)
        self.frames.check("b", b)
        return block_matmul(a, b, self.accumulator)
