"""Products with matrices of weights that were encoded once, in the golden model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dse.workloads.scales import Matrix, Scales
from dse.workloads.summing import Operands, Summing
from hw.formats import Block, Format
from hw.formats.messages import echo
from sim.golden.blocks import Quantized, quantize
from sim.golden.codes import Codes
from sim.golden.encoding import encode

Rows = Callable[..., NDArray[Any]]
"""Arranges the elements of an array, and a `zero` that it is given second, as rows along the last axis."""


class Product(ABC):
    """A product with a matrix of weights, which were encoded once."""

    @abstractmethod
    def __call__(self, x: Matrix) -> Matrix:
        """``x @ w``, of shape (rows, columns), for activations of shape (rows, k)."""

    def arranged(self, x: Matrix, rows: Rows) -> Matrix:
        """The same for ``rows(x)``, of shape (..., k): gives (..., columns).

        A convolution's patches have each number many times; where each is encoded by itself, that is done before.
        """
        return in_rows(self, rows(x, 0.0))


def in_rows(product: Callable[[Any], Matrix], rows: NDArray[Any]) -> Matrix:
    """A product of rows along the last axis."""
    return product(rows.reshape(-1, rows.shape[-1])).reshape(*rows.shape[:-1], -1)


@dataclass(frozen=True, eq=False)
class ScaledProduct(Product):
    """A product of numbers that are each encoded by themselves.

    Attributes
    ----------
    operands : Operands
    sums : Summing
    scales : (float, array of shape (1, columns))
    weights : codes of shape (k, columns)
    """

    operands: Operands
    sums: Summing
    scales: Scales
    weights: Codes

    def __call__(self, x: Matrix) -> Matrix:
        return self._of_codes(self._encoded(check_rows(x, len(self.weights))))

    def arranged(self, x: Matrix, rows: Rows) -> Matrix:
        zero = self._encoded(np.zeros(1))[0]
        return in_rows(self._of_codes, rows(self._encoded(x), zero))

    def _encoded(self, x: Matrix) -> Codes:
        return encoded(self.operands.a, x / self.scales[0])

    def _of_codes(self, codes: Codes) -> Matrix:
        return self.sums.matmul(self.operands, codes, self.weights) * (self.scales[0] * self.scales[1])


@dataclass(frozen=True, eq=False)
class BlockedProduct(Product):
    """A product of numbers in blocks.

    Attributes
    ----------
    format : Block
        Of activations.
    sums : Summing
    tensor : float
        The scale of all activations.
    weights : Quantized
        Of shape (columns, k).
    """

    format: Block
    sums: Summing
    tensor: float
    weights: Quantized

    def __call__(self, x: Matrix) -> Matrix:
        x = check_rows(x, self.weights.elements.shape[1]) / self.tensor
        a = quantize(replace(self.format, tensor=None), x, overflow="saturate")
        return self.sums.blocks(a, _without_tensor(self.weights)) * (self.tensor * self.weights.tensor_value())


def check_matrices(x: Matrix, w: Matrix) -> tuple[Matrix, Matrix]:
    """The operands of a matrix product as float64.

    Raises
    ------
    TypeError, ValueError
        They are no matrices of finite numbers, or do not go together.
    """
    x, w = _matrix("x", x), _matrix("w", w)
    if x.shape[1] != w.shape[0]:
        raise ValueError(f"x and w must have shapes (rows, k) and (k, columns), got {x.shape}, {w.shape}")
    return x, w


def check_rows(x: Matrix, depth: int) -> Matrix:
    """Activations for weights of shape (depth, columns) as float64; raises as `check_matrices`."""
    x = _matrix("x", x)
    if x.shape[1] != depth:
        raise ValueError(f"x must have shape (rows, {depth}), got {x.shape}")
    return x


def _matrix(name: str, given: Any) -> Matrix:
    matrix = np.asarray(given)
    if matrix.dtype.kind not in "fiu":
        raise TypeError(f"{name} must be a matrix of numbers, got {echo(given)} of type {type(given).__name__}")
    if matrix.ndim != 2 or not matrix.size:
        raise ValueError(f"{name} must be a matrix, not empty, got shape {matrix.shape}")
    if not np.isfinite(matrix).all():
        raise ValueError(f"{name} must be finite, got {matrix[~np.isfinite(matrix)][0]}")
    return matrix.astype(np.float64, copy=False)


def encoded(fmt: Format, values: Matrix) -> Codes:
    """Codes of finite values; what is beyond the format's ends is at the end."""
    return encode(fmt, np.clip(values, float(fmt.min), float(fmt.max)))


def _without_tensor(q: Quantized) -> Quantized:
    return Quantized(replace(q.format, tensor=None), q.elements, q.scales)
