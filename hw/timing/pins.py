"""What the pins of a register see: its next value, its enable and its reset, as synthesis finds them in its logic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from amaranth.hdl import _nir as nir

from hw.timing.network import NONE, ONE, ZERO, Bit, Network


@dataclass(frozen=True)
class Pins:
    """A register of one bit.

    Attributes
    ----------
    output, data : Bit
        What it holds, and what it will.
    enable : Bit
        While it is low, it keeps its value.
    reset : Bit
        While it is high, the next value is `value`.
    value : Bit
        A constant; `NONE` where there is no reset.
    gated : bool
        Whether the enable holds off the reset.
    """

    output: Bit
    data: Bit
    enable: Bit
    reset: Bit
    value: Bit
    gated: bool


class Reads(Protocol):
    """What knows the bits of nets of one module."""

    @property
    def network(self) -> Network:
        """Where the bits are."""

    def net(self, net: int) -> Bit:
        """A net's bit, made with all that it needs."""

    def chosen(self, default: Bit, given: Sequence[tuple[Bit, Bit]], switches: Sequence[int]) -> Bit:
        """What is assigned under the last of some conditions that holds."""


Choice = tuple[int, int, int]
"""Nets: a condition, and what is assigned under it; and a number: conditions of the same exclude one another."""


def pins_of(netlist: nir.Netlist, index: int, reads: Reads) -> Iterator[Pins]:
    """The bits of the register that is a netlist's cell."""
    cell = netlist.cells[index]
    assert isinstance(cell, nir.FlipFlop)
    for place, data in enumerate(cell.data):
        yield _Finder(netlist, reads, nir.Net.from_cell(index, place)).find(data)


class _Finder:
    def __init__(self, netlist: nir.Netlist, reads: Reads, own: int) -> None:
        self.netlist, self.reads, self.own = netlist, reads, own
        self.enable, self.reset, self.value, self.gated = ONE, ZERO, NONE, False

    def find(self, data: int) -> Pins:
        default, choices = self._resets(*self._open(data))
        if not choices and self.value != NONE:
            # Behind a reset there may be another, or an enable.
            default, choices = self._resets(*self._open(default))
        if self._keeps(default, choices):
            default, choices = self._enabled(default, choices)
            if not choices and self.value == NONE:
                # What it will be may have a reset of its own, that the enable holds off.
                default, choices = self._resets(*self._open(default))
                self.gated = self.value != NONE
        made = self.reads.chosen(
            self.reads.net(default), [(self.reads.net(c), self.reads.net(v)) for c, v, _ in choices], _switches(choices)
        )
        return Pins(self.reads.net(self.own), made, self.enable, self.reset, self.value, self.gated)

    def _open(self, net: int) -> tuple[int, list[Choice]]:
        """What a net is by default, and under which conditions it is something else, the last one first of all."""
        if net < 2:
            return net, []
        cell, place = self.netlist.cells[net >> 16], net & 0xFFFF
        if isinstance(cell, nir.Operator) and cell.operator == "m":
            return cell.inputs[2][place], [(cell.inputs[0][0], cell.inputs[1][place], net >> 16)]
        if not isinstance(cell, nir.AssignmentList):
            return net, []
        choices = [
            (given.cond, given.value[place - given.start], given.cond >> 16)
            for given in cell.assignments
            if 0 <= place - given.start < len(given.value)
        ]
        return cell.default[place], choices

    def _resets(self, default: int, choices: list[Choice]) -> tuple[int, list[Choice]]:
        """Take the last choices away that are constants, one and the same."""
        network = self.reads.network
        while choices and choices[-1][1] < 2 and self.value in (NONE, self._constant(choices[-1][1])):
            condition, value, _ = choices[-1]
            self.value = self._constant(value)
            self.reset = network.both("|", self.reset, self.reads.net(condition))
            choices = choices[:-1]
        return default, choices

    @staticmethod
    def _constant(net: int) -> Bit:
        return ONE if net else ZERO

    def _keeps(self, default: int, choices: Sequence[Choice]) -> bool:
        return bool(choices) and (default == self.own or any(value == self.own for _, value, _ in choices))

    def _enabled(self, default: int, choices: Sequence[Choice]) -> tuple[int, list[Choice]]:
        """Find the enable; what is left are the choices that do not keep the value."""
        network, moving = self.reads.network, [choice for choice in choices if choice[1] != self.own]
        enable = ZERO if default == self.own else ONE
        for condition, value, _ in choices:
            enable = network.choose(self.reads.net(condition), ZERO if value == self.own else ONE, enable)
        self.enable = enable
        if default != self.own:
            return default, moving
        if not moving:
            return self.own, []
        # Where none of the conditions holds, it does not matter.
        return moving[0][1], moving[1:]


def _switches(choices: Sequence[Choice]) -> list[int]:
    switches = [switch for _, _, switch in choices]
    return switches if len(set(switches)) > 1 else []
