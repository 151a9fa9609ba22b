"""What to try: all pairs where they can be counted out, else corners and chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.formats import Format
from sim.coverage.classes import deal, examples

EXHAUSTIVE_BITS = 16
RANDOM_PAIRS = 1 << 16


@dataclass(frozen=True)
class Pairs:
    """Operand pairs, and whether they are all that there are."""

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    exhaustive: bool


def pairs(a: Format, b: Format, rng: np.random.Generator, grouped: bool = False) -> Pairs:
    """All pairs of codes if their widths add up to 16 bits at most, else corners and random pairs.

    All pairs come `grouped` by b, for one that stays; else each operand is another one in nearly every cycle, and so a
    register that is stale shows.
    """
    if a.width + b.width <= EXHAUSTIVE_BITS:
        if grouped:
            rows = rng.permutation(1 << b.width)
            columns = rng.permuted(np.tile(np.arange(1 << a.width), (len(rows), 1)), axis=1)
            return Pairs(columns.ravel(), np.repeat(rows, columns.shape[1]), True)
        every = rng.permutation(1 << a.width + b.width)
        return Pairs(every >> b.width, every & (1 << b.width) - 1, True)
    x, y = np.meshgrid(corners(a), corners(b))
    random = [rng.integers(0, 1 << fmt.width, RANDOM_PAIRS) for fmt in (a, b)]
    return Pairs(np.concatenate([x.ravel(), random[0]]), np.concatenate([y.ravel(), random[1]]), False)


def with_stalls(count: int, latency: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Which of `count` inputs to show in each cycle, and whether it is accepted: every other waits, by chance.

    One in 16 waits for two or three cycles, the first among them; the others for one.

    A stalled cycle shows any other input, which must not matter; everything is accepted in the end. The last are in the
    pipeline then, and `latency` more cycles bring them out.
    """
    chance = rng.random(count)
    chance[:1] = 0
    index = np.repeat(np.arange(count), 1 + (chance < 1 / 2) + (chance < 1 / 16) * rng.integers(1, 3, count))
    accepted = np.append(index[1:] != index[:-1], True)
    index = np.where(accepted, index, rng.integers(0, count, len(index)))
    return np.append(index, np.zeros(latency, dtype=index.dtype)), np.append(accepted, np.ones(latency, dtype=bool))


def corners(fmt: Format) -> NDArray[np.int64]:
    """Codes next to every power of two, and their complements: zeros, sign and field edges; and ends of all classes."""
    near = {bit + step for bit in [0, *(1 << n for n in range(fmt.width))] for step in (-1, 0, 1)}
    mask = (1 << fmt.width) - 1
    codes = {code & mask for code in near} | {~code & mask for code in near} | set(examples(fmt).tolist())
    return np.array(sorted(codes))


def mixed(fmt: Format, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[Any]:
    """Codes, half of them near the corners, half random."""
    bits = fmt.width
    words = rng.integers(0, 1 << 32, (*shape, -(-bits // 32))).astype(object if bits > 62 else np.int64)
    random = (words << np.arange(0, bits, 32).astype(words.dtype)).sum(axis=-1) & ((1 << bits) - 1)
    return near_corners(fmt, random, 0.5, rng)


def near_corners(fmt: Format, codes: NDArray[Any], share: float, rng: np.random.Generator) -> NDArray[Any]:
    """Codes of which a share has made way for corners, half of them ends of classes, each as often as any other."""
    some = rng.random(codes.shape) < share
    count, codes = int(some.sum()), codes.copy()
    dealt = [deal(examples(fmt), count // 2, rng), deal(corners(fmt), count - count // 2, rng)]
    codes[some] = rng.permutation(np.concatenate(dealt))
    return codes
