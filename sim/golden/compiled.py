"""Rounded additions compiled by numba, of extra ``fast``: one pass over the numbers. Without it numpy does the same."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from functools import lru_cache
from math import copysign
from typing import Any

import numpy as np

COMPILED_FROM = 1 << 24
"""After so many additions in a process they are compiled, which takes a second or two."""

Adder = Callable[[Any, Any, Any, float, Any], tuple[int, bool]]
"""Adds to sums of shape (n, m), in place, the products ``x[k, :, None] * y[k]``, each plus a zero of some sign, and
rounds to a `Grid`, for each k until something is left that must be encoded. Says how many k it did, and whether so."""

_added = 0


def adder(rounding: str, count: int) -> Adder | None:
    """What does `count` additions in one go; None while that is not worth its compiling, or without numba."""
    global _added
    _added += count
    return compile_adder(rounding) if _added >= COMPILED_FROM and has_numba() else None


@lru_cache(maxsize=1)
def has_numba() -> bool:
    """Whether extra ``fast`` is installed."""
    return importlib.util.find_spec("numba") is not None


@lru_cache(maxsize=8)
def compile_adder(rounding: str) -> Adder:
    """The addition that `sim.golden.addition` writes with numpy, as a loop without branches.

    Parameters
    ----------
    rounding : str
        A key of `hw.formats.ROUNDINGS` but "stochastic".

    Raises
    ------
    ImportError
        Numba is not installed.
    """
    import numba

    kinds = ", ".join(["float64[:, ::1]"] * 3 + ["float64"] * 6 + ["boolean"] * 3)
    compiled = numba.njit(f"int64({kinds})", nogil=True)(_loop(numba.njit, rounding))

    def add(sums: Any, x: Any, y: Any, zero: float, grid: Any) -> tuple[int, bool]:
        numbers = zero, grid.scale, grid.least, grid.normal, grid.low, grid.high
        done = compiled(sums, x, y, *numbers, grid.saturates, grid.keeps_special, grid.signed_zero)
        return abs(done), done < 0

    return add


def _loop(compile_: Any, rounding: str) -> Callable[..., int]:
    add, move = compile_(_add_odd), compile_(MOVES[rounding])

    # What a bool chooses is chosen by arithmetic, and &, | look at both sides: only so is the loop made of vectors.
    def loop(
        sums: Any,
        x: Any,
        y: Any,
        zero: float,
        scale: float,
        least: float,
        normal: float,
        low: float,
        high: float,
        saturates: bool,
        keeps_special: bool,
        signed_zero: bool,
    ) -> int:
        for k in range(len(y)):
            left = 0
            for i in range(len(sums)):
                row, factor, others = sums[i], x[k, i], y[k]
                for j in range(row.size):
                    bits = add(row[j], factor * others[j] + zero)
                    total = np.int64(bits).view(np.float64)
                    power = np.int64(bits & 0x7FF0000000000000).view(np.float64)
                    step = power * scale if power >= normal else least
                    magic = step * 6755399441055744.0
                    nearest = (total + magic) - magic
                    rounded = nearest + move(total, nearest, step, magic)
                    finite = total - total == 0
                    inside = (low <= rounded) & (rounded <= high)
                    ended = saturates & finite
                    end = high if total > 0 else low
                    rounded = rounded if inside else (end if ended else total)
                    left += 0 if inside | ended | (keeps_special & (not finite)) else 1
                    row[j] = copysign(rounded, total) if signed_zero else rounded
            if left:
                return -1 - k
        return len(y)

    return loop


def _add_odd(x: float, y: float) -> Any:
    """The bits of a sum that is rounded to odd."""
    total = x + y
    back = total - x
    error = (x - (total - back)) + (y - back)
    bits = np.float64(total).view(np.int64)
    step = 1 if (error > 0) == (total > 0) else -1
    # The error of what is not finite is NaN.
    inexact = (error != 0) & (error == error) & ((bits & 1) == 0)
    return bits + (step if inexact else 0)


def _nearest_even(total: float, nearest: float, step: float, magic: float) -> float:
    return 0.0


def _nearest_away(total: float, nearest: float, step: float, magic: float) -> float:
    away = copysign(step, total)
    return away if 2 * (total - nearest) == away else 0.0


def _toward_zero(total: float, nearest: float, step: float, magic: float) -> float:
    return -copysign(step, total) if abs(nearest) > abs(total) else 0.0


def _up(total: float, nearest: float, step: float, magic: float) -> float:
    return step if nearest < total else 0.0


def _down(total: float, nearest: float, step: float, magic: float) -> float:
    return -step if nearest > total else 0.0


def _odd(total: float, nearest: float, step: float, magic: float) -> float:
    even = (nearest + 2 * magic) - 2 * magic == nearest
    return copysign(step, total - nearest) if (nearest != total) & even else 0.0


MOVES: dict[str, Callable[[float, float, float, float], float]] = {
    "nearest_even": _nearest_even,
    "nearest_away": _nearest_away,
    "toward_zero": _toward_zero,
    "up": _up,
    "down": _down,
    "odd": _odd,
}
"""How far a rounding ends from the nearest multiple of the step."""
