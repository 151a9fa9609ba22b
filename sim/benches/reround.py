"""What to try on a second rounding: every code with every number of bits, in every lane, or corners; waits, resets."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hw.specs.reround import ReroundSpec
from sim.benches.stimulus import EXHAUSTIVE_BITS, mixed
from sim.benches.streamplay import StreamPlay
from sim.benches.streams import Streams, framed, held_up, stream_play, stream_trials
from sim.coverage.point import OPERANDS, Point, point
from sim.coverage.steering import Trials
from sim.coverage.streams import classes_of_fields, results, traffic
from sim.coverage.tried import Tried
from sim.golden.decoding import decode_steps

FORMULA = "y = min(round(x / 2^drop), the most that has the bits that are left)"

BEATS, FEW = 1 << 13, 512
PARTS = ("nothing is lost", "below the tie", "tie, even one below", "tie, even one above", "above the tie")
ENDS = ("at the most", "would be beyond it", "at the least", "between")


def plays(spec: ReroundSpec, seed: int) -> list[StreamPlay]:
    """All plays for a second rounding; the resets come last."""
    rng = np.random.default_rng(seed)
    exhaustive = spec.input.width + spec.drop.width <= EXHAUSTIVE_BITS
    first = every_code(spec, rng) if exhaustive else some(spec, BEATS, rng)
    few = some(spec, FEW, rng)
    count = len(np.asarray(first["x"]["x"]))
    return [
        stream_play(spec, "numbers", first, spec.cycles(count), exhaustive=exhaustive),
        *held_up(spec, few, rng),
    ]


def run(spec: ReroundSpec, seed: int, beats: int) -> StreamPlay:
    """So many beats without a pause."""
    return stream_play(spec, "run", some(spec, beats, np.random.default_rng(seed)), spec.cycles(beats))


def every_code(spec: ReroundSpec, rng: np.random.Generator) -> Streams:
    """Every code in every lane, in another order in each, with every number of bits."""
    drops, codes = 1 << spec.drop.width, np.arange(1 << spec.input.width)
    orders = np.concatenate(
        [np.stack([rng.permutation(codes) for _ in range(spec.lanes)], axis=1) for _ in range(drops)]
    )
    return framed(rng, x=orders, drop=np.repeat(np.arange(drops), len(codes)))


def some(spec: ReroundSpec, beats: int, rng: np.random.Generator) -> Streams:
    """Corners, what is near a tie, and chance."""
    shape, drop = (beats, spec.lanes), rng.integers(0, 1 << spec.drop.width, beats)
    codes, half = mixed(spec.input, shape, rng), (1 << drop >> 1)[:, None]
    near = (codes & ~((half << 1) - (half > 0))) + half + rng.integers(-1, 2, shape)
    tied = np.where(rng.random(shape) < 0.5, near & (1 << spec.input.width) - 1, codes)
    return framed(rng, x=tied, drop=drop)


def coverage(spec: ReroundSpec) -> list[Point]:
    """Numbers of all classes, fractions of all kinds, ends of what is left, and waits."""
    span = spec.input.span

    def parts(tried: Tried) -> NDArray[np.int64]:
        numbers, drop = _numbers(spec, tried)
        twice = 2 * (numbers - (numbers >> drop << drop)) - (1 << drop)
        odd = (numbers >> drop) & 1
        lost = numbers != numbers >> drop << drop
        return np.select([~lost, twice < 0, (twice == 0) & (odd == 0), twice == 0], [0, 1, 2, 3], 4)

    def ends(tried: Tried) -> NDArray[np.int64]:
        numbers, drop = _numbers(spec, tried)
        found, most = decode_steps(spec.input, tried["y.x"]), span.hi >> drop
        whole = numbers >> drop
        beyond = (whole == most) & (2 * (numbers - (whole << drop)) >= 1 << drop) & (drop > 0)
        least = -most - 1 if span.signed and spec.input.min == span.lo else -most if span.signed else 0 * most
        return np.select([beyond, found == most, found == least], [1, 0, 2], 3)

    return [
        *classes_of_fields(spec),
        point("what is dropped", PARTS, parts, about=OPERANDS),
        point("ends of y", ENDS, ends, about=OPERANDS),
        results("y.x", spec.input),
        *traffic(spec),
    ]


def _numbers(spec: ReroundSpec, tried: Tried) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """What went in, and how many bits it loses."""
    numbers = decode_steps(spec.input, tried["x.x"]).astype(np.int64)
    return numbers, np.broadcast_to(np.asarray(tried["x.drop"], dtype=np.int64)[:, None], numbers.shape)


def trials(spec: ReroundSpec) -> Trials:
    """A beat is a trial."""
    return stream_trials(spec)
