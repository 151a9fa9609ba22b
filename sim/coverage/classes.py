"""Classes of a format's codes: ends, zeros, ones, powers of two, what is no number; others by sign and last bit."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.formats import Format, Minifloat
from sim.coverage.point import OPERANDS, Point, point
from sim.coverage.tried import Tried
from sim.golden.decoding import TABLE_WIDTH, decode, decode_steps
from sim.golden.encoding import encode

TINY = 2.0**-400
FEW_BITS = 3
"""Of formats of so many bits every code is a class."""
LABELS = (
    *("0", "-0", "+inf", "-inf", "NaN", "highest", "lowest", "least above 0", "least below 0", "1", "-1"),
    *("+subnormal", "-subnormal", "+power of two", "-power of two", "+even", "+odd", "-even", "-odd"),
)
NUMBER = {label: number for number, label in enumerate(LABELS)}


def classes(fmt: Format, codes: NDArray[Any]) -> NDArray[np.int64]:
    """For each code the number of its class: of `labels`."""
    if fmt.width <= TABLE_WIDTH:
        return _table(fmt)[codes.astype(np.int64, copy=False)]
    return _classify(fmt, codes)


def labels(fmt: Format) -> tuple[str, ...]:
    """What the classes of a format are called."""
    return tuple(f"{code:#x}" for code in range(1 << fmt.width)) if fmt.width <= FEW_BITS else LABELS


@lru_cache(maxsize=64)
def present(fmt: Format) -> tuple[int, ...]:
    """The classes that a format has codes of."""
    every = np.arange(1 << fmt.width) if fmt.width <= TABLE_WIDTH else samples(fmt)
    return tuple(np.unique(classes(fmt, every)).tolist())


@lru_cache(maxsize=64)
def members(fmt: Format) -> dict[int, NDArray[np.int64]]:
    """For each class that a format has, codes of it: all, or of a wide format some."""
    every = np.arange(1 << fmt.width) if fmt.width <= TABLE_WIDTH else samples(fmt)
    found = classes(fmt, every)
    return {number: every[found == number] for number in present(fmt)}


@lru_cache(maxsize=64)
def examples(fmt: Format) -> NDArray[np.int64]:
    """The first code and the last one of each class."""
    return np.unique([codes[at] for codes in members(fmt).values() for at in (0, -1)])


@lru_cache(maxsize=64)
def in_order(fmt: Format) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Codes class by class, and where each class begins, and the last one ends."""
    found = list(members(fmt).values())
    return np.concatenate(found), np.cumsum([0, *map(len, found)])


def deal(cards: NDArray[Any], count: int, rng: np.random.Generator) -> NDArray[Any]:
    """So many of some, each as often as any other, in an order by chance."""
    rounds = [rng.permutation(cards) for _ in range(-(-count // len(cards)))]
    return np.concatenate(rounds)[:count] if rounds else cards[:0]


def crossed(formats: Sequence[Format], count: int, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """So many codes of each format: every class of one with every class of the others, each as often as any other."""
    orders = [in_order(fmt) for fmt in formats]
    shape = [len(begins) - 1 for _, begins in orders]
    dealt = np.unravel_index(deal(np.arange(np.prod(shape)), count, rng), shape)
    return [
        codes[begins[at] + (rng.random(count) * (begins[at + 1] - begins[at])).astype(np.int64)]
        for (codes, begins), at in zip(orders, dealt, strict=True)
    ]


def samples(fmt: Format) -> NDArray[Any]:
    """Codes of a wide format, of every class: next to those with a bit more than a power of two, and next to one."""
    mask, bits = (1 << fmt.width) - 1, range(fmt.width + 1)
    near = {(1 << high) - (1 << low) + step for high in bits for low in bits[: high + 1] for step in (-1, 0, 1)}
    codes = sorted({code & mask for code in near} | {~code & mask for code in near})
    return np.array(codes, dtype=np.int64 if fmt.width <= 62 else object)


@lru_cache(maxsize=64)
def least_of(fmt: Format) -> float:
    """The least magnitude of a format's finite numbers that are not zero."""
    if fmt.width > TABLE_WIDTH:
        return float(decode(fmt, encode(fmt, [TINY], "up"))[0])
    sizes = np.abs(decode(fmt, np.arange(1 << fmt.width)))
    return float(sizes.min(initial=np.inf, where=np.isfinite(sizes) & (sizes > 0)))


@lru_cache(maxsize=64)
def _table(fmt: Format) -> NDArray[np.int64]:
    every = np.arange(1 << fmt.width)
    return every if fmt.width <= FEW_BITS else _classify(fmt, every)


def _classify(fmt: Format, codes: NDArray[Any]) -> NDArray[np.int64]:
    # float64 has every value of these.
    exact = fmt.width <= 53
    values = decode(fmt, codes) if exact else decode_steps(fmt, codes).astype(object)
    unit = 1.0 if exact else 2.0**fmt.span.lsb
    least = least_of(fmt) if exact else 1
    high, low = (float(fmt.max), float(fmt.min)) if exact else (fmt.span.hi, fmt.span.lo)
    floats = values if exact else values.astype(np.float64) * unit
    size = np.abs(floats)
    minus = np.signbit(floats)
    odd = (codes & 1).astype(bool)
    power = np.isfinite(size) & (np.frexp(np.where(np.isfinite(size), size, 0.0))[0] == 0.5)
    if not exact:
        whole: Any = abs(values)
        power = (whole & whole - 1 == 0).astype(bool)
    below = isinstance(fmt, Minifloat) and fmt.exponent_bits > 0 and fmt.subnormals
    subnormal = (
        size < 2.0**fmt.min_exponent if below and isinstance(fmt, Minifloat) else np.zeros(size.shape, dtype=bool)
    )
    conditions = [
        (np.isnan(floats), "NaN"),
        (np.isposinf(floats), "+inf"),
        (np.isneginf(floats), "-inf"),
        (size == 0, "0"),
        (values == high, "highest"),
        (values == low, "lowest"),
        (size == least * unit, "least above 0"),
        (size == 1, "1"),
        (subnormal, "+subnormal"),
        (power, "+power of two"),
        (odd, "+odd"),
    ]
    # A class of each sign stands behind the other one's.
    positive = np.select([c for c, _ in conditions], [NUMBER[name] for _, name in conditions], NUMBER["+even"])
    opposite = {"0": "-0", "least above 0": "least below 0", "1": "-1"}
    table = np.array([NUMBER[opposite.get(name, name.replace("+", "-", 1))] for name in LABELS])
    return np.where(minus, table[positive], positive).astype(np.int64)


def operand(name: str, fmt: Format, port: str = "", without: tuple[str, ...] = ()) -> Point:
    """Which classes of a format the codes of a port, or of a field of a stream, are of.

    Parameters
    ----------
    name : str
        Of the point.
    fmt : Format
    port : str
        As `Tried` names it; as the point by default.
    without : tuple of str
        Classes that it must not get.
    """

    def find(tried: Tried) -> NDArray[np.int64]:
        return classes(fmt, tried.operands(port or name))

    names = labels(fmt)
    return point(name, names, find, [number for number in present(fmt) if names[number] not in without], about=OPERANDS)
