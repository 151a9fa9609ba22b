"""Cuts steps whose expressions are deep into several, so that registers may stand inside of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from amaranth.hdl import Signal, Value
from amaranth.hdl._ast import Concat, Operator, Part, Slice, SwitchValue

from hw.arith.steps import Step, rebuilt

DEEP = 1.0
"""Gates and choices of two, by halves, that an expression inside another may hold."""
REDUCED = 16
"""Bits that are reduced to one in one piece: two LUTs, one after the other."""


def pieces(steps: Sequence[Step]) -> list[Step]:
    """The same steps, the deep ones as several."""
    return [piece for step in steps for piece in _pieces(step)]


def _pieces(step: Step) -> list[Step]:
    if step.value is None or step.block is not None or step.ago or depth(step.value) <= DEEP:
        return [step]
    cutter = _Cutter(step.name)
    value = cutter.inside(step.value)
    return [*cutter.steps, Step(step.name, step.targets, step.left, value)]


class _Cutter:
    """Takes an expression apart; `steps` are what is put on wires of its own."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.steps: list[Step] = []
        self._known: dict[int, tuple[Value, Value]] = {}
        """By identity what became of each part; the part itself is kept, so that no other gets its identity."""

    def inside(self, value: Value) -> Value:
        """An expression of pieces."""
        reduces = isinstance(value, Operator) and value.operator in ("r|", "r&", "r^", "b")
        if reduces and len(value.operands[0]) > REDUCED:
            return self._reduced(value.operator, self._piece(value.operands[0]))
        return rebuilt(value, self._piece)

    def _reduced(self, operator: str, value: Value) -> Value:
        """A reduction, of parts first."""
        parts = [value[low : low + REDUCED] for low in range(0, len(value), REDUCED)]
        reduced = [self._wire(Operator(operator, [part])) for part in parts]
        return Operator(operator, [Concat(reduced)])

    def _piece(self, value: Value) -> Value:
        if id(value) not in self._known:
            found = self.inside(value)
            deep = depth(found) >= DEEP and not isinstance(found, (Slice, Concat))
            self._known[id(value)] = value, self._wire(found) if deep else found
        return self._known[id(value)][1]

    def _wire(self, value: Value) -> Signal:
        signal = Signal(value.shape(), name=f"{self.name}_{len(self.steps)}")
        self.steps.append(Step(signal.name, [signal], signal, value))
        return signal


def depth(value: Value) -> float:
    """Gates and choices of two on the longest way through an expression, by halves: about what LUTs that is."""
    match value:
        case Operator():
            return max(map(depth, value.operands)) + _own_depth(value.operator, value.operands)
        case Slice():
            return depth(value.value)
        case Concat():
            return max(map(depth, value.parts), default=0.0)
        case Part():
            return max(depth(value.value), depth(value.offset)) + 0.5 * len(value.offset)
        case SwitchValue():
            return max(depth(value.test), *(depth(v) for _p, v in value.cases)) + 0.5
    return 0.0


def _own_depth(operator: str, operands: Sequence[Value]) -> float:
    if operator in ("u", "s", "~"):
        return 0.0
    if operator in ("&", "|", "^"):
        return 0.5
    if operator in ("+", "-", "<", "<=", ">", ">=", "*"):
        return DEEP
    if operator in ("<<", ">>"):
        return 0.5 * len(operands[1])
    return max(0.5, math.log(max(len(operands[0]), 2), 4))
