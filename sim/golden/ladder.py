"""Encoding by search: a format's values as the rungs of a ladder. Right for any format of at most 16 bits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.formats import Format
from hw.formats.messages import cut
from sim.golden.decoding import TABLE_WIDTH, decode
from sim.golden.rounding import Rounding, add_odd


@dataclass(frozen=True)
class Ladder:
    """The values that encoding can make, ascending.

    Attributes
    ----------
    values : float64 array
        Without specials. If the format overflows, one more value stands at each end, a last step
        farther out: what rounds to it overflows.
    codes : integer array
        Their codes; of an overflow that of the infinity or NaN.
    odd : bool array
        Whether, halfway between a value and the next, the next is taken.
    """

    values: NDArray[np.float64]
    codes: NDArray[Any]
    odd: NDArray[np.bool_]

    @cached_property
    def middles(self) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """The highest float64 not above the exact middle between each value and the next, and whether it is that."""
        lower, upper = self.values[:-1] / 2, self.values[1:] / 2
        middle = lower + upper
        # Knuth's two-sum: the error of the addition, exactly.
        back = middle - lower
        error = (lower - (middle - back)) + (upper - back)
        floor = np.where(error < 0, np.nextafter(middle, -np.inf), middle)
        return np.append(floor, np.inf), np.append(error == 0, False)

    def encode(self, fmt: Format, x: NDArray[np.float64], rounding: Rounding) -> NDArray[Any]:
        """Codes of numbers that are not NaN; an infinity counts as a large number."""
        inside = np.clip(x, self.values[0], self.values[-1])
        rung = np.searchsorted(self.values, inside, side="right") - 1
        above = np.minimum(rung + 1, len(self.values) - 1)
        lower, upper = self.values[rung], self.values[above]
        straddles = (lower < 0) & (upper > 0)
        floor, exact = (part[rung] for part in self.middles)
        side = np.where(inside > floor, 1, np.where((inside == floor) & exact, 0, -1))
        # A codebook's gap may be beyond float64's range. Only stochastic rounding looks at its size.
        with np.errstate(over="ignore", invalid="ignore"):
            distance, gap = add_odd(inside, -lower), upper - lower
        up = rounding.goes_up(distance, gap, self.odd[rung], inside > 0, straddles, side)
        rung = np.where(up, above, rung)
        if fmt.overflow != "sat":
            kept = np.isfinite(x) & rounding.holds_back(x > 0)
            rung = np.where(kept, np.clip(rung, int(fmt.span.lo < 0), len(self.values) - 2), rung)
        return self.codes[rung]


@lru_cache(maxsize=64)
def ladder(fmt: Format) -> Ladder:
    """The ladder of a format of at most 16 bits."""
    if fmt.width > TABLE_WIDTH:
        raise ValueError(f"formats of at most {TABLE_WIDTH} bits have a ladder, got {cut(fmt)} of {fmt.width}")
    every = decode(fmt, np.arange(1 << fmt.width))
    made = np.isfinite(every) & ~np.array([fmt.is_reserved(code) for code in range(len(every))])
    candidates = np.flatnonzero(made)
    # Of two codes with one value the lower is made: +0, not -0.
    values, first = np.unique(every[candidates], return_index=True)
    codes = candidates[first]
    even = np.array([fmt.is_even(int(code)) for code in codes])
    odd = _takes_upper(values, even)
    if fmt.overflow != "sat":
        values, codes, odd = _extend(fmt, values, codes, odd)
    return Ladder(values, codes, np.append(odd, False))


def _takes_upper(values: NDArray[np.float64], even: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether the upper of two neighbours is the even one; if both or neither are, whether it is nearer zero."""
    nearer_zero = np.abs(values[1:]) <= np.abs(values[:-1])
    return np.where(even[1:] == even[:-1], nearer_zero, even[1:])


def _extend(fmt: Format, values: Any, codes: Any, odd: Any) -> tuple[Any, Any, Any]:
    """The ladder with an overflowing value at each end that the format has a sign for."""
    low, high = (np.nan, np.nan) if fmt.overflow == "nan" else (-np.inf, np.inf)
    # As if the exponents went on: the last binade's step, wider than the last gap if the highest value begins it.
    step = max(2.0**fmt.span.lsb, 2.0 ** (int(np.frexp(values[-1])[1]) - fmt.precision))
    # Codes alternate: what follows an odd one is even.
    values = np.append(values, values[-1] + step)
    codes, odd = np.append(codes, special_code(fmt, high)), np.append(odd, codes[-1] % 2 == 1)
    if fmt.span.lo < 0:
        values = np.append(values[0] - step, values)
        codes, odd = np.append(special_code(fmt, low), codes), np.append(codes[0] % 2 == 0, odd)
    return values, codes, odd


def special_code(fmt: Format, special: float) -> int:
    """The code of an infinity or NaN that the format is known to have."""
    code = fmt.code_of(special)
    assert code is not None, f"{fmt} has no {special}"
    return code
