"""Which results are near enough: for each code of the input, the lowest and the highest code of the output that is."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np
from numpy.typing import NDArray

from hw.formats import Format, Minifloat
from hw.functions.exact import side
from hw.functions.real import FUNCTIONS, MARGIN, Floats, values

Ints = NDArray[np.int64]

ALMOST = 2.0**-6
"""Of a step: a value that is nearer to a number than that counts as it, unless results are to be the nearest."""


@dataclass(frozen=True)
class Wanted:
    """Bounds of results, for each code of the input.

    A result is a *word* and, of a float with a sign, that sign: a word is a float's code without its sign, or all of
    any other code, as a number of its sign.

    Attributes
    ----------
    low, high : int64 arrays
        Words that are near enough; what lies between two of them is, too.
    sign : bool array
        Whether the code has a sign bit that is set.
    place : float64 array
        The real value's own place among the words: between two of them, by what part of the way.
    special : bool array
        Where there is no value but a NaN or an infinity: `low` is its word.
    """

    low: Ints
    high: Ints
    sign: NDArray[np.bool_]
    place: Floats
    special: NDArray[np.bool_]


@cache
def numbers(fmt: Format) -> Floats:
    """The number of each code, as float64 holds it: infinities, NaN, and -0 of floats."""
    codes = np.arange(1 << fmt.width)
    if not isinstance(fmt, Minifloat):
        steps = np.where(codes >> fmt.width - 1, codes - (1 << fmt.width), codes) if fmt.span.signed else codes
        return np.ldexp(steps.astype(np.float64), fmt.span.lsb)
    magnitudes = codes & (1 << fmt.exponent_bits + fmt.mantissa_bits) - 1
    fields, mantissas = magnitudes >> fmt.mantissa_bits, magnitudes & (1 << fmt.mantissa_bits) - 1
    significands = np.where(fields > 0, mantissas + (1 << fmt.mantissa_bits), mantissas * fmt.subnormals)
    if not fmt.exponent_bits:
        significands = mantissas
    found = np.ldexp(significands.astype(np.float64), np.maximum(fields, 1) - fmt.bias - fmt.mantissa_bits)
    found = np.where(codes != magnitudes, -found, found)
    for code in np.flatnonzero((magnitudes > fmt.max_magnitude_code) | (codes == (fmt.code_of(np.nan) or 0))):
        found[code] = float(fmt.value(int(code)))
    return found


def has_sign(fmt: Format) -> bool:
    """Whether codes are a sign and a magnitude."""
    return isinstance(fmt, Minifloat) and fmt.signed


@cache
def ladder(fmt: Format) -> tuple[Floats, Ints]:
    """Numbers, ascending, and their words; of a float with a sign those that are not below zero.

    What a float that does not saturate becomes beyond its range stands at its head, as the number that would follow.
    """
    if not isinstance(fmt, Minifloat):
        codes = np.array([code for code in range(1 << fmt.width) if not fmt.is_reserved(code)])
        half = 1 << fmt.width - 1
        words = np.where(codes >= half, codes - 2 * half, codes) if fmt.span.signed else codes
        order = np.argsort(words)
        return numbers(fmt)[codes[order]], words[order]
    kept = [word for word in range(fmt.max_magnitude_code + 1) if not fmt.is_reserved(word)]
    found = numbers(fmt)[kept].tolist()
    if fmt.overflow != "sat":
        kept.append(_word(fmt, fmt.code_of(float(fmt.overflow))))
        found.append(2 * found[-1] - found[-2])
    return np.array(found), np.array(kept)


def _word(fmt: Format, code: int | None) -> int:
    """A code without its sign, or, of integers and fixed point, the number of steps."""
    assert code is not None
    if isinstance(fmt, Minifloat):
        return code & (1 << fmt.width - 1) - 1 if fmt.signed else code
    return code - (1 << fmt.width) if fmt.span.signed and code >> fmt.width - 1 else code


def special_code(fmt: Format, value: float) -> int:
    """The code of an infinity or a NaN: what is beyond the range, or zero, if there is none."""
    code = fmt.code_of(value)
    if code is not None:
        return code
    if value != value:
        return 0
    words = ladder(fmt)[1]
    if value > 0:
        return int(words[-1])
    if has_sign(fmt):
        return int(words[-1]) | 1 << fmt.width - 1
    return int(words[0]) & (1 << fmt.width) - 1


@cache
def wanted(function: str, source: Format, result: Format, ulp: float) -> Wanted:
    """The bounds of a function's results.

    Parameters
    ----------
    function : str
        A key of `FUNCTIONS`.
    source, result : Format
        Of at most 16 bits.
    ulp : float
        0.5: the nearest number, of two the one whose code is even. 1: the number itself if there is one, or one that is
        nearer than `ALMOST` steps, else one of its two neighbours. N: N - 1 steps more on both sides.
    """
    base, delta = values(function, numbers(source))
    below = np.signbit(np.where(delta == 0, base, base + delta))  # -0 + 0 is 0
    flip = np.where(below & has_sign(result), -1.0, 1.0)
    sign, special = below & has_sign(result) & FUNCTIONS[function].signed, ~np.isfinite(base)
    reals = Reals(function, source, np.where(special, 0.0, flip * base), np.where(special, 0.0, flip * delta), flip)
    scale, words = ladder(result)
    index, exact = _placed(reals, scale)
    place = _between(reals, scale, words, index, exact)
    low, high = _bounds(reals, scale, words, index, exact, ulp)
    for value in (np.nan, np.inf, -np.inf):
        here = np.isnan(base) if value != value else base == value
        code = special_code(result, value)
        word = _word(result, code)
        low, high, place = np.where(here, word, low), np.where(here, word, high), np.where(here, word, place)
        sign = np.where(here, bool(has_sign(result) and code >> result.width - 1), sign)
    return Wanted(low, high, sign, place, special)


@dataclass(frozen=True)
class Reals:
    """Real values of a function: `base` and `delta` as `real.values` has them, times `flip`, 1 or -1."""

    function: str
    source: Format
    base: Floats
    delta: Floats
    flip: Floats

    def against(self, number: Floats) -> NDArray[np.int8]:
        """The sign of each value less a number."""
        away = self.delta - (number - self.base)
        found = np.sign(away).astype(np.int8)
        unclear = (self.delta != 0) & (np.abs(away) <= MARGIN * np.abs(self.delta))
        for code in np.flatnonzero(unclear):
            x, turn = self.source.value(int(code)), int(self.flip[code])
            assert isinstance(x, Fraction)
            found[code] = turn * side(self.function, x, turn * Fraction(float(number[code])))
        return found


def _placed(reals: Reals, scale: Floats) -> tuple[Ints, NDArray[np.bool_]]:
    """Of each value the highest number of a ladder that is not above it, the first if all are; and whether it is that.

    What is beyond an end is meant to be the end.
    """
    top = len(scale) - 1
    index = np.clip(np.searchsorted(scale, reals.base + reals.delta, "right") - 1, 0, top)
    # base + delta is rounded: it may have passed a number.
    index = np.clip(index - (reals.against(scale[index]) < 0), 0, top)
    above = np.minimum(index + 1, top)
    index = np.where(reals.against(scale[above]) >= 0, above, index)
    met = reals.against(scale[index])
    return index, (met <= 0) | ((index == top) & (met > 0))


def _bounds(
    reals: Reals, scale: Floats, words: Ints, index: Ints, exact: NDArray[np.bool_], ulp: float
) -> tuple[Ints, Ints]:
    """The lowest and the highest word that is near enough."""
    top = len(scale) - 1
    above = np.minimum(index + 1, top)
    half = reals.against((scale[index] + scale[above]) / 2)
    even = np.where(words[index] % 2 == 0, index, above)
    nearest = np.where(exact, index, np.select([half < 0, half > 0], [index, above], even))
    if ulp < 1:
        return words[nearest], words[nearest]
    # A value that all but is a number is that number: far from 0 a sigmoid is 1, and GELU is x.
    away = np.abs(_between(reals, scale, words, index, exact) - words[nearest])
    exact = exact | (away < ALMOST)
    index = np.where(exact, nearest, index)
    above = np.minimum(index + 1, top)
    more = int(ulp) - 1
    low, high = np.maximum(index - more, 0), np.minimum(np.where(exact, index, above) + more, top)
    # Codes that are none lie between some, as subnormals that are zeros do: then only the nearest one is right.
    whole = words[high] - words[low] == high - low
    return words[np.where(whole, low, nearest)], words[np.where(whole, high, nearest)]


def _between(reals: Reals, scale: Floats, words: Ints, index: Ints, exact: NDArray[np.bool_]) -> Floats:
    """Where a value is among the words."""
    above = np.minimum(index + 1, len(scale) - 1)
    step = np.where(exact, 1.0, scale[above] - scale[index])
    part = np.where(exact, 0.0, np.clip((reals.delta - (scale[index] - reals.base)) / step, 0, 1))
    return words[index] + part * (words[above] - words[index])
