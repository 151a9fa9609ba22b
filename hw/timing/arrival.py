"""When each bit of a network is there: functions share LUTs as far as these have room, and each way takes its time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import log2

from hw.timing.delays import Delays
from hw.timing.network import NONE, Bit, Kind, Network

PARTS = {
    Kind.LUT: "lut",
    Kind.FUNCTION: "lut",
    Kind.WIDE: "lut",
    Kind.JOIN: "join",
    Kind.CARRY: "enter",
    Kind.SUM: "lut",
    Kind.MEMORY: "memory",
    Kind.BLOCK: "block",
}
"""The field of `Delays` for what a bit takes from its wires to its output."""

NEARLY = 0.9
"""How long a path is, at least, of the longest, to be nearly as long."""
SMALL = 500
"""Bits of a design whose wires are as short as they get."""


@dataclass(frozen=True)
class Path:
    """A path between registers.

    Attributes
    ----------
    end : int
        The last bit.
    period : float
        What a clock needs for it, in ns.
    parts : dict of str to float
        What it is made of: how often each field of `Delays` counts.
    """

    end: Bit
    period: float
    parts: dict[str, float]


class Arrival:
    """The time of each bit since the registers before it, in ns.

    A bit belongs to a stage; bits of earlier stages come from registers.

    Parameters
    ----------
    network : Network
        Must not get more bits while this is in use.
    delays : Delays
        Of the fabric.

    Attributes
    ----------
    at : list of float
        When a bit leaves its cell.
    stage : list of int
    """

    def __init__(self, network: Network, delays: Delays) -> None:
        count = len(network)
        self.network, self.delays = network, delays
        self.at = [0.0] * count
        self.stage = [0] * count
        self._cut: list[tuple[Bit, ...]] = [()] * count
        self._before: list[tuple[Bit, tuple[tuple[str, float], ...]]] = [(NONE, ())] * count
        self._fan = _fan_outs(network)
        self._way = [delays.wire + delays.fanout * fan for fan in self._fan]

    def all(self) -> Arrival:
        """All bits in one stage."""
        self.place(range(len(self.network)), 0)
        return self

    def place(self, bits: Iterable[Bit], stage: int) -> None:
        """Put bits into a stage; what they read must have been put into it or an earlier one."""
        kinds, fans = self.network.kinds, self.network.fans
        for bit in bits:
            self.stage[bit] = stage
            self._cut[bit] = (bit,)
            kind = kinds[bit]
            if kind == Kind.SOURCE:
                self.at[bit], self._before[bit] = 0.0, (NONE, ())
            elif kind == Kind.FUNCTION:
                self._cut[bit] = self._absorbed(fans[bit], stage)
                self._take(bit, self._cut[bit], "lut", stage)
            elif kind == Kind.WIDE:
                self._wide(bit, fans[bit], stage)
            else:
                self._take(bit, fans[bit], PARTS[kind], stage)
                if (before := self.network.chain[bit]) >= 0:
                    self._follow(bit, before, "carry" if kind == Kind.CARRY else "leave", stage)

    def seen(self, bit: Bit, stage: int) -> float:
        """When a bit is there for a cell of a stage, at the end of its wire."""
        return (self.at[bit] if self.stage[bit] == stage else 0.0) + self._way[bit]

    def due(self, bit: Bit, stage: int) -> float:
        """How long the path to a register behind a bit is, if that stands at the end of a stage."""
        if self.stage[bit] == stage and self.network.kinds[bit] != Kind.SOURCE:
            # Beside the LUT there is a register.
            return self.at[bit] + self.delays.register
        return self._way[bit] + self.delays.register

    def longest(self, ends: Iterable[Bit]) -> Path:
        """The longest path to a register behind any of some bits of the one stage that there is."""
        due = {end: self.due(end, 0) for end in ends}
        end = max(due, key=due.__getitem__)
        parts = self.parts(end)
        parts["crowd"] = log2(sum(time >= NEARLY * due[end] for time in due.values()))
        parts["spread"] = parts.get("wire", 0.0) * log2(max(1.0, len(self.network) / SMALL))
        return Path(
            end, due[end] + sum(getattr(self.delays, name) * parts[name] for name in ("crowd", "spread")), parts
        )

    def path(self, bit: Bit) -> list[Bit]:
        """The bits that the longest path to this one passes, its end first."""
        found = [bit]
        while self._before[found[-1]][0] != NONE:
            found.append(self._before[found[-1]][0])
        return found

    def parts(self, bit: Bit) -> dict[str, float]:
        """What the longest path to a register behind a bit is made of: how often each field of `Delays` counts."""
        total = {"register": 1.0}
        if self.network.kinds[bit] == Kind.SOURCE:
            total |= {"wire": 1.0, "fanout": self._fan[bit]}
        for passed in self.path(bit):
            for name, count in self._before[passed][1]:
                total[name] = total.get(name, 0.0) + count
        return total

    def _take(self, bit: Bit, leaves: Iterable[Bit], part: str, stage: int) -> None:
        """A cell that has its output when the last of its wires is there."""
        latest, worst = 0.0, NONE
        for leaf in leaves:
            if (time := self.seen(leaf, stage)) > latest:
                latest, worst = time, leaf
        self.at[bit] = latest + (getattr(self.delays, part) if worst != NONE else 0.0)
        self._before[bit] = self._from(worst, stage, ((part, 1.0), ("wire", 1.0), ("fanout", self._fan[worst])))

    def _from(
        self, leaf: Bit, stage: int, parts: tuple[tuple[str, float], ...]
    ) -> tuple[Bit, tuple[tuple[str, float], ...]]:
        if leaf == NONE:
            return NONE, ()
        # A path begins at a register.
        return (leaf if self.stage[leaf] == stage else NONE), parts

    def _follow(self, bit: Bit, carry: Bit, part: str, stage: int) -> None:
        """A place of a chain, which waits for the carry, too."""
        along = (self.at[carry] if self.stage[carry] == stage else self._way[carry]) + getattr(self.delays, part)
        if along > self.at[bit]:
            self.at[bit], self._before[bit] = along, self._from(carry, stage, ((part, 1.0),))

    def _absorbed(self, fans: tuple[Bit, ...], stage: int) -> tuple[Bit, ...]:
        """The wires of a LUT that has drawn functions before it in, the latest first, while there is room."""
        kinds, room = self.network.kinds, self.delays.inputs
        wires, kept = set(fans), set[Bit]()
        while True:
            free = [n for n in wires if n not in kept and kinds[n] == Kind.FUNCTION and self.stage[n] == stage]
            if not free:
                return tuple(wires)
            last = max(free, key=self.at.__getitem__)
            merged = (wires - {last}) | set(self._cut[last])
            if len(merged) <= room:
                wires = merged
            else:
                kept.add(last)

    def _wide(self, bit: Bit, fans: tuple[Bit, ...], stage: int) -> None:
        """A tree of LUTs; what is there first goes in first."""
        kinds, room, lut, wire = self.network.kinds, self.delays.inputs, self.delays.lut, self.delays.wire
        # When, on how many wires, from which bit, through how many LUTs since.
        items: list[tuple[float, int, Bit, int]] = []
        for fan in fans:
            small = kinds[fan] == Kind.FUNCTION and self.stage[fan] == stage and len(self._cut[fan]) <= room // 2
            wires = self._cut[fan] if small else (fan,)
            worst = max(wires, key=lambda n: self.seen(n, stage))
            items.append((self.seen(worst, stage), len(wires), worst, 0))
        while True:
            items.sort()
            used = count = 0
            while count < len(items) and used + items[count][1] <= room:
                used += items[count][1]
                count += 1
            time, _, worst, luts = items[count - 1]
            if count == len(items):
                break
            items = [*items[count:], (time + lut + wire, 1, worst, luts + 1)]
        self.at[bit] = time + lut
        passed = (("lut", luts + 1.0), ("wire", luts + 1.0), ("fanout", self._fan[worst]))
        self._before[bit] = self._from(worst, stage, passed)


def _fan_outs(network: Network) -> list[float]:
    """The binary logarithm of how many read each bit."""
    readers = [0] * len(network)
    for fans in network.fans:
        for fan in fans:
            readers[fan] += 1
    return [log2(max(1, count)) for count in readers]
