"""Choices of a constant as gates, where synthesis would make of them what comes too late.

It draws a choice of a constant before a register into the register's reset. A reset comes through a gate with the
enable and by a wire to many registers, and must be there sooner than what these take in: a flag that was made in the
same stage is late for it.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from operator import is_

from amaranth.hdl import Cat, Const, Mux, Signal, Value
from amaranth.hdl._ast import Concat, Operator, Slice, SwitchValue


def gated(value: Value, is_late: Callable[[Signal], bool]) -> Value:
    """A value as gates, as far as it chooses constants by flags that are late."""
    match value:
        case Concat():
            parts = [gated(part, is_late) for part in value.parts]
            return value if all(map(is_, parts, value.parts)) else Cat(*parts)
        case Operator() if value.operator in ("u", "s"):
            inner = gated(value.operands[0], is_late)
            return value if inner is value.operands[0] else Operator(value.operator, [inner])
        case Slice():
            inner = gated(value.value, is_late)
            return value if inner is value.value else inner[value.start : value.stop]
        case SwitchValue():
            cases = [(patterns, gated(case, is_late)) for patterns, case in value.cases]
            flagged = [patterns for patterns, _ in cases] == [("0",), None]
            if flagged and any(map(is_late, value.test._rhs_signals())):
                return _chosen(value, cases[1][1], cases[0][1])
            if any(case is not before for (_, case), (_, before) in zip(cases, value.cases, strict=True)):
                return SwitchValue(value.test, cases)
    return value


def _chosen(choice: SwitchValue, one: Value, zero: Value) -> Value:
    """A choice by a flag with a gate for each bit that is a constant in one case."""
    flag, pairs = choice.test[0], [(_bit(one, n), _bit(zero, n)) for n in range(len(choice))]
    found: list[Value] = []
    for is_gate, run in groupby(pairs, lambda pair: any(isinstance(bit, Const) for bit in pair)):
        if is_gate:
            found += [_gate(flag, *pair) for pair in run]
        else:
            ones, zeros = zip(*run, strict=True)
            found.append(Mux(flag, Cat(*ones), Cat(*zeros)))
    return Cat(*found).as_signed() if choice.shape().signed else Cat(*found)


def _gate(flag: Value, one: Value, zero: Value) -> Value:
    """``one if flag else zero``, one of which is a constant."""
    if isinstance(one, Const):
        return zero | flag if one.value else zero & ~flag
    assert isinstance(zero, Const)
    return one | ~flag if zero.value else one & flag


def _bit(value: Value, index: int) -> Value:
    """A bit of a value, which goes on by its sign; a constant, if it is one."""
    if index >= len(value):
        return _bit(value, len(value) - 1) if value.shape().signed and len(value) else Const(0, 1)
    match value:
        case Const():
            return Const(value.value >> index & 1, 1)
        case Operator() if value.operator in ("u", "s"):
            return _bit(value.operands[0], index)
        case Slice():
            return _bit(value.value, value.start + index)
        case Concat():
            for part in value.parts:
                if index < len(part):
                    return _bit(part, index)
                index -= len(part)
    return value[index]
