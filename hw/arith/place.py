"""One place of a carry row, as the functions of the bits that meet there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Const, Signal, Value
from amaranth.hdl._ast import Slice

Function = Callable[..., Any]
"""A Boolean function written with ``& | ^`` and ``1 ^ x``, so that it takes bits as ints and as Values."""


@dataclass(frozen=True)
class Place:
    """One place of a row: the bits ``x(*inputs)`` and ``y(*inputs)`` are added.

    Parameters
    ----------
    inputs : tuple of Value
        One-bit wires.
    x, y : function
        Of as many bits.
    whole : bool
        Whether the functions are to stay in one LUT, where synthesis might spread them over what feeds them.
    """

    inputs: tuple[Value, ...]
    x: Function
    y: Function
    whole: bool = False

    def trimmed(self) -> Place:
        """The place without wires that neither number depends on, and with constants put in."""
        count = len(self.inputs)
        x, y = self.tables()
        fixed: dict[int, int] = {}
        for n, wire in enumerate(self.inputs):
            if isinstance(wire, Const):
                fixed[n] = wire.value & 1
            elif all(t[i] == t[i ^ 1 << n] for t in (x, y) for i in range(1 << count)):
                fixed[n] = 0
        kept = [n for n in range(count) if n not in fixed]

        def of(function: Function) -> Function:
            def of_kept(*values: Any) -> Any:
                given = fixed | dict(zip(kept, values, strict=True))
                return function(*(given[n] for n in range(count)))

            return of_kept

        return Place(tuple(self.inputs[n] for n in kept), of(self.x), of(self.y))

    def tables(self) -> tuple[list[int], list[int]]:
        """Both functions, as `table` lists them."""
        return table(self.x, len(self.inputs)), table(self.y, len(self.inputs))


def shared(place: Place) -> Place:
    """The place with each wire once; a wire is known by its signal and its bit."""
    keys = [_wire_of(wire) for wire in place.inputs]
    first = [keys.index(key) for key in keys]
    kept = sorted(set(first))
    where = [kept.index(n) for n in first]

    def of(function: Function) -> Function:
        return lambda *given: function(*(given[n] for n in where))

    return Place(tuple(place.inputs[n] for n in kept), of(place.x), of(place.y), place.whole)


def _wire_of(wire: Value) -> tuple[int, int]:
    """What tells a wire from others; an expression is its own."""
    match wire:
        case Signal() if len(wire) == 1:
            return id(wire), 0
        case Slice(value=Signal()) if len(wire) == 1:
            return id(wire.value), wire.start
    return id(wire), 0


def plain(x: Value, y: Value) -> Place:
    """The place of two wires."""
    return Place((x, y), lambda a, b: a, lambda a, b: b)


def adjoin(x: Place, y: Place) -> Place:
    """The place that adds the x of one and the y of another."""
    cut = len(x.inputs)
    return Place((*x.inputs, *y.inputs), lambda *given: x.x(*given[:cut]), lambda *given: y.y(*given[cut:]))


def table(function: Function, count: int) -> list[int]:
    """A function's values for all assignments of `count` inputs, the first input as the lowest bit."""
    return [function(*(index >> bit & 1 for bit in range(count))) & 1 for index in range(1 << count)]


def bit(value: Any) -> Value:
    return value if isinstance(value, Value) else Const(value & 1, 1)


def always(value: int) -> Function:
    return lambda *inputs: value


NOTHING = Place((), always(0), always(0))
"""The place where nothing is added but the carry."""


def choose(known: Sequence[int]) -> Function:
    """The first input, or the known bit of the first of the other inputs that is set."""

    def function(bit: Any, *flags: Any) -> Any:
        for flag, value in reversed(list(zip(flags, known, strict=True))):
            bit = (bit | flag) if value else (bit & (1 ^ flag))
        return bit

    return function
