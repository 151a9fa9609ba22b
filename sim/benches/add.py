"""What to try on an adder: as on a multiplier, all operand pairs and stalls; and sums of what is alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hw.specs.add import AddSpec
from sim.benches.play import Play
from sim.benches.stimulus import pairs
from sim.golden import model

NEAR = 1 << 14


def plays(spec: AddSpec, seed: int) -> list[Play]:
    """All plays for an adder."""
    rng = np.random.default_rng(seed)
    tried = pairs(spec.a, spec.b, rng)
    a, b = tried.a, tried.b
    if not tried.exhaustive:
        near = alike(spec, rng)
        a, b = np.append(a, near[0]), np.append(b, near[1])
    if not spec.pipeline:
        return [_play(spec, {"a": a, "b": b}, tried.exhaustive)]
    # A stalled cycle shows the pair that it holds back, so every pair is accepted in the end.
    index = np.repeat(np.arange(len(a)), 1 + (rng.random(len(a)) < 1 / 16))
    en = np.append(index[1:] != index[:-1], True)
    # The last pairs are still in the pipeline: go on until they are out.
    index = np.append(index, np.zeros(spec.latency, dtype=index.dtype))
    en = np.append(en, np.ones(spec.latency, dtype=bool)).astype(np.int64)
    return [_play(spec, {"a": a[index], "b": b[index], "en": en}, tried.exhaustive)]


def alike(spec: AddSpec, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of codes whose leading bits differ little, so that differences cancel and sums carry."""
    a = rng.integers(0, 1 << spec.a.width, NEAR)
    other = a >> max(0, spec.a.width - spec.b.width) << max(0, spec.b.width - spec.a.width)
    flips = rng.integers(0, 1 << spec.b.width, NEAR) >> rng.integers(0, spec.b.width, NEAR)
    return a, other ^ flips ^ (rng.integers(0, 2, NEAR) << (spec.b.width - 1))


def _play(spec: AddSpec, inputs: dict[str, NDArray[np.int64]], exhaustive: bool) -> Play:
    golden = model(spec)
    expected = golden.run(**inputs)
    if not spec.has_status:
        del expected["status"]
    cause = golden.newest(inputs.get("en", np.ones(len(inputs["a"]))))
    return Play(
        "every_pair",
        {port: values.tolist() for port, values in inputs.items()},
        {port: values.tolist() for port, values in expected.items()},
        cause.tolist(),
        exhaustive,
    )
