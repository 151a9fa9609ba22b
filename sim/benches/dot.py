"""What to try on a dot product: corners and chance in every lane, alone and together, with pauses and a reset."""

from __future__ import annotations

import numpy as np

from hw.specs.dot import DotSpec
from sim.benches.stimulus import corners
from sim.benches.streamplay import StreamPlay
from sim.benches.streams import Streams, paused, stream_play

BEATS = 2048


def plays(spec: DotSpec, seed: int) -> list[StreamPlay]:
    """All plays for a dot product; the reset comes last."""
    rng = np.random.default_rng(seed)
    near, random = (operands(spec, count, rng) for count in (BEATS, BEATS // 4))
    few = spec.cycles(BEATS // 4)
    return [
        stream_play(spec, "corners", near, spec.cycles(BEATS)),
        stream_play(spec, "one_beat", operands(spec, 1, rng), spec.cycles(1)),
        stream_play(spec, "pauses", random, few, pauses=paused(spec, 0.4)),
        stream_play(spec, "slow_taker", random, few, pauses={"sum": 0.7}),
        stream_play(spec, "reset", random, few, reset=40),
    ]


def operands(spec: DotSpec, beats: int, rng: np.random.Generator) -> Streams:
    """Codes near the corners of the formats and random ones; in some beats all lanes are alike."""
    streams = {}
    for name, fmt in (("a", spec.a), ("b", spec.b)):
        shape = (beats, spec.lanes)
        near, random = rng.choice(corners(fmt), shape), rng.integers(0, 1 << fmt.width, shape)
        codes = np.where(rng.random(shape) < 0.5, near, random)
        alike = rng.random(beats) < 1 / 8
        codes[alike] = codes[alike, :1]
        streams[name] = {"x": codes}
    return streams
