"""Nodes of an ONNX file, with what is known of their inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dse.compiling.quantisers import Unsupported
from dse.compiling.steps import Array, Shape
from hw.formats import Format


@dataclass(frozen=True, eq=False)
class Constant:
    """A tensor of the file, perhaps behind a quantiser.

    Attributes
    ----------
    values : array
        ``scale * q`` if it is quantised.
    q, scale : float64 arrays of its shape, or None
    format : Format or None
    """

    values: Array
    q: Array | None = None
    scale: Array | None = None
    format: Format | None = None

    def moved(self, move: Callable[[Array], Array]) -> Constant:
        """The same numbers elsewhere."""
        q, scale = (None if each is None else move(each) for each in (self.q, self.scale))
        return Constant(move(self.values), q, scale, self.format)


@dataclass(frozen=True, eq=False)
class Node:
    """A node with what is known of its inputs.

    Attributes
    ----------
    kind, name : str
    constants : list of Constant or None
        One for each input; None for the tensor that runs through, and for one that is left out.
    shapes : list of tuple of int
        Of the inputs.
    shape : tuple of int
        Of the first output.
    attributes : dict
    """

    kind: str
    name: str
    constants: list[Constant | None]
    shapes: list[Shape]
    shape: Shape
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def constant(self, place: int, what: str) -> Constant:
        """An input that must be a constant."""
        found = self.optional(place)
        if found is None:
            raise Unsupported(f"has {what} that is no constant")
        return found

    def optional(self, place: int) -> Constant | None:
        return self.constants[place] if place < len(self.constants) else None
