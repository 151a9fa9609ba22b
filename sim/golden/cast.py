"""The golden cast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from hw.formats import Format
from sim.golden.codes import Codes, check_codes
from sim.golden.decoding import decode
from sim.golden.encoding import encode
from sim.golden.lfsr import Register
from sim.golden.streams import BeatModel


@dataclass(frozen=True)
class Cast(BeatModel):
    """Numbers of one format as codes of another, rounded once; a NaN is 0 where there is none.

    Parameters
    ----------
    input, output : Format
        A float64 holds every number of either.
    rounding : str
        A key of `hw.formats.ROUNDINGS`.
    random : int
        Bits of each random number, for rounding "stochastic"; else 0.
    register : Register, optional
        Where random numbers come from if not with the numbers.
    """

    input: Format
    output: Format
    rounding: str
    random: int
    register: Register | None = None

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The model of a spec."""
        return cls(spec.input, spec.output, spec.rounding, spec.random, Register.of(spec))

    def compute(self, x: Mapping[str, ArrayLike]) -> Codes:
        """The same numbers; ``x`` has shape (beats, lanes), as has ``random``, for "stochastic" without a register."""
        random = self.register.numbers(np.shape(x["x"])) if self.register else x.get("random")
        return self.cast(x["x"], random)

    def cast(self, codes: ArrayLike, random: ArrayLike | None = None) -> Codes:
        """The codes of the same numbers in the other format.

        Raises
        ------
        TypeError, ValueError
            Codes that are none; random numbers that are missing, or are not to be there.
        """
        codes = check_codes("x", self.input, codes)
        # The same format has the same codes, even where two stand for one number.
        if self.input == self.output:
            return codes
        numbers = decode(self.input, codes)
        if self.output.code_of(np.nan) is None:
            numbers = np.where(np.isnan(numbers), 0.0, numbers)
        return encode(self.output, numbers, self.rounding, random, self.random or None)
