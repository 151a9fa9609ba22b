"""What to try on a multiplier: all operand pairs, and stalls where there is a pipeline."""

from __future__ import annotations

import numpy as np

from hw.specs.mul import MulSpec
from sim.benches.play import Play
from sim.benches.stimulus import pairs
from sim.golden import model


def plays(spec: MulSpec, seed: int) -> list[Play]:
    """All plays for a multiplier."""
    rng = np.random.default_rng(seed)
    tried = pairs(spec.a, spec.b, rng)
    golden = model(spec)
    if not spec.pipeline:
        return [_play(spec, {"a": tried.a, "b": tried.b}, golden.newest(np.ones(len(tried.a))), tried.exhaustive)]
    # A stalled cycle shows the pair that it holds back, so every pair is accepted in the end.
    index = np.repeat(np.arange(len(tried.a)), 1 + (rng.random(len(tried.a)) < 1 / 16))
    en = np.append(index[1:] != index[:-1], True)
    # The last pairs are still in the pipeline: go on until they are out.
    index = np.append(index, np.zeros(spec.latency, dtype=index.dtype))
    en = np.append(en, np.ones(spec.latency, dtype=bool)).astype(np.int64)
    return [_play(spec, {"a": tried.a[index], "b": tried.b[index], "en": en}, golden.newest(en), tried.exhaustive)]


def _play(spec: MulSpec, inputs: dict[str, np.ndarray], cause: np.ndarray, exhaustive: bool) -> Play:
    expected = model(spec).run(**inputs)
    if not spec.has_status:
        del expected["status"]
    return Play(
        "every_pair",
        {port: values.tolist() for port, values in inputs.items()},
        {port: values.tolist() for port, values in expected.items()},
        cause.tolist(),
        exhaustive,
    )
