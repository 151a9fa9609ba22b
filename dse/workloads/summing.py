"""How products become sums, as far as values depend on it: what a matrix product is handed to, in the golden model.

A `Summing` takes codes and gives values. What a unit does not do itself, as adding the results of a dot product's
beats, is done in float64.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from hw.datapath.accumulate import Floating as FloatingSums
from hw.datapath.accumulate import Saturating, parse_accumulator
from hw.formats import Fixed, Format, Span
from hw.formats.messages import cut
from hw.specs.mac import MacSpec
from sim.golden.accumulators import Accumulator, Floating, Wide
from sim.golden.blocks import Quantized, block_matmul, block_sums
from sim.golden.codes import Codes
from sim.golden.decoding import decode
from sim.golden.dot import codes_of_sums
from sim.golden.mac import Mac, accumulator_of
from sim.golden.matmul import exact_sums, matmul
from sim.golden.products import Terms

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Operands:
    """What meets in a product.

    Attributes
    ----------
    a, b : Format
    product : str
        A name in `sim.golden.products.PRODUCTS`.
    """

    a: Format
    b: Format
    product: str


class Summing(ABC):
    """A way to sum up products."""

    name: str
    """Canonical, for names of arithmetics; `parse_summing` turns it back."""

    @abstractmethod
    def matmul(self, of: Operands, a: Codes, b: Codes) -> Matrix:
        """The values of ``a @ b``, for codes of shapes (n, k) and (k, m).

        A sum that is infinite is the end of its format, and one that is NaN is zero: so a requantiser takes it.

        Raises
        ------
        ValueError
            A product of finite operands is infinite or NaN.
        """

    @abstractmethod
    def blocks(self, a: Quantized, b: Quantized) -> Matrix:
        """The values of ``a @ b.T``, without the tensors' scales, for block arrays of shapes (n, k) and (m, k)."""

    def within(self, products: Span, depth: int) -> Summing:
        """The simplest that gives the same sums of at most `depth` products of that span."""
        return self


@dataclass(frozen=True)
class Exact(Summing):
    """Sums that are exact, whatever their length."""

    name = "exact"

    def matmul(self, of: Operands, a: Codes, b: Codes) -> Matrix:
        sums = exact_sums(of.a, of.b, a, b, of.product)
        _check(of, sums.status)
        return sums.values()

    def blocks(self, a: Quantized, b: Quantized) -> Matrix:
        return block_sums(a, b).values()


@dataclass(frozen=True)
class Accumulated(Summing):
    """One product after the other in an accumulator of `hw.datapath.accumulate`, or of blocks their sums."""

    text: str

    @property
    def name(self) -> str:  # type: ignore[override]
        return self.text

    def matmul(self, of: Operands, a: Codes, b: Codes) -> Matrix:
        mac = Mac.of(MacSpec(of.a, of.b, of.product, self.text, 1))
        codes, status = mac.matmul(a, b)
        _check(of, status)
        return numbers(mac.accumulator.format, codes)

    def blocks(self, a: Quantized, b: Quantized) -> Matrix:
        sums = parse_accumulator(self.text)
        if not isinstance(sums, FloatingSums):
            raise ValueError(f"sums of blocks must be exact or in a float, got {cut(self.text)}")
        codes, _ = block_matmul(a, b, Floating(sums.result, rounding=sums.rounding))
        return numbers(sums.result, codes)

    def within(self, products: Span, depth: int) -> Summing:
        fmt = parse_accumulator(self.text).format(products)
        return Exact() if isinstance(fmt, Fixed) and _holds(fmt, products.accumulate(depth)) else self


@dataclass(frozen=True)
class Saturated(Summing):
    """Of beats of so many products each: their exact sums, one after the other, end at the ends of fixed point."""

    text: str
    lanes: int

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"{self.text}:n{self.lanes}"

    def matmul(self, of: Operands, a: Codes, b: Codes) -> Matrix:
        accumulator = accumulator_of(MacSpec(of.a, of.b, of.product, self.text, 1))
        assert isinstance(accumulator, Wide)
        state = accumulator.start((len(a), b.shape[1]))
        for terms in _beats(of, a, b, self.lanes):
            state = accumulator.add(state, terms)
        return decode(accumulator.format, accumulator.finish(state))

    def blocks(self, a: Quantized, b: Quantized) -> Matrix:
        raise ValueError(f"sums of blocks must be exact or in a float, got {cut(self.name)}")

    def within(self, products: Span, depth: int) -> Summing:
        fmt = parse_accumulator(self.text).format(products)
        return Exact() if isinstance(fmt, Fixed) and _holds(fmt, products.accumulate(depth)) else self


