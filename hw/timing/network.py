"""A design as its bits see it: functions of few wires, carry chains, and what begins and ends a path.

Which functions share a LUT is not said here: `hw.timing.arrival` finds that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, auto
from typing import Any

from hw.timing.tables import rearranged

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


TABLES = {"&": 0b1000, "|": 0b1110, "^": 0b0110, "same": 0b10}
"""Of functions of two bits, and of one; bit n is the value where the bits read n."""


@dataclass(frozen=True)
class Wide:
    """An AND, OR or XOR of bits and constants; some of them, or all, inverted.

    Attributes
    ----------
    operator : str
        ``&``, ``|`` or ``^``.
    fans : tuple of Bit
    inverted : tuple of bool
        For each of these.
    flip : bool
        Of the whole.
    """

    operator: str
    fans: tuple[Bit, ...]
    inverted: tuple[bool, ...]
    flip: bool

    def table(self, read: Sequence[Bit]) -> int:
        """The table of it as a function of the few bits that it has."""
        found = 0
        for n in range(1 << len(read)):
            known = {ZERO: 0, ONE: 1, **{bit: n >> place & 1 for place, bit in enumerate(read)}}
            ones = [known[fan] ^ flipped for fan, flipped in zip(self.fans, self.inverted, strict=True)]
            value = {"&": all(ones), "|": any(ones), "^": sum(ones) % 2 == 1}[self.operator]
            found |= (value != self.flip) << n
        return found


@dataclass(frozen=True)
class Assigned:
    """What a bit is assigned under the last condition that holds.

    Attributes
    ----------
    default : Bit
        Where none does.
    pairs : tuple of (Bit, Bit)
        Conditions and values.
    switches : tuple of int
        For each of these, a number: conditions of the same one exclude one another.
    """

    default: Bit
    pairs: tuple[tuple[Bit, Bit], ...]
    switches: tuple[int, ...]


Says = int | Wide | Assigned | None
"""Of a function, its table, as `Network.function` takes it; of a wide one, what it is; None of all else."""


@dataclass
class Cell:
    """A cell that was written: its type, bits by port, and parameters."""

    kind: str
    inputs: Mapping[str, Sequence[Bit]]
    outputs: Mapping[str, Sequence[Bit]]
    parameters: Mapping[str, Any]


@dataclass
class Row:
    """A sum or comparison: its operator, the bits that meet at each place, and what comes out there.

    The last of `sums` is the carry, behind all places.
    """

    operator: str
    pairs: list[tuple[Bit, Bit]]
    sums: list[Bit]
    carries: list[Bit]


@dataclass
class Product:
    """A product that was written as an operator."""

    operands: Sequence[Sequence[Bit]]
    outputs: list[Bit]


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
    says : list of Says
        What it is of what it reads.
    cells : list of Cell
        The cells that some bits come out of, as they were written.
    rows : list of Row
        The sums and comparisons that were written as operators.
    products : list of Product
        The products that were.
    """

    kinds: list[Kind] = field(default_factory=list)
    fans: list[tuple[Bit, ...]] = field(default_factory=list)
    chain: list[Bit] = field(default_factory=list)
    says: list[Says] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    products: list[Product] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.kinds)

    def add(self, kind: Kind, fans: Iterable[Bit] = (), chain: Bit = NONE, says: Says = None) -> Bit:
        """A bit more."""
        self.kinds.append(kind)
        self.fans.append(tuple(dict.fromkeys(fan for fan in fans if fan >= 0)))
        self.chain.append(max(chain, NONE))
        self.says.append(says)
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

    def function(self, fans: Sequence[Bit], table: int) -> Bit:
        """A function of few bits, by its table: bit n of that is the value where the bits read n, the first lowest."""
        kept = list(dict.fromkeys(fan for fan in fans if fan >= 0))
        if not kept:
            return ONE if table >> sum((fan == ONE) << n for n, fan in enumerate(fans)) & 1 else ZERO
        return self.add(Kind.FUNCTION, kept, says=_reduced(fans, tuple(kept), table))

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
        return x if x == y and operator != "^" else self.function((x, y), TABLES[operator])

    def invert(self, x: Bit) -> Bit:
        return {ZERO: ONE, ONE: ZERO}[x] if x < 0 else self.function((x,), 0b01)

    def choose(self, select: Bit, one: Bit, zero: Bit) -> Bit:
        """``one if select else zero``."""
        if select < 0 or one == zero:
            return one if select == ONE else zero
        return self.function((select, one, zero), 0b11011000)

    def wide(self, operator: str, fans: Iterable[Bit], inverted: Sequence[bool] = (), flip: bool = False) -> Bit:
        """The AND, OR or XOR of any number of bits, some `inverted`; for `flip`, the inverse of all that."""
        given = tuple(fans)
        value = Wide(operator, given, tuple(inverted) or (False,) * len(given), flip)
        kept = tuple(dict.fromkeys(fan for fan in given if fan >= 0))
        if len(kept) > 2:
            return self.add(Kind.WIDE, kept, says=value)
        table = value.table(kept)
        return kept[0] if kept and table == TABLES["same"] and len(kept) == 1 else self.function(kept, table)

    def equal(self, pairs: Iterable[tuple[Bit, Bit]], flip: bool = False) -> Bit:
        """Whether the bits of each pair are equal; for `flip`, whether some are not."""
        return self.wide("|", [self.both("^", x, y) for x, y in pairs], flip=not flip)

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
                known = [(bit, value == ZERO) for bit, value in wanted if bit >= 0]
                read, inverted = [bit for bit, _ in known], [zero for _, zero in known]
                found.append(self.wide("&", read, inverted) if known else ONE)
        return ONE if ONE in found else self.wide("|", found)

    def row(self, pairs: Iterable[tuple[Bit, Bit]], carry: Bit = NONE, operator: str = "+") -> list[Bit]:
        """The bits of a sum, or of what `operator` says, and the last carry."""
        total: list[Bit] = []
        row = Row(operator, [], [], [])
        for pair in pairs:
            if carry < 0 and ((operator == "+" and ZERO in pair) or (operator == "-" and pair[1] == ZERO)):
                # Nothing is added yet.
                total.append(pair[1] if pair[0] == ZERO else pair[0])
                continue
            total.append(self.add(Kind.SUM, pair, carry))
            carry = self.add(Kind.CARRY, pair, carry)
            row.pairs.append(pair)
            row.sums.append(total[-1])
            row.carries.append(carry)
        if row.pairs:
            row.sums.append(self.add(Kind.SUM, (), carry))
            self.rows.append(row)
        return [*total, row.sums[-1] if row.pairs else ZERO]

    def select(self, words: Sequence[Bit], index: Sequence[Bit]) -> Bit:
        """One of several bits by a number; of constants, a truth table."""
        if len(words) == 1 or not index:
            return words[0]
        if all(word < 0 for word in words) and sum(bit >= 0 for bit in index) <= 4:
            if len(set(words)) == 1:
                return words[0]
            kept = tuple(dict.fromkeys(bit for bit in index if bit >= 0))
            found = 0
            for n in range(1 << len(kept)):
                known = {ZERO: 0, ONE: 1, **{bit: n >> place & 1 for place, bit in enumerate(kept)}}
                place = min(sum(known[bit] << place for place, bit in enumerate(index)), len(words) - 1)
                found |= (words[place] == ONE) << n
            return self.function(kept, found)
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
        made = [self.add(Kind.BLOCK, fans) for _ in range(width)]
        self.products.append(Product(operands, made))
        return made

    def cell(
        self, kind: str, inputs: Mapping[str, Sequence[Bit]], parameters: Mapping[str, Any] | None = None
    ) -> dict[str, list[Bit]]:
        """What comes out of one of the `CELLS`, by port."""
        outputs = self._outputs(kind, inputs, parameters or {})
        self.cells.append(Cell(kind, inputs, outputs, parameters or {}))
        return outputs

    def _outputs(
        self, kind: str, inputs: Mapping[str, Sequence[Bit]], parameters: Mapping[str, Any]
    ) -> dict[str, list[Bit]]:
        if kind in LATTICE_CHAINS:
            return self._lattice(inputs, CARRY_TABLES[kind], parameters)
        if kind in XILINX_CHAINS:
            return self._xilinx(inputs)
        if kind == "SB_CARRY":
            return {"CO": [self._place(Kind.CARRY, [*inputs["I0"], *inputs["I1"]], inputs["CI"][0], MAJORITY)]}
        if kind == "SB_LUT4" and (last := inputs["I3"][0]) >= 0 and self.kinds[last] == Kind.CARRY:
            fans = [*inputs["I0"], *inputs["I1"], *inputs["I2"]]
            return {"O": [self._place(Kind.SUM, fans, last, _contents(parameters.get("LUT_INIT", 0)))]}
        if kind == "LUT6_2":
            fans = [inputs[f"I{n}"][0] for n in range(6)]
            both = _contents(parameters.get("INIT", 0))
            second = self._place(Kind.LUT, fans[:5], NONE, both & 0xFFFFFFFF)
            return {"O6": [self._place(Kind.LUT, fans, NONE, both)], "O5": [second]}
        pins, table = JOINED.get(kind) or _lut(kind, inputs, parameters)
        fans = [inputs[pin][0] for pin in pins]
        made = self._place(Kind.JOIN if kind in JOINS else Kind.LUT, fans, NONE, table)
        return {port: [made] for port in ("O", "Z")}

    def _place(self, kind: Kind, fans: Sequence[Bit], carry: Bit, table: int) -> Bit:
        """What comes out of a place of a chain, by its table of what enters and the carry."""
        given = (*fans, carry) if carry != NONE else tuple(fans)
        kept = tuple(dict.fromkeys(fan for fan in given if fan >= 0))
        return self.add(kind, fans, carry, _reduced(given, kept, table))

    def _lattice(
        self, inputs: Mapping[str, Sequence[Bit]], carries: CarryTable, parameters: Mapping[str, Any]
    ) -> dict[str, list[Bit]]:
        """Two places, of four wires each."""
        carry, outputs = inputs["CIN"][0], {}
        for half in "01":
            fans = [inputs[f"{letter}{half}"][0] for letter in "ABCD"]
            sums, generates = carries.tables(_contents(parameters.get(f"INIT{half}", 0)))
            outputs[f"S{half}"] = [self._place(Kind.SUM, fans, carry, sums)]
            carry = self._place(Kind.CARRY, fans, carry, generates)
        return {**outputs, "COUT": [carry]}

    def _xilinx(self, inputs: Mapping[str, Sequence[Bit]]) -> dict[str, list[Bit]]:
        """Places whose LUTs stand before them."""
        enters = [inputs[port][0] for port in ("CI", "CYINIT") if port in inputs]
        # One of the two is constant, and zero where the other is not.
        carry = max(enters) if max(enters) >= 0 or ONE not in enters else ONE
        sums, carries = [], []
        for pair in zip(inputs["S"], inputs["DI"], strict=True):
            sums.append(self._place(Kind.SUM, pair, carry, 0b01011010))
            carry = self._place(Kind.CARRY, pair, carry, 0b11100100)
            carries.append(carry)
        return {"O": sums, "CO": carries}


