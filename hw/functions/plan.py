"""What computes a function: a key made of the code, lines through what is wanted at each key, and exceptions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from hw.formats import Format, Minifloat
from hw.functions.diagram import Diagram, columns
from hw.functions.fit import FREE, Bounds, Ints, Lines, Sides, fit, sides
from hw.functions.front import LOG2_E, Front, Normal, Plain, Scaled
from hw.functions.real import FUNCTIONS
from hw.functions.wanted import Wanted, has_sign, ladder, numbers, wanted

MOST_OFFSET, MOST_SHIFT = 9, 6
"""Bits of an offset and below the result's last one that are tried."""
START, SMALL = (4, 2), 10
"""Where a search begins, and bits of a key whose table is tried without lines."""
FRACTIONS, MOST_KEY, MOST_ERROR = 3, 20, 1.25
"""How many fractions of logarithms are tried, bits of a key at most, and the error of one in its last place."""


@dataclass(frozen=True)
class Along:
    """A number that lines run along: the key, or its inverse, shifted.

    Parameters
    ----------
    bits : int
        Of the key, from its lowest.
    signed : bool
        Whether they are two's complement.
    up : int
        How many places to the left, before the shift of the lines; negative to the right.
    inverted : bool
        Whether it falls as the key rises.
    """

    bits: int
    signed: bool
    up: int
    inverted: bool = False

    def of(self, keys: Ints, shift: int) -> Ints:
        """The number of each key, for lines of a shift."""
        k = keys & (1 << self.bits) - 1
        k = np.where(k >> self.bits - 1, k - (1 << self.bits), k) if self.signed else k
        k, up = ~k if self.inverted else k, self.up + shift
        return k << up if up >= 0 else k >> -up


@dataclass(frozen=True)
class Plan:
    """How a function is computed.

    A result's word is ``(c0 + c1 t + k) >> s`` modulo ``2**word``, of lines by the key; what is an exception has a code
    of its own instead.

    Attributes
    ----------
    front : Front
        What makes a key.
    along : Along or None
        k, of a key.
    lines : Lines
    word : int
        Bits of a code, without the sign of a float that has one.
    signed : bool
        Whether that is the sign of x.
    exceptions : tuple of (str, int)
        Kinds of x, ``nan``, ``infinity``, ``-infinity``, ``zero``, ``-zero`` or ``negative``, and their results.
    cost : float
        LUTs, as the search counts them.
    """

    front: Front
    along: Along | None
    lines: Lines
    word: int
    signed: bool
    exceptions: tuple[tuple[str, int], ...]
    cost: float


@cache
def plan_of(function: str, source: Format, result: Format, ulp: float) -> Plan:
    """The plan that costs least of those that were tried; of all, results are near enough for every code.

    Parameters
    ----------
    function : str
        A key of `hw.functions.real.FUNCTIONS`.
    source, result : Format
        Of at most 16 bits.
    ulp : float
        As `hw.functions.wanted.wanted` has it.
    """
    aim = wanted(function, source, result, ulp)
    low, high, exceptions = without_exceptions(function, source, result, aim)
    word, signed = result.width - has_sign(result), has_sign(result) and FUNCTIONS[function].signed
    best: Plan | None = None
    for front, along, period in fronts(function, source, result, low, high):
        bounds = by_key(front, source, result, low, high)
        most = best.cost if best else float("inf")
        found = search(front, along, bounds, word, period, most) if bounds else None
        if found:
            cost, lines = found
            best = Plan(front, along, lines, word, signed, exceptions, cost)
    assert best is not None
    prove(best, source, low, high)
    return best


def prove(plan: Plan, source: Format, low: Ints, high: Ints) -> None:
    """Raise ArithmeticError unless the words of a plan are within bounds for every code."""
    keys, lines = plan.front.keys(source), plan.lines
    block = keys >> plan.front.bits - lines.index
    total = lines.constant[block] + lines.slope[block] * (keys & (1 << lines.offset) - 1)
    if plan.along is not None:
        total = total + lines.along[block] * plan.along.of(keys, lines.shift)
    # Of a word only its lowest bits are made: the bounds are met modulo them.
    away = ((total >> lines.shift) - low) & (1 << plan.word) - 1
    wrong = np.flatnonzero((low != -FREE) & (away > high - low))
    if len(wrong):
        raise ArithmeticError(f"the result of code {wrong[0]} of {source} is not within its bounds, by {plan}")


