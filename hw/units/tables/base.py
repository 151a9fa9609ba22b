"""Tables of sums, made on line of activations."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from amaranth.hdl import Module, Value

from hw.specs.lookup import LookupSpec
from hw.target import Target


class Tables(ABC):
    """The tables of a unit.

    Attributes
    ----------
    full : Value
        There are sums to look up.
    whole : Value or None
        What the sum of all activations adds to twice each result, where the spec wants it.
    registered : bool
        A lookup shows what it found behind a clock edge.
    """

    registered = False
    full: Value

    def __init__(self, spec: LookupSpec, target: Target) -> None:
        self.spec, self.target = spec, target
        self.whole: Value | None = None

    @abstractmethod
    def fill(self, m: Module, x: Any, release: Value) -> None:
        """Logic, added to `m`, that makes tables of the stream `x`; `release` goes with their last lookup."""

    @abstractmethod
    def look(self, m: Module, name: str, table: int, address: Value, take: Value) -> Value:
        """Logic, added to `m`, that looks up a sum in one of the tables while `take` is high."""

    def _group(self, x: Any, table: int) -> list[Value]:
        """The codes of a table's activations."""
        group = self.spec.group
        return [Value.cast(x.payload.x[table * group + place]) for place in range(group)]
