"""Delays: what keeps the wires of an array in step."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal, Value


def delayed(m: Module, name: str, value: Value, enable: Value, cycles: int, reset: bool = False) -> Value:
    """`value` behind as many registers, which hold while `enable` is low."""
    return taps(m, name, value, enable, cycles, reset)[-1]


def taps(m: Module, name: str, value: Value, enable: Value, cycles: int, reset: bool = False) -> list[Value]:
    """`value`, and `value` behind 1, 2, ... `cycles` registers.

    Parameters
    ----------
    m : Module
        Where the registers go, in domain ``sync``.
    name : str
        Of the vector that holds them all.
    value : Value
    enable : Value
        They hold while it is low.
    cycles : int
        How many there are, 0 or more.
    reset : bool
        Whether they have a reset.
    """
    width = len(value)
    if not cycles or not width:
        return [value] * (cycles + 1)
    # One vector, where a register of its own for each would make a design's text long.
    kept = Signal(width * cycles, name=name, reset_less=not reset)
    with m.If(enable):
        m.d.sync += kept.eq(Cat(value, kept[: width * (cycles - 1)]))
    if cycles == 1:
        return [value, kept]
    return [value, *(kept[low : low + width] for low in range(0, len(kept), width))]
