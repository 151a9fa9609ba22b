"""Sums and comparisons that were written as operators: a family's cells, or gates where there are few places."""

from __future__ import annotations

from dataclasses import dataclass, field

from costmodel.count.family import Family
from costmodel.count.logic import ENTER, LEAVE, PASS, THROUGH, Logic
from hw.timing.gates import Literal
from hw.timing.network import ONE, ZERO, Row

COMPARES = {"<", ">", "<=", ">="}


@dataclass
class Lowering:
    """Makes a family's cells and gates of rows.

    Attributes
    ----------
    family : Family
    places : dict of int to dict of int to int
        By the row's id: the place that each leaf comes out of.
    more : dict of int to int or None
        What `_incremented` has found.
    """

    family: Family
    places: dict[int, dict[int, int]] = field(default_factory=dict)
    more: dict[int, int] | None = None

    def __call__(self, logic: Logic, row: Row) -> bool:
        """Make the literals of a row's bits."""
        more = self._incremented(logic)
        if id(row) in more.values():
            # It is the row before it, which a carry enters.
            logic.known.update((bit, logic.known[pair[0]]) for bit, pair in zip(row.sums, row.pairs, strict=False))
            logic.known.update((bit, 0) for bit in (*row.carries, row.sums[-1]))
            return True
        first, second, carry = self._operands(logic, row)
        carry = 1 if id(row) in more else carry
        compares = row.operator.lstrip("us") in COMPARES
        constant = all(a < 2 for a in first) or all(b < 2 for b in second)
        low, high = _settled(first, second, carry), len(first)
        while compares and row.operator[0] == "u" and high > low and min(first[high - 1], second[high - 1]) < 2:
            high -= 1
        least = self.family.compared + 1 if compares and constant else self.family.rows.least
        sums, carries = list[Literal](), list[Literal]()
        for begin, end, cells in ((0, low, False), (low, high, high - low >= least), (high, len(first), False)):
            make = self._cells if cells else self._gates
            total, along = make(logic, row, first[begin:end], second[begin:end], carry)
            sums, carries = sums + total, carries + along
            carry = carries[-1] if carries else carry
        if compares:
            sums.append(self._compared(logic, row.operator, sums, carries))
        else:
            sums.append(carries[-1])
        for bits, found in ((row.sums, sums), (row.carries, carries)):
            logic.known.update(zip(bits, found, strict=True))
        return True

    def _incremented(self, logic: Logic) -> dict[int, int]:
        """By their ids, the rows to whose sums alone others add one; and these."""
        if self.more is None:
            contents, network = logic.contents, logic.network
            rows = [row for row in network.rows if row.operator == "+"]
            by_first = {row.sums[0]: row for row in rows}
            self.more = {}
            for row in rows:
                before = by_first.get(row.pairs[0][0]) if row.pairs[0][1] == ONE else None
                if before is None or any(pair[1] != ZERO for pair in row.pairs[1:]):
                    continue
                given = [pair[0] for pair in row.pairs if pair[0] != ZERO]
                own = {*row.sums, *row.carries}
                others = {fan for bit, fans in enumerate(network.fans) if bit not in own for fan in fans}
                others |= {*contents.outputs, *(bit for pins in contents.registers for bit in (pins.data, pins.enable))}
                if given == before.sums[: len(given)] and not others & {*given}:
                    self.more[id(before)] = id(row)
        return self.more

    @staticmethod
    def _operands(logic: Logic, row: Row) -> tuple[list[Literal], list[Literal], Literal]:
        """Both numbers, as they are added, and the carry that enters."""
        pairs = [(logic.known[a], logic.known[b]) for a, b in row.pairs]
        first, second = [a for a, _ in pairs], [b for _, b in pairs]
        if row.operator == "+":
            return first, second, 0
        if row.operator == "neg":
            return [0] * len(first), [a ^ 1 for a in first], 1
        if row.operator.lstrip("us") in (">", "<="):
            first, second = second, first
        return first, [b ^ 1 for b in second], 1

    @staticmethod
    def _compared(logic: Logic, operator: str, sums: list[Literal], carries: list[Literal]) -> Literal:
        gates = logic.gates
        if operator[0] == "s":
            below = carries[-2] if len(carries) > 1 else 1
            less = gates.tree("^", [sums[-1], carries[-1], below])
        else:
            less = carries[-1] ^ 1
        return less ^ operator.endswith("=")

    @staticmethod
    def _gates(
        logic: Logic, row: Row, first: list[Literal], second: list[Literal], carry: Literal
    ) -> tuple[list[Literal], list[Literal]]:
        gates, sums, carries = logic.gates, [], []
        for a, b in zip(first, second, strict=True):
            half = gates.differ(a, b)
            sums.append(gates.differ(half, carry))
            carry = gates.either(gates.both(a, b), gates.both(half, carry))
            carries.append(carry)
        return sums, carries

    def _cells(
        self, logic: Logic, row: Row, first: list[Literal], second: list[Literal], carry: Literal
    ) -> tuple[list[Literal], list[Literal]]:
        gates, sums, carries = logic.gates, list[Literal](), list[Literal]()
        takes: list[Literal] = []
        places: dict[int, int] = {}
        logic.takes[id(row)], self.places[id(row)] = takes, places
        before: list[tuple[Literal, float]] = []
        for place, (a, b) in enumerate(zip(first, second, strict=True)):
            inputs = [gates.differ(a, b), a] if self.family.rows.takes == "halves" else [a, b]
            if self.family.rows.takes == "plain" and row.operator != "+":
                inputs = [a, b ^ 1]
            takes += inputs
            enters = carries[-1] if carries else carry
            if self.family.folds and (passed := logic.folded([a, b, enters])) is not None:
                sums.append(gates.tree("^", [a, b, enters]))
                carries.append(passed)
                before = [(passed, 0.0)]
                continue
            for bits, own, along, table in ((sums, THROUGH, LEAVE, 0b10010110), (carries, ENTER, PASS, 0b11101000)):
                there = len(gates)
                leaf = logic.place(table, [a, b, enters], bits is carries)
                bits.append(leaf)
                if leaf >> 1 < there:
                    continue
                logic.owners[leaf >> 1] = row
                places[leaf >> 1] = place
                logic.waits[leaf >> 1] = [*((wire, own) for wire in inputs), *((wire, along) for wire, _ in before)]
            before = [(carries[-1], 0.0)]
        return sums, carries


def _settled(first: list[Literal], second: list[Literal], carry: Literal) -> int:
    """The lowest places, that hand a constant on as their carry."""
    for place, (a, b) in enumerate(zip(first, second, strict=True)):
        constants = [wire for wire in (a, b, carry) if wire < 2]
        if constants.count(0) < 2 and constants.count(1) < 2:
            return place
        carry = int(constants.count(1) >= 2)
    return len(first)
