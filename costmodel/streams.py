"""Streams of operands: what numbers a unit is given while one looks how much of it switches."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from hw.formats import Format
from hw.formats.messages import cut, echo, nearest
from sim.activity import NATIVE
from sim.golden import decode, encode

SIGMAS = (1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6)
"""Of `scaled_normal`: that many standard deviations to the format's largest value."""
RECORDED, CODES = ".npz", "_codes"
"""How a file of recorded operands ends; and the names of arrays in it that are codes, not values."""
WORD = 32

Codes = NDArray[Any]
"""Of 64 bits, or, where codes are wider than `NATIVE`, Python's integers."""


@dataclass(frozen=True)
class Field:
    """Numbers that a unit takes side by side.

    Attributes
    ----------
    name : str
        Of the operand: a port of the unit, or ``stream.field``.
    format : Format
        Of each number.
    lanes : int
        How many there are.
    deviation : float or None
        The standard deviation that they have, if they are normal; by default as large as the format loses least at.
    """

    name: str
    format: Format
    lanes: int
    deviation: float | None = None


class Stream(ABC):
    """A way to make operands."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What `parse_stream` makes it of."""

    @property
    def key(self) -> str:
        """What tells it from all others."""
        return self.name

    @property
    def recorded(self) -> bool:
        """Whether it has numbers for those operands only that somebody recorded."""
        return False

    def check(self, fields: list[Field]) -> None:  # noqa: B027 - most have all that there may be
        """Raise ValueError where it has not what a unit with such fields takes."""

    @abstractmethod
    def codes(self, field: Field, cycles: int, runs: int, rng: np.random.Generator) -> list[Codes]:
        """For each lane of a field the codes, of shape (cycles, runs)."""


@dataclass(frozen=True)
class Uniform(Stream):
    """All codes of numbers alike; those of infinities and NaN never."""

    name = "uniform"

    def codes(self, field: Field, cycles: int, runs: int, rng: np.random.Generator) -> list[Codes]:
        return [_finite(field.format, (cycles, runs), rng) for _ in range(field.lanes)]


@dataclass(frozen=True)
class Normal(Stream):
    """Normal values, or, where the format has no sign, their magnitudes."""

    name = "normal"

    def codes(self, field: Field, cycles: int, runs: int, rng: np.random.Generator) -> list[Codes]:
        return [_normal(field, (cycles, runs), rng) for _ in range(field.lanes)]


@dataclass(frozen=True)
class Recorded(Stream):
    """What is in a file: for each operand an array of values, or, ``NAME_codes``, of codes.

    An array has a row for each beat and a column for each lane; of one lane, it may have one axis. A run begins at a
    row that chance chooses and goes on from there, from the last row to the first, and so in all operands.
    """

    path: Path

    @property
    def name(self) -> str:
        return str(self.path)

    @property
    def key(self) -> str:
        return f"recorded {hashlib.sha256(self.path.read_bytes()).hexdigest()}"

    @property
    def recorded(self) -> bool:
        return True

    @cached_property
    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """The file's arrays."""
        try:
            with np.load(self.path) as file:
                return {name: file[name] for name in file.files}
        except ValueError as error:
            # To numpy, whatever is no archive of arrays may be a pickle.
            said = "it has no arrays of numbers"
            raise ValueError(f"{cut(self.path.name)} can't be read as {RECORDED}: {said}") from error
        except (EOFError, BadZipFile) as error:
            raise ValueError(f"{cut(self.path.name)} can't be read as {RECORDED}: {error}") from error

    def check(self, fields: list[Field]) -> None:
        if missing := [field.name for field in fields if self._of(field) is None]:
            there = ", ".join(self.arrays) or "nothing"
            raise ValueError(
                f"{cut(self.path.name)} must have {', '.join(missing)}, or {missing[0]}{CODES}; has {there}"
            )
        lengths = {field.name: len(self._rows(field)) for field in fields}
        if len(set(lengths.values())) > 1:
            said = ", ".join(f"{length} of {name}" for name, length in lengths.items())
            raise ValueError(f"{cut(self.path.name)} must have as many rows of each operand, got {said}")

    def codes(self, field: Field, cycles: int, runs: int, rng: np.random.Generator) -> list[Codes]:
        rows = self._rows(field)
        # Operands belong together: all begin where the first one did.
        starts = np.random.default_rng(0).integers(0, len(rows), runs)
        place = (starts + np.arange(cycles)[:, None]) % len(rows)
        return [rows[place, lane] for lane in range(field.lanes)]

    def _of(self, field: Field) -> str | None:
        """The name of a field's array."""
        names = [field.name + end for end in ("", CODES)]
        # The numbers of a stream are what one means by its name.
        names += [name.replace(".x", "") for name in names if ".x" in name]
        return next((name for name in names if name in self.arrays), None)

    def _rows(self, field: Field) -> Codes:
        """The codes of an array, by row and lane."""
        name = self._of(field)
        assert name is not None
        array, where = self.arrays[name], f"{name} in {cut(self.path.name)}"
        rows = array[:, None] if array.ndim == 1 else array
        if rows.ndim != 2 or rows.shape[1] != field.lanes or len(rows) < 2:
            raise ValueError(f"{where} must have the shape (rows, {field.lanes}), 2 rows or more, got {array.shape}")
        if name.endswith(CODES):
            return _checked(rows, field.format, where)
        if rows.dtype.kind not in "iuf":
            raise ValueError(f"{where} must have real numbers, got {rows.dtype}")
        if not np.isfinite(rows).all():
            raise ValueError(f"{where} must have finite numbers, got NaN or infinity")
        return _encoded(field.format, rows)


