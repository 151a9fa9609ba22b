"""The golden GELU in integers: I-ViT's ShiftGELU."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from hw.formats import Fixed, Format
from sim.golden.codes import Codes, check_codes
from sim.golden.decoding import decode_steps
from sim.golden.encoding import encode_steps
from sim.golden.shiftexp import Ints, int_exp_shift
from sim.golden.streams import BeatModel

N, NUMERATOR = 23, 31
"""I-ViT's: shifts of ShiftGELU, and bits of its numerator."""


def shift_gelu(x: Ints, maximum: Ints, steps: int, bits: int, numerator: int = NUMERATOR) -> Ints:
    """``x * sigmoid(x / steps) * 2**bits``, about (arXiv 2207.01405).

    Parameters
    ----------
    x : int64 array
    maximum : int64 array
        What is taken away from `x` and from 0, which goes with the shape of `x`: not less than `x`. In I-ViT it is the
        highest number of a row. For one that is far below 0 its sum of exponentials has more than 32 bits.
    steps : int
        ``ceil(1 / (1.702 scale))``.
    bits : int
        Of the sigmoid, one less than I-ViT's.
    numerator : int
        Bits of what is divided by the sum of exponentials.
    """
    a, b = int_exp_shift(x - maximum, -steps, N), int_exp_shift(-maximum, -steps, N)
    largest = (1 << numerator) - 1
    factor = largest // np.clip(a + b, 1, largest)
    return x * (a * factor >> (numerator - bits))


@dataclass(frozen=True)
class Gelu(BeatModel):
    """A GELU of each number, of which the higher of it and 0 is taken away.

    Parameters
    ----------
    input : Format
        A signed integer.
    result : Fixed
        It holds every product.
    steps, bits, numerator : int
        As for `shift_gelu`.
    clip : int
        Numbers below ``-clip`` are that; 0 for none.
    """

    input: Format
    result: Fixed
    steps: int
    bits: int
    numerator: int
    clip: int

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The model of a spec."""
        return cls(spec.input, spec.result, spec.steps, spec.sigmoid.width, spec.numerator, spec.clip)

    def compute(self, x: Mapping[str, ArrayLike]) -> Codes:
        """Results; codes ``x`` have shape (beats, lanes)."""
        numbers = decode_steps(self.input, check_codes("x", self.input, x["x"])).astype(np.int64)
        if self.clip:
            numbers = np.maximum(numbers, -self.clip)
        products = shift_gelu(numbers, np.maximum(numbers, 0), self.steps, self.bits, self.numerator)
        return encode_steps(self.result, products, self.result.span.lsb)
