"""Arithmetics by values instead of codes, where that gives the same: a quarter of the time for a transformer.

Operands are rounded to values of their formats, at a third of what codes cost, and a plain matrix product follows.
In float32 it is exact where no sum of its products can need more than 24 bits: every partial sum is a whole number of
steps and, by Cauchy and Schwarz, at most as large as the product of a row's and a column's length. Else it is float64,
exact to 53 bits, which is all that the golden model's sums keep as numbers. Products of other rules and sums that round
are the golden model's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dse.workloads import scales as search
from dse.workloads.matrices import Arithmetic, Blocked, Scaled
from dse.workloads.products import check_matrices, encoded
from dse.workloads.scales import Scales
from dse.workloads.summing import Exact
from hw.formats import Block, Format
from hw.formats.messages import cut
from sim.golden.addition import add_into, grid_of
from sim.golden.blocks import scales_for
from sim.golden.decoding import decode

Floats = NDArray[Any]
Product = Callable[[Floats], Floats]
"""Takes activations of shape (rows, k) and gives their product with weights."""
Pairs = Callable[[Floats, Floats], Floats]
"""Takes activations of shapes (count, rows, k) and (count, k, columns) and gives their products, matrix by matrix."""
SLACK = 1 + 2.0**-20
"""What a length in floating point may be short of, and more."""


class Engine(ABC):
    """An arithmetic at work."""

    @abstractmethod
    def prepare(self, calibration: Floats, w: Floats) -> Product:
        """As `Arithmetic.prepare`."""

    @abstractmethod
    def prepare_pairs(self, x: Floats, y: Floats) -> Pairs:
        """What multiplies activations, each matrix with a scale of its own as `Arithmetic.multiply` has it.

        Parameters
        ----------
        x, y : arrays of shapes (count, rows, k) and (count, k, columns)
            Activations as there will be: on the first is found, once for all, the room that products and sums need.
        """


def engine_of(arithmetic: Arithmetic, depth: int) -> Engine:
    """The fastest for an arithmetic and sums of at most so many products."""
    found = arithmetic.within(depth)
    if isinstance(found, Blocked) and isinstance(found.sums, Exact):
        return BlockedValues(found)
    if not isinstance(found, Scaled):
        raise ValueError(f"arithmetic must have scales or blocks with exact sums, got {cut(found.name)}")
    is_exact = isinstance(found.sums, Exact) and found.operands.product == "exact"
    return ScaledValues(found) if is_exact else ScaledCodes(found)


def rounded(fmt: Format, values: Floats) -> Floats:
    """The nearest values of a format, of several the even one; beyond its ends these."""
    if grid_of(fmt) is None:
        return decode(fmt, encoded(fmt, values))
    # Added to -0 every number is itself.
    return add_into(fmt, "nearest_even", np.full(values.shape, -0.0), np.clip(values, float(fmt.min), float(fmt.max)))


def exactly(a: Floats, b: Floats, lsb: int) -> Floats:
    """``a @ b`` of float64 matrices, or stacks of such, whose products are whole numbers of ``2**lsb``."""
    rows, columns = np.einsum("...rk,...rk->...r", a, a), np.einsum("...kc,...kc->...c", b, b)
    if np.sqrt(rows.max() * columns.max()) * SLACK < 2.0 ** (24 + lsb):
        return (a.astype(np.float32) @ b.astype(np.float32)).astype(np.float64)
    return a @ b


@dataclass(frozen=True)
class ScaledValues(Engine):
    """Exact products with exact sums."""

    of: Scaled

    @property
    def lsb(self) -> int:
        return self.of.operands.a.span.lsb + self.of.operands.b.span.lsb

    def prepare(self, calibration: Floats, w: Floats) -> Product:
        x, w = check_matrices(calibration, w)
        a, b = self.of.operands.a, self.of.operands.b
        some = search.calibration_rows(x, w.shape[1], cheap=True)
        scales: Scales = float(search.fit(a, some)), search.fit(b, w, each=True)
        scales = search.refine(Trials(self), some, w, scales)
        weights = rounded(b, w / scales[1])

        def product(x: Floats) -> Floats:
            return exactly(rounded(a, wide(x) / scales[0]), weights, self.lsb) * (scales[0] * scales[1])

        return product

    def prepare_pairs(self, x: Floats, y: Floats) -> Pairs:
        a, b = self.of.operands.a, self.of.operands.b

        def product(x: Floats, y: Floats) -> Floats:
            s, t = each_fit(a, x), each_fit(b, y)
            return exactly(rounded(a, wide(x) / s), rounded(b, wide(y) / t), self.lsb) * (s * t)

        return product


class Trials:
    """A product with any scales, which keeps what it made of operands with scales that it has just seen."""

    def __init__(self, engine: ScaledValues) -> None:
        self.engine, self.kept = engine, [(None, None), (None, None)]

    def __call__(self, x: Floats, w: Floats, scales: Scales) -> Floats:
        a, b = (self._rounded(side, fmt, v, s) for side, fmt, v, s in self._sides(x, w, scales))
        return exactly(a, b, self.engine.lsb) * (scales[0] * scales[1])

    def _sides(self, x: Floats, w: Floats, scales: Scales) -> list[tuple[int, Format, Floats, Any]]:
        of = self.engine.of.operands
        return [(0, of.a, x, scales[0]), (1, of.b, w, scales[1])]

    def _rounded(self, side: int, fmt: Format, values: Floats, scale: Any) -> Floats:
        known, found = self.kept[side]
        if known is None or not np.array_equal(known, scale):
            found = rounded(fmt, values / scale)
            self.kept[side] = scale, found  # type: ignore[assignment]
        assert found is not None
        return found


def wide(x: Floats) -> Floats:
    """As float64."""
    return np.asarray(x, dtype=np.float64)


def each_fit(fmt: Format, values: Floats) -> Floats:
    """The scale of each matrix of a stack at which its largest magnitude meets the format's reach; 1 of zeros."""
    largest = np.abs(values).max(axis=(1, 2), keepdims=True).astype(np.float64)
    return np.where(largest > 0, largest, 1.0) / float(fmt.reach)


