"""What the golden models of an encoder's units make of whole tensors."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.specs.requant import RequantSpec
from sim.golden import model
from sim.golden.codes import Codes
from sim.golden.decoding import decode_steps
from sim.golden.encoding import encode_steps

Parameters = Mapping[str, NDArray[Any]]
"""Codes of a requantiser's parameters by their names: of shape (columns,), or one for all."""


@lru_cache(maxsize=64)
def golden(spec: Any) -> Any:
    """The golden model of a spec, kept."""
    return model(spec)


def requantised(spec: RequantSpec, x: NDArray[Any], parameters: Parameters) -> Codes:
    """What a requantiser makes of integers of shape (rows, columns)."""
    given = {name: _beats(spec.lanes, np.broadcast_to(codes, x.shape)) for name, codes in parameters.items()}
    beats = _beats(spec.lanes, encode_steps(spec.input, x, spec.input.span.lsb))
    z = {"x": beats, "last": np.zeros(len(beats), dtype=np.int64)}
    return _rows(golden(spec).run(z, given)["y"]["x"], x.shape)


def applied(spec: Any, x: NDArray[Any]) -> NDArray[np.int64]:
    """What a softmax, a GELU or a layer normalisation makes of rows of integers, as integers."""
    beats = _beats(spec.lanes, encode_steps(spec.input, x, 0))
    columns = len(beats) // max(1, len(x))
    last = (np.arange(1, len(beats) + 1) % columns == 0).astype(np.int64)
    keep = _beats(spec.lanes, np.ones(x.shape, dtype=np.int64))
    given = {"x": beats, "keep": keep, "last": last}
    found = golden(spec).run({name: given[name] for name in spec.inputs["x"]})["y"]["x"]
    return integers(spec.outputs["y"]["x"].format, _rows(found, x.shape))


def integers(fmt: Any, codes: Codes) -> NDArray[np.int64]:
    """The integers that codes are."""
    return decode_steps(fmt, codes).astype(np.int64)


def _beats(lanes: int, x: NDArray[Any]) -> NDArray[Any]:
    """Rows as beats, the last of each filled up with zeros."""
    missing = -x.shape[1] % lanes
    return np.pad(x, ((0, 0), (0, missing))).reshape(-1, lanes)


def _rows(beats: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """What `_beats` took apart."""
    return beats.reshape(shape[0], -1)[:, : shape[1]]
