"""Choices of a constant as gates, where synthesis would make of them what comes too late.

It draws a choice of a constant that is before a register into the register's reset. A reset comes through gates with the
enable, by a wire to all bits, and must be there sooner than what the register takes in: for a flag that is made in
the same stage that is a level of logic more.
"""

from __future__ import annotations

from collections.abc import Callable

from amaranth.hdl import Cat, Const, Mux, Signal, Value
from amaranth.hdl._ast import Concat, Operator, Slice, SwitchValue


def gated(value: Value, is_late: Callable[[Signal], bool]) -> Value:
    """A value as gates, as far as it chooses constants by flags that are late."""
    match value:
        case Concat():
            return Cat(*(gated(part, is_late) for part in value.parts))
        case Operator() if value.operator in ("u", "s"):
            return Operator(value.operator, [gated(value.operands[0], is_late)])
        case SwitchValue():
            cases = [(patterns, gated(case, is_late)) for patterns, case in value.cases]
            if [patterns for patterns, _ in cases] == [("0",), None] and any(map(is_late, value.test._rhs_signals())):
                return _chosen(value.test, cases[1][1], cases[0][1], len(value))
            return SwitchValue(value.test, cases)
    return value


def _chosen(select: Value, one: Value, zero: Value, width: int) -> Value:
    """``one if select else zero``: for each bit a gate, or for those that need it a choice."""
    found: list[Value] = []
    for index in range(width):
        x, y = _bit(one, index), _bit(zero, index)
        if isinstance(x, Const):
            found.append(y | select if x.value else y & ~select)
        elif isinstance(y, Const):
            found.append(x | ~select if y.value else x & select)
        else:
            found.append(Mux(select, x, y))
    return Cat(*found)


def _bit(value: Value, index: int) -> Value:
    """A bit of a value; a constant, if it is one."""
    match value:
        case _ if index >= len(value):
            return _bit(value, len(value) - 1) if value.shape().signed and len(value) else Const(0, 1)
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
