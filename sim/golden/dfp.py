"""The golden dual multiply-accumulate of dynamic fixed point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Fixed, Format
from sim.golden.codes import check_codes
from sim.golden.decoding import decode_steps
from sim.golden.streams import StreamModel


@dataclass(frozen=True)
class Dfp(StreamModel):
    """Sums of pairs of products, of frames or of chunks of these.

    Parameters
    ----------
    a, b : Format
        Integers of at most 16 bits.
    result : Fixed
        Of sums: what does not fit leaves its lowest bits, and a flag.
    shift, chunk : int
        Places that a pair goes down, and pairs of a sum at most, or 0.
    """

    a: Format
    b: Format
    result: Fixed
    shift: int
    chunk: int

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The model of a spec."""
        return cls(spec.a, spec.b, spec.result, spec.shift, spec.chunk)

    def run(self, a: Mapping[str, ArrayLike], b: Mapping[str, ArrayLike]) -> dict[str, dict[str, NDArray[Any]]]:
        """The beats that come out, for those that go in: codes ``x`` of shape (beats, 2), and `a`'s ``last``.

        Returns
        -------
        Stream ``sum``: ``x``, ``over`` and ``last``, of shape (sums,). Of a frame that does not end there is none.

        Raises
        ------
        TypeError, ValueError
            Codes that are none.
        """
        x, y = (
            decode_steps(fmt, check_codes(name, fmt, given["x"])).astype(np.int64)
            for name, fmt, given in (("a", self.a, a), ("b", self.b, b))
        )
        terms = ((x * y).sum(axis=1) >> self.shift).tolist()
        lowest, highest = self.result.span.lo, self.result.span.hi
        made, total, count, over = [], 0, 0, False
        # Python's integers: a sum may need more than 64 bits.
        for term, last in zip(terms, np.asarray(a["last"]).tolist(), strict=True):
            total, count = total + term, count + 1
            over |= not lowest <= total <= highest
            if last or count == self.chunk:
                made.append((total & (1 << self.result.width) - 1, over, last))
                total, count, over = 0, 0, False
        codes, flags, lasts = zip(*made, strict=True) if made else ((), (), ())
        number = {"x": np.array(codes, dtype=np.uint64), "last": np.array(lasts, dtype=np.int64)}
        return {"sum": {**number, "over": np.array(flags, dtype=np.int64)}}
