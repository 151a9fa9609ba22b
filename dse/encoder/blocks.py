"""A layer whose tensors are in blocks with a scale each; what stands between its products is in integers as ever.

Codes are the numbers that they mean, in float64: `dse.workloads.valued.in_blocks` gives those of the golden quantiser,
and sums are exact to 53 bits, where a core's are rounded to fp32. Softmax, GELU and layer normalisation are the golden
units', of the sum of operands rounded to 15 bits.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import hw
from dse.encoder.chain import Sizes, Tensors, by_columns, merged, split
from dse.encoder.operations import Step
from dse.encoder.quantise import SPEC, Quantised
from dse.encoder.units import applied
from dse.workloads.transformer import Layer
from dse.workloads.valued import in_blocks
from hw.formats import Block, parse_format
from hw.specs.encoder import EncoderSpec

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class BlockRecipe:
    """How a layer is brought into blocks.

    Attributes
    ----------
    format : str
        Of all tensors and weights, in blocks along what products sum.
    spec : str
        The encoder whose units of integers stand between products.
    curve : float
        As of `dse.encoder.quantise.Recipe`.
    """

    format: str
    spec: str = SPEC
    curve: float = 1.75


@dataclass(frozen=True)
class InBlocks:
    """How a tensor is written: in blocks along its columns, or as it is."""

    format: Block | None

    def codes(self, values: Any) -> Floats:
        wide = np.asarray(values, dtype=np.float64)
        return wide if self.format is None else in_blocks(self.format, wide)

    def values(self, codes: Floats) -> Floats:
        return codes


@dataclass(frozen=True, eq=False)
class BlockWeighted(Step):
    """A product with weights in blocks, and biases.

    Attributes
    ----------
    format : Block
    weights : float64 array of shape (K, N)
        Numbers of the format, in blocks along K.
    bias : array of shape (N,)
    written : InBlocks
        How the result is.
    """

    format: Block
    weights: Floats
    bias: NDArray[Any]
    written: InBlocks

    def run(self, tensors: Mapping[str, Any]) -> Floats:
        return self.written.codes(in_blocks(self.format, tensors[self.sources[0]]) @ self.weights + self.bias)


@dataclass(frozen=True, eq=False)
class BlockScores(Step):
    """Queries by keys of each head, in blocks along a head's columns."""

    format: Block
    sizes: Sizes

    def run(self, tensors: Mapping[str, Any]) -> Floats:
        thirds = np.split(tensors["qkv"], 3, axis=-1)
        q, k = (in_blocks(self.format, split(third, self.sizes.heads)) for third in thirds[:2])
        return in_blocks(self.format, q @ k.swapaxes(-1, -2) / math.sqrt(self.sizes.head))


@dataclass(frozen=True, eq=False)
class BlockContext(Step):
    """Shares by values of each head, in blocks along tokens."""

    format: Block
    sizes: Sizes

    def run(self, tensors: Mapping[str, Any]) -> Floats:
        v = split(np.split(tensors["qkv"], 3, axis=-1)[2], self.sizes.heads)
        v = in_blocks(self.format, v.swapaxes(-1, -2)).swapaxes(-1, -2)
        return in_blocks(self.format, merged(in_blocks(self.format, tensors["softmax"]) @ v))


@dataclass(frozen=True, eq=False)
class BlockVector(Step):
    """What a unit of integers makes of one tensor, or of the sum of two.

    Attributes
    ----------
    format : Block
    spec : EncoderSpec
    unit : str
        ``softmax``, ``gelu`` or ``norm``.
    step : float
        Of the unit's integers.
    factor, offset : float or array of shape (columns,)
        What its results are multiplied by, and what is added.
    """

    format: Block
    spec: EncoderSpec
    unit: str
    step: float
    factor: Any
    offset: Any = 0.0

    def run(self, tensors: Mapping[str, Any]) -> Floats:
        most = float(self.spec.before.output.max)
        terms = [np.clip(np.rint(tensors[name] / self.step), -most - 1, most) for name in self.sources]
        total = np.sum(terms, axis=0).astype(np.int64)
        found = applied(getattr(self.spec, self.unit), total.reshape(-1, total.shape[-1])).reshape(total.shape)
        return in_blocks(self.format, found * self.factor + self.offset)


def blocked(layer: Layer, sizes: Sizes, recorded: Sequence[Tensors], recipe: BlockRecipe) -> Quantised:
    """A layer in blocks, by what was recorded of it in float32: that decides the steps of sums, and nothing else."""
    fmt, spec = parse_format(recipe.format), hw.parse(recipe.spec)
    assert isinstance(fmt, Block) and isinstance(spec, EncoderSpec)
    plain, within = InBlocks(None), InBlocks(fmt)

    def weighted(name: str, source: str) -> BlockWeighted:
        w = in_blocks(fmt, layer.weights[name].T.astype(np.float64)).T
        # Queries and values lie in blocks of other directions: they are written where they are taken.
        return BlockWeighted(name, (source,), fmt, w, layer.biases[name], plain if name == "qkv" else within)

    def norm(number: int, name: str, a: str, b: str) -> BlockVector:
        largest = max(float(np.abs(by_columns(recorded, source)).max()) for source in (a, b))
        step = largest / float(spec.before.output.max)
        gamma, beta = (np.asarray(each, dtype=np.float64) for each in layer.norms[number])
        factor = gamma * math.sqrt(sizes.width) * 2.0**-spec.norm.places
        return BlockVector(name, (a, b), fmt, spec, "norm", step, factor, beta)

    gelu = 1 / (recipe.curve * spec.gelu_steps)
    share, sigmoid = 2.0**-spec.softmax.output.width, 2.0**-spec.gelu.sigmoid.width
    steps: list[Step] = [
        weighted("qkv", "x"),
        BlockScores("scores", ("qkv",), fmt, sizes),
        BlockVector("softmax", ("scores",), fmt, spec, "softmax", 1 / spec.softmax_steps, share),
        BlockContext("context", ("softmax", "qkv"), fmt, sizes),
        weighted("output", "context"),
        norm(0, "norm1", "x", "output"),
        weighted("up", "norm1"),
        BlockVector("gelu", ("up",), fmt, spec, "gelu", gelu, gelu * sigmoid),
        weighted("down", "gelu"),
        norm(1, "norm2", "norm1", "down"),
    ]
    written: dict[str, Any] = {"x": within} | {step.name: within for step in steps} | {"qkv": plain}
    return Quantised({step.name: step for step in steps}, written)
