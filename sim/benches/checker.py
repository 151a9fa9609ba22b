"""Compares what was seen with what was right."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np


def check(
    expected: dict[str, Sequence[int]], actual: dict[str, list[int]], explain: Callable[[int], str], name: str
) -> int:
    """Compare all samples of all ports; codes must be equal.

    Parameters
    ----------
    expected, actual : dict of port to samples
        One sample a cycle.
    explain : callable
        Says what was done in a cycle, for the message.
    name : str
        The design, for the message.

    Returns
    -------
    Number of comparisons.

    Raises
    ------
    AssertionError
        Some sample differs; the message tells the first: cycle, operands, expected and actual code.
    """
    compared = 0
    for port, samples in actual.items():
        right = np.asarray(expected[port], dtype=object)
        seen = np.asarray(samples, dtype=object)
        assert len(right) == len(seen) > 0, f"{name}: {len(seen)} samples of {port}, {len(right)} expected"
        wrong = np.flatnonzero(right != seen)
        if wrong.size:
            first = int(wrong[0])
            raise AssertionError(
                f"{name}: cycle {first}: {explain(first)}: {port} expected {int(right[first]):#x}, "
                f"got {int(seen[first]):#x} ({wrong.size} of {len(seen)} samples differ)"
            )
        compared += len(seen)
    return compared
