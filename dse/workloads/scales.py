"""What operands of a matrix product are divided by, so that their formats reach: chosen on calibration data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.formats import Format

Matrix = NDArray[np.float64]
Scales = tuple[float, Matrix]
"""Of activations, and of each column of weights, (1, columns)."""
Multiply = Callable[[Matrix, Matrix, Scales], Matrix]
"""A matrix product of values with these scales, where infinity or NaN stands for sums that left their range."""

ROOM = range(-1, 11)
"""Powers of two by which both operands are brought down, for products and sums that have less room than operands."""
STEPS = tuple(quarter / 4 for quarter in range(-8, 5))
"""Powers of two tried for each operand alone, from a quarter of the scale that just fits the largest value to twice
that: what clips a few large values may have smaller steps for all others."""
CALIBRATION_ROWS, SEARCH_WORK = 256, 1 << 23
"""Rows of calibration data that are looked at: at most so many, and so many products a trial."""
ROOM_ROWS = 32
"""Rows, those of the largest sums, on which room for sums is sought, where each trial rounds every addition."""


def fit(fmt: Format, values: Matrix, each: bool = False) -> Any:
    """The scale at which the largest magnitude, of all or of each column, just meets the format's reach; 1 of zeros."""
    largest = np.abs(values).max(axis=0 if each else None, keepdims=each, initial=0.0)
    return np.where(largest > 0, largest, 1.0) / float(fmt.reach)


def some_rows(x: Matrix, most: int) -> Matrix:
    """At most so many rows, from all over."""
    return x if len(x) <= most else x[np.linspace(0, len(x) - 1, most).astype(int)]


def largest_rows(x: Matrix, w: Matrix) -> Matrix:
    """The `ROOM_ROWS` rows that have the largest sums with weights: what they have room for, all have."""
    if len(x) <= ROOM_ROWS:
        return x
    return x[np.argsort(-np.abs(x @ w).max(axis=1), kind="stable")[:ROOM_ROWS]]


def calibration_rows(x: Matrix, columns: int, cheap: bool) -> Matrix:
    """The rows of calibration data that scales are chosen on; fewer where a trial is no plain matrix product."""
    most = CALIBRATION_ROWS if cheap else max(ROOM_ROWS, SEARCH_WORK // max(1, 4 * x.shape[1] * columns))
    return some_rows(x, min(most, CALIBRATION_ROWS))


def errors(exact: Matrix, found: Matrix) -> Matrix:
    """The mean squared error of each column; infinite where a sum left its range."""
    with np.errstate(over="ignore", invalid="ignore"):
        squares = np.mean((found - exact) ** 2, axis=0)
    return np.where(np.isfinite(squares), squares, np.inf)


def make_room(multiply: Multiply, x: Matrix, w: Matrix, scales: Scales) -> Scales:
    """The scales times the one power of two, of `ROOM`, that brings the product nearest to float64's; ties to 1."""
    exact = x @ w

    def error(shift: int) -> tuple[float, int]:
        return float(errors(exact, multiply(x, w, _times(scales, shift, shift))).sum()), abs(shift)

    shift = min(ROOM, key=error)
    return _times(scales, shift, shift)


def refine(multiply: Multiply, x: Matrix, w: Matrix, scales: Scales) -> Scales:
    """The scales times those powers of two, of `STEPS`, that bring the product nearest to float64's.

    First for each column of weights by itself, then for the activations.
    """
    exact = x @ w
    trials = np.array([errors(exact, multiply(x, w, _times(scales, 0, step))) for step in _ascending(STEPS)])
    best = np.array(_ascending(STEPS))[np.argmin(trials, axis=0)]
    scales = scales[0], scales[1] * 2.0**best

    def error(step: float) -> float:
        return float(errors(exact, multiply(x, w, _times(scales, step, 0))).sum())

    return _times(scales, min(_ascending(STEPS), key=error), 0)


def _ascending(steps: tuple[float, ...]) -> list[float]:
    """The least change first, so that of equals it is chosen."""
    return sorted(steps, key=abs)


def _times(scales: Scales, a: float, b: float) -> Scales:
    return scales[0] * 2.0**a, scales[1] * 2.0**b
