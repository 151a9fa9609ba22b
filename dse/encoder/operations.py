"""The operations of a layer in codes: what each takes, its numbers, and what golden models make of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dse.encoder.chain import Tensors, merged, split
from dse.encoder.units import Parameters, applied, golden, integers, requantised
from hw.specs.encoder import EncoderSpec
from hw.specs.gemm import GemmSpec
from hw.specs.requant import RequantSpec
from sim.golden.codes import Codes
from sim.golden.decoding import decode_steps


@dataclass(frozen=True, eq=False)
class Step(ABC):
    """An operation.

    Attributes
    ----------
    name : str
        Also of the tensor that it gives.
    sources : tuple of str
        Tensors that it takes.
    """

    name: str
    sources: tuple[str, ...]

    @abstractmethod
    def run(self, tensors: Mapping[str, Codes]) -> Codes:
        """Its result in codes, of tensors as `dse.encoder.chain.Tensors` has them, in codes."""


@dataclass(frozen=True, eq=False)
class Weighted(Step):
    """A product with weights.

    Attributes
    ----------
    spec : GemmSpec
    weights : codes of shape (K, N)
    parameters : dict of str to codes of shape (N,)
    """

    spec: GemmSpec
    weights: Codes
    parameters: Parameters

    def run(self, tensors: Mapping[str, Codes]) -> Codes:
        x = tensors[self.sources[0]]
        found, _ = golden(self.spec).run(x.reshape(-1, x.shape[-1]), self.weights, **self.parameters)
        return np.asarray(found).reshape(*x.shape[:-1], -1)


@dataclass(frozen=True, eq=False)
class Columns:
    """Columns of a tensor, or a head of it, so many for each head.

    Attributes
    ----------
    first, each, heads : int
        The first column, and how many each head has; `each` is 0 for a tensor that has a matrix for each head.
    transposed : bool
    """

    first: int
    each: int
    heads: int
    transposed: bool = False

    def of(self, x: Codes) -> Codes:
        """A matrix for each sentence and head."""
        found = split(x[..., self.first : self.first + self.each * self.heads], self.heads) if self.each else x
        return found.swapaxes(-1, -2) if self.transposed else found


@dataclass(frozen=True, eq=False)
class Paired(Step):
    """Products of two tensors, one for each head.

    Attributes
    ----------
    spec : GemmSpec
    a, b : Columns
        Of the two sources.
    parameters : dict of str to codes of shape (heads, 1) or (heads, columns)
    joined : bool
        Whether the heads' results are side by side.
    """

    spec: GemmSpec
    a: Columns
    b: Columns
    parameters: Parameters
    joined: bool = False

    def run(self, tensors: Mapping[str, Codes]) -> Codes:
        a, b = (side.of(tensors[name]) for side, name in zip((self.a, self.b), self.sources, strict=True))
        mac, requant = golden(self.spec).mac, self.spec.requant
        assert requant is not None
        shape = *a.shape[:-1], b.shape[-1]
        pairs = zip(a.reshape(-1, *a.shape[2:]), b.reshape(-1, *b.shape[2:]), strict=True)
        sums = np.array([decode_steps(mac.accumulator.format, mac.matmul(x, y)[0]) for x, y in pairs])
        # As the core does, but all at once.
        given = {name: _of_rows(codes, shape) for name, codes in self.parameters.items()}
        found = requantised(requant, sums.reshape(-1, shape[-1]), given).reshape(shape)
        return merged(found) if self.joined else found


def _of_rows(codes: Codes, shape: tuple[int, ...]) -> Codes:
    """Parameters of each head, of shape (heads, 1) or (heads, columns), for all rows of all heads."""
    return np.broadcast_to(codes[:, None], shape).reshape(-1, shape[-1])


@dataclass(frozen=True, eq=False)
class Vector(Step):
    """What a vector unit makes of one tensor, or of the sum of two.

    Attributes
    ----------
    spec : EncoderSpec
    unit : str
        ``softmax``, ``gelu`` or ``norm``.
    after : RequantSpec
        What makes codes of the unit's results.
    pre : tuple of dict of str to codes
        The parameters of each source, of shape (columns,); for softmax (heads, 1).
    post : dict of str to codes
        The result's.
    """

    spec: EncoderSpec
    unit: str
    after: RequantSpec
    pre: tuple[Parameters, ...]
    post: Parameters

    def run(self, tensors: Mapping[str, Codes]) -> Codes:
        shape, before = tensors[self.sources[0]].shape, self.spec.before
        terms = []
        for name, parameters in zip(self.sources, self.pre, strict=True):
            codes = tensors[name] if self.spec.cast is None else golden(self.spec.cast).cast(tensors[name])
            x = integers(before.input, codes).reshape(-1, shape[-1])
            terms.append(integers(before.output, requantised(before, x, self._spread(parameters, shape))))
        # The highest and the lowest sum of two numbers of 15 bits are of 16.
        found = applied(getattr(self.spec, self.unit), np.sum(terms, axis=0))
        return requantised(self.after, found, self._spread(self.post, shape)).reshape(shape)

    def _spread(self, parameters: Parameters, shape: tuple[int, ...]) -> Parameters:
        """Parameters for rows: those of columns are for all of them, those of heads for all of a head's."""
        if len(shape) == 3:
            return parameters
        return {name: _of_rows(codes, shape) for name, codes in parameters.items()}


def run(steps: Mapping[str, Step], x: Codes) -> Tensors:
    """All tensors of a layer, in codes."""
    tensors: Tensors = {"x": x}
    for name, step in steps.items():
        tensors[name] = step.run(tensors)
    return tensors
