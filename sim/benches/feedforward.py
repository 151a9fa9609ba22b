"""Plays for units without a state: what comes out depends on one set of operands."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from hw.specs.base import Spec
from sim.benches.play import Play
from sim.benches.stimulus import with_stalls
from sim.golden import model

FEW = 1 << 14
"""Sets of operands of a unit with a pipeline, at least: what is a cycle late shows where one follows another."""


def feedforward(
    spec: Spec, name: str, operands: dict[str, NDArray[np.int64]], exhaustive: bool, rng: np.random.Generator
) -> Play:
    """A play of sets of operands, by port; with stalls, and resets, where there is a pipeline."""
    count = len(next(iter(operands.values())))
    inputs, en = operands, np.ones(count, dtype=np.int64)
    ignored: dict[str, NDArray[np.int64]] = {}
    if spec.latency:
        # Few come again, in other orders.
        orders = [np.arange(count), *(rng.permutation(count) for _ in range(-(-FEW // count) - 1))]
        operands = {port: codes[np.concatenate(orders)] for port, codes in operands.items()}
        count = len(next(iter(operands.values())))
        index, accepted = with_stalls(count, spec.latency, rng)
        en = accepted.astype(np.int64)
        inputs = {port: codes[index] for port, codes in operands.items()} | {"en": en}
        # It is of no effect: what is in the pipeline passes through.
        rst = rng.random(len(en)) < max(1 / 64, min(1 / 4, 64 / len(en)))
        for before, now in product((0, 1), (0, 1)):
            at = 1 + np.flatnonzero((en[:-1] == before) & (en[1:] == now))
            rst[rng.choice(at, min(4, len(at)))] = True
        ignored["rst"] = rst.astype(np.int64)
    golden = model(spec)
    expected = golden.run(**inputs)
    if not getattr(spec, "has_status", True):
        del expected["status"]
    return Play.of(name, inputs | ignored, expected, golden.newest(en), exhaustive)


def feedforward_trial(spec: Spec, name: str, operands: dict[str, NDArray[np.int64]]) -> Play:
    """A play of trials, each of them a set of operands."""
    return feedforward(spec, name, operands, False, np.random.default_rng(len(name)))
