"""Fits the delays of a family, so that what is predicted of designs is what was placed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
from scipy.optimize import nnls

import hw
from hw.pipeline import design_of
from hw.timing.arrival import Arrival, Path
from hw.timing.delays import Delays, delays_of
from hw.timing.netlist import Design

ROUNDS = 20
"""Other delays make another path the longest, so what is fitted is looked at again."""
TRUST = 0.15
"""How much the delays that there were count, beside the designs: what few designs have in their longest path stays."""
FITTED = [field.name for field in fields(Delays) if field.name != "inputs"]


def fit(measured: Sequence[tuple[hw.Spec, float]], target: hw.Target) -> Delays:
    """The delays with which the least is off, relative to each period; beginning with those that there are.

    Parameters
    ----------
    measured : sequence of (Spec, float)
        Designs and their MHz.
    target : Target
        On which they were placed.
    """
    designs = [hw_design(spec, target) for spec, _ in measured]
    periods = np.array([1000 / mhz for _, mhz in measured])
    delays = start = delays_of(target.name)
    for _ in range(ROUNDS):
        paths = [longest(design, delays) for design in designs]
        new = _solved(paths, periods, start)
        # Half of the way: the longest paths change as the delays do.
        delays = replace(delays, **{name: (getattr(delays, name) + new[name]) / 2 for name in FITTED})
    return delays


def _solved(paths: Sequence[Path], periods: np.ndarray, start: Delays) -> dict[str, float]:
    """Non-negative delays for paths that are held fast: least squares, drawn towards what there was."""
    before = np.array([max(getattr(start, name), 1e-3) for name in FITTED])
    counts = np.array([[path.parts.get(name, 0.0) for name in FITTED] for path in paths])
    matrix = np.vstack([counts / periods[:, None], TRUST * np.diag(1 / before)])
    found, _ = nnls(matrix, np.concatenate([np.ones(len(periods)), TRUST * np.ones(len(FITTED))]))
    return dict(zip(FITTED, map(float, found), strict=True))


def hw_design(spec: hw.Spec, target: hw.Target) -> Design:
    """A design as its bits see it."""
    return design_of(hw.build(spec, target))


def longest(design: Design, delays: Delays) -> Path:
    """Its longest path."""
    return Arrival(design.network, delays).all().longest(end.bit for end in design.ends)


def off(predicted: float, placed: float) -> float:
    """By what part a predicted clock is faster than the placed one."""
    return predicted / placed - 1


def summary(costs: Iterable[tuple[hw.Spec, dict[str, Any]]], target: hw.Target) -> str:
    """A sentence on how far predictions are off."""
    far = np.array([abs(off(hw.predict(spec, target).mhz, cost["fmax"])) for spec, cost in costs])
    mean, most = 100 * far.mean(), 100 * np.quantile(far, 0.9)
    return f"{len(far)} designs: off by {mean:.1f} % on average, and by at most {most:.1f} % for nine of ten."
