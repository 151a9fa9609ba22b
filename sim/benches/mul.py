"""What to try on a multiplier: all operand pairs, and stalls where there is a pipeline."""

from __future__ import annotations

import numpy as np

from hw.specs.mul import MulSpec
from sim.benches.feedforward import feedforward
from sim.benches.play import Play
from sim.benches.stimulus import pairs


def plays(spec: MulSpec, seed: int) -> list[Play]:
    """All plays for a multiplier: one."""
    rng = np.random.default_rng(seed)
    tried = pairs(spec.a, spec.b, rng)
    return [feedforward(spec, "every_pair", {"a": tried.a, "b": tried.b}, tried.exhaustive, rng)]
