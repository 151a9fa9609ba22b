"""What a datapath is written as: steps, each of which defines signals by those before it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from amaranth.hdl import Cat, Const, Instance, Shape, Signal, Value
from amaranth.hdl._ast import Concat, Operator, Part, SignalDict, Slice, SwitchValue

from hw.formats.messages import echo


@dataclass
class Cell:
    """A cell of the fabric: its type, its parameters, what goes in and what comes out; whether it stays though idle."""

    kind: str
    parameters: dict[str, Any]
    inputs: dict[str, Value]
    outputs: dict[str, Value]
    kept: bool = False


@dataclass(frozen=True)
class Loop:
    """A register that is read, and what it is: `value` as it was so many operands earlier."""

    past: Signal
    value: Signal
    ago: int


@dataclass(frozen=True)
class Registered:
    """Of a register outside of a datapath: what it holds next, and its enable."""

    before: Value
    enable: Value


class Absorbs(ABC):
    """What writes products as a cell that takes in the registers beside it.

    Attributes
    ----------
    depth : int
        Registers that it can take in behind its multiplier.
    registered : SignalDict
        What is known of signals that are registers outside of the datapath: a `Registered` of each.
    """

    depth: int
    registered: SignalDict

    @abstractmethod
    def write(self, writer: Any, products: Sequence[Signal], stage: int, behind: int) -> Instance:
        """The cell, with `behind` registers or as many of them as it has behind it.

        `writer`, a `hw.arith.writer.Writer`, learns in which stage the products are there.
        """


class Row(ABC):
    """A carry row, which can be written in segments.

    Attributes
    ----------
    carry : Value of one bit, or 0 or 1
        Enters at the lowest place.
    """

    carry: Value | int

    @abstractmethod
    def write(self, name: str, total: Signal, low: int, carry: Value | int, leaves: Signal | None) -> Step:
        """The places from `low` on, as many as `total` has bits, where `carry` enters; the one out of them, or None."""


@dataclass
class Step:
    """One definition: an expression for a target, or cells for several.

    Attributes
    ----------
    targets : list of Signal
        What it defines.
    left : Value
        What `value` is assigned to; the targets, put together.
    value : Value or None
        The expression.
    cells : list of Cell
        The cells, where there is no expression.
    ago : int
        How many operands earlier the value was that it shows.
    block : Absorbs or None
        What writes products as a cell, instead of the expression.
    row : Row or None
        What can write it, a row that defines the first of its targets, in segments.
    """

    name: str
    targets: list[Signal]
    left: Value | None
    value: Value | None
    cells: list[Cell] = field(default_factory=list)
    ago: int = 0
    block: Absorbs | None = None
    row: Row | None = None

    @cached_property
    def sources(self) -> list[Signal]:
        """The signals that it reads, each once."""
        values = [self.value] if self.value is not None else [v for cell in self.cells for v in cell.inputs.values()]
        own = {id(target) for target in self.targets}
        found: SignalDict = SignalDict()
        for value in values:
            for signal in value._rhs_signals():
                if id(signal) not in own:
                    found[signal] = True
        return list(found)


@dataclass(frozen=True)
class Datapath:
    """Steps from inputs to results.

    Attributes
    ----------
    steps : sequence of Step
        Each after those that it reads.
    results : sequence of Signal
        What the last stage shows.
    late : SignalDict
        Registers that the last stage reads, or one so many stages ahead of it.
    loops : sequence of Loop
        Those of them that the datapath writes itself.
    """

    steps: Sequence[Step]
    results: Sequence[Signal]
    late: SignalDict
    loops: Sequence[Loop]


def is_wires(value: Value | None) -> bool:
    """Whether a value is bits of signals and constants, with no logic."""
    match value:
        case Signal() | Const():
            return True
        case Slice():
            return is_wires(value.value)
        case Concat():
            return all(map(is_wires, value.parts))
        case Operator():
            return value.operator in ("u", "s") and is_wires(value.operands[0])
    return False


def rebuilt(value: Value, part: Callable[[Value], Value]) -> Value:
    """An expression with what `part` makes of each of its parts; signals and constants have none."""
    match value:
        case Signal() | Const():
            return value
        case Operator():
            return Operator(value.operator, [part(operand) for operand in value.operands])
        case Slice():
            return Slice(part(value.value), value.start, value.stop)
        case Concat():
            return Concat([part(inner) for inner in value.parts])
        case Part():
            return Part(part(value.value), part(value.offset), value.width, value.stride)
        case SwitchValue():
            return SwitchValue(part(value.test), [(patterns, part(inner)) for patterns, inner in value.cases])
    raise TypeError(f"a datapath can't hold {echo(value)}")


def bits(value: Value) -> list[Value]:
    """The bits of a value, lowest first; those of wires from where they are, for bits of bits are often asked for."""
    return _wires(value) if is_wires(value) else [value[index] for index in range(len(value))]


def _wires(value: Value) -> list[Value]:
    match value:
        case Concat():
            return [bit for part in value.parts for bit in _wires(part)]
        case Slice():
            return _wires(value.value)[value.start : value.stop]
        case Operator():
            return _wires(value.operands[0])
    return [value[index] for index in range(len(value))]


def extend(value: Value, width: int) -> Value:
    """`value` in `width` bits, by its sign if it has one."""
    if len(value) > width:
        raise ValueError(f"width must be at least {len(value)}, got {width}")
    shape = Shape(width, value.shape().signed)
    if len(value) == width:
        return value
    fill = value[-1] if shape.signed and len(value) else Const(0, 1)
    widened = Cat(value, fill.replicate(width - len(value)))
    return widened.as_signed() if shape.signed else widened
