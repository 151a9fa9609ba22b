"""What a matrix product is worked out in, and all that its results depend on: not a unit's size, pipeline or form.

`arithmetic_of(spec)` is that of a spec; many specs have the same. Its `prepare` takes weights once, and the `Product`
that it gives multiplies activations by them in the golden model.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

import hw
from dse.workloads import scales as search
from dse.workloads.scales import Matrix, Scales
from dse.workloads.summing import Accumulated, Exact, Operands, Rounded, Saturated, Summing, parse_summing
from hw.datapath.accumulate import Kulisch, Saturating, parse_accumulator
from hw.formats import Block, Format, check_choice, check_int, parse_scalar
from hw.formats.messages import check_name, echo
from hw.specs.base import parse_blocks, parse_operands
from sim.golden.blocks import Quantized, quantize
from sim.golden.codes import Codes
from sim.golden.encoding import encode
from sim.golden.products import PRODUCTS, find_rule

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
        return _codes(self.operands.a, x / self.scales[0])

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
        return ScaledProduct(self.operands, self.sums, scales, _codes(self.operands.b, w / scales[1]))

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
        codes = sums.matmul(of, _codes(of.a, x / scales[0]), _codes(of.b, w / scales[1]))
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


def _codes(fmt: Format, values: Matrix) -> Codes:
    """Codes of finite values; what is beyond the format's ends is at the end."""
    return encode(fmt, np.clip(values, float(fmt.min), float(fmt.max)))


def _without_tensor(q: Quantized) -> Quantized:
    return Quantized(replace(q.format, tensor=None), q.elements, q.scales)


def _of_mac(spec: Any) -> Arithmetic:
    # In one segment or many, with or without a carry chain: the same fixed point.
    sums = parse_accumulator(spec.accumulator)
    text = Kulisch(sums.depth).name if isinstance(sums, Kulisch) else sums.name
    return Scaled(Operands(spec.a, spec.b, spec.product), Accumulated(text))


def _of_matvec(spec: Any) -> Arithmetic:
    if isinstance(spec.sums, Saturating):
        return Scaled(Operands(spec.a, spec.b, spec.product), Saturated(spec.sums.name, spec.lanes))
    return _of_mac(spec)


def _of_mul(spec: Any) -> Arithmetic:
    sums = Exact() if spec.is_exact else Rounded(spec.result, spec.rounding)
    return Scaled(Operands(spec.a, spec.b, spec.product), sums)


def _of_dot(spec: Any) -> Arithmetic:
    # One product is rounded once, whether stepwise or not.
    stepwise = spec.sums == "rounded" and spec.lanes > 1
    sums = Exact() if spec.is_exact else Rounded(spec.result, spec.rounding, spec.lanes, stepwise)
    return Scaled(Operands(spec.a, spec.b, spec.product), sums)


def _of_blockdot(spec: Any) -> Arithmetic:
    return Blocked(spec.a, spec.b, Exact() if spec.is_exact else Rounded(spec.result, spec.rounding, spec.lanes))


def _of_blockgemm(spec: Any) -> Arithmetic:
    return Blocked(spec.a, spec.b, Accumulated(parse_accumulator(spec.accumulator).name))


def _of_lookup(weights: Format, spec: Any) -> Arithmetic:
    return Scaled(Operands(spec.x, weights, "exact"), Accumulated(spec.accumulator) if spec.is_chained else Exact())


ARITHMETICS: dict[str, Callable[[Any], Arithmetic]] = {
    "mac": _of_mac,
    "pe": _of_mac,
    "array": _of_mac,
    "gemm": _of_mac,
    "matvec": _of_matvec,
    "mul": _of_mul,
    "dot": _of_dot,
    "blockdot": _of_blockdot,
    "blockgemm": _of_blockgemm,
    "tellme": partial(_of_lookup, parse_scalar("ternary")),
    "tmac": lambda spec: _of_lookup(spec.w, spec),
}
"""The arithmetic of each unit's specs, by the unit's name. Activations are operand a, weights operand b.

What a unit does not do, as adding products or the sums of beats, is exact, or in float64 where these were rounded.
"""


def arithmetic_of(spec: hw.Spec, depth: int | None = None) -> Arithmetic:
    """The arithmetic of a spec.

    Parameters
    ----------
    spec : Spec
    depth : int, optional
        The longest sum that there will be: accumulators that hold it are called exact, and are one arithmetic then.

    Raises
    ------
    TypeError
        `spec` is no spec.
    ValueError
        Its unit multiplies no matrices.
    """
    if not isinstance(spec, hw.Spec):
        raise TypeError(f"spec must be a spec of {', '.join(ARITHMETICS)}, got {echo(spec)}")
    if spec.unit not in ARITHMETICS:
        raise ValueError(
            f"spec must be of a unit that multiplies matrices ({', '.join(ARITHMETICS)}), got {echo(spec.name)}: "
            f"{spec.unit} has no products"
        )
    found = ARITHMETICS[spec.unit](spec)
    return found if depth is None else found.within(depth)


def parse_arithmetic(name: str) -> Arithmetic:
    """The arithmetic of that name: ``AxB/PRODUCT/SUMS``, or of blocks ``AxB/SUMS``.

    Sums are ``exact``; what a MAC's accumulator is called; or of beats of N products, rounded or saturating once a
    beat, that with ``:nN`` behind it, and ``:tree`` if every addition rounds.

    Raises
    ------
    TypeError
        `name` is not a str.
    ValueError
        It names no arithmetic.
    """
    check_name("an arithmetic's name", name)
    try:
        operands, *product, sums = name.split("/")
        if not product:
            return Blocked(*parse_blocks(operands), parse_summing(sums))
        a, b = parse_operands(operands)
        (rule,) = product
        check_choice("product", rule, PRODUCTS)
        PRODUCTS[rule].span(a, b)
        return Scaled(Operands(a, b, rule), parse_summing(sums))
    except ValueError as error:
        raise ValueError(f"arithmetic {echo(name)}: {error} (it is written {LAYOUT})") from None


LAYOUT = "AxB/PRODUCT/SUMS or BLOCKSxBLOCKS/SUMS, for example int8xint8/exact/exact"
"""How names of arithmetics are written."""
