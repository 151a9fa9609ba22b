"""What golden models of matrix products by table lookup share: indices are weights, and the product is a plain one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Fixed, Format
from sim.golden.codes import Codes, check_codes, integer_type
from sim.golden.decoding import decode_steps
from sim.golden.mac import check_flags
from sim.golden.streams import StreamModel
from sim.golden.sums import Sums

Fields = dict[str, ArrayLike]
Beats = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Lookup(StreamModel, ABC):
    """``y = W x``, exactly, or ``y = c + W x`` modulo a power of two.

    Parameters
    ----------
    w, x : Format
        Of weights and activations.
    group, tables, lookups : int
        G, T and Q: a beat of activations has ``T * G`` of them, a beat of indices those of Q rows of weights.
    half : bool
        Whether an index has a sign.
    planes : int
        Indices that a group has.
    serial : bool
        Whether each of these has a beat of its own, the first plane's first.
    result : Fixed
        Of the sums.
    """

    w: Format
    x: Format
    group: int
    tables: int
    lookups: int
    half: bool
    planes: int
    serial: bool
    result: Fixed

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The model of a spec."""
        half, serial = spec.entries == "half", spec.planes_a_beat < spec.planes
        shape = (spec.group, spec.tables, spec.lookups)
        return cls(cls.weights_of(spec), spec.x, *shape, half, spec.planes, serial, spec.result)

    @staticmethod
    @abstractmethod
    def weights_of(spec: Any) -> Format:
        """The format of a spec's weights."""

    @property
    def width(self) -> int:
        """Activations in a beat."""
        return self.tables * self.group

    @abstractmethod
    def pack(self, weights: Codes) -> Codes:
        """Indices of shape (..., planes, groups), for codes of weights of shape (..., groups * group)."""

    @abstractmethod
    def unpack(self, indices: Codes) -> Codes:
        """What `pack` was given."""

    def beats(self, weights: ArrayLike) -> Beats:
        """A matrix as the stream `w` takes it.

        Parameters
        ----------
        weights : integer array of shape (rows, tables * group)
            Codes. If rows are no multiple of `lookups`, rows of code 0 follow; what they give is to be left away.

        Returns
        -------
        Fields ``index`` of shape (beats, lanes) and ``last`` of shape (beats,).
        """
        codes = check_codes("weights", self.w, weights)
        if codes.ndim != 2 or codes.shape[1] != self.width or not len(codes):
            raise ValueError(f"weights must have shape (rows, {self.width}), got {codes.shape}")
        padded = np.zeros((-(-len(codes) // self.lookups) * self.lookups, self.width), dtype=codes.dtype)
        padded[: len(codes)] = codes
        indices = self.pack(padded).reshape(-1, self.lookups, self.planes, self.tables)
        if self.serial:
            indices = indices.swapaxes(1, 2)
        lanes = self.lookups * self.tables * (1 if self.serial else self.planes)
        index = indices.reshape(-1, lanes)
        return {"index": index, "last": np.arange(len(index)) == len(index) - 1}

    def run(self, x: Fields, w: Fields, c: Fields | None = None) -> dict[str, Beats]:
        """The beats that come out, for those that go in.

        Parameters
        ----------
        x, w, c : dict
            Fields of the streams: activations ``x`` of shape (vectors, tables * group); ``index`` and ``last`` as
            `beats` gives them, one matrix after the other; sums ``x`` of shape (results, lookups).

        Returns
        -------
        Stream ``y``: ``x`` of shape (results, lookups) and ``last`` of shape (results,).

        Raises
        ------
        TypeError, ValueError
            Codes that are none, or shapes that do not go together.
        """
        activations = check_codes("x", self.x, x["x"])
        if activations.shape[1:] != (self.width,):
            raise ValueError(f"x must have shape (vectors, {self.width}), got {activations.shape}")
        weights, last = self._weights(w)
        vector = np.append([0], np.cumsum(last))[:-1]
        if len(vector) and vector[-1] >= len(activations):
            raise ValueError(f"x must have a beat for each of {vector[-1] + 1} matrices, got {len(activations)}")
        kind = integer_type(self.result.span)
        factors = decode_steps(self.w, weights).astype(kind), decode_steps(self.x, activations).astype(kind)
        steps = (factors[0] * factors[1][vector][:, None]).sum(axis=2)
        if c is not None:
            before = check_codes("c", self.result, c["x"])
            if before.shape != steps.shape:
                raise ValueError(f"c must have shape {steps.shape}, got {before.shape}")
            steps = steps + decode_steps(self.result, before)
        sums = Sums([(steps, self.result.span.lsb)], np.zeros(steps.shape, np.uint8), self.result.span.lsb)
        return {"y": {"x": sums.codes(self.result), "last": last}}

    def _weights(self, w: Fields) -> tuple[Codes, NDArray[np.bool_]]:
        """Weights of shape (results, lookups, tables * group), and whether a matrix ends with them."""
        index, last = np.asarray(w["index"]), check_flags("last", w["last"])
        beats = self.planes if self.serial else 1
        lanes = self.lookups * self.tables * self.planes // beats
        if index.shape[1:] != (lanes,) or len(index) % beats or last.shape != index.shape[:1]:
            raise ValueError(
                f"w must have index of shape (beats, {lanes}) and last of shape (beats,), beats a multiple of {beats}, "
                f"got {index.shape} and {last.shape}"
            )
        if self.serial:
            by_row = index.reshape(-1, self.planes, self.lookups, self.tables).swapaxes(1, 2)
        else:
            by_row = index.reshape(-1, self.lookups, self.planes, self.tables)
        return self.unpack(by_row), last[beats - 1 :: beats]
