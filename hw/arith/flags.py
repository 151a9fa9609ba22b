"""Whether any of many wires is set, or differs from another one, as LUTs that keep their shape.

Synthesis makes an expression of so many wires as shallow as it can, and takes half as many LUTs again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from amaranth.hdl import Const, Value

from hw.arith import fabric
from hw.arith.logic import Logic
from hw.arith.steps import bits


@dataclass(frozen=True)
class Segment:
    """Neighbouring wires that count for some numbers of a select."""

    wires: Sequence[Value]
    numbers: Collection[int]


def any_set(m: Logic, name: str, wires: Sequence[Value]) -> Value:
    """Whether any wire is set; of none, no. The last ones may come late: the first are looked at before them."""
    wires, size = _driven(wires), fabric(m).lut_inputs
    while len(wires) > size:
        wires = [_or(m, f"{name}_any{len(wires)}", wires[:size]), *wires[size:]]
    return _or(m, f"{name}_any", wires) if wires else Const(0, 1)


def any_counted(
    m: Logic, name: str, segments: Sequence[Segment], select: Value, other: Value | None = None
) -> list[Value]:
    """Flags of which one is set if a wire is, of a segment that counts; or differs from an `other` wire.

    Parameters
    ----------
    m : Logic
        Where it is added.
    name : str
        Of its wires.
    segments : sequence of Segment
    select : Value
        Unsigned, of one or two bits.
    other : Value of one bit, optional
    """
    room = fabric(m).lut_inputs - len(select)
    always: list[Value] = []
    counted: list[tuple[Value, Segment]] = []
    compared = other is not None and all(len(_driven(segment.wires)) < room for segment in segments)
    for index, segment in enumerate(segments):
        wires = _driven(segment.wires)
        if other is not None and not compared:
            wires = _differing(m, f"{name}_{index}", wires, other)
        few = _fewer(m, f"{name}_{index}", wires, room - compared)
        if len(segment.numbers) == 1 << len(select) and not compared:
            always += few
        else:
            counted += [(wire, segment) for wire in few]
    step, beside = room - compared, [other] if compared and other is not None else []
    gated = [
        _gated(m, f"{name}_counted{low}", counted[low : low + step], select, beside)
        for low in range(0, len(counted), step)
    ]
    return [*always, *gated]


def _driven(wires: Sequence[Value]) -> list[Value]:
    return [wire for wire in wires if not isinstance(wire, Const)]


def _fewer(m: Logic, name: str, wires: Sequence[Value], most: int) -> list[Value]:
    """At most so many wires, of which one is set if one of the given is."""
    level, size = 0, fabric(m).lut_inputs
    while len(wires) > most:
        groups = [wires[low : low + size] for low in range(0, len(wires), size)]
        wires = [_or(m, f"{name}_any{level}_{n}", group) for n, group in enumerate(groups)]
        level += 1
    return list(wires)


def _or(m: Logic, name: str, wires: Sequence[Value]) -> Value:
    return wires[0] if len(wires) == 1 else fabric(m).gate(m, name, wires, lambda *given: int(any(given)))


def _differing(m: Logic, name: str, wires: Sequence[Value], other: Value) -> list[Value]:
    """Flags of which one is set if a wire differs from another one."""
    step = fabric(m).lut_inputs - 1
    return [
        fabric(m).gate(
            m, f"{name}_differs{low}", [other, *wires[low : low + step]], lambda o, *w: int(any(o != b for b in w))
        )
        for low in range(0, len(wires), step)
    ]


def _gated(m: Logic, name: str, counted: Sequence[tuple[Value, Segment]], select: Value, beside: list[Value]) -> Value:
    """Whether a wire is set that counts; or differs from the one beside, if there is one."""
    inputs, length = [*(wire for wire, _ in counted), *beside, *bits(select)], len(counted)

    def function(*given: int) -> int:
        number = sum(bit << n for n, bit in enumerate(given[length + len(beside) :]))
        idle = given[length] if beside else 0
        return int(any(given[n] != idle for n, (_, segment) in enumerate(counted) if number in segment.numbers))

    return fabric(m).gate(m, name, inputs, function)