MAJORITY = 0b11101000
CHOOSES = 0b11001010
"""The first of three wires, or the second where the third is set."""
JOINED = {
    "PFUMX": (("BLUT", "ALUT", "C0"), CHOOSES),
    "L6MUX21": (("D0", "D1", "SD"), CHOOSES),
    **dict.fromkeys(("MUXF7", "MUXF8", "MUXF9"), (("I0", "I1", "S"), CHOOSES)),
}
"""Pins of the multiplexers beside LUTs, and what they make of them."""


def _lut(kind: str, inputs: Mapping[str, Sequence[Bit]], parameters: Mapping[str, Any]) -> tuple[tuple[str, ...], int]:
    """Pins of a LUT, and its table."""
    name = "LUT_INIT" if kind == "SB_LUT4" else "INIT"
    return tuple(sorted(inputs)), _contents(parameters.get(name, 0))


@dataclass(frozen=True)
class CarryTable:
    """Where a Lattice cell's LUT4 has the carry that a place makes.

    Attributes
    ----------
    seen : int
        Wires that it depends on.
    base : int
        Where in the LUT4 it begins.
    inverted : bool
    """

    seen: int
    base: int
    inverted: bool

    def tables(self, contents: int) -> tuple[int, int]:
        """The tables of four wires and a carry: of the sum, and of the carry out."""
        sums = generates = 0
        for n in range(16):
            passes = contents >> n & 1
            made = (contents >> (self.base | n & (1 << self.seen) - 1) & 1) ^ self.inverted
            sums |= passes << n | (1 - passes) << n + 16
            generates |= (0 if passes else made) << n | (1 if passes else made) << n + 16
        return sums, generates


CARRY_TABLES = {
    "CCU2C": CarryTable(2, 0, False),
    "CCU2D": CarryTable(2, 12, True),
    "CCU2": CarryTable(3, 0, False),
}
"""Sources: Yosys's cell models, share/lattice/ccu2c_sim.vh and ccu2d_sim.vh, share/nexus/cells_sim.v."""


def _contents(parameter: Any) -> int:
    """A LUT's contents, as a cell's parameter says them."""
    if isinstance(parameter, str):
        return int(parameter, 16)
    return int(getattr(parameter, "value", parameter))


def _reduced(fans: Sequence[Bit], kept: tuple[Bit, ...], table: int) -> int:
    """The table of the bits that are kept, of one of bits that may be constants or there twice."""
    if tuple(fans) == kept:
        return table
    places = {ZERO: -2, ONE: -1, **{bit: 2 * place for place, bit in enumerate(kept)}}
    return rearranged(table, tuple(places[fan] for fan in fans), len(kept))
