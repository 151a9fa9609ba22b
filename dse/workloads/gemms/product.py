"""What lists of matrix products are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.formats import Format, check_int
from hw.formats.messages import check_name, cut, echo

MAX_SIZE = (1 << 31) - 1
"""Of a size, and of how often a product is made."""
MAX_MACS = 1 << 62
"""Of a list: what sums of 64 bits hold, with room for the cycles of a slow unit."""
SIZES = ("m", "k", "n", "times")


@dataclass(frozen=True)
class Product:
    """A matrix product that is made some times, each time with other numbers: ``C = A B``.

    Parameters
    ----------
    name : str
        What people call it.
    m, k, n, times : int
        A is m x k and B is k x n; 1..2**31 - 1. A row of A is a token or a place of an image, a column of B an output.
    a, b : Format, optional
        What the operands are in, where the source says it.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value.
    """

    name: str
    m: int
    k: int
    n: int
    times: int = 1
    a: Format | None = None
    b: Format | None = None

    def __post_init__(self) -> None:
        check_name("name", self.name)
        for size in SIZES:
            check_int(size, getattr(self, size), 1, MAX_SIZE)
        for name in ("a", "b"):
            if not isinstance(getattr(self, name), (Format, type(None))):
                raise TypeError(f"{name} must be a Format or None, got {echo(getattr(self, name))}")

    @property
    def macs(self) -> int:
        """Multiply-accumulates, of all times."""
        return self.m * self.k * self.n * self.times


@dataclass(frozen=True)
class GemmList:
    """The matrix products of one pass through a network: of an image, a text or a token.

    Parameters
    ----------
    name, title, source : str
        For the command line, for people, and where the shapes are from.
    products : tuple of Product
        In the order in which they are made; at least one.
    left_out : tuple of str
        What else there is in the network that is no matrix product: the operator and the name of each.
    gmacs : float, optional
        What is published for it, in 10**9 multiply-accumulates; `published` says where.
    published : str

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type, no products, or more than 2**62 multiply-accumulates.
    """

    name: str
    title: str
    source: str
    products: tuple[Product, ...]
    left_out: tuple[str, ...] = ()
    gmacs: float | None = None
    published: str = ""

    def __post_init__(self) -> None:
        for name in ("name", "title", "source"):
            check_name(name, getattr(self, name))
        if not isinstance(self.products, tuple) or not all(isinstance(each, Product) for each in self.products):
            raise TypeError(f"products must be a tuple of Product, got {echo(self.products)}")
        if not self.products:
            raise ValueError(f"products must be at least one, got none in {cut(self.name)}")
        if self.macs > MAX_MACS:
            raise ValueError(f"products must be at most 2**62 multiply-accumulates in all, got {self.macs:.3g}")

    @property
    def macs(self) -> int:
        """Multiply-accumulates of a pass."""
        return sum(product.macs for product in self.products)

    @property
    def most(self) -> dict[str, int]:
        """The largest m, k and n."""
        return {size: max(getattr(product, size) for product in self.products) for size in ("m", "k", "n")}

    @property
    def shapes(self) -> dict[str, NDArray[np.int64]]:
        """The distinct shapes as arrays m, k and n, and how often each is made: times."""
        found: dict[tuple[int, int, int], int] = {}
        for product in self.products:
            shape = product.m, product.k, product.n
            found[shape] = found.get(shape, 0) + product.times
        columns: Any = zip(*((*shape, times) for shape, times in found.items()), strict=True)
        return {size: np.array(column, dtype=np.int64) for size, column in zip(SIZES, columns, strict=True)}
