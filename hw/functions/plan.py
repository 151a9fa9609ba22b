"""What computes a function: a key made of the code, lines through what is wanted at each key, and exceptions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from hw.formats import Format, Minifloat
from hw.functions.diagram import Diagram, columns
from hw.functions.fit import FREE, Bounds, Ints, Lines, fit
from hw.functions.real import FUNCTIONS
from hw.functions.wanted import Wanted, has_sign, numbers, special_code, wanted

MOST_OFFSET, SHIFTS = 9, (0, 1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Along:
    """A number that lines run along: the key, or its inverse, shifted.

    Parameters
    ----------
    up : int
        How many places to the left, before the shift of the lines; negative to the right.
    inverted : bool
        Whether it falls as the key rises.
    """

    up: int
    inverted: bool


@dataclass(frozen=True)
class Plan:
    """How a function is computed.

    A key is the code of x, or without its sign if `folded`. A result's word is ``(c0 + c1 t + k) >> s`` modulo
    ``2**word``; what is an exception has a code of its own instead.

    Attributes
    ----------
    folded : bool
    key : int
        Bits of the key.
    along : Along or None
    lines : Lines
    word : int
    signed : bool
        Whether the result's sign is that of x.
    exceptions : tuple of (str, int)
        Kinds of x, ``nan``, ``infinity``, ``-infinity``, ``zero``, ``-zero`` or ``negative``, and their results.
    cost : float
        LUTs, as the search counts them.
    """

    folded: bool
    key: int
    along: Along | None
    lines: Lines
    word: int
    signed: bool
    exceptions: tuple[tuple[str, int], ...]
    cost: float


def classes(function: str, source: Format) -> dict[str, np.ndarray]:
    """The kinds of x that may be exceptions, and which codes they are."""
    x = numbers(source)
    sign, found = np.signbit(x), {}
    found["nan"] = np.isnan(x)
    found["infinity"], found["-infinity"] = x == np.inf, x == -np.inf
    found["zero"], found["-zero"] = (x == 0) & ~sign, (x == 0) & sign
    if function == "rsqrt":
        found["negative"] = x < 0
    return {kind: here for kind, here in found.items() if here.any()}


@cache
def plan_of(function: str, source: Format, result: Format, ulp: float) -> Plan:
    """The plan that costs least, of all whose results are near enough for every code."""
    aim = wanted(function, source, result, ulp)
    best = None
    for plan in _plans(function, source, result, aim):
        if best is None or plan.cost < best.cost:
            best = plan
    assert best is not None
    return best


def _plans(function: str, source: Format, result: Format, aim: Wanted) -> Iterator[Plan]:
    folded = (
        has_sign(source) and has_sign(result) and FUNCTIONS[function].odd or function == "rsqrt" and has_sign(source)
    )
    bits = source.width - folded
    bounds, exceptions = _bounds(function, source, result, aim, folded)
    word = result.width - has_sign(result)
    signed = has_sign(result) and FUNCTIONS[function].signed
    for along in _alongs(function, source, result):
        best = float("inf")
        worse = 0
        for offset in range(0, min(bits, MOST_OFFSET)):
            here = float("inf")
            for shift in SHIFTS if offset or along else (0,):
                if offset and not shift:
                    continue
                k = None if along is None else key_along(along, source, bits, shift)
                lines = fit(bounds, offset, shift, 0, k)
                cost = cost_of(lines, word, along is not None)
                here = min(here, cost)
                yield Plan(folded, bits, along, lines, word, signed, exceptions, cost)
            worse = 0 if here < best else worse + 1
            best = min(best, here)
            if worse > 1:
                break


def _alongs(function: str, source: Format, result: Format) -> list[Along | None]:
    floats = isinstance(source, Minifloat), isinstance(result, Minifloat)
    if floats == (True, True):
        up = result.mantissa_bits - source.mantissa_bits
    elif floats == (False, False):
        up = source.span.lsb - result.span.lsb
    else:
        return [None]
    if function in ("gelu", "silu", "tanh"):
        return [None, Along(up, False)]
    if all(floats) and function in ("rsqrt", "reciprocal"):
        return [None, Along(up - (function == "rsqrt"), True)]
    return [None]


def key_along(along: Along, source: Format, bits: int, shift: int) -> Ints:
    """k of each key."""
    key = np.arange(1 << bits)
    if isinstance(source, Minifloat):
        key &= (1 << source.exponent_bits + source.mantissa_bits) - 1
    elif source.span.signed:
        key = np.where(key >> bits - 1, key - (1 << bits), key)
    key = ~key if along.inverted else key
    up = along.up + shift
    return key << up if up >= 0 else key >> -up


def _bounds(
    function: str, source: Format, result: Format, aim: Wanted, folded: bool
) -> tuple[Bounds, tuple[tuple[str, int], ...]]:
    low, high = aim.low.copy(), aim.high.copy()
    exceptions = []
    for kind, here in classes(function, source).items():
        code = int(np.flatnonzero(here)[0])
        out = _code(result, aim, code)
        if kind in ("nan", "negative") or (kind.endswith("zero") and aim.special[code]):
            low[here], high[here] = -FREE, FREE
            exceptions.append((kind, out))
        elif kind.endswith("infinity"):
            beside = code - 1
            if aim.low[code] != aim.low[beside] or (aim.sign[code] != aim.sign[beside]):
                low[here], high[here] = -FREE, FREE
                exceptions.append((kind, out))
    if folded:
        half = len(low) // 2
        low, high = np.maximum(low[:half], low[half:]), np.minimum(high[:half], high[half:])
        low = np.where(low == -FREE, -FREE, low)
    return Bounds(low, high), tuple(exceptions)


def _code(result: Format, aim: Wanted, code: int) -> int:
    word = int(aim.low[code]) & (1 << result.width) - 1
    return word | int(aim.sign[code]) << result.width - 1 if has_sign(result) else word


def cost_of(lines: Lines, word: int, runs_along: bool) -> float:
    """LUTs: tables, a row for each two bits of the narrower factor, and sums."""
    width = word + lines.shift
    diagram, slope_width = Diagram(lines.index), lines.slope_width
    for entries, bits in (
        (lines.constant, width),
        (lines.slope >> lines.zeros, slope_width),
        (lines.along, int(runs_along)),
    ):
        for table in columns(entries.tolist(), bits):
            diagram.add(table)
    cost = diagram.cost
    if slope_width:
        rows = min(lines.offset, slope_width)
        cost += (rows + 1) // 2 * (max(lines.offset, slope_width) + 2) + width
    return cost + (width if runs_along else 0)
