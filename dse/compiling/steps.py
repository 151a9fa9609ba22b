"""A feed-forward network as a list of steps, each from one tensor to the next; what the host does of them, in words.

Tensors are float32. Behind a quantiser they hold the numbers that its codes are, without scale and zero point.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hw.formats import Format, Minifloat
from hw.formats.messages import cut

Shape = tuple[int, ...]
Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Step:
    """A step.

    Attributes
    ----------
    name : str
        The node's name in the file.
    shape : tuple of int
        Of what comes out.
    """

    name: str
    shape: Shape

    kind: ClassVar[str]
    moves: ClassVar[bool] = False
    """Whether it only puts numbers elsewhere, or chooses the larger: then quantising before it is quantising after."""

    @property
    def settings(self) -> dict[str, Any]:
        """What the drivers are told: the fields, as plain values."""
        return {"kind": self.kind} | {each.name: _plain(getattr(self, each.name)) for each in fields(self)}

    @property
    def words(self) -> str:
        """What it does, for people."""
        return self.kind


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    return list(value) if isinstance(value, tuple) else value


@dataclass(frozen=True, eq=False)
class Quantise(Step):
    """Numbers of a format: ``q = clip(round(x / scale + zero - after) + after)``.

    Attributes
    ----------
    format : Format
        That of an integer, of a float, or ``binary``: +1 of what is not below zero, else -1.
    scale, zero : float
        `zero` is 0 but for integers.
    low, high : float
        The ends of what there is.
    rounding : str
        A key of `hw.formats.ROUNDINGS`.
    after : float
        What of `zero` is added to what was rounded: all in ONNX, nothing in QONNX. It matters where an odd one meets a
        number halfway between two others.
    """

    format: Format
    scale: float
    zero: float
    low: float
    high: float
    rounding: str = "nearest_even"
    after: float = 0.0

    kind: ClassVar[str] = "quantise"

    @property
    def settings(self) -> dict[str, Any]:
        return {**super().settings, "format": self.format.name, **float_parts(self.format)}

    @property
    def words(self) -> str:
        return f"quantise to {self.format}"


def float_parts(fmt: Format) -> dict[str, Any]:
    """Of a float: its bits of mantissa, and the least exponent of its numbers."""
    if not isinstance(fmt, Minifloat):
        return {}
    return {"mantissa": fmt.mantissa_bits, "least": 1 - fmt.bias}


@dataclass(frozen=True, eq=False)
class Dequantise(Step):
    """Numbers with their scale again: ``(q - zero) * scale``."""

    scale: float
    zero: float

    kind: ClassVar[str] = "dequantise"

    @property
    def words(self) -> str:
        return "scale"


@dataclass(frozen=True, eq=False)
class Weights:
    """The weights of a product: ``scale * q``, or numbers without a format.

    Attributes
    ----------
    q : float64 array of shape (groups, K, N)
    scale : float64 array of shape (groups, N)
        1 without a format.
    format : Format or None
    """

    q: Array
    scale: Array
    format: Format | None


@dataclass(frozen=True)
class Patches:
    """What a convolution sees: windows of channels-first images.

    Attributes
    ----------
    kernel, strides, dilations : (int, int)
    pads : (int, int, int, int)
        Above, left, below, right.
    groups : int
    """

    kernel: tuple[int, int]
    strides: tuple[int, int] = (1, 1)
    dilations: tuple[int, int] = (1, 1)
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)
    groups: int = 1

    @property
    def settings(self) -> dict[str, Any]:
        return {each.name: _plain(getattr(self, each.name)) for each in fields(self)}


@dataclass(frozen=True, eq=False)
class Product(Step):
    """A matrix product with weights, of rows or of a convolution's patches.

    Attributes
    ----------
    operator : str
        The node's kind.
    weights : Weights
    patches : Patches or None
    """

    operator: str
    weights: Weights
    patches: Patches | None = None

    kind: ClassVar[str] = "product"

    @property
    def sizes(self) -> tuple[int, int, int]:
        """M, K and N, of each group."""
        groups, k, n = self.weights.q.shape
        return int(np.prod(self.shape)) // (groups * n), k, n


@dataclass(frozen=True, eq=False)
class Arithmetic(Step):
    """Numbers that are added, or that it is multiplied with or divided by.

    Attributes
    ----------
    operation : str
        ``add``, ``subtract``, ``multiply`` or ``divide``.
    values : float32 array
        Of a shape that broadcasts to the tensor's.
    """

    operation: str
    values: Array

    kind: ClassVar[str] = "arithmetic"

    @property
    def words(self) -> str:
        return f"{self.operation} constants"


@dataclass(frozen=True, eq=False)
class Relu(Step):
    """What is above `floor`, the number that zero is."""

    floor: float = 0.0

    kind: ClassVar[str] = "relu"


@dataclass(frozen=True, eq=False)
class MaxPool(Step):
    """The largest of each window of channels-first images."""

    kernel: tuple[int, int]
    strides: tuple[int, int]
    pads: tuple[int, int, int, int]

    kind: ClassVar[str] = "maxpool"
    moves: ClassVar[bool] = True

    @property
    def words(self) -> str:
        return "max pool"


@dataclass(frozen=True, eq=False)
class Reshape(Step):
    """The same numbers in another shape."""

    kind: ClassVar[str] = "reshape"
    moves: ClassVar[bool] = True


@dataclass(frozen=True, eq=False)
class Transpose(Step):
    """Axes in another order."""

    axes: Shape

    kind: ClassVar[str] = "transpose"
    moves: ClassVar[bool] = True


@dataclass(frozen=True, eq=False)
class Repeat(Step):
    """Every number as often as `factors` say, along each axis: the nearest neighbour of a larger image."""

    factors: Shape

    kind: ClassVar[str] = "repeat"
    moves: ClassVar[bool] = True


@dataclass(frozen=True, eq=False)
class Softmax(Step):
    """Along the last axis."""

    kind: ClassVar[str] = "softmax"


@dataclass(frozen=True, eq=False)
class Network:
    """A network.

    Attributes
    ----------
    name, source : str
        The file's, and the SHA-256 of it.
    input, output : str
        The tensors' names.
    shape : tuple of int
        Of the input.
    steps : tuple of Step
    """

    name: str
    source: str
    input: str
    output: str
    shape: Shape
    steps: tuple[Step, ...]

    @property
    def products(self) -> list[Product]:
        return [step for step in self.steps if isinstance(step, Product)]

    def with_steps(self, steps: list[Step]) -> Network:
        return replace(self, steps=tuple(steps))


def said(step: Step) -> str:
    """A step in an error: its kind and name."""
    return f"{step.operator if isinstance(step, Product) else step.kind} {cut(step.name)}"
