"""What the units of an encoder make of matrices: codes in, codes out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hw.formats import Format, Integer
from sim.golden.cast import Cast
from sim.golden.codes import Codes
from sim.golden.decoding import decode_steps
from sim.golden.encoding import encode_steps
from sim.golden.gelu import Gelu
from sim.golden.gemm import Gemm
from sim.golden.layernorm import Layernorm
from sim.golden.requant import Requant
from sim.golden.softmax import Softmax


@dataclass(frozen=True)
class Job:
    """What a unit is given at a time.

    Attributes
    ----------
    a, b : codes of shape (rows, numbers)
        The operands; `b` is None for a unit that has one.
    parameters : dict of str to codes of shape (beats, lanes)
    settings : dict of str to int
        The other fields of the instruction.
    """

    a: Codes
    b: Codes | None
    parameters: Mapping[str, NDArray[Any]]
    settings: Mapping[str, int]


class Operation(ABC):
    """A unit of an encoder; its `of` makes that of a spec."""

    @classmethod
    @abstractmethod
    def of(cls, spec: Any) -> Self:
        """That of an encoder's spec."""

    @abstractmethod
    def run(self, job: Job) -> Codes:
        """The result, codes of shape (rows, numbers)."""


@dataclass(frozen=True)
class Copy(Operation):
    """As it is."""

    @classmethod
    def of(cls, spec: Any) -> Self:
        return cls()

    def run(self, job: Job) -> Codes:
        return job.a


@dataclass(frozen=True)
class Product(Operation):
    """A matrix product, requantised with a scale for each column."""

    gemm: Gemm

    @classmethod
    def of(cls, spec: Any) -> Self:
        return cls(Gemm.of(spec.gemm))

    def run(self, job: Job) -> Codes:
        assert job.b is not None
        of_columns = {name: codes[:, 0] for name, codes in job.parameters.items()}
        codes, _ = self.gemm.run(job.a, job.b, relu=bool(job.settings["relu"]), **of_columns)
        return codes


@dataclass(frozen=True)
class Seen:
    """Codes as the integers that units see.

    Parameters
    ----------
    cast : Cast or None
        What codes are cast by, if they are no integers.
    lanes : int
        Numbers that a unit takes at a time.
    """

    cast: Cast | None
    lanes: int

    @classmethod
    def of(cls, spec: Any) -> Self:
        return cls(Cast.of(spec.into_number) if spec.is_cast else None, spec.unit_lanes)

    def numbers(self, codes: Codes) -> Codes:
        return codes if self.cast is None else self.cast.cast(codes)

    def rows(self, codes: Codes, spare: int) -> dict[str, NDArray[Any]]:
        """The beats of rows of which all but the last `spare` numbers count."""
        count, length = codes.shape
        keep = np.broadcast_to(np.arange(length) < length - spare, codes.shape)
        last = np.arange(count * length // self.lanes) % (length // self.lanes) == length // self.lanes - 1
        shape = (-1, self.lanes)
        return {"x": codes.reshape(shape), "keep": keep.reshape(shape).astype(np.int64), "last": last.astype(np.int64)}


@dataclass(frozen=True)
class Shares(Operation):
    """A softmax of each row."""

    seen: Seen
    softmax: Softmax
    back: Cast | None
    """From its results to codes."""

    @classmethod
    def of(cls, spec: Any) -> Self:
        return cls(Seen.of(spec), Softmax.of(spec.softmax), Cast.of(spec.from_share) if spec.is_cast else None)

    def run(self, job: Job) -> Codes:
        rows = self.seen.rows(self.seen.numbers(job.a), job.settings["spare"])
        codes = self.softmax.run(rows)["y"]["x"].reshape(job.a.shape)
        return codes if self.back is None else self.back.cast(codes)


@dataclass(frozen=True)
class Scaled:
    """A unit's results, requantised by the instruction's scale."""

    requant: Requant

    def codes(self, results: Codes, settings: Mapping[str, int]) -> Codes:
        width = self.requant.parameters["e"].width
        scale = {"m": settings["m"], "e": settings["e"] & ((1 << width) - 1)}
        given = {name: scale.get(name, 0) for name in self.requant.parameters}
        z = {"x": results, "last": np.zeros(len(results), dtype=np.int64)}
        return self.requant.run(z, **given)["y"]["x"]


@dataclass(frozen=True)
class Gelus(Operation):
    """A GELU of each number."""

    seen: Seen
    gelu: Gelu
    scaled: Scaled

    @classmethod
    def of(cls, spec: Any) -> Self:
        return cls(Seen.of(spec), Gelu.of(spec.gelu), Scaled(Requant.of(spec.gelu_requant)))

    def run(self, job: Job) -> Codes:
        x = self.seen.numbers(job.a)
        results = self.gelu.run({"x": x, "last": np.zeros(len(x), dtype=np.int64)})["y"]["x"]
        return self.scaled.codes(results, job.settings)


@dataclass(frozen=True)
class Norm(Operation):
    """A layer normalisation of sums of two numbers, each shifted."""

    seen: Seen
    integer: Integer
    residual: Format
    layernorm: Layernorm
    scaled: Scaled

    @classmethod
    def of(cls, spec: Any) -> Self:
        units = Layernorm.of(spec.norm), Scaled(Requant.of(spec.norm_requant))
        return cls(Seen.of(spec), spec.integer, spec.residual, *units)

    def run(self, job: Job) -> Codes:
        assert job.b is not None
        terms = [
            decode_steps(self.integer, self.seen.numbers(codes)).astype(np.int64) << job.settings[f"shift_{name}"]
            for name, codes in (("a", job.a), ("b", job.b))
        ]
        sums = encode_steps(self.residual, terms[0] + terms[1], 0)
        results = self.layernorm.run(self.seen.rows(sums, job.settings["spare"]), job.parameters)["y"]["x"]
        return self.scaled.codes(results, job.settings).reshape(job.a.shape)


OPERATIONS: dict[str, type[Operation]] = {
    "copy": Copy,
    "gemm": Product,
    "softmax": Shares,
    "gelu": Gelus,
    "norm": Norm,
}
"""What each slot of an encoder does, by the slot's name."""
