"""What to try on a multiplier: all operand pairs, and stalls where there is a pipeline."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from hw.formats import Fixed
from hw.specs.mul import MulSpec
from sim.benches.aimed import factors, wanted
from sim.benches.feedforward import feedforward, feedforward_trial
from sim.benches.play import Play
from sim.benches.stimulus import pairs
from sim.coverage.classes import operand
from sim.coverage.clocked import passing
from sim.coverage.point import OPERANDS, Point, cross
from sim.coverage.rounding import Reach, rounding, values_of
from sim.coverage.steering import Operands, Trials
from sim.coverage.tried import Tried
from sim.golden.products import PRODUCTS

FORMULA = "p = a * b"

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


def coverage(spec: MulSpec) -> list[Point]:
    """Operands of all classes with one another, and products that are rounded in every way."""
    a, b, rule = operand("a", spec.a), operand("b", spec.b), PRODUCTS[spec.product]

    def products(tried: Tried) -> NDArray[np.float64]:
        return values_of(rule(spec.a, spec.b, tried.operands("a"), tried.operands("b")))

    # What approximate products are rounded into mostly holds them.
    exact = spec.product == "exact"
    reach = Reach.products(spec.a, spec.b, spec.span) if exact else Reach(spec.span, 0, np.inf)
    rounded = [] if spec.is_exact else rounding("p", spec.result, spec.rounding, products, reach, about=OPERANDS)
    return [a, b, cross(a, b), *rounded, *passing(spec)]


def trials(spec: MulSpec) -> Trials:
    """A pair is a trial."""

    def aimed(count: int, rng: np.random.Generator) -> Operands:
        return dict(zip("ab", factors(spec.a, spec.b, wanted(spec.result, count, rng), rng), strict=True))

    operands = {"a": (spec.a, ()), "b": (spec.b, ())}
    return Trials(operands, partial(feedforward_trial, spec), None if spec.is_exact else aimed)
