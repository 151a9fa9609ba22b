"""One rule decides for every format: does a value between two neighbours go to the upper one?"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import check_int, check_rounding
from hw.formats.messages import cut
from sim.golden.codes import native

MAX_RANDOM_BITS = 24
"""So many that a fraction's comparison with them stays exact in float64."""
ODD_BITS = 51
"""What was rounded to odd in float64 can be rounded again to so many bits as if only once: two bits fewer."""


@dataclass(frozen=True)
class Rounding:
    """How to round: a key of `hw.formats.ROUNDINGS`, and the bits of a stochastic one.

    Parameters
    ----------
    name : str
    random : array of integers, optional
        For "stochastic": numbers below ``2**random_bits``, of a shape that broadcasts to the values'.
    random_bits : int, optional
        For "stochastic": bits of each, 1..24.
    """

    name: str
    random: ArrayLike | None = None
    random_bits: int | None = None

    def __post_init__(self) -> None:
        check_rounding(self.name)
        if self.name != "stochastic":
            if self.random is not None or self.random_bits is not None:
                raise ValueError(f"random and random_bits must be left out with rounding {cut(self.name)}")
            return
        if self.random is None or self.random_bits is None:
            raise ValueError("random and random_bits must be given with rounding stochastic")
        check_int("random_bits", self.random_bits, 1, MAX_RANDOM_BITS)
        bits = native(self.random)
        if bits.dtype.kind not in "iu" and bits.size:
            raise TypeError(f"random must be integers, got an array of {np.asarray(self.random).dtype}")
        for extreme in (bits.min(), bits.max()) if bits.size else ():
            if not 0 <= int(extreme) < 1 << self.random_bits:
                raise ValueError(f"random must be 0..{(1 << self.random_bits) - 1}, got {extreme}")
        object.__setattr__(self, "random", bits.astype(np.int64))

    def broadcast(self, shape: tuple[int, ...]) -> Rounding:
        """The same with one random number for each element."""
        if self.random is None:
            return self
        try:
            random = np.broadcast_to(np.asarray(self.random), shape)
        except ValueError:
            shapes = f"{np.shape(self.random)} and {shape}"
            raise ValueError(f"random must have a shape that broadcasts to the values', got {shapes}") from None
        return Rounding(self.name, random, self.random_bits)

    def goes_up(
        self,
        distance: NDArray[Any],
        gap: Any,
        odd: NDArray[np.bool_],
        positive: NDArray[np.bool_],
        straddles: Any = False,
        side: NDArray[Any] | None = None,
    ) -> NDArray[np.bool_]:
        """Whether each value goes to its upper neighbour.

        Parameters
        ----------
        distance : array of numbers
            How far the value lies above its lower neighbour, exactly.
        gap : number or array
            How far the upper neighbour does.
        odd : array of bool
            Whether the lower neighbour is the odd one of the two.
        positive : array of bool
            Whether the value is above zero.
        straddles : bool or array of bool
            Whether zero lies between the neighbours: then neither is nearer zero, and the nearer one is taken.
        side : array of -1, 0 and 1, optional
            On which side of the exact middle the value lies; by default `distance` and `gap` say so.
        """
        inexact = distance > 0
        if self.name == "stochastic":
            room = ((1 << (self.random_bits or 0)) - np.asarray(self.random)).astype(np.result_type(distance, np.int64))
            # The fraction, counted from the neighbour nearer zero, plus the random number carries.
            beyond = np.where(positive, distance, gap - distance) * (1 << (self.random_bits or 0)) >= room * gap
            return inexact & (beyond == positive)
        if self.name == "up":
            return inexact
        if self.name == "down":
            return np.zeros_like(inexact)
        if self.name == "odd":
            return inexact & ~odd
        if side is None:
            twice = 2 * distance
            nearer, halfway = twice > gap, inexact & (twice == gap)
        else:
            nearer, halfway = inexact & (side > 0), inexact & (side == 0)
        if self.name == "nearest_even":
            return nearer | (halfway & odd)
        nearest_away = nearer | (halfway & (positive | straddles))
        if self.name == "nearest_away":
            return nearest_away
        return np.where(straddles, nearest_away, inexact & ~positive)  # toward_zero

    def holds_back(self, positive: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whether a finite value beyond the range ends at the highest finite one instead of overflowing."""
        if self.name in ("toward_zero", "odd"):
            return np.ones_like(positive)
        return positive if self.name == "down" else ~positive if self.name == "up" else np.zeros_like(positive)


def deterministic(rounding: str) -> Rounding:
    """A rounding that needs no random numbers.

    Raises
    ------
    TypeError, ValueError
        It is none, or stochastic.
    """
    check_rounding(rounding)
    if rounding == "stochastic":
        raise ValueError("rounding must not be stochastic here, where there are no random numbers")
    return Rounding(rounding)


def add_odd(x: NDArray[np.float64], y: Any) -> NDArray[np.float64]:
    """``x + y`` rounded to odd in float64: a later rounding to at most 51 bits is as if there had been none."""
    total = x + y
    # Knuth's two-sum: the error of the addition, exactly.
    back = total - x
    error = (x - (total - back)) + (y - back)
    return to_odd(total, error) if np.any(error) else total


def to_odd(rounded: NDArray[np.float64], error: NDArray[Any]) -> NDArray[np.float64]:
    """Float64 numbers that were rounded to nearest, rounded to odd instead; `error` is what they lack.

    It is NaN where the number is infinite or NaN.
    """
    bits = np.asarray(rounded).view(np.int64)
    error = np.asarray(error, dtype=np.float64)
    # Where a number is inexact and its last bit is 0, the exact one lies between it and the odd neighbour
    # that the error points to: away from zero if their signs are equal.
    inexact = (np.abs(error) > 0) & (bits & 1 == 0)
    away = (bits ^ error.view(np.int64)) >> 63 | 1
    return np.asarray(bits + away * inexact).view(np.float64)


def shift_right(numbers: NDArray[Any], shift: int, rounding: Rounding) -> NDArray[Any]:
    """``numbers / 2**shift``, rounded to integers; int64 or Python's integers, `shift` 0 or more."""
    if numbers.ndim == 0:
        # Without an axis numpy's results are scalars, of Python even.
        return shift_right(numbers.reshape(1), shift, rounding.broadcast((1,))).reshape(())
    if shift == 0:
        return numbers
    if numbers.dtype != object and shift > 61:
        numbers = numbers.astype(object)
    floor = numbers >> shift
    distance = numbers - (floor << shift)
    if numbers.dtype != object and rounding.name == "stochastic" and shift + MAX_RANDOM_BITS > 62:
        distance = distance.astype(object)
    up = rounding.goes_up(distance, 1 << shift, (floor & 1).astype(bool), numbers > 0)
    return floor + np.asarray(up, dtype=bool).astype(floor.dtype)


def floats_of_steps(steps: NDArray[Any], lsb: int) -> NDArray[np.float64]:
    """The numbers ``steps * 2**lsb`` in float64, rounded to odd where 53 bits do not hold them.

    What is beyond float64's range becomes its highest number, what is below it its lowest.
    """
    if steps.dtype == object or abs(lsb) > 900:
        return np.array([odd_float(int(step), lsb) for step in steps.flat], dtype=np.float64).reshape(steps.shape)
    if steps.size and steps.min() >= -(1 << 53) and steps.max() <= 1 << 53:
        return np.asarray(steps * 2.0**lsb)
    # Of what has more than 62 bits the last two become one that says whether there was any.
    large = (steps >= 1 << 61) | (steps < -(1 << 61))
    numbers = np.where(large, steps >> 2 | ((steps & 3) != 0), steps)
    floats = numbers.astype(np.float64)
    odd = to_odd(floats, numbers - floats.astype(np.int64))
    return np.ldexp(odd, lsb + 2 * large)


def odd_float(number: int, lsb: int) -> float:
    """``number * 2**lsb`` rounded to odd at 53 bits."""
    excess = max(0, number.bit_length() - 53)
    kept = number >> excess | bool(number & ((1 << excess) - 1))
    try:
        value = math.ldexp(kept, excess + lsb)
    except OverflowError:
        return math.copysign(sys.float_info.max, number)
    return value if value or not number else math.copysign(math.ulp(0.0), number)


def nearest_float(number: int, exponent: int) -> float:
    """``number * 2**exponent`` rounded to the nearest float64; an infinity beyond its range."""
    try:
        # Python divides integers with one rounding.
        return number / (1 << -exponent) if exponent < 0 else float(number << exponent)
    except OverflowError:
        return math.copysign(math.inf, number)