def classes(function: str, source: Format) -> dict[str, NDArray[np.bool_]]:
    """The kinds of x that may be exceptions, and which codes they are."""
    x = numbers(source)
    sign = np.signbit(x)
    found = {
        "nan": np.isnan(x),
        "negative": (x < 0) & (function == "rsqrt"),
        "infinity": (x == np.inf),
        "-infinity": (x == -np.inf),
        "zero": (x == 0) & ~sign,
        "-zero": (x == 0) & sign,
    }
    return {kind: here for kind, here in found.items() if here.any()}


def without_exceptions(
    function: str, source: Format, result: Format, aim: Wanted
) -> tuple[Ints, Ints, tuple[tuple[str, int], ...]]:
    """Bounds by code, free where x is an exception, and the exceptions with their results.

    What has no value and a pole are exceptions, and an infinity whose result is not that of the largest number.
    """
    low, high, exceptions = aim.low.copy(), aim.high.copy(), []
    for kind, here in classes(function, source).items():
        code = int(np.flatnonzero(here)[0])
        beside = code - 1 if kind.endswith("infinity") else code
        alike = aim.low[code] == aim.low[beside] and aim.sign[code] == aim.sign[beside]
        if kind in ("nan", "negative") or (kind.endswith("zero") and aim.special[code]) or not alike:
            low[here], high[here] = -FREE, FREE
            word = int(aim.low[code]) & (1 << result.width) - 1
            exceptions.append((kind, word | int(aim.sign[code]) << result.width - 1))
    return low, high, tuple(exceptions)


def by_key(front: Front, source: Format, result: Format, low: Ints, high: Ints) -> Bounds | None:
    """Bounds by key, of what holds for all codes of a key; None if they leave nothing."""
    keys = front.keys(source)
    lows, highs = np.full(1 << front.bits, -FREE), np.full(1 << front.bits, FREE)
    np.maximum.at(lows, keys, low)
    np.minimum.at(highs, keys, high)
    if (lows > highs).any():
        return None
    if not isinstance(result, Minifloat):
        return Bounds(lows, highs)
    return Bounds(lows, highs, (1 << result.mantissa_bits, int(ladder(result)[1][-1]) - 1))


def search(
    front: Front, along: Along | None, bounds: Bounds, word: int, period: int, most: float
) -> tuple[float, Lines] | None:
    """The lines that cost least, as long as their neighbours cost less; None if all cost `most` or more."""
    known: dict[tuple[int, int], float] = {}
    best, found = most, None

    @cache
    def given(shift: int) -> Sides:
        return sides(bounds, shift, along.of(np.arange(1 << bounds.bits), shift) if along else None, period)

    def tried(offset: int, shift: int) -> float:
        nonlocal best, found
        if (offset, shift) not in known:
            lines = fit(given(shift), offset)
            known[offset, shift] = cost = front.cost + cost_of(lines, word, along is not None, best - front.cost)
            if cost < best:
                best, found = cost, lines
        return known[offset, shift]

    if bounds.bits <= SMALL and along is None:
        tried(0, 0)
    here = (min(START[0], bounds.bits // 2), START[1])
    while True:
        around = [(here[0] + a, here[1] + b) for a, b in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1), (1, 1))]
        around = [(o, s) for o, s in around if 0 <= o <= min(MOST_OFFSET, bounds.bits) and 0 <= s <= MOST_SHIFT]
        following = min(around, key=lambda place: tried(*place))
        if following == here:
            return (best, found) if found else None
        here = following


