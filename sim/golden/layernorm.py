"""The golden layer normalisation in integers: I-ViT's I-LayerNorm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Fixed, Format
from sim.golden.codes import check_codes
from sim.golden.decoding import decode_steps
from sim.golden.encoding import encode_steps
from sim.golden.rows import RowBeats
from sim.golden.shiftexp import Ints
from sim.golden.streams import StreamModel

LARGEST, START, STEPS = (1 << 31) - 1, 1 << 16, 10
"""I-ViT's: the numerator, and where Newton's iteration starts and how often it is done."""


def rounded_mean(total: Ints, count: Ints) -> Ints:
    """``total / count``, to the nearest, or of two as near to the even one."""
    below, rest = np.divmod(total, count)
    return below + ((2 * rest > count) | ((2 * rest == count) & (below & 1 == 1)))


def newton(number: Ints) -> Ints:
    """I-ViT's square root: ten steps, whatever the number."""
    guess = np.full_like(number, START)
    for _ in range(STEPS):
        guess = guess + number // guess >> 1
    return guess


def isqrt(number: Ints) -> Ints:
    """The square root, rounded down, of a number below 2**52."""
    # A float64 holds the number, and its root is at most one step away.
    root = np.sqrt(number.astype(np.float64)).astype(np.int64)
    root -= root * root > number
    return root + ((root + 1) ** 2 <= number)


@dataclass(frozen=True)
class Layernorm(StreamModel):
    """A layer normalisation of each row.

    Parameters
    ----------
    input : Format
        An integer.
    result : Fixed
        It holds every result.
    depth : int
        Beats that are kept of a row.
    norm : str
        ``isqrt``, ``newton`` or ``l1``.
    places : int
        Bits of quotients behind the point.
    weight, bias : Format or None
        Of the stream of parameters, if there is one.
    """

    input: Format
    result: Fixed
    depth: int
    norm: str
    places: int
    weight: Format | None
    bias: Fixed | None

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The model of a spec."""
        weight, bias = (spec.weights, spec.bias) if spec.weight else (None, None)
        return cls(spec.input, spec.result, spec.depth, spec.norm, spec.places, weight, bias)

    def run(
        self, x: Mapping[str, ArrayLike], p: Mapping[str, ArrayLike] | None = None
    ) -> dict[str, dict[str, NDArray[Any]]]:
        """The beats that come out, for those that go in.

        Parameters
        ----------
        x : dict
            ``x``, codes of shape (beats, lanes); ``keep``, of the same shape; ``last`` of shape (beats,).
        p : dict
            With a weight, ``weight`` and ``bias``, codes of shape (beats, lanes): a beat for each that comes out.

        Returns
        -------
        Stream ``y``: ``x`` of shape (beats, lanes), ``error`` and ``last``.

        Raises
        ------
        TypeError, ValueError
            Codes that are none, or too few parameters.
        """
        rows = RowBeats.of(self.input, x, self.depth)
        count = np.maximum(rows.keep.sum(axis=(1, 2), keepdims=True), 1)
        mean = rounded_mean(np.where(rows.keep, rows.x, 0).sum(axis=(1, 2), keepdims=True), count)
        difference = np.where(rows.keep, rows.x - mean, 0)
        factor = LARGEST // np.maximum(self._norm(difference), 1)
        quotients = difference * factor >> (31 - self.places)
        fields = rows.stream(x=quotients)
        if self.weight is not None:
            fields["x"] = self._affine(fields["x"], rows.keep[rows.is_beat], p or {})
        return {"y": fields | {"x": encode_steps(self.result, fields["x"], self.result.span.lsb)}}

    def _norm(self, difference: Ints) -> Ints:
        """What the numerator is divided by, of each row."""
        if self.norm == "l1":
            return np.abs(difference).sum(axis=(1, 2), keepdims=True)
        squares = (difference * difference).sum(axis=(1, 2), keepdims=True)
        return isqrt(squares) if self.norm == "isqrt" else newton(squares)

    def _affine(self, quotients: Ints, keep: NDArray[np.bool_], p: Mapping[str, ArrayLike]) -> Ints:
        """Times a weight, plus a bias, where there is a number."""
        assert self.weight is not None and self.bias is not None
        weight, bias = (
            decode_steps(fmt, check_codes(name, fmt, p[name])).astype(np.int64)
            for name, fmt in (("weight", self.weight), ("bias", self.bias))
        )
        if len(weight) < len(quotients):
            raise ValueError(f"p must have a beat for each of {len(quotients)} that come out, got {len(weight)}")
        return np.where(keep, quotients * weight[: len(quotients)] + bias[: len(quotients)], 0)
