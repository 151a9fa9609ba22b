"""Networks whose matrix products can be done in any arithmetic; all else, biases and ReLU, is in float64."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dse.workloads.matrices import Arithmetic
from dse.workloads.products import Product, Rows
from dse.workloads.scales import Matrix

Tensor = NDArray[np.float64]
"""Cases along the first axis; images as (cases, height, width, channels)."""

AT_ONCE = 250
"""Cases at a time: their patches stay within some ten megabytes."""


@dataclass(frozen=True, eq=False)
class Layer:
    """A matrix product, a bias, and what follows.

    Attributes
    ----------
    name : str
    w : array of shape (k, columns)
    bias : array of shape (columns,)
    rows : callable
        From the layer's input, and what is zero in it, to an array of shape (cases, ..., k).
    then : tuple of callables
        From tensor to tensor.
    """

    name: str
    w: Matrix
    bias: Matrix
    rows: Rows
    then: tuple[Callable[[Tensor], Tensor], ...] = ()

    def __call__(self, x: Tensor, product: Product) -> Tensor:
        """The layer's output, its product being done by another."""
        return np.concatenate([self._some(x[piece], product) for piece in pieces(len(x))])

    def _some(self, x: Tensor, product: Product) -> Tensor:
        y = product.arranged(x, self.rows) + self.bias
        for function in self.then:
            y = function(y)
        return y

    def exactly(self, x: Tensor) -> Tensor:
        """The layer's output in float64."""
        return self(x, _InFloat64(self.w))

    def matrix(self, x: Tensor) -> Matrix:
        """All rows of a tensor."""
        rows = self.rows(x)
        return rows.reshape(-1, rows.shape[-1])


@dataclass(frozen=True, eq=False)
class _InFloat64(Product):
    w: Matrix

    def __call__(self, x: Matrix) -> Matrix:
        return x @ self.w


def pieces(cases: int) -> Iterator[slice]:
    """Slices of so many cases."""
    return (slice(start, start + AT_ONCE) for start in range(0, cases, AT_ONCE))


def flat(x: NDArray[Any], zero: Any = 0) -> NDArray[Any]:
    """All of a case in a row."""
    return x.reshape(len(x), -1)


@dataclass(frozen=True)
class Patches:
    """What a convolution sees from each place: a square of the image with all its channels, zeros around it.

    Attributes
    ----------
    size, stride, padding : int
    """

    size: int
    stride: int = 1
    padding: int = 0

    def __call__(self, x: NDArray[Any], zero: Any = 0) -> NDArray[Any]:
        """Of shape (cases, height, width, size * size * channels)."""
        n = self.padding
        padded = np.pad(x, ((0, 0), (n, n), (n, n), (0, 0)), constant_values=zero)
        windows = np.lib.stride_tricks.sliding_window_view(padded, (self.size, self.size), axis=(1, 2))
        # Channels stand before the window; they go behind it.
        some = windows[:, :: self.stride, :: self.stride].transpose(0, 1, 2, 4, 5, 3)
        return some.reshape(*some.shape[:3], -1)


def relu(x: Tensor) -> Tensor:
    """What is above zero."""
    return np.maximum(x, 0)


@dataclass(frozen=True)
class MaxPool:
    """The largest of each square of `size`, in steps of `size`."""

    size: int

    def __call__(self, x: Tensor) -> Tensor:
        cases, height, width, channels = x.shape
        n = self.size
        cut = x[:, : height // n * n, : width // n * n]
        return cut.reshape(cases, height // n, n, width // n, n, channels).max(axis=(2, 4))


def run_exactly(layers: Sequence[Layer], x: Tensor) -> list[Tensor]:
    """What goes into each layer, and last what comes out, in float64."""
    found = [x]
    for layer in layers:
        found.append(layer.exactly(found[-1]))
    return found


def run(arithmetic: Arithmetic, layers: Sequence[Layer], known: Tensor, asked: Tensor) -> Tensor:
    """What comes out for `asked`, every product in the arithmetic, calibrated on what each layer sees of `known`."""
    for layer in layers:
        product = arithmetic.prepare(layer.matrix(known), layer.w)
        known, asked = layer(known, product), layer(asked, product)
    return asked
