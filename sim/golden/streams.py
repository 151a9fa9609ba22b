"""What golden models of units with streams are given: beats, with all of their fields, as wide as the spec says."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.golden.codes import Codes


class StreamModel:
    """A golden model whose `run` takes a dict of fields for each stream: `model` looks at them first (`Streamed`)."""


class BeatModel(StreamModel, ABC):
    """The golden model of a unit that makes of each beat of a stream ``x`` one of a stream ``y``."""

    @abstractmethod
    def compute(self, x: Mapping[str, ArrayLike]) -> Codes:
        """The codes of the results, of shape (beats, results), for the fields that `run` takes."""

    def run(self, x: Mapping[str, ArrayLike]) -> dict[str, dict[str, NDArray[Any]]]:
        """The beats that come out, for those that go in.

        Parameters
        ----------
        x : dict
            ``last`` of shape (beats,), and the fields of `compute`: ``x``, codes, and what else the unit takes.

        Returns
        -------
        Stream ``y``: ``x``, what `compute` gives, and ``last``.

        Raises
        ------
        TypeError, ValueError
            Codes that are none.
        """
        return {"y": {"x": self.compute(x), "last": np.asarray(x["last"])}}


@dataclass(frozen=True)
class Streamed:
    """A golden model, after a look at the beats that it is given; all but `run` is the model's.

    Parameters
    ----------
    model : the golden model
    inputs : dict of stream to dict of field
        The spec's: a field has ``lanes``, or None for a single code.
    """

    model: Any
    inputs: Mapping[str, Mapping[str, Any]]

    def run(self, *streams: Any, **named: Any) -> Any:
        """As the model's `run`.

        Raises
        ------
        TypeError
            A stream is not a dict of fields.
        ValueError
            A stream or field is missing, or has another shape than (beats,) or (beats, lanes).
        """
        given = dict(zip(self.inputs, streams, strict=False)) | named
        for stream, fields in self.inputs.items():
            check_beats(stream, fields, given.get(stream))
        return self.model.run(*streams, **named)

    def __getattr__(self, name: str) -> Any:
        if name in self.__annotations__:  # while it is being copied
            raise AttributeError(name)
        return getattr(self.model, name)


def check_beats(stream: str, fields: Mapping[str, Any], given: Any) -> None:
    """Raise TypeError or ValueError unless `given` has the fields of a stream, in beats as wide as it has."""
    names = ", ".join(fields)
    if not isinstance(given, Mapping):
        raise TypeError(f"{stream} must be a dict of {names}, got {type(given).__name__}")
    if missing := [name for name in fields if name not in given]:
        raise ValueError(f"{stream} must have {names}, and {', '.join(missing)} is missing")
    shapes = {name: _shape(f"{stream}'s {name}", given[name]) for name in fields}
    for name, field in fields.items():
        lanes = () if field.lanes is None else (field.lanes,)
        if len(shapes[name]) != 1 + len(lanes) or shapes[name][1:] != lanes:
            wanted = "(beats,)" if field.lanes is None else f"(beats, {field.lanes})"
            raise ValueError(f"{stream}'s {name} must have shape {wanted}, got {shapes[name]}")
    if len({shape[0] for shape in shapes.values()}) > 1:
        counts = ", ".join(f"{shape[0]} of {name}" for name, shape in shapes.items())
        raise ValueError(f"{stream}'s fields must have one number of beats, got {counts}")


def _shape(name: str, codes: Any) -> tuple[int, ...]:
    try:
        return np.shape(codes)
    except ValueError:
        raise ValueError(f"{name} must be an array, got a list of lists of different lengths") from None
