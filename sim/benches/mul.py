"""What to try on a multiplier: all operand pairs, and stalls where there is a pipeline."""

from __future__ import annotations

import numpy as np

from hw.formats import Fixed
from hw.specs.mul import MulSpec
from sim.benches.aimed import factors, wanted
from sim.benches.feedforward import feedforward
from sim.benches.play import Play
from sim.benches.stimulus import pairs

AIMED = 1 << 13
"""Pairs whose product is hard to round."""


def plays(spec: MulSpec, seed: int) -> list[Play]:
    """All plays for a multiplier: one."""
    rng = np.random.default_rng(seed)
    tried = pairs(spec.a, spec.b, rng)
    a, b = tried.a, tried.b
    if not tried.exhaustive and not isinstance(spec.result, Fixed):
        hard = factors(spec.a, spec.b, wanted(spec.result, AIMED, rng), rng)
        a, b = np.append(a, hard[0]), np.append(b, hard[1])
    return [feedforward(spec, "every_pair", {"a": a, "b": b}, tried.exhaustive, rng)]