def _checked(rows: NDArray[Any], fmt: Format, where: str) -> Codes:
    if rows.dtype.kind not in "iu":
        raise ValueError(f"{where} must have integers, got {rows.dtype}")
    if rows.min() < 0 or rows.max() >> fmt.width:
        raise ValueError(f"{where} must have codes 0..{(1 << fmt.width) - 1}, got {rows.min()}..{rows.max()}")
    return rows.astype(_type(fmt))


STREAMS: dict[str, Stream] = {stream.name: stream for stream in (Uniform(), Normal())}
"""Those that have a name."""


def parse_stream(stream: str | Path | Stream) -> Stream:
    """The stream of that name, or of a file's.

    Raises
    ------
    TypeError
        `stream` is neither text nor a path nor a Stream.
    ValueError
        It is neither a key of `STREAMS` nor ends with ``.npz``, or is no such file.
    OSError
        There is no such file.
    """
    if isinstance(stream, Stream):
        return stream
    if not isinstance(stream, (str, Path)):
        raise TypeError(f"stream must be a str, a Path or a Stream, got {echo(stream)}")
    if str(stream) in STREAMS:
        return STREAMS[str(stream)]
    if Path(stream).suffix != RECORDED:
        known, got = ", ".join(STREAMS), f"{echo(str(stream))}{nearest(stream, STREAMS)}"
        raise ValueError(f"stream must be {known} or a file {RECORDED} of operands, got {got}")
    recorded = Recorded(Path(stream))
    _ = recorded.arrays
    return recorded


def _finite(fmt: Format, shape: tuple[int, int], rng: np.random.Generator) -> Codes:
    """Random codes of finite numbers."""
    codes = _random(fmt, shape, rng)
    while fmt.has_special and (bad := ~np.isfinite(decode(fmt, codes))).any():
        codes[bad] = _random(fmt, (int(bad.sum()),), rng)
    return codes


def _random(fmt: Format, shape: tuple[int, ...], rng: np.random.Generator) -> Codes:
    """Random codes, made of words."""
    codes: Codes = np.zeros(shape, dtype=_type(fmt))
    for low in range(0, fmt.width, WORD):
        codes += rng.integers(0, 1 << min(WORD, fmt.width - low), shape).astype(codes.dtype) << low
    return codes


def _type(fmt: Format) -> type:
    return np.int64 if fmt.width <= NATIVE else object


def _encoded(fmt: Format, values: NDArray[Any]) -> Codes:
    return encode(fmt, values).astype(_type(fmt))


def _normal(field: Field, shape: tuple[int, int], rng: np.random.Generator) -> Codes:
    if field.deviation is None:
        return scaled_normal(field.format, rng, shape)
    values = rng.normal(0, field.deviation, shape)
    return _encoded(field.format, values if field.format.span.signed else np.abs(values))


def scaled_normal(fmt: Format, rng: np.random.Generator, shape: tuple[int, int]) -> Codes:
    """Codes of normal values, or their magnitudes if the format has no sign.

    Their scale is the one of `SIGMAS` at which the format loses least of them, in mean square: with
    one scale for all, narrow formats would see little but zeros.
    """
    normal = rng.normal(0, 1, shape)
    values = normal if fmt.span.signed else np.abs(normal)

    def codes(sigmas: float) -> Codes:
        return _encoded(fmt, values * (float(fmt.reach) / sigmas))

    def loss(sigmas: float) -> float:
        return float(np.mean((decode(fmt, codes(sigmas)) / (float(fmt.reach) / sigmas) - values) ** 2))

    return codes(min(SIGMAS, key=loss))
