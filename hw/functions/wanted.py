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
    error : tuple of float64 arrays
        The distance of the real value from the word `low`, in steps of the output; infinite where there is none.
    special : bool array
        Where there is no value but a NaN or an infinity: `low` is that word.
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
        return np.array([float(fmt.value(int(codes[n]))) for n in order]), words[order]
    words = [word for word in range(fmt.max_magnitude_code + 1) if not fmt.is_reserved(word)]
    found = [float(fmt.value(word)) for word in words]
    if fmt.overflow != "sat":
        words.append(_word(fmt, fmt.code_of(float(fmt.overflow))))
        found.append(2 * found[-1] - found[-2] if len(found) > 1 else 2 * found[-1])
    return np.array(found), np.array(words)


def _word(fmt: Format, code: int | None) -> int:
    assert code is not None
    return code & (1 << fmt.width - 1) - 1 if has_sign(fmt) else code


def special_code(fmt: Format, value: float) -> int:
    """The code of an infinity or a NaN: what is beyond the range, or zero, if there is none."""
    code = fmt.code_of(value)
    if code is not None:
        return code
    if value != value:
        return 0
    numbers, words = ladder(fmt)
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
        0.5: the nearest number, of two the one whose code is even. 1: the number itself if there is one, else one of
        its two neighbours. N: N - 1 steps more on both sides.
    """
    x = numbers(source)
    base, delta = values(function, x)
    sign = np.signbit(base + delta) & has_sign(result) & FUNCTIONS[function].signed
    special = ~np.isfinite(base)
    flip = np.where(np.signbit(base + delta) & has_sign(result), -1.0, 1.0)
    finite = np.where(special, 0.0, flip * base), np.where(special, 0.0, flip * delta)
    scale, words = ladder(result)
    below, exact = _placed(function, source, *finite, flip, scale)
    low, high = _bounds(function, source, *finite, flip, scale, words, below, exact, ulp)
    place = _distance(*finite, scale, words, below, exact)
    for value in (np.nan, np.inf, -np.inf):
        here = np.isnan(base) if value != value else base == value
        code = special_code(result, value)
        word = _word(result, code) if has_sign(result) else code
        word -= (1 << result.width) * (
            not isinstance(result, Minifloat) and word > result.span.hi >> 0 and result.span.signed
        )
        low, high, place = np.where(here, word, low), np.where(here, word, high), np.where(here, word, place)
        sign = np.where(here, bool(has_sign(result) and code >> result.width - 1), sign)
    return Wanted(low, high, sign, place, special)


def _compare(
    function: str, source: Format, base: Floats, delta: Floats, flip: Floats, number: Floats
) -> NDArray[np.int8]:
    """The sign of ``f(x) - number``, of values of which `base` and `delta` are what is known."""
    away = delta - (number - base)
    found = np.sign(away).astype(np.int8)
    unclear = (delta != 0) & (np.abs(away) <= MARGIN * np.abs(delta))
    for code in np.flatnonzero(unclear):
        x, turn = source.value(int(code)), int(flip[code])
        assert isinstance(x, Fraction)
        found[code] = turn * side(function, x, turn * Fraction(float(number[code])))
    return found


def _placed(
    function: str, source: Format, base: Floats, delta: Floats, flip: Floats, scale: Floats
) -> tuple[Ints, NDArray[np.bool_]]:
    """The highest number of the ladder that is not above the value, the first one if all are, and whether it is it."""
    top = len(scale) - 1
    below = np.clip(np.searchsorted(scale, base + delta, "right") - 1, 0, top)
    # base + delta is rounded: it may have passed a number.
    under = _compare(function, source, base, delta, flip, scale[below]) < 0
    below = np.clip(below - under, 0, top)
    above = _compare(function, source, base, delta, flip, scale[np.minimum(below + 1, top)]) >= 0
    below = np.where(above, np.minimum(below + 1, top), below)
    met = _compare(function, source, base, delta, flip, scale[below])
    # Beyond either end, it is the end that is meant.
    return below, (met == 0) | (met < 0) | ((below == top) & (met > 0))


def _bounds(
    function: str,
    source: Format,
    base: Floats,
    delta: Floats,
    flip: Floats,
    scale: Floats,
    words: Ints,
    below: Ints,
    exact: NDArray[np.bool_],
    ulp: float,
) -> tuple[Ints, Ints]:
    top = len(scale) - 1
    above = np.minimum(below + 1, top)
    half = _compare(function, source, base, delta, flip, (scale[below] + scale[above]) / 2)
    even = np.where(words[below] % 2 == 0, below, above)
    nearest = np.where(exact, below, np.select([half < 0, half > 0], [below, above], even))
    if ulp < 1:
        return words[nearest], words[nearest]
    more = int(ulp) - 1
    low, high = np.maximum(below - more, 0), np.minimum(np.where(exact, below, above) + more, top)
    # Codes that are none lie between some, as subnormals that are zeros do: then only the nearest one is right.
    whole = words[high] - words[low] == high - low
    return words[np.where(whole, low, nearest)], words[np.where(whole, high, nearest)]


def _distance(base: Floats, delta: Floats, scale: Floats, words: Ints, below: Ints, exact: NDArray[np.bool_]) -> Floats:
    """The value's own place among the words: between two of them, by what part of the way."""
    above = np.minimum(below + 1, len(scale) - 1)
    step = np.where(exact, 1.0, scale[above] - scale[below])
    part = np.where(exact, 0.0, np.clip((delta - (scale[below] - base)) / np.where(step == 0, 1.0, step), 0, 1))
    return words[below] + part * (words[above] - words[below])
