"""A layer in codes: scales from recorded numbers, weights with the scales of what they meet, parameters of units."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

import hw
from dse.encoder.chain import Sizes, Tensors, by_columns
from dse.encoder.operations import Columns, Paired, Step, Vector, Weighted, run
from dse.encoder.scaling import parameters
from dse.encoder.tensors import Written, fitted, in_octaves, reach
from dse.encoder.units import Parameters
from dse.workloads.transformer import Layer
from hw.formats import Format, parse_format
from hw.formats.messages import echo
from hw.specs.encoder import EncoderSpec
from hw.specs.gemm import GemmSpec
from sim.golden import encode
from sim.golden.codes import Codes

Floats = NDArray[np.float64]
SPEC = "encoder/int8/n8"
"""The usual encoder; what its units give does not depend on its lanes."""


@dataclass(frozen=True)
class Recipe:
    """How a layer is brought into codes.

    Attributes
    ----------
    spec : str
        The encoder.
    each : bool
        Whether the columns of the residual stream and of the perceptron have scales of their own.
    octaves : bool
        Whether the scales of a tensor's columns are powers of two apart.
    attention : str, optional
        Format of queries, keys, values and shares, if it is not that of all codes.
    product : str, optional
        The product rule of scores and context, if it is not that of all products.
    balance : float
        The share, in octaves, of what columns differ by that scales take up; weights, whose rows have the scales of
        what they meet, are left the rest. 1 is a scale that just fits each column, 0 one for all.
    curve : float
        What a GELU takes for I-ViT's 1.702: its shifts make of a sigmoid one that is less steep.
    """

    spec: str = SPEC
    each: bool = True
    octaves: bool = False
    attention: str | None = None
    product: str | None = None
    balance: float = 0.85
    curve: float = 1.75

    def __post_init__(self) -> None:
        if not isinstance(self.spec, str):
            raise TypeError(f"spec must be the name of an encoder, got {echo(self.spec)}")
        if not isinstance(hw.parse(self.spec), EncoderSpec):
            raise ValueError(f"spec must be the name of an encoder, got {echo(self.spec)}")
        if not 0 <= self.balance <= 1:
            raise ValueError(f"balance must be 0..1, got {self.balance}")
        if not 1 <= self.curve <= 3:
            raise ValueError(f"curve must be 1..3, got {self.curve}")

    def scale(self, most: float, x: NDArray[Any], met: bool = False) -> Floats:
        """The scale of each column, by which no code is above `most`; with `met`, of a tensor that meets weights."""
        scale = fitted(most, x, self.each)
        if met:
            scale = scale**self.balance * scale.max() ** (1 - self.balance)
        return in_octaves(scale) if self.octaves else scale


@dataclass(frozen=True, eq=False)
class Quantised:
    """A layer in codes.

    Attributes
    ----------
    steps : dict of str to Step
        By the names of `dse.encoder.chain.operations`, in their order.
    written : dict of str to Written
        What the codes of each tensor mean; of ``x``, too.
    """

    steps: dict[str, Step]
    written: dict[str, Written]

    def run(self, x: Codes) -> Tensors:
        """All tensors, in codes."""
        return run(self.steps, x)


def quantised(
    layer: Layer, sizes: Sizes, recorded: Sequence[Tensors], recipe: Recipe | None = None, x: Written | None = None
) -> Quantised:
    """A layer in codes, by what was recorded of it in float32.

    Parameters
    ----------
    layer : Layer
    sizes : Sizes
    recorded : list of Tensors
        As `dse.encoder.chain.run` gives them, of data as there will be.
    recipe : Recipe, optional
    x : Written, optional
        How what comes in is written; by default as the recipe has it.

    Raises
    ------
    NotInUnits
        A scale or an offset is beyond what the units hold.
    """
    return _Quantiser(layer, sizes, recorded, recipe or Recipe()).quantised(x)


class _Quantiser:
    """One layer at a time, an operation after the other."""

    def __init__(self, layer: Layer, sizes: Sizes, recorded: Sequence[Tensors], recipe: Recipe) -> None:
        self.layer, self.sizes, self.recipe = layer, sizes, recipe
        self.recorded = recorded
        spec = hw.parse(recipe.spec)
        assert isinstance(spec, EncoderSpec)
        self.spec, self.code, self.most = spec, spec.code, reach(spec.code, spec.product)
        self.product = recipe.product or spec.product
        self.attention = parse_format(recipe.attention or spec.code.name)
        self.written: dict[str, Written] = {}
        self.steps: dict[str, Step] = {}

    def quantised(self, x: Written | None) -> Quantised:
        self.written["x"] = x or Written(self.code, self._scale("x", True))
        self._attention()
        self._weighted("output", "context", self._scale("output"))
        self._norm(0, "norm1", "x", "output")
        self._weighted("up", "norm1", self._scale("up"))
        self._gelu()
        self._weighted("down", "gelu", self._scale("down"))
        self._norm(1, "norm2", "norm1", "down")
        return Quantised(self.steps, self.written)

    def columns(self, name: str) -> NDArray[Any]:
        return by_columns(self.recorded, name)

    def _scale(self, name: str, met: bool = False) -> Floats:
        return self.recipe.scale(self.most, self.columns(name), met)

    # Products.

    def _weighted(self, name: str, source: str, scale: Floats, fmt: Format | None = None) -> None:
        """A product with weights whose rows have the scales of what they meet."""
        w = self.layer.weights[name] * self.written[source].scale[:, None]
        steps = fitted(self.most, w)
        spec = self.spec.gemm if fmt is None else replace(self.spec.gemm, output=fmt.name)
        given = self._of_core(spec, name, steps / scale, self.layer.biases[name] / scale)
        self.steps[name] = Weighted(name, (source,), spec, encode(self.code, w / steps), given)
        self.written[name] = Written(fmt or self.code, scale)

    def _attention(self) -> None:
        sizes, fmt, core = self.sizes, self.attention, self._core()
        self._weighted("qkv", "x", self._of_queries(), None if fmt == self.code else fmt)
        scale = self.written["qkv"].scale
        q, k, v = (scale[number * sizes.width : (number + 1) * sizes.width] for number in range(3))
        self.written["scores"] = Written(self.code, fitted(self.most, self.columns("scores"))[:, None, None])
        of_heads = (q * k).reshape(sizes.heads, -1)[:, :1] / math.sqrt(sizes.head)
        heads = [Columns(number * sizes.width, sizes.head, sizes.heads, number == 1) for number in range(3)]
        given = self._of_core(core, "scores", of_heads / self.written["scores"].scale[:, :, 0])
        self.steps["scores"] = Paired("scores", ("qkv", "qkv"), core, heads[0], heads[1], given)
        share = self._softmax()
        context = self._scale("context", True)
        given = self._of_core(core, "context", (share * v / context).reshape(sizes.heads, -1))
        whole = Columns(0, 0, sizes.heads)
        self.steps["context"] = Paired("context", ("softmax", "qkv"), core, whole, heads[2], given, True)
        self.written["context"] = Written(self.code, context)

    def _core(self) -> GemmSpec:
        """What multiplies queries by keys, and shares by values."""
        core, fmt = self.spec.gemm, self.attention
        if (fmt, self.product) == (self.code, self.spec.product):
            return core
        sums = f"kulisch{self.spec.row}"
        return replace(core, a=fmt, b=fmt, product=self.product, accumulator=sums, output=self.code.name)

    def _of_core(self, core: GemmSpec, name: str, ratio: Floats, offset: ArrayLike = 0.0) -> Parameters:
        """Parameters of a product of tensors whose steps are so large, in those of the result."""
        assert core.requant is not None
        return parameters(core.requant, name, ratio * 2.0**core.array.pe.mac.term_span.lsb, offset)

    def _of_queries(self) -> Floats:
        """The scales of queries, keys and values. Of a head's queries and keys each pair has the same product."""
        sizes = self.sizes
        largest = np.abs(self.columns("qkv")).max(axis=0).astype(np.float64)
        q, k, _ = largest.reshape(3, sizes.heads, sizes.head)
        most = reach(self.attention, self.product)
        # Both of a pair reach as far as their geometric mean.
        both = np.sqrt(q * k)
        head = both.max(axis=1, keepdims=True) / most
        balance = np.sqrt(q / k)
        if self.recipe.octaves:
            balance = 2.0 ** np.rint(np.log2(balance))
            head = np.maximum(q / balance, k * balance).max(axis=1, keepdims=True) / most
        values = self.recipe.scale(most, self.columns("qkv")[:, 2 * sizes.width :])
        return np.concatenate([(head * balance).ravel(), (head / balance).ravel(), values])

    # Units between products.

    def _before(self, name: str, scale: Floats) -> Parameters:
        """Parameters of an operand whose steps are so large, in those of the sum."""
        cast = self.spec.cast
        return parameters(self.spec.before, name, scale * (1.0 if cast is None else 2.0**cast.output.span.lsb))

    def _softmax(self) -> float:
        """Also what a share's step is."""
        spec, scores = self.spec, self.written["scores"].scale[:, :, 0]
        share = 1 / reach(self.attention, self.product)
        after = spec.after if self.attention == self.code else replace(spec.after, output=self.attention)
        post = parameters(after, "softmax", np.full_like(scores, 2.0**-spec.softmax.output.width / share))
        pre = self._before("softmax", scores * spec.softmax_steps)
        self.steps["softmax"] = Vector("softmax", ("scores",), spec, "softmax", after, (pre,), post)
        self.written["softmax"] = Written(self.attention, np.full((self.sizes.heads, 1, 1), share))
        return share

    def _gelu(self) -> None:
        spec, scale = self.spec, self._scale("gelu", True)
        step = 1 / (self.recipe.curve * spec.gelu_steps)
        pre = self._before("gelu", self.written["up"].scale / step)
        post = parameters(spec.after, "gelu", step * 2.0**-spec.gelu.sigmoid.width / scale)
        self.steps["gelu"] = Vector("gelu", ("up",), spec, "gelu", spec.after, (pre,), post)
        self.written["gelu"] = Written(self.code, scale)

    def _norm(self, number: int, name: str, a: str, b: str) -> None:
        spec, scales = self.spec, [self.written[source].scale for source in (a, b)]
        # The largest code of the largest scale is the largest term.
        step = self.most * max(scale.max() for scale in scales) / float(spec.before.output.max)
        pre = tuple(self._before(name, scale / step) for scale in scales)
        gamma, beta = (np.asarray(each, dtype=np.float64) for each in self.layer.norms[number])
        # A negative weight makes a column's codes negative.
        written = Written(self.code, self._scale(name, True) * np.where(gamma < 0, -1, 1))
        factor = gamma * math.sqrt(self.sizes.width) * 2.0**-spec.norm.places / written.scale
        post = parameters(spec.after, name, factor, beta / written.scale)
        self.steps[name] = Vector(name, (a, b), spec, "norm", spec.after, pre, post)
        self.written[name] = written
