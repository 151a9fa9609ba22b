"""What to try on an addition to exponents: every code with every power in every lane, or corners; waits and resets."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.specs.expadd import ExpaddSpec
from sim.benches.stimulus import EXHAUSTIVE_BITS, mixed
from sim.benches.streamplay import StreamPlay
from sim.benches.streams import Streams, framed, held_up, stream_play, stream_trials
from sim.coverage.classes import operand
from sim.coverage.point import OPERANDS, Point, cross, point
from sim.coverage.steering import Trials
from sim.coverage.streams import classes_of_fields, results, traffic
from sim.coverage.tried import Tried

FORMULA = "y = x * 2^k"

BEATS, FEW = 1 << 13, 512
POWERS = ("none", "some", "the most")


def plays(spec: ExpaddSpec, seed: int) -> list[StreamPlay]:
    """All plays for an addition to exponents; the resets come last."""
    rng = np.random.default_rng(seed)
    exhaustive = spec.input.width + spec.bits <= EXHAUSTIVE_BITS
    first = every_code(spec, rng) if exhaustive else some(spec, BEATS, rng)
    few = some(spec, FEW, rng)
    count = len(np.asarray(first["x"]["x"]))
    return [
        stream_play(spec, "numbers", first, spec.cycles(count), exhaustive=exhaustive),
        *held_up(spec, few, rng),
    ]


def run(spec: ExpaddSpec, seed: int, beats: int) -> StreamPlay:
    """So many beats without a pause."""
    return stream_play(spec, "run", some(spec, beats, np.random.default_rng(seed)), spec.cycles(beats))


def every_code(spec: ExpaddSpec, rng: np.random.Generator) -> Streams:
    """Every code with every power in every lane, in another order in each."""
    powers, codes = 1 << spec.bits, np.arange(1 << spec.input.width)
    orders = [np.concatenate([rng.permutation(codes) for _ in range(powers)]) for _ in range(spec.lanes)]
    power = np.repeat(np.arange(powers), len(codes))
    return framed(rng, x=np.stack(orders, axis=1), k=_of_lanes(spec, power))


def some(spec: ExpaddSpec, beats: int, rng: np.random.Generator) -> Streams:
    """Corners and chance."""
    shape = (beats, spec.lanes)
    powers = mixed(spec.addend, shape if spec.scope == "channel" else (beats,), rng)
    return framed(rng, x=mixed(spec.input, shape, rng), k=powers)


def _of_lanes(spec: ExpaddSpec, powers: NDArray[np.int64]) -> ArrayLike:
    """One for all lanes, or in each lane the same, but not at the same time."""
    if spec.scope == "beat":
        return powers
    step = len(powers) // max(1, 1 << spec.bits)
    return np.stack([np.roll(powers, lane * step) for lane in range(spec.lanes)], axis=1)


def coverage(spec: ExpaddSpec) -> list[Point]:
    """Numbers of all classes with the least and the most power, and waits."""

    def find(tried: Tried) -> NDArray[np.int64]:
        powers = np.asarray(tried["x.k"]).reshape(len(tried["x.last"]), -1)
        kinds = np.select([powers == 0, powers == (1 << spec.bits) - 1], [0, 2], 1)
        return np.broadcast_to(kinds, np.asarray(tried["x.x"]).shape)

    possible = (0, 2) if spec.bits == 1 else (0, 1, 2)
    power = point("power", POWERS, find, possible, about=OPERANDS)
    signs = [0, 1, 2] if spec.input.span.lo < 0 else [0, 1]
    both = cross(operand("x.x", spec.input), power, "x by power")
    return [*classes_of_fields(spec), both, results("y.x", spec.output, signs), *traffic(spec)]


def trials(spec: ExpaddSpec) -> Trials:
    """A beat is a trial."""
    return stream_trials(spec)
