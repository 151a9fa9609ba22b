"""The golden adder: same ports and codes as the hardware, a whole run at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.encodings import Flagged
from hw.formats import Fixed, Format
from sim.golden.codes import Codes, integer_type
from sim.golden.decoding import decode, decode_steps
from sim.golden.direct import minus_zero
from sim.golden.encoding import encode, encode_steps
from sim.golden.flagged import add_flagged
from sim.golden.pairwise import Pairwise


@dataclass(frozen=True)
class Add(Pairwise):
    """``s = a + b``, exactly or rounded once.

    Parameters
    ----------
    a, b : Format
        The operands' formats.
    result : Format
        Of port `s`; of a fixed-point format it must hold every sum.
    rounding : str
        A key of `hw.formats.ROUNDINGS` but "stochastic".
    pipeline : int
        Registers between operands and sum.
    """

    a: Format
    b: Format
    result: Format
    rounding: str
    pipeline: int

    port: ClassVar[str] = "s"

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The model of a spec."""
        return cls(spec.a, spec.b, spec.result, spec.rounding, spec.pipeline)

    def results(self, a: ArrayLike, b: ArrayLike) -> tuple[Codes, NDArray[np.uint8]]:
        """Codes and status of the sums of codes."""
        if isinstance(self.result, Flagged):
            sums = add_flagged(self.result, np.asarray(a), np.asarray(b))
            return sums, np.zeros(sums.shape, dtype=np.uint8)
        span = self.a.span + self.b.span
        x, y = decode(self.a, a), decode(self.b, b)
        steps = [
            decode_steps(fmt, codes).astype(integer_type(span)) << (fmt.span.lsb - span.lsb)
            for fmt, codes in ((self.a, a), (self.b, b))
        ]
        with np.errstate(invalid="ignore"):
            special = np.where(np.isfinite(x), 0.0, x) + np.where(np.isfinite(y), 0.0, y)
        status = np.select([np.isnan(special), special > 0, special < 0], [3, 1, 2], 0).astype(np.uint8)
        total = np.where(status == 0, steps[0] + steps[1], 0)
        codes = encode_steps(self.result, total, span.lsb, self.rounding)
        if isinstance(self.result, Fixed):
            return codes, status
        return self._with_specials(self._with_zeros(codes, total, x, y), special), status

    def _with_zeros(self, codes: Codes, total: NDArray[Any], x: NDArray[Any], y: NDArray[Any]) -> Codes:
        """IEEE 754: -0 only from two -0; rounded down, from everything but two +0."""
        minus = minus_zero(self.result)
        if minus is None:
            return codes
        signs = np.signbit(x) | np.signbit(y) if self.rounding == "down" else np.signbit(x) & np.signbit(y)
        return np.where((total == 0) & signs, minus, codes)

    def _with_specials(self, codes: Codes, special: NDArray[np.float64]) -> Codes:
        for which, value in ((np.isposinf, np.inf), (np.isneginf, -np.inf), (np.isnan, np.nan)):
            where = which(special)
            if where.any():
                codes = np.where(where, encode(self.result, value), codes)
        return codes
