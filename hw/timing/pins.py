"""What the pins of a register see: its next value, its enable and its reset, as synthesis finds them in its logic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

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


class Choice(NamedTuple):
    """What is assigned where a net is high, or low; conditions of one switch exclude one another."""

    condition: int
    value: int
    switch: int
    when: bool = True


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
        given = [(self._holds(choice), self.reads.net(choice.value)) for choice in choices]
        made = self.reads.chosen(self.reads.net(default), given, _switches(choices))
        return Pins(self.reads.net(self.own), made, self.enable, self.reset, self.value, self.gated)

    def _open(self, net: int) -> tuple[int, list[Choice]]:
        """What a net is by default, and under which conditions it is something else, the last one first of all."""
        if net < 2:
            return net, []
        cell, place = self.netlist.cells[net >> 16], net & 0xFFFF
        if isinstance(cell, nir.Operator) and cell.operator == "m":
            condition, one, zero = cell.inputs[0][0], cell.inputs[1][place], cell.inputs[2][place]
            if self._constant(zero) != NONE and self._constant(one) == NONE:
                return one, [Choice(condition, zero, net >> 16, when=False)]
            return zero, [Choice(condition, one, net >> 16)]
        if not isinstance(cell, nir.AssignmentList):
            return net, []
        choices = [
            Choice(given.cond, given.value[place - given.start], given.cond >> 16)
            for given in cell.assignments
            if 0 <= place - given.start < len(given.value)
        ]
        return cell.default[place], choices

    def _resets(self, default: int, choices: list[Choice]) -> tuple[int, list[Choice]]:
        """Take the last choices away that are constants, one and the same."""
        network = self.reads.network
        while choices:
            value = self._constant(choices[-1].value)
            if value == NONE or self.value not in (NONE, value):
                break
            self.value = value
            self.reset = network.both("|", self.reset, self._holds(choices[-1]))
            choices = choices[:-1]
        return default, choices

    def _holds(self, choice: Choice) -> Bit:
        """Whether its condition does."""
        condition = self.reads.net(choice.condition)
        return condition if choice.when else self.reads.network.choose(condition, ZERO, ONE)

    def _constant(self, net: int) -> Bit:
        """Which constant a net is, or both sides of a choice are; `NONE` if it is none."""
        if net < 2:
            return ONE if net else ZERO
        cell, place = self.netlist.cells[net >> 16], net & 0xFFFF
        if not isinstance(cell, nir.Operator) or cell.operator != "m":
            return NONE
        one, zero = (self._constant(inputs[place]) for inputs in cell.inputs[1:])
        return one if one == zero else NONE

    def _keeps(self, default: int, choices: Sequence[Choice]) -> bool:
        return bool(choices) and (default == self.own or any(choice.value == self.own for choice in choices))

    def _enabled(self, default: int, choices: Sequence[Choice]) -> tuple[int, list[Choice]]:
        """Find the enable; what is left are the choices that do not keep the value."""
        network, moving = self.reads.network, [choice for choice in choices if choice.value != self.own]
        enable = ZERO if default == self.own else ONE
        for choice in choices:
            enable = network.choose(self._holds(choice), ZERO if choice.value == self.own else ONE, enable)
        self.enable = enable
        if default != self.own:
            return default, moving
        if not moving:
            return self.own, []
        # Where none of the conditions holds, it does not matter.
        return moving[0].value, moving[1:]


def _switches(choices: Sequence[Choice]) -> list[int]:
    switches = [choice.switch for choice in choices]
    return switches if len(set(switches)) > 1 else []