def fronts(
    function: str, source: Format, result: Format, low: Ints, high: Ints
) -> Iterator[tuple[Front, Along | None, int]]:
    """What keys there are for a function, and what lines may run along."""
    minifloat, signed = isinstance(source, Minifloat), source.span.signed
    folded = has_sign(source) and ((has_sign(result) and FUNCTIONS[function].odd) or function == "rsqrt")
    plain = Plain(source.width - folded, signed and not minifloat)
    period = source.mantissa_bits if isinstance(source, Minifloat) else plain.bits
    yield plain, None, period
    up = alongside(function, source, result)
    if up is not None:
        magnitude = source.width - has_sign(source)
        yield (
            plain,
            Along(magnitude, plain.signed, up, function in ("rsqrt", "reciprocal")),
            period + (function == "rsqrt"),
        )
    if function in ("exp", "sigmoid"):
        yield from _logarithms(source, result, low, high)
    if function in ("rsqrt", "reciprocal") and not minifloat:
        absolute = signed and function == "reciprocal"
        if not absolute or has_sign(result):
            front = Normal(source.width - (signed and not absolute), absolute)
            yield front, None, front.width - 1
            if isinstance(result, Minifloat):
                up = result.mantissa_bits - front.width + 1 - (function == "rsqrt")
                yield front, Along(front.bits, False, up, True), front.width - 1 + (function == "rsqrt")


def alongside(function: str, source: Format, result: Format) -> int | None:
    """By how many places codes of results run above codes of x, if they do."""
    if function in ("exp", "sigmoid"):
        return None
    if isinstance(source, Minifloat) and isinstance(result, Minifloat):
        return result.mantissa_bits - source.mantissa_bits - (function == "rsqrt")
    if isinstance(source, Minifloat) or isinstance(result, Minifloat) or function in ("rsqrt", "reciprocal"):
        return None
    return source.span.lsb - result.span.lsb


def _logarithms(source: Format, result: Format, low: Ints, high: Ints) -> Iterator[tuple[Front, Along | None, int]]:
    """x log2(e), with some bits below the point: by the factor of fewest digits that is as right as these bits are."""
    precision = result.mantissa_bits if isinstance(result, Minifloat) else result.width
    top = _top(source, low, high) if isinstance(source, Minifloat) else None
    for fraction in range(precision + 1, precision + 1 + FRACTIONS):
        fits = [front for front in _factors(source, fraction, top) if front.error(source, fraction) <= MOST_ERROR]
        if fits:
            front = min(fits, key=lambda front: front.cost)
            along = Along(front.bits, front.signed, precision - fraction)
            yield front, along if isinstance(result, Minifloat) else None, fraction


def _factors(source: Format, fraction: int, top: int | None) -> Iterator[Scaled]:
    """x log2(e) with so many bits below the point, by factors of ever more bits."""
    signed = source.span.signed
    for bits in range(4, 24):
        factor = round(LOG2_E * (1 << bits))
        if isinstance(source, Minifloat):
            assert top is not None
            above = top - source.bias
            drop = bits - fraction - above + source.mantissa_bits
            width = above + 2 + fraction + signed
            if width - signed > 1 and width <= MOST_KEY:
                yield Scaled(factor, drop, width, signed, top)
        else:
            drop = bits - fraction - source.span.lsb
            width = (max(-source.span.lo, source.span.hi) * factor).bit_length() - drop + 1 + signed
            if width - signed > 1 and width <= MOST_KEY:
                yield Scaled(factor, drop, width, signed)


def _top(source: Minifloat, low: Ints, high: Ints) -> int:
    """The highest exponent whose numbers do not all have the result of the largest, of either sign."""
    size = 1 << source.exponent_bits + source.mantissa_bits
    for field in range((1 << source.exponent_bits) - 1, 0, -1):
        for start in range(0, len(low), size):
            here = slice(start + (field << source.mantissa_bits), start + size)
            if low[here].max() > high[here].min():
                return field
    return 1


def cost_of(lines: Lines, word: int, runs_along: bool, most: float = float("inf")) -> float:
    """LUTs: tables, a row for each two bits of the narrower factor, and sums; anything above `most` if it is more."""
    width, slope_width = word + lines.shift, lines.slope_width
    cost = float(width * runs_along)
    if slope_width:
        rows = (min(lines.offset, slope_width) + 1) // 2
        cost += rows * (max(lines.offset, slope_width) + 2) + width
    diagram = Diagram(lines.index)
    slopes = (lines.slope >> lines.zeros, slope_width)
    for entries, bits in (slopes, (lines.along, int(runs_along)), (lines.constant, width)):
        for table in columns(entries, bits) if bits else ():
            diagram.add(table)
            if cost + diagram.cost > most:
                return cost + diagram.cost + 1
    return cost + diagram.cost
