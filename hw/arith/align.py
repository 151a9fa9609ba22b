"""Shifts to a place in fixed point whose last step is left to the row that adds the number.

A shift goes by the low bits of its amount first, while the number is still narrow. What is then shifted by the high
bits is so narrow that each bit of the result comes from one or two places: a LUT, or less where a row takes that in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from amaranth.hdl import Value

from hw.arith.logic import Logic
from hw.arith.shift import shift_left
from hw.arith.steps import bits
from hw.arith.term import Bit

FEW = 4
"""Most wires that a bit may be a function of: a LUT where a row takes nothing in."""
BELOW, ABOVE = -1, -2
"""The places beside a number: a zero, and its sign."""

Source = tuple[str, int]
"""A wire: a place of the number, or a bit of the amount."""
Choice = int | tuple[int, Any, Any]
"""A place of the number; or a bit of the amount, and the choices for a zero and for a one."""


@dataclass(frozen=True)
class Shift:
    """``value << amount``, for amounts ``least .. most``; wanted are the bits ``drop .. drop + width - 1``.

    Parameters
    ----------
    length : int
        Bits of the value.
    signed : bool
        Whether the value has a sign.
    """

    length: int
    signed: bool
    least: int
    most: int
    drop: int
    width: int

    def moved_length(self, near: int) -> int:
        """Bits of the value after a shift by the `near` lowest bits of the amount."""
        return self.length + (1 << near) - 1

    def choices(self, near: int) -> list[Choice]:
        """For each wanted bit what the other bits of the amount choose."""
        level = self.most.bit_length() - near
        return [self._choice(near, place, 0, level) for place in range(self.drop, self.drop + self.width)]

    def _choice(self, near: int, place: int, low: int, level: int) -> Any:
        """Among ``2**level`` amounts from `low` on, in steps of ``2**near``; None if there is none of them."""
        if level == 0:
            possible = self.least >> near <= low <= self.most >> near
            return self._place(near, place - (low << near)) if possible else None
        zero, one = (self._choice(near, place, start, level - 1) for start in (low, low + (1 << level - 1)))
        if zero is None or one is None or zero == one:
            return one if zero is None else zero
        return level - 1, zero, one

    def _place(self, near: int, place: int) -> int:
        if 0 <= place < self.moved_length(near):
            return place
        return ABOVE if self.signed and place > 0 else BELOW


@lru_cache(maxsize=256)
def split(shift: Shift) -> int:
    """How many bits of the amount to shift by first: as few as leave no bit with more than `FEW` wires."""
    amount_bits = shift.most.bit_length()
    for near in range(max(0, amount_bits - FEW), amount_bits):
        if all(len(set(sources(choice))) <= FEW for choice in shift.choices(near)):
            return near
    return amount_bits


def sources(choice: Choice) -> Iterator[Source]:
    """The wires that a choice is made of."""
    if isinstance(choice, tuple):
        select, zero, one = choice
        yield from sources(zero)
        yield from sources(one)
        yield "amount", select
    elif choice != BELOW:
        yield "value", choice


def align(m: Logic, name: str, value: Value, amount: Value, shift: Shift) -> list[Bit]:
    """The wanted bits of ``value << amount``, for a row to take in."""
    near = split(shift)
    moved = shift_left(m, name, value, amount[:near], shift.moved_length(near)) if near else value
    wires: dict[Source, Value] = {("value", place): wire for place, wire in enumerate(bits(moved))}
    wires |= {("amount", place): wire for place, wire in enumerate(bits(amount[near:]))}
    wires["value", ABOVE] = moved[-1]
    return [_bit(choice, wires) for choice in shift.choices(near)]


def _bit(choice: Choice, wires: dict[Source, Value]) -> Bit:
    used = list(dict.fromkeys(sources(choice)))
    return Bit(
        tuple(wires[source] for source in used),
        lambda *given: _chosen(choice, dict(zip(used, given, strict=True))),
    )


def _chosen(choice: Choice, given: dict[Source, Any]) -> Any:
    if not isinstance(choice, tuple):
        return 0 if choice == BELOW else given["value", choice]
    place, zero, one = choice
    select = given["amount", place]
    return (_chosen(zero, given) & (1 ^ select)) | (_chosen(one, given) & select)
