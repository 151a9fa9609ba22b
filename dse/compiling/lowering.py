"""Which of a network's steps a core does, and which its host: products with what follows them up to a quantiser.

A core that gives its sums leaves all between two products to the host. One with a requantiser takes constants for each
column, a ReLU and the quantiser behind them too; steps that only move numbers, or choose the larger, come after that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from dse.compiling.quantisers import holds
from dse.compiling.steps import (
    Arithmetic,
    Array,
    Dequantise,
    Network,
    Product,
    Quantise,
    Relu,
    Step,
    Weights,
    said,
)
from hw.datapath.unpack import is_float
from hw.formats import Format, Integer
from hw.formats.messages import cut


class NotOnCore(ValueError):
    """Why no requantiser makes what stands behind products."""


@dataclass(frozen=True, eq=False)
class Behind:
    """What a requantiser makes of a column's sums z: ``quantise(relu(factor * z + offset))``.

    Attributes
    ----------
    factor, offset : float64 arrays of shape (groups, N)
        Of sums of the numbers that codes are; `factor` is 0 or more.
    relu : bool
    quantise : Quantise
    """

    factor: Array
    offset: Array
    relu: bool
    quantise: Quantise


@dataclass(frozen=True, eq=False)
class Layer(Step):
    """A product on the core.

    Attributes
    ----------
    product : Product
        With the weights that the core is given.
    a : Quantise
        What the operand A went through.
    behind : Behind or None
        None if the host takes the sums.
    """

    product: Product
    a: Quantise
    behind: Behind | None = None

    kind: ClassVar[str] = "product"

    @property
    def scales(self) -> Array:
        """What the sums of each column are multiplied by, of shape (groups, N)."""
        return np.asarray(self.a.scale * self.product.weights.scale)

    @property
    def correction(self) -> Array | None:
        """What a zero point of A adds to the sums of each column, of shape (groups, N)."""
        return self.a.zero * self.product.weights.q.sum(axis=1) if self.a.zero else None

    @property
    def weights(self) -> Format:
        fmt = self.product.weights.format
        assert fmt is not None
        return fmt


def unquantised(network: Network) -> list[Product]:
    """The products of which an operand has no format."""
    found, fmt = [], False
    for step in network.steps:
        if isinstance(step, Product) and (not fmt or step.weights.format is None):
            found.append(step)
        fmt = isinstance(step, Quantise) or (fmt and (step.moves or isinstance(step, Relu)))
    return found


def lowered(network: Network, requantise: bool) -> list[Step]:
    """The steps, of which each product is a `Layer`.

    Parameters
    ----------
    network : Network
        All its products have formats.
    requantise : bool
        Whether the core does what follows a product.

    Raises
    ------
    NotOnCore
        It can't, for reasons that are all named.
    """
    found: list[Step] = []
    reasons: list[str] = []
    state: Quantise | None = None
    place, steps = 0, network.steps
    while place < len(steps):
        step, place = steps[place], place + 1
        if isinstance(step, Product):
            assert state is not None
            layer, state_before = Layer(step.name, step.shape, step, state), state
            if not requantise:
                found, state = [*found, layer], None
                continue
            try:
                behind, weights, moved, place = _tail(step, layer.scales, steps, place)
            except NotOnCore as error:
                reasons.append(f"{said(step)} {error}")
                found, state = [*found, layer], None
                continue
            product = replace(step, weights=weights)
            found += [Layer(step.name, step.shape, product, state_before, behind), *moved]
            state = behind.quantise
            continue
        if state is not None and isinstance(step, Relu):
            step = replace(step, floor=state.zero)
        elif state is not None and not step.moves:
            found.append(_dequantised(state, found[-1]))
            state = None
        found.append(step)
        if isinstance(step, Quantise):
            state = step
    if reasons:
        raise NotOnCore("; ".join(reasons))
    return [*found, _dequantised(state, found[-1])] if state is not None else found


def _dequantised(state: Quantise, last: Step) -> Step:
    return Dequantise(state.name, last.shape, state.scale, state.zero)


def _tail(
    product: Product, scales: Array, steps: Sequence[Step], place: int
) -> tuple[Behind, Weights, list[Step], int]:
    """What follows a product up to its quantiser: for the core, with its weights; for the host; and where it ends."""
    factor, offset, relu = scales, np.zeros_like(scales), False
    moved: list[Step] = []
    for at, step in enumerate(steps[place:], place + 1):
        if isinstance(step, Quantise):
            _check_quantiser(step)
            weights, factor = _positive(product.weights, factor)
            return Behind(factor, offset, relu, step), weights, moved, at
        if isinstance(step, Relu):
            relu = True
        elif isinstance(step, Arithmetic) and not relu and not moved:
            factor, offset = _changed(step, product, factor, offset)
        elif step.moves:
            moved.append(step)
        else:
            raise NotOnCore(f"has {said(step)} before its quantiser")
    raise NotOnCore("has no quantiser behind it")


def _check_quantiser(step: Quantise) -> None:
    fmt = step.format
    if isinstance(fmt, Integer) or is_float(fmt):
        return
    raise NotOnCore(f"has a quantiser to {cut(fmt)} behind it, which no requantiser makes")


def _changed(step: Arithmetic, product: Product, factor: Array, offset: Array) -> tuple[Array, Array]:
    values = _columns(step, product)
    if step.operation in ("add", "subtract"):
        return factor, offset + (values if step.operation == "add" else -values)
    by = values if step.operation == "multiply" else 1 / values
    return factor * by, offset * by


def _columns(step: Arithmetic, product: Product) -> Array:
    """Constants, one for each column, of shape (groups, N)."""
    every = np.broadcast_to(step.values.astype(np.float64), product.shape)
    every = np.moveaxis(every, -1 if product.patches is None else 1, -1)
    lines = every.reshape(-1, every.shape[-1])
    if np.any(lines != lines[0]):
        raise NotOnCore(f"has constants that differ within a column, of {said(step)}")
    return lines[0].reshape(product.weights.scale.shape)


def _positive(weights: Weights, factor: Array) -> tuple[Weights, Array]:
    """Weights whose columns are turned where their factor is below zero, for a requantiser's is not."""
    sign = np.where(factor < 0, -1.0, 1.0)
    turned = weights.q * sign[:, np.newaxis]
    assert weights.format is not None
    if not holds(weights.format, turned):
        raise NotOnCore(f"has a negative scale, and {cut(weights.format)} does not hold the weights' negatives")
    return replace(weights, q=turned, scale=weights.scale), np.abs(factor)