@dataclass(frozen=True)
class Rounded(Summing):
    """Sums of so many products, or of a block's, are each rounded into a float; then they are added in float64.

    Attributes
    ----------
    result : Format
    rounding : str
    lanes : int
        0 for blocks, which say it themselves.
    stepwise : bool
        Whether each product is rounded, and each addition in a tree, instead of their exact sum.
    """

    result: Format
    rounding: str = "nearest_even"
    lanes: int = 1
    stepwise: bool = False

    @property
    def name(self) -> str:  # type: ignore[override]
        rounding = "" if self.rounding == "nearest_even" else f":{self.rounding}"
        return f"{self.result}{rounding}:n{self.lanes}{':tree' if self.stepwise else ''}"

    def matmul(self, of: Operands, a: Codes, b: Codes) -> Matrix:
        total = np.zeros((len(a), b.shape[1]))
        if self.stepwise:
            tree = Floating(self.result, "tree", self.rounding, round_products=True)
            for piece in _pieces(len(b), self.lanes):
                codes, status = matmul(of.a, of.b, a[:, piece], b[piece], of.product, tree)
                _check(of, status)
                total += numbers(self.result, codes)
            return total
        for terms in _beats(of, a, b, self.lanes):
            total += numbers(self.result, codes_of_sums(self.result, terms, self.rounding))
        return total

    def blocks(self, a: Quantized, b: Quantized) -> Matrix:
        accumulator: Accumulator = Floating(self.result, rounding=self.rounding)
        total = np.zeros((len(a.elements), len(b.elements)))
        for number, piece in enumerate(_pieces(a.elements.shape[1], a.format.size)):
            x, y = (replace(q, elements=q.elements[:, piece], scales=q.scales[:, number : number + 1]) for q in (a, b))
            total += numbers(self.result, block_matmul(x, y, accumulator)[0])
        return total


def numbers(fmt: Format, codes: Codes) -> Matrix:
    """The values of codes: of an infinity the format's end, of NaN zero."""
    values = decode(fmt, codes)
    if not fmt.has_special or np.isfinite(values).all():
        return values
    return np.nan_to_num(values, nan=0.0, posinf=float(fmt.max), neginf=float(fmt.min))


def _holds(fmt: Fixed, sums: Span) -> bool:
    """Whether a fixed-point format has all of these sums."""
    unit = Fraction(2) ** sums.lsb
    return fmt.span.lsb <= sums.lsb and fmt.min <= sums.lo * unit and sums.hi * unit <= fmt.max


def _pieces(depth: int, size: int) -> Iterator[slice]:
    return (slice(start, start + size) for start in range(0, depth, size))


def _beats(of: Operands, a: Codes, b: Codes, lanes: int) -> Iterator[Terms]:
    """The exact sums of every so many products."""
    for piece in _pieces(len(b), lanes):
        sums = exact_sums(of.a, of.b, a[:, piece], b[piece], of.product)
        _check(of, sums.status)
        yield Terms(sums.steps(), sums.status, sums.lsb)


def _check(of: Operands, status: NDArray[np.uint8]) -> None:
    if np.any(status):
        raise ValueError(f"a product in {cut(of.a)} x {cut(of.b)} was infinite or NaN, from finite operands")


def parse_summing(text: str) -> Summing:
    """The summing of that name.

    Raises
    ------
    ValueError
        It names none.
    """
    if text == Exact.name:
        return Exact()
    found = re.fullmatch(r"(?P<sums>[^/]+):n(?P<lanes>[1-9][0-9]{0,3})(?P<tree>:tree)?", text)
    if found is None:
        return Accumulated(parse_accumulator(text).name)
    sums, lanes = parse_accumulator(found["sums"]), int(found["lanes"])
    if isinstance(sums, Saturating) and not found["tree"]:
        return Saturated(sums.name, lanes)
    if not isinstance(sums, FloatingSums):
        raise ValueError(f"sums of beats must be rounded into a float or saturate, got {cut(text)}")
    return Rounded(sums.result, sums.rounding, lanes, bool(found["tree"]))
