"""What to try on a store in planes: frames of every length, every code in every place, pauses and resets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hw.specs.planes import PlanesSpec
from sim.benches.matvec import marks
from sim.benches.reset import resets
from sim.benches.streamplay import StreamPlay
from sim.benches.streams import Streams, paused, stream_play
from sim.coverage.point import Point
from sim.coverage.streams import classes_of_fields, lengths, results, traffic
from sim.golden import model

FORMULA = "words = low bits of two beats, high bits of the first, high bits of the second"

FRAMES = 96
LONGEST = 9
"""Beats of a frame."""


def plays(spec: PlanesSpec, seed: int) -> list[StreamPlay]:
    """All plays for a packer or an unpacker; the resets come last."""
    rng = np.random.default_rng(seed)
    beats = max(2, -(-(1 << spec.input.width) // 2) * 2)
    few = rng.integers(1, LONGEST + 1, 24).tolist()
    short = [1, 2, 1, 1, 3, 2, 1, 4] * 3
    limit = _cycles(spec, few)
    return [
        _play(spec, "every_code", [beats, beats + 1], rng, exhaustive=True),
        _play(spec, "frames", rng.integers(1, LONGEST + 1, FRAMES).tolist(), rng),
        stream_play(spec, "pauses", frames(spec, few, rng), limit, pauses=paused(spec, 0.4)),
        stream_play(spec, "slow_taker", frames(spec, few, rng), limit, pauses={"y": 0.7}),
        *(
            stream_play(spec, name, frames(spec, short, rng), limit, duration=None, resets=resets(limit, rng))
            for name in ("resets", "resets_again")
        ),
    ]


def run(spec: PlanesSpec, seed: int, beats: int, frames: int = 1) -> StreamPlay:
    """So many frames of so many beats without a pause."""
    return _play(spec, "run", [beats] * frames, np.random.default_rng(seed))


def _cycles(spec: PlanesSpec, beats: Sequence[int]) -> int:
    """For frames of so many beats."""
    return sum(spec.words(number) for number in beats) + 1


def _play(
    spec: PlanesSpec, name: str, beats: Sequence[int], rng: np.random.Generator, exhaustive: bool = False
) -> StreamPlay:
    return stream_play(spec, name, frames(spec, beats, rng), _cycles(spec, beats), exhaustive=exhaustive)


def frames(spec: PlanesSpec, beats: Sequence[int], rng: np.random.Generator) -> Streams:
    """Frames of so many beats of codes, of which each lane goes through all, in another order in each."""
    count, codes = sum(beats), 1 << spec.input.width
    orders = [np.resize(rng.permutation(codes), count) for _ in range(spec.lanes)]
    packed = {"x": {"x": np.stack(orders, axis=1), "last": marks(beats)}}
    if spec.packs:
        return packed
    # What a packer makes of them.
    return {"x": model(PlanesSpec(spec.input, spec.lanes, "pack")).run(**packed)["y"]}


def coverage(spec: PlanesSpec) -> list[Point]:
    """Codes of all classes, frames of an odd and an even number of beats, and waits."""
    bounds = {"1 beat": 1, "2 beats": 2, "3 beats": 3, "more": 1 << 20}
    if not spec.packs:
        bounds = {f"{spec.words(beats)} words": spec.words(beats) for beats in (1, 2, 3)} | {"more": 1 << 20}
    return [
        *classes_of_fields(spec),
        lengths("x", bounds),
        results("y.x", spec.outputs["y"]["x"].format),
        *traffic(spec),
    ]
