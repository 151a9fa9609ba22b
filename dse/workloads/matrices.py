"""Ways to multiply matrices: numbers that have scales, or blocks; what their results depend on is their name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from dse.workloads import scales as search
from dse.workloads.products import BlockedProduct, Product, ScaledProduct, check_matrices, encoded
from dse.workloads.scales import Matrix, Scales
from dse.workloads.summing import Exact, Operands, Summing
from hw.formats import Block, check_int
from sim.golden.blocks import quantize
from sim.golden.products import find_rule


class Arithmetic(ABC):
    """A way to multiply matrices.

    Attributes
    ----------
    name : str
        Canonical: equal names give equal results.
    """

    name: str

    @abstractmethod
    def prepare(self, calibration: Matrix, w: Matrix) -> Product:
        """The product with a matrix of weights.

        Parameters
        ----------
        calibration : array of shape (rows, k)
            Activations as there will be.
        w : array of shape (k, columns)

        Returns
        -------
        Product
            Each row of its results depends on the same row of activations only.

        Raises
        ------
        TypeError, ValueError
            They are no matrices of finite numbers, or do not go together.
        """

    @abstractmethod
    def multiply(self, x: Matrix, w: Matrix) -> Matrix:
        """``x @ w`` of two activations of shapes (rows, k) and (k, columns), scales by their largest magnitudes.

        Raises
        ------
        TypeError, ValueError
            As `prepare`.
        """

    @abstractmethod
    def within(self, depth: int) -> Arithmetic:
        """The simplest that gives the same sums of at most so many products: an accumulator that holds them is exact.

        Raises
        ------
        TypeError, ValueError
            `depth` is no int of at least 1.
        """


@dataclass(frozen=True)
class Scaled(Arithmetic):
    """Numbers of their own, after division by a scale: one for all activations, one for each column of weights.

    Scales are those that bring products of calibration data nearest to float64's. Activations beyond the format end
    at its ends, and so do sums beyond the range of a float, as in a requantiser.
    """

    operands: Operands
    sums: Summing

    @property
    def name(self) -> str:  # type: ignore[override]
        of = self.operands
        return f"{of.a}x{of.b}/{of.product}/{self.sums.name}"

    def within(self, depth: int) -> Scaled:
        check_int("depth", depth, 1, 1 << 32)
        of = self.operands
        return replace(self, sums=self.sums.within(find_rule(of.product).span(of.a, of.b), depth))

    def prepare(self, calibration: Matrix, w: Matrix) -> Product:
        x, w = check_matrices(calibration, w)
        scales = self.choose_scales(x, w)
        return ScaledProduct(self.operands, self.sums, scales, encoded(self.operands.b, w / scales[1]))

    def multiply(self, x: Matrix, w: Matrix) -> Matrix:
        x, w = check_matrices(x, w)
        of = self.operands
        scales = float(search.fit(of.a, x)), search.fit(of.b, w).reshape(1, 1)
        if self._needs_room:
            some = search.largest_rows(x, w)
            scales = search.make_room(partial(self._product, self.sums), some, w, scales)
        return self._product(self.sums, x, w, scales)

    def choose_scales(self, x: Matrix, w: Matrix) -> Scales:
        """The scales of activations and of weights, (1, columns), that bring ``x @ w`` nearest to float64's.

        First both together, where the product rule saturates; then each alone; then both together again, where sums
        have less room.
        """
        of = self.operands
        every, x = x, search.calibration_rows(x, w.shape[1], of.product == "exact")
        scales: Scales = float(search.fit(of.a, x)), search.fit(of.b, w, each=True)
        exactly = partial(self._product, Exact())
        if of.product != "exact":
            scales = search.make_room(exactly, x, w, scales)
        scales = search.refine(exactly, x, w, scales)
        if isinstance(self.sums, Exact):
            return scales
        return search.make_room(partial(self._product, self.sums), search.largest_rows(every, w), w, scales)

    @property
    def _needs_room(self) -> bool:
        return self.operands.product != "exact" or not isinstance(self.sums, Exact)

    def _product(self, sums: Summing, x: Matrix, w: Matrix, scales: Scales) -> Matrix:
        of = self.operands
        codes = sums.matmul(of, encoded(of.a, x / scales[0]), encoded(of.b, w / scales[1]))
        return codes * (scales[0] * scales[1])


@dataclass(frozen=True)
class Blocked(Arithmetic):
    """Numbers in blocks along the depth, each with a scale by the block format's rule, and sums of blocks' sums.

    A scale of the whole tensor, as NVFP4 has it, is that of the calibration data; larger activations end at the ends.
    """

    a: Block
    b: Block
    sums: Summing

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"{self.a}x{self.b}/{self.sums.name}"

    def within(self, depth: int) -> Blocked:
        check_int("depth", depth, 1, 1 << 32)
        return self

    def prepare(self, calibration: Matrix, w: Matrix) -> Product:
        x, w = check_matrices(calibration, w)
        weights = quantize(self.b, np.ascontiguousarray(w.T))
        return BlockedProduct(self.a, self.sums, quantize(self.a, x).tensor_value(), weights)

    def multiply(self, x: Matrix, w: Matrix) -> Matrix:
        x, w = check_matrices(x, w)
        a, b = quantize(self.a, x), quantize(self.b, np.ascontiguousarray(w.T))
        return self.sums.blocks(a, b) * (a.tensor_value() * b.tensor_value())
