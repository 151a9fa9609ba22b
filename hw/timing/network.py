"""A design as its bits see it: functions of few wires, carry chains, and what begins and ends a path.

Which functions share a LUT is not said here: `hw.timing.arrival` finds that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, auto

Bit = int
"""A bit's number in its network; or `ZERO` or `ONE`."""
ZERO, ONE, NONE = -2, -3, -1


class Kind(IntEnum):
    """What makes a bit."""

    SOURCE = auto()
    """A register, or what is outside."""
    FUNCTION = auto()
    """A function of few wires, that synthesis may draw into the LUT of the one that reads it."""
    WIDE = auto()
    """An AND, OR or XOR of many wires: a tree of LUTs."""
    LUT = auto()
    """A LUT that was written as a cell."""
    JOIN = auto()
    """A multiplexer beside the LUTs."""
    CARRY = auto()
    """The carry out of a place: of what enters there, or of the carry before it."""
    SUM = auto()
    """What a place of a chain puts out."""
    MEMORY = auto()
    """A bit of a memory's word, read in the same cycle."""
    BLOCK = auto()
    """A product's bit, of a multiplier block."""


LATTICE_CHAINS = {"CCU2C", "CCU2D", "CCU2"}
XILINX_CHAINS = {"CARRY4", "CARRY8"}
JOINS = {"PFUMX", "L6MUX21", "MUXF7", "MUXF8", "MUXF9"}
LUTS = {"SB_LUT4", "LUT1", "LUT2", "LUT3", "LUT4", "LUT5", "LUT6", "LUT6_2"}
CELLS = {"SB_CARRY", *LATTICE_CHAINS, *XILINX_CHAINS, *JOINS, *LUTS}
"""The cells that are known."""


