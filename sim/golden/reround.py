"""The golden second rounding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from hw.formats import Format, parse_scalar
from sim.golden.codes import Codes, check_codes
from sim.golden.decoding import decode_steps
from sim.golden.encoding import encode, encode_steps
from sim.golden.streams import BeatModel

WIDE = parse_scalar("fix40.0")
"""Holds every number, rounded."""


@dataclass(frozen=True)
class Reround(BeatModel):
    """Integers divided by powers of two, rounded, and no larger than what has the bits that are left.

    Parameters
    ----------
    input : Format
        An integer of at most 32 bits.
    rounding : str
        A key of `hw.formats.ROUNDINGS` but "stochastic".
    """

    input: Format
    rounding: str

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The model of a spec."""
        return cls(spec.input, spec.rounding)

    def compute(self, x: Mapping[str, ArrayLike]) -> Codes:
        """Rounded numbers; codes ``x`` have shape (beats, lanes), ``drop`` has (beats,)."""
        numbers = decode_steps(self.input, check_codes("x", self.input, x["x"])).astype(np.int64)
        drop = np.asarray(x["drop"], dtype=np.int64)[:, None]
        # A float64 holds them all.
        rounded = decode_steps(WIDE, encode(WIDE, np.ldexp(numbers.astype(np.float64), -drop), self.rounding))
        span = self.input.span
        most = span.hi >> drop
        lowest = -most if span.signed and self.input.min == -self.input.max else np.full_like(most, span.lo)
        return encode_steps(self.input, np.clip(rounded.astype(np.int64), lowest, most), 0)
