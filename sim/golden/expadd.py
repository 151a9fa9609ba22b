"""The golden addition to exponents."""

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
from sim.golden.streams import BeatModel


@dataclass(frozen=True)
class Expadd(BeatModel):
    """Numbers times powers of two.

    Parameters
    ----------
    input, output : Format
        The second has every number of the first times every power.
    """

    input: Format
    output: Format

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The model of a spec."""
        return cls(spec.input, spec.output)

    def compute(self, x: Mapping[str, ArrayLike]) -> Codes:
        """Products; codes ``x`` have shape (beats, lanes), powers ``k`` that shape, or (beats,) for all lanes."""
        numbers = decode(self.input, check_codes("x", self.input, x["x"]))
        powers = np.asarray(x["k"], dtype=np.int64).reshape(len(numbers), -1)
        return encode(self.output, np.ldexp(numbers, powers))
