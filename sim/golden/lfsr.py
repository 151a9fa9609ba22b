"""The bits of a linear feedback shift register, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Register:
    """A shift register from which numbers are drawn.

    Parameters
    ----------
    first : tuple of int
        The bits that it begins with; after n of these, bit i + n is bit i + tap XOR bit i.
    tap : int
        Below n.
    width : int
        Bits of a number, the first its lowest.
    """

    first: tuple[int, ...]
    tap: int
    width: int

    @classmethod
    def of(cls, spec: Any) -> Self | None:
        """That of a spec, if it has one."""
        return cls(tuple(spec.first_bits), spec.tap, spec.random) if spec.lfsr else None

    def bits(self, count: int) -> NDArray[np.uint8]:
        """So many bits."""
        length, step = len(self.first), len(self.first) - self.tap
        bits = np.empty(max(count, length), dtype=np.uint8)
        bits[:length] = self.first
        # What is known gives so many at a time.
        for start in range(length, len(bits), step):
            end = min(start + step, len(bits))
            bits[start:end] = bits[start - step : end - step] ^ bits[start - length : end - length]
        return bits[:count]

    def numbers(self, shape: tuple[int, ...]) -> NDArray[np.int64]:
        """Numbers for an array of a shape, its last axis the fastest."""
        bits = self.bits(int(np.prod(shape)) * self.width).reshape(*shape, self.width)
        return bits.astype(np.int64) @ (1 << np.arange(self.width))
