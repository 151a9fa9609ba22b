"""What the units of an encoder make of matrices: codes in, codes out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hw.formats import Format
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


Integers = NDArray[np.int64]


class Operation(ABC):
    """A unit of an encoder."""

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


class Middle(ABC):
    """What a unit of integers does between its operands' scales and its results'; its `of` makes that of a spec."""

    @classmethod
    @abstractmethod
    def of(cls, spec: Any) -> Self:
        """That of an encoder's spec."""

    @abstractmethod
    def run(self, numbers: Integers, spare: int) -> Integers:
        """Integers of the same shape (rows, numbers); the last `spare` of each row do not count."""


@dataclass(frozen=True)
class Sum(Middle):
    """Nothing."""

    @classmethod
    def of(cls, spec: Any) -> Self:
        return cls()

    def run(self, numbers: Integers, spare: int) -> Integers:
        return numbers


@dataclass(frozen=True)
class RowWise(Middle):
    """A unit that takes rows.

    Parameters
    ----------
    unit : Softmax or Layernorm
    lanes : int
        Numbers that it takes at a time.
    result : Format
    """

    unit: Softmax | Layernorm
    lanes: int
    result: Format

    def run(self, numbers: Integers, spare: int) -> Integers:
        length = numbers.shape[1]
        keep = np.broadcast_to(np.arange(length) < length - spare, numbers.shape).reshape(-1, self.lanes)
        last = np.arange(len(keep)) % (length // self.lanes) == length // self.lanes - 1
        x = encode_steps(self.unit.input, numbers, 0).reshape(-1, self.lanes)
        y = self.unit.run({"x": x, "keep": keep.astype(np.int64), "last": last.astype(np.int64)})["y"]["x"]
        return integers(self.result, y).reshape(numbers.shape)


class Shares(RowWise):
    """A softmax of each row."""

    @classmethod
    def of(cls, spec: Any) -> Self:
        return cls(Softmax.of(spec.softmax), spec.unit_lanes, spec.softmax.output)


class Norm(RowWise):
    """A layer normalisation of each row."""

    @classmethod
    def of(cls, spec: Any) -> Self:
        return cls(Layernorm.of(spec.norm), spec.unit_lanes, spec.norm.result)


@dataclass(frozen=True)
class Gelus(Middle):
    """A GELU of each number."""

    gelu: Gelu

    @classmethod
    def of(cls, spec: Any) -> Self:
        return cls(Gelu.of(spec.gelu))

    def run(self, numbers: Integers, spare: int) -> Integers:
        x = encode_steps(self.gelu.input, numbers, 0)
        y = self.gelu.run({"x": x, "last": np.zeros(len(x), dtype=np.int64)})["y"]["x"]
        return integers(self.gelu.result, y)


@dataclass(frozen=True)
class Vector(Operation):
    """A unit of integers, between the scales of its operands and of its result.

    Parameters
    ----------
    cast : Cast or None
        What makes fixed point of codes, if they are floats.
    before, after : Requant
        What makes terms of operands, and codes of results.
    middle : Middle
    """

    cast: Cast | None
    before: Requant
    after: Requant
    middle: Middle

    def run(self, job: Job) -> Codes:
        operands = {"a": job.a} | ({} if job.b is None else {"b": job.b})
        # The highest and the lowest sum of two numbers of 15 bits are of 16.
        total = np.sum([self._term(name, codes, job) for name, codes in operands.items()], axis=0)
        results = self.middle.run(total, job.settings["spare"])
        p = {name: _spread(job.parameters[name], job.a) for name in self.after.parameters}
        return self._scaled(self.after, encode_steps(self.after.input, results, 0), p, job.settings["relu"])

    def _term(self, name: str, codes: Codes, job: Job) -> Integers:
        """An operand, with a scale for each column."""
        codes = codes if self.cast is None else self.cast.cast(codes)
        p = dict.fromkeys(self.before.parameters, np.zeros(codes.shape, dtype=np.int64))
        p |= {part: _spread(job.parameters[f"{name}_{part}"], codes) for part in ("m", "e")}
        return integers(self.before.output, self._scaled(self.before, codes, p, 0))

    @staticmethod
    def _scaled(requant: Requant, codes: Codes, p: Mapping[str, NDArray[Any]], relu: int) -> Codes:
        z = {"x": codes, "last": np.zeros(len(codes), dtype=np.int64)}
        return requant.run(z, p, relu)["y"]["x"]


def vector(middle: type[Middle]) -> Callable[[Any], Vector]:
    """What makes the operation of a spec whose unit that is."""

    def of(spec: Any) -> Vector:
        cast = None if spec.cast is None else Cast.of(spec.cast)
        return Vector(cast, Requant.of(spec.before), Requant.of(spec.after), middle.of(spec))

    return of


def integers(fmt: Format, codes: Codes) -> Integers:
    """The integers that codes of an integer or fixed-point format are."""
    return decode_steps(fmt, codes).astype(np.int64)


def _spread(codes: NDArray[Any], operand: Codes) -> NDArray[Any]:
    """Parameters of the numbers of a row, of shape (beats, lanes), for every row of an operand."""
    return np.broadcast_to(codes.reshape(1, -1), operand.shape)


OPERATIONS: dict[str, Callable[[Any], Operation]] = {
    "copy": Copy.of,
    "gemm": Product.of,
    "softmax": vector(Shares),
    "gelu": vector(Gelus),
    "norm": vector(Norm),
    "add": vector(Sum),
}
"""What makes, of an encoder's spec, that which each of its slots does, by the slot's name."""
