"""What to try on a dot product of groups of weights: every code of every type, the largest sums, pauses and resets."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.specs.bitmod import KINDS, SCALE, BitmodSpec
from sim.benches.mac import ends
from sim.benches.reset import resets
from sim.benches.stimulus import near_corners
from sim.benches.streamplay import StreamPlay
from sim.benches.streams import Streams, paused, stream_play
from sim.coverage.point import OPERANDS, Point, point
from sim.coverage.streams import classes_of_fields, results, traffic
from sim.coverage.tried import Tried
from sim.golden.bitmod import FLOATS, SPECIALS, values

FORMULA = "y = Σ scale[g] * Σ w[i] * x[i] over the i of group g"

FEW = 12
CODES = 256
"""Of the integers of most bits."""


def plays(spec: BitmodSpec, seed: int) -> list[StreamPlay]:
    """All plays for a dot product of groups; the resets come last."""
    rng = np.random.default_rng(seed)
    every = every_code(spec, rng)
    some = operands(spec, rng.integers(0, len(KINDS), FEW), rng)
    few = cycles(spec, some)
    # Where a reset comes, all bits are inverted: of these types, that makes groups that end as often as can be.
    short = operands(spec, rng.integers(0, 2, FEW), rng)
    most = cycles(spec, short)
    high, low = (extreme(spec, end, rng) for end in (1, 0))
    return [
        stream_play(spec, "codes", every, cycles(spec, every)),
        stream_play(spec, "high_end", high, cycles(spec, high)),
        stream_play(spec, "low_end", low, cycles(spec, low)),
        stream_play(spec, "pauses", some, few, pauses=paused(spec, 0.4)),
        stream_play(spec, "slow_taker", some, few, pauses={"y": 0.9}),
        *(
            stream_play(spec, name, short, most, duration=None, resets=resets(most, rng, spec.latency))
            for name in ("resets_1", "resets_2", "resets_3", "resets")
        ),
    ]


def run(spec: BitmodSpec, seed: int, vectors: int = 1, groups: int = 1, terms: int = 4) -> StreamPlay:
    """So many dot products of so many groups of weights of so many terms, without a pause."""
    rng = np.random.default_rng(seed)
    kinds = np.full(vectors * groups, [*KINDS.values()].index(terms))
    streams = operands(spec, kinds, rng)
    streams["g"]["last"] = np.tile(np.arange(groups) == groups - 1, vectors).astype(np.int64)  # type: ignore[index]
    return stream_play(spec, "run", streams, cycles(spec, streams))


def cycles(spec: BitmodSpec, streams: Streams) -> int:
    """What these groups take, each as many terms as its type has."""
    terms = np.array([*KINDS.values()])[np.asarray(streams["g"]["kind"])]
    return int(terms.sum()) * spec.beats + spec.latency


def operands(spec: BitmodSpec, kinds: NDArray[Any], rng: np.random.Generator) -> Streams:
    """Groups of these types, of numbers near corners and by chance; each by chance the last but of the end."""
    groups = len(kinds)
    x = near_corners(spec.x, rng.integers(0, 1 << spec.x.width, (groups * spec.beats, spec.lanes)), 0.5, rng)
    code = rng.integers(0, CODES, x.shape)
    # Where all lanes are alike, sums get as large as they can.
    alike = rng.random((len(x), 1)) < 1 / 4
    x, code = (np.where(alike, codes[:, :1], codes) for codes in (x, code))
    scale = np.where(rng.random(groups) < 1 / 4, rng.choice([0, 1, 255], groups), rng.integers(0, 256, groups))
    return _streams(x, code, kinds, rng.integers(0, SPECIALS, groups), scale, _ends(spec, groups, rng))


def every_code(spec: BitmodSpec, rng: np.random.Generator) -> Streams:
    """Each code of each type, with each of its special values, in each lane, and each with numbers near corners."""
    parts = []
    for number, kind in enumerate(KINDS):
        for special in range(SPECIALS if kind in FLOATS else 1):
            codes = np.arange(len(values(kind)))
            # A lane's codes are in another order than its neighbour's.
            turned = np.stack([np.roll(codes, 5 * lane) for lane in range(spec.lanes)], axis=1)
            groups = -(-len(turned) // spec.beats)
            filled = np.resize(turned, (groups * spec.beats, spec.lanes))
            # Bits above those of the type don't count.
            filled = filled | rng.integers(0, CODES, filled.shape) & ~(len(codes) - 1)
            parts.append((filled, np.full(groups, number), np.full(groups, special)))
    code, kinds, specials = (np.concatenate(part) for part in zip(*parts, strict=True))
    x = near_corners(spec.x, rng.integers(0, 1 << spec.x.width, code.shape), 0.5, rng)
    scale, last = rng.integers(0, 256, len(kinds)), _ends(spec, len(kinds), rng)
    # A result of zero, the other ends of scales, and one with a single bit.
    scale[:4], last[0] = (0, 1, SCALE.span.hi, 1 << 5), 1
    return _streams(x, code, kinds, specials, scale, last)


def extreme(spec: BitmodSpec, high: int, rng: np.random.Generator) -> Streams:
    """As many weights as the result is wide for, all at an end, times the largest scale."""
    groups = max(1, int(spec.accumulator.removeprefix("kulisch")) // spec.group)
    groups = min(groups, 64)
    lowest, highest = int(np.argmin(values("int8"))), int(np.argmax(values("int8")))
    corners = ends(spec.x)
    signed = spec.x.span.lo < 0
    x = corners[0] if signed and high else corners[-1]
    code = lowest if (signed and high) or not high else highest
    shape = (groups * spec.beats, spec.lanes)
    last = np.arange(groups) == groups - 1
    special = rng.integers(0, SPECIALS, groups)
    return _streams(
        np.full(shape, x), np.full(shape, code), np.zeros(groups, np.int64), special,
        np.full(groups, SCALE.span.hi), last.astype(np.int64),
    )  # fmt: skip


def _ends(spec: BitmodSpec, groups: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Which groups end a dot product: none has more weights than the result is wide for."""
    most = int(spec.accumulator.removeprefix("kulisch")) // spec.group
    last, since = rng.integers(0, 2, groups), 0
    for n in range(groups):
        since = 0 if last[n] else since + 1
        if since >= most:
            last[n], since = 1, 0
    last[-1] = 1
    return last


def _streams(
    x: NDArray[Any], code: NDArray[Any], kind: NDArray[Any], special: NDArray[Any], scale: NDArray[Any],
    last: NDArray[Any],
) -> Streams:  # fmt: skip
    return {
        "x": {"x": x},
        "w": {"code": code},
        "g": {"kind": kind, "special": special, "scale": scale, "last": last},
    }


def coverage(spec: BitmodSpec) -> list[Point]:
    """Activations and weights of all classes, every type with every special value, results of both signs, and waits."""

    def find(tried: Tried) -> NDArray[np.int64]:
        return tried["g.kind"] * SPECIALS + np.where(of_floats[tried["g.kind"]], tried["g.special"], 0)

    of_floats = np.array([kind in FLOATS for kind in KINDS])
    labels = tuple(f"{kind}, {special}" for kind in KINDS for special in range(SPECIALS))
    there = [n for n in range(len(labels)) if of_floats[n // SPECIALS] or n % SPECIALS == 0]
    return [
        *classes_of_fields(spec),
        point("type and special value", labels, find, there, about=OPERANDS),
        results("y.x", spec.result),
        *traffic(spec),
    ]
