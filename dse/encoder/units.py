"""The units that an integer layer is made of, by their specs, and what their golden models make of whole tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

import hw
from hw.specs.gelu import GeluSpec
from hw.specs.gemm import GemmSpec
from hw.specs.layernorm import LayernormSpec
from hw.specs.requant import RequantSpec
from hw.specs.softmax import SoftmaxSpec
from sim.golden import model
from sim.golden.codes import Codes
from sim.golden.decoding import decode_steps
from sim.golden.encoding import encode_steps

Parameters = Mapping[str, NDArray[Any]]
"""Codes of a requantiser's parameters by their names: of shape (columns,), or one for all."""


@dataclass(frozen=True)
class Units:
    """What a layer runs on. A vector unit's sources pass `pre` each, their sum the unit, its result `post`.

    Attributes
    ----------
    gemm : GemmSpec
        With results in the format of `a`, and a scale for each column.
    pre, post : RequantSpec
    softmax, gelu, layernorm : the specs
    """

    gemm: GemmSpec
    pre: RequantSpec
    softmax: SoftmaxSpec
    gelu: GeluSpec
    layernorm: LayernormSpec
    post: RequantSpec

    @classmethod
    def of(cls, names: Mapping[str, str]) -> Units:
        """Of specs' names."""
        return cls(**{name: hw.parse(spec) for name, spec in names.items()})  # type: ignore[arg-type]

    @cached_property
    def vectors(self) -> dict[str, SoftmaxSpec | GeluSpec | LayernormSpec]:
        """The vector units by their names."""
        return {"softmax": self.softmax, "gelu": self.gelu, "layernorm": self.layernorm}

    def resized(self, row: int) -> Units:
        """The same with a softmax of rows of so many numbers."""
        lanes = self.softmax.lanes
        return replace(self, softmax=replace(self.softmax, row=-(-row // lanes) * lanes))


NAMES = {
    "gemm": "gemm/int8xint8/16x16/ws/exact/kulisch2048/p1/int8/channel/p2/k1536/n1536/w9216/h16",
    "pre": "requant/int8xint15/n16/channel/m8",
    "softmax": "softmax/int16/n16/r64/s64/uint16",
    "gelu": "gelu/int16/n16/s64/uint8/b40",
    "layernorm": "layernorm/int16/n16/r384/isqrt/t16",
    "post": "requant/int24xint8/n16/channel",
}
"""The usual ones."""


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
    """What a vector unit makes of rows of integers, as integers."""
    beats = _beats(spec.lanes, encode_steps(spec.input, x, 0))
    columns = len(beats) // max(1, len(x))
    last = np.arange(1, len(beats) + 1) % columns == 0
    keep = _beats(spec.lanes, np.ones(x.shape, dtype=np.int64))
    fields = {
        name: given for name, given in {"x": beats, "keep": keep, "last": last}.items() if name in spec.inputs["x"]
    }
    found = golden(spec).run(fields)["y"]["x"]
    fmt = spec.outputs["y"]["x"].format
    return decode_steps(fmt, _rows(found, x.shape)).astype(np.int64)


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