@dataclass
class Network:
    """Bits, numbered so that each comes after those that it reads.

    Attributes
    ----------
    kinds : list of Kind
    fans : list of tuple of Bit
        What each bit reads, each once and without constants.
    chain : list of Bit
        The carry that it goes on from, or `NONE`.
    """

    kinds: list[Kind] = field(default_factory=list)
    fans: list[tuple[Bit, ...]] = field(default_factory=list)
    chain: list[Bit] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.kinds)

    def add(self, kind: Kind, fans: Iterable[Bit] = (), chain: Bit = NONE) -> Bit:
        """A bit more."""
        self.kinds.append(kind)
        self.fans.append(tuple(dict.fromkeys(fan for fan in fans if fan >= 0)))
        self.chain.append(max(chain, NONE))
        return len(self.kinds) - 1

    def source(self) -> Bit:
        """A bit that is there when the clock has come."""
        return self.add(Kind.SOURCE)

    def sources_of(self, bit: Bit) -> set[Bit]:
        """The sources that a bit depends on."""
        found, seen, left = set[Bit](), {bit}, [bit]
        while left:
            here = left.pop()
            if self.kinds[here] == Kind.SOURCE:
                found.add(here)
            for fan in (*self.fans[here], self.chain[here]):
                if fan >= 0 and fan not in seen:
                    seen.add(fan)
                    left.append(fan)
        return found

    def function(self, fans: Iterable[Bit]) -> Bit:
        """Some function of few bits."""
        kept = list(dict.fromkeys(fan for fan in fans if fan >= 0))
        return self.add(Kind.FUNCTION, kept) if kept else ZERO

    def both(self, operator: str, x: Bit, y: Bit) -> Bit:
        """``x & y``, ``x | y`` or ``x ^ y``."""
        if operator in "&|":
            wins, loses = (ZERO, ONE) if operator == "&" else (ONE, ZERO)
            if wins in (x, y):
                return wins
            if loses in (x, y):
                return y if x == loses else x
        elif ZERO in (x, y):
            return y if x == ZERO else x
        return x if x == y and operator != "^" else self.function((x, y))

    def invert(self, x: Bit) -> Bit:
        return {ZERO: ONE, ONE: ZERO}[x] if x < 0 else self.function((x,))

    def choose(self, select: Bit, one: Bit, zero: Bit) -> Bit:
        """``one if select else zero``."""
        if select < 0 or one == zero:
            return one if select == ONE else zero
        return self.function((select, one, zero))

    def wide(self, fans: Iterable[Bit]) -> Bit:
        """The AND, OR or XOR of any number of bits."""
        kept = list(dict.fromkeys(fan for fan in fans if fan >= 0))
        return self.add(Kind.WIDE, kept) if len(kept) > 2 else kept[0] if len(kept) == 1 else self.function(kept)

    def equal(self, pairs: Iterable[tuple[Bit, Bit]]) -> Bit:
        """Whether the bits of each pair are equal."""
        return self.wide(self.both("^", x, y) for x, y in pairs)

    def matches(self, bits: Sequence[Bit], patterns: Iterable[str]) -> Bit:
        """Whether bits are as one of some patterns of ``0``, ``1`` and ``-`` says, the highest first."""
        found = []
        for pattern in patterns:
            wanted = [
                (bit, ONE if said == "1" else ZERO)
                for bit, said in zip(bits, reversed(pattern), strict=True)
                if said != "-"
            ]
            if all(bit >= 0 or bit == value for bit, value in wanted):
                known = [bit for bit, _ in wanted if bit >= 0]
                found.append(self.wide(known) if known else ONE)
        return ONE if ONE in found else self.wide(found)

    def row(self, pairs: Iterable[tuple[Bit, Bit]], carry: Bit = NONE) -> list[Bit]:
        """The bits of a sum, and the last carry."""
        total: list[Bit] = []
        for pair in pairs:
            if carry < 0 and ZERO in pair:
                # Nothing is added yet.
                total.append(pair[1] if pair[0] == ZERO else pair[0])
                continue
            total.append(self.add(Kind.SUM, pair, carry))
            carry = self.add(Kind.CARRY, pair, carry)
        return [*total, ZERO if carry < 0 else self.add(Kind.SUM, (), carry)]

    def select(self, words: Sequence[Bit], index: Sequence[Bit]) -> Bit:
        """One of several bits by a number; of constants, a truth table."""
        if len(words) == 1 or not index:
            return words[0]
        if all(word < 0 for word in words) and sum(bit >= 0 for bit in index) <= 4:
            return words[0] if len(set(words)) == 1 else self.function(index)
        half = 1 << (len(words) - 1).bit_length() - 1
        place = half.bit_length() - 1
        if place >= len(index):
            return self.select(words[:half], index)
        low, high = self.select(words[:half], index), self.select(words[half:], index)
        return self.choose(index[place], high, low)

    def shifted(self, value: Sequence[Bit], amount: Sequence[Bit], fill: Bit, left: bool) -> list[Bit]:
        """A barrel shifter, a stage for each bit of the amount."""
        current = list(value)
        for place, bit in enumerate(amount):
            step = min(1 << place, len(current))
            blank = [fill] * step
            moved = [*blank, *current][: len(current)] if left else [*current[step:], *blank]
            current = [self.choose(bit, one, zero) for one, zero in zip(moved, current, strict=True)]
        return current

    def product(self, operands: Sequence[Sequence[Bit]], width: int) -> list[Bit]:
        """A product, as a multiplier block makes it."""
        fans = [bit for operand in operands for bit in operand]
        return [self.add(Kind.BLOCK, fans) for _ in range(width)]

    def cell(self, kind: str, inputs: Mapping[str, Sequence[Bit]]) -> dict[str, list[Bit]]:
        """What comes out of one of the `CELLS`, by port."""
        if kind in LATTICE_CHAINS:
            return self._lattice(inputs)
        if kind in XILINX_CHAINS:
            return self._xilinx(inputs)
        if kind == "SB_CARRY":
            return {"CO": [self.add(Kind.CARRY, (*inputs["I0"], *inputs["I1"]), inputs["CI"][0])]}
        if kind == "SB_LUT4" and (last := inputs["I3"][0]) >= 0 and self.kinds[last] == Kind.CARRY:
            return {"O": [self.add(Kind.SUM, (*inputs["I0"], *inputs["I1"], *inputs["I2"]), last)]}
        made = self.add(Kind.JOIN if kind in JOINS else Kind.LUT, (bit for bits in inputs.values() for bit in bits))
        return {port: [made] for port in ("O", "Z", "O5", "O6")}

    def _lattice(self, inputs: Mapping[str, Sequence[Bit]]) -> dict[str, list[Bit]]:
        """Two places, of four wires each."""
        carry, outputs = inputs["CIN"][0], {}
        for half in "01":
            fans = [inputs[f"{letter}{half}"][0] for letter in "ABCD"]
            outputs[f"S{half}"] = [self.add(Kind.SUM, fans, carry)]
            carry = self.add(Kind.CARRY, fans, carry)
        return {**outputs, "COUT": [carry]}

    def _xilinx(self, inputs: Mapping[str, Sequence[Bit]]) -> dict[str, list[Bit]]:
        """Places whose LUTs stand before them."""
        carry = max(inputs[port][0] for port in ("CI", "CYINIT") if port in inputs)
        sums, carries = [], []
        for pair in zip(inputs["S"], inputs["DI"], strict=True):
            sums.append(self.add(Kind.SUM, pair, carry))
            carry = self.add(Kind.CARRY, pair, carry)
            carries.append(carry)
        return {"O": sums, "CO": carries}
