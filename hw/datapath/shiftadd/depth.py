"""How many sums stand on the way to a result."""

from __future__ import annotations

from hw.datapath.shiftadd.graph import Matrix
from hw.recoding import signed_digits

SLACK = {"small": 2, "fast": 0}
"""Sums more on the way to a result than a tree of its digits has, for what can be shared, by the form."""


def depth_of(matrix: Matrix, form: str) -> int:
    """Sums on the way to a result, at most."""
    digits = max(sum(len(signed_digits(constant)) for constant in row) for row in matrix)
    return (max(digits, 1) - 1).bit_length() + SLACK["fast" if form == "fast" else "small"]
