"""What to try on a scaled addition: sums and scales near their ends, and terms that almost cancel what is there."""

from __future__ import annotations

import numpy as np

from hw.formats import Format
from hw.specs.blockadd import BlockAddSpec
from sim.benches.reset import resets
from sim.benches.stimulus import corners
from sim.benches.streamplay import StreamPlay
from sim.benches.streams import Streams, paused, stream_play
from sim.golden import model

BEATS = 1024


def plays(spec: BlockAddSpec, seed: int) -> list[StreamPlay]:
    """All plays for a scaled addition; the resets come last."""
    rng = np.random.default_rng(seed)
    few = operands(spec, BEATS // 8, rng)
    cycles = spec.cycles(BEATS // 8)
    return [
        stream_play(spec, "corners", operands(spec, BEATS, rng), spec.cycles(BEATS)),
        stream_play(spec, "cancelling", cancelling(spec, BEATS, rng), spec.cycles(BEATS)),
        stream_play(spec, "pauses", few, cycles, pauses=paused(spec, 0.4)),
        stream_play(spec, "resets", few, cycles, resets=resets(cycles, rng)),
    ]


def run(spec: BlockAddSpec, seed: int, beats: int) -> StreamPlay:
    """So many beats without a pause."""
    return stream_play(spec, "run", operands(spec, beats, np.random.default_rng(seed)), spec.cycles(beats))


def operands(spec: BlockAddSpec, beats: int, rng: np.random.Generator) -> dict[str, dict[str, np.ndarray]]:
    """Codes near the corners of the formats and random ones; scales, half of them, near one another's inverse."""
    shape = (beats, spec.lanes)
    middle = [1 << (fmt.scale.width - 1) for fmt in (spec.a, spec.b)]
    a, b = (some(fmt.scale, size, rng) for fmt, size in ((spec.a, beats), (spec.b, shape)))
    near = rng.random(beats) < 0.5
    a = np.where(near, np.clip(middle[0] + rng.integers(-9, 9, beats), 0, 2 * middle[0] - 1), a)
    b = np.where(near[:, None], np.clip(middle[1] + rng.integers(-9, 9, shape), 0, 2 * middle[1] - 1), b)
    streams = {
        "x": {"x": some(spec.sum_format, shape, rng)},
        "scale": {"a": a, "b": b},
        "c": {"x": some(spec.result, shape, rng)},
    }
    if spec.has_status:
        # Sums of elements that have no infinity are a NaN or a number: nothing else ever comes with them.
        infinite = any(block.element.code_of(float("inf")) is not None for block in (spec.a, spec.b))
        kinds = rng.integers(0, 4, shape) if infinite else 3 * rng.integers(0, 2, shape)
        streams["x"]["status"] = np.where(rng.random(shape) < 0.1, kinds, 0)
    return streams


def cancelling(spec: BlockAddSpec, beats: int, rng: np.random.Generator) -> Streams:
    """What is there is the negative of the term, or next to it."""
    streams = operands(spec, beats, rng)
    zero = {"x": np.zeros_like(streams["c"]["x"])}
    term = model(spec).run(**{**streams, "c": zero})["y"]["x"].astype(np.int64)
    sign = 1 << (spec.result.width - 1)
    streams["c"] = {"x": np.clip((term ^ sign) + rng.integers(-2, 3, term.shape), 0, 2 * sign - 1)}
    return streams


def some(fmt: Format, shape: int | tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Codes, half of them near the corners of a format."""
    near, random = rng.choice(corners(fmt), shape), rng.integers(0, 1 << fmt.width, shape)
    return np.where(rng.random(shape) < 0.5, near, random)