@dataclass(frozen=True)
class ScaledCodes(Engine):
    """Products or sums that only the golden model has."""

    of: Scaled

    def prepare(self, calibration: Floats, w: Floats) -> Product:
        return self.of.prepare(calibration, w)

    def prepare_pairs(self, x: Floats, y: Floats) -> Pairs:
        a, b = self.of.operands.a, self.of.operands.b
        first, other = wide(x[0]), wide(y[0])
        fit: Scales = float(search.fit(a, first)), search.fit(b, other).reshape(1, 1)
        some = search.some_rows(first, search.ROOM_ROWS)
        room = search.make_room(self._multiply, some, other, fit)[0] / fit[0]

        def product(x: Floats, y: Floats) -> Floats:
            s, t = each_fit(a, x) * room, each_fit(b, y) * room
            each = zip(wide(x), wide(y), s, t, strict=True)
            return np.array([self._multiply(x, y, scales) for x, y, *scales in each])

        return product

    def _multiply(self, x: Floats, w: Floats, scales: Sequence[Any]) -> Floats:
        of = self.of.operands
        codes = (encoded(f, v / s) for f, v, s in zip((of.a, of.b), (x, w), scales, strict=True))
        return self.of.sums.matmul(of, *codes) * (scales[0] * scales[1])


@dataclass(frozen=True)
class BlockedValues(Engine):
    """Blocks, with sums in float64: of products of different scales these are exact to its 53 bits, not beyond."""

    of: Blocked

    def prepare(self, calibration: Floats, w: Floats) -> Product:
        x, w = check_matrices(calibration, w)
        across = np.ascontiguousarray(w.T)
        s, t = each_tensor(self.of.a, x[None])[0], each_tensor(self.of.b, across[None])[0]
        weights = np.ascontiguousarray(in_blocks(self.of.b, across / t).T)

        def product(x: Floats) -> Floats:
            return (in_blocks(self.of.a, wide(x) / s) @ weights) * (s * t)

        return product

    def prepare_pairs(self, x: Floats, y: Floats) -> Pairs:
        a, b = self.of.a, self.of.b

        def product(x: Floats, y: Floats) -> Floats:
            across = y.transpose(0, 2, 1)
            s, t = each_tensor(a, x), each_tensor(b, across)
            return (in_blocks(a, wide(x) / s) @ in_blocks(b, wide(across) / t).transpose(0, 2, 1)) * (s * t)

        return product


def each_tensor(fmt: Block, values: Floats) -> Floats:
    """The second scale of each matrix of a stack, as `quantize` chooses it; 1 where the format has none."""
    ones = np.ones((len(values), 1, 1))
    if fmt.tensor is None:
        return ones
    largest = np.abs(values).max(axis=(1, 2), keepdims=True).astype(np.float64)
    wanted = largest / (float(fmt.element.max) * float(fmt.scale.max))
    return np.where(largest > 0, rounded(fmt.tensor, wanted), ones)


def in_blocks(fmt: Block, values: Floats) -> Floats:
    """What finite numbers become in blocks along the last axis, as by `quantize`, but without a second scale.

    The last block of a row may be short.
    """
    depth = values.shape[-1]
    size = fmt.size or depth
    missing = -depth % size
    padded = np.pad(values, [*[(0, 0)] * (values.ndim - 1), (0, missing)]) if missing else values
    parts = padded.reshape(*values.shape[:-1], -1, size)
    codes = scales_for(fmt, np.abs(parts).max(axis=-1, keepdims=True), saturates=True)
    scales = decode(fmt.scale, codes)
    # A scale of zero leaves nothing of its block.
    found = rounded(fmt.element, parts / np.where(scales > 0, scales, 1.0)) * scales
    return found.reshape(padded.shape)[..., :depth]
