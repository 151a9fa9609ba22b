"""Formats for a network that has none: scales are chosen on data, as the products of a workload choose theirs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from dse.compiling import driver
from dse.compiling.lowering import unquantised
from dse.compiling.steps import Array, Network, Product, Quantise, Relu, Step, Weights, said
from dse.workloads.matrices import Scaled
from dse.workloads.scales import fit, some_rows
from dse.workloads.summing import Exact, Operands
from hw.formats import Format
from hw.formats.messages import cut, echo
from hw.specs.base import parse_scalar
from rtl_gen.steps import say
from sim.golden import decode, encode

CASES, ROWS = 64, 4096
"""Inputs that are looked at, and rows of each product."""


def parse_formats(text: str) -> tuple[Format, Format]:
    """The formats of A and B, of a text such as ``int8xint4``.

    Raises
    ------
    TypeError, ValueError
        It is no pair of formats.
    """
    if not isinstance(text, str):
        raise TypeError(f"formats must be a str, got {echo(text)}")
    a, x, b = text.partition("x")
    if not x or not a or not b:
        raise ValueError(f"formats must be written AxB, as int8xint8, got {echo(text)}")
    return parse_scalar(a), parse_scalar(b)


def cases_of(network: Network, data: Array) -> Array:
    """Data as inputs of the network, of shape (cases, *shape).

    Raises
    ------
    TypeError, ValueError
        They are no numbers, or of another shape.
    """
    array = np.asarray(data)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"data must be numbers, got an array of {array.dtype}")
    batch, *rest = network.shape
    if list(array.shape[1:]) != rest or len(array) < batch or not np.all(np.isfinite(array)):
        wanted = f"(cases, {', '.join(map(str, rest))}), of {batch} cases or more, all finite"
        raise ValueError(f"data must have shape {wanted}, got {array.shape}")
    return array[: len(array) // batch * batch].astype(np.float32).reshape(-1, *network.shape)


def some_inputs(network: Network, data: Array | None, count: int) -> Array:
    """So many inputs of a network, of data, from all over; or noise."""
    if data is None:
        return np.random.default_rng(0).standard_normal((count, *network.shape)).astype(np.float32)
    cases = cases_of(network, data)
    if len(cases) < count:
        raise ValueError(f"inputs must be {count} or more, got {len(cases)}")
    return some_rows(cases, count)


def calibrated(network: Network, formats: tuple[Format, Format], data: Array, ends: bool) -> Network:
    """The network with quantisers, where it has none.

    Parameters
    ----------
    network : Network
    formats : (Format, Format)
        Of operands A and B.
    data : array of shape (cases, *network.shape)
    ends : bool
        Whether what the last product gives gets one too, in the format of A.

    Raises
    ------
    ValueError
        A tensor has no scale, for all its numbers are zero.
    """
    wanted = {id(product) for product in unquantised(network)}
    say(f"choosing scales on {min(len(data), CASES)} inputs")
    tensors = list(some_rows(data, CASES))
    steps: list[Step] = []
    formed = False
    for step in network.steps:
        new: list[Step] = [step]
        if isinstance(step, Product) and id(step) in wanted:
            seen = np.concatenate([_rows(x, step) for x in tensors], axis=1)
            new = _quantised(step, formats, seen, formed, steps[-1].shape if steps else network.shape)
        tensors = [exactly(step, x) for x in tensors]
        steps += new
        formed = isinstance(step, Quantise) or (formed and (step.moves or isinstance(step, Relu)))
    return network.with_steps(_with_end(network, steps, formats[0], data) if ends else steps)


def _quantised(
    step: Product, formats: tuple[Format, Format], seen: Array, formed: bool, shape: tuple[int, ...]
) -> list[Step]:
    """A product with formats, and before it a quantiser if there was none."""
    a, b = formats
    weights = step.weights
    groups, k, n = weights.q.shape
    w = weights.q * weights.scale[:, np.newaxis]
    rows = some_rows(seen.reshape(-1, k), ROWS).astype(np.float64)
    if not np.any(rows):
        raise ValueError(f"data must reach {said(step)}: all that it sees of them is zero")
    if not formed and a.min >= 0 and rows.min() < 0:
        raise ValueError(f"formats must have a sign for A of {said(step)}, which sees {rows.min():.3g}, got {cut(a)}")
    if groups == 1 and not formed and weights.format is None:
        x_scale, found = Scaled(Operands(a, b, "exact"), Exact()).choose_scales(rows, w[0])
        scale = np.asarray(found).reshape(1, n)
    else:
        x_scale = float(fit(a, rows))
        scale = np.stack([np.asarray(fit(b, each, each=True)).reshape(n) for each in w])
    if weights.format is None:
        q = decode(b, encode(b, w / scale[:, np.newaxis]))
        weights = Weights(q, scale, b)
    if formed:
        return [replace(step, weights=weights)]
    low, high = float(a.min), float(a.max)
    # A scale that drivers hold exactly.
    quantise = Quantise(step.name, shape, a, float(np.float32(x_scale)), 0.0, low, high)
    return [quantise, replace(step, weights=weights)]


def _with_end(network: Network, steps: list[Step], a: Format, data: Array) -> list[Step]:
    """A quantiser behind the last product, with what is added, multiplied and cut there."""
    last = max(place for place, step in enumerate(steps) if isinstance(step, Product))
    end = last + 1
    while end < len(steps) and (steps[end].kind in ("arithmetic", "relu") or steps[end].moves):
        end += 1
    if any(isinstance(step, Quantise) for step in steps[last:]):
        return steps
    found = list(some_rows(data, CASES))
    exact = [step for step in steps[:end] if not isinstance(step, Quantise) or step in network.steps]
    for step in exact:
        found = [exactly(step, x) for x in found]
    largest = np.concatenate([x.reshape(-1) for x in found])
    if not np.any(largest):
        raise ValueError("data must reach the output: all that comes out of them is zero")
    if a.min >= 0 and largest.min() < 0:
        return steps
    scale = float(np.float32(fit(a, largest)))
    shape = steps[end - 1].shape
    quantise = Quantise(steps[last].name, shape, a, scale, 0.0, float(a.min), float(a.max))
    return [*steps[:end], quantise, *steps[end:]]


def _rows(x: Array, step: Product) -> Array:
    return driver.rows(x, settings_of(step))


def settings_of(step: Product) -> dict[str, Any]:
    """What `dse.compiling.driver` needs of a product in floating point."""
    patches = None if step.patches is None else step.patches.settings
    groups = step.weights.q.shape[0]
    rest = {"zero": 0.0, "shape": list(step.shape), "scale": None, "correction": None, "low": None}
    return {"patches": patches, "groups": groups, **rest}


def exactly(step: Step, x: Array) -> Array:
    """What a step makes of a tensor in floating point: quantisers that the file has round, with their scales."""
    if isinstance(step, Product):
        w = step.weights.q * step.weights.scale[:, np.newaxis]
        sums = np.concatenate(list(_rows(x, step).astype(np.float64) @ w), axis=1)
        return driver.arranged(sums, settings_of(step))
    found = driver.HOST[step.kind](x, step.settings)
    if isinstance(step, Quantise):
        found = (found - step.zero) * np.float32(step.scale)
    return np.asarray(found, dtype=np.float32)


def run_exactly(network: Network, x: Array) -> Array:
    """What the network makes of an input in floating point, with the quantisers that it has."""
    for step in network.steps:
        x = exactly(step, x)
    return x


def check_calibration(network: Network, formats: str | None, data: Array | None) -> None:
    """Raise ValueError if there are products without formats, and nothing to choose any with."""
    missing = unquantised(network)
    if missing and (formats is None or data is None):
        names = ", ".join(said(step) for step in missing)
        raise ValueError(f"operands of {cut(names)} have no formats: give --formats AxB and --calibrate X.npy")
