"""A graph's sums on a fabric whose rows take bare wires, and put out a sum or its inverse.

A row that takes ``b`` away needs its inverse, ``a - b = a + ~b + 1``; or that of the other, ``~(a - b) = ~a + b``. In
general each row can be inverted as a whole: all its bits, the carry that enters, and so the sum. Which rows are, is
chosen so that few bits are needed both as they are and inverted. These, and inputs that are, are LUTs.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from amaranth.hdl import Cat, Const, Value

from hw.arith import Logic
from hw.arith.ice40 import Ice40
from hw.arith.steps import bits
from hw.datapath.shiftadd.graph import Graph, Term
from hw.datapath.shiftadd.turned import passed
from hw.formats import Span

TRIES = 4
Bit = tuple[int, int] | None
"""Of which number, and which of its bits; None is zero."""


@dataclass
class _Row:
    """A sum's row: the bits that it adds, and whether they are inverted."""

    x: list[Bit]
    y: list[Bit]
    minus: tuple[bool, bool]

    def needs(self, inverted: bool) -> Iterator[tuple[Bit, bool]]:
        """The bits that enter, and whether as their inverses."""
        for wires, minus in zip((self.x, self.y), self.minus, strict=True):
            for bit in wires:
                if bit is not None:
                    yield bit, minus ^ inverted


class Rows:
    """The rows of a graph.

    Attributes
    ----------
    numbers : list of list of Bit
        Of each number its bits, as those of inputs and of rows.
    rows : dict of int to _Row
        By the number that they make; one whose terms lie side by side has none.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.numbers: list[list[Bit]] = [
            [(number, n) for n in range(graph.inputs.width)] for number in range(graph.count)
        ]
        self.rows: dict[int, _Row] = {}
        for number, terms in enumerate(graph.sums, graph.count):
            self._add(number, terms)

    def _add(self, number: int, terms: Sequence[Term]) -> None:
        below, width = passed(terms), self.graph.spans[number].width
        low, *above = sorted(terms, key=lambda term: term.shift)
        lowest = self.bits(low, below)
        if above and not above[0].negative and all(bit is None for bit in self.bits(low, width)[below:]):
            self.numbers.append([*lowest, *self.bits(above[0], width)[below:]])
            return
        parts = [self.bits(term, width)[below:] for term in terms]
        signs = [term.negative for term in terms]
        if len(terms) == 1:
            parts, signs = [[None] * width, *parts], [False, *signs]
        self.rows[number] = _Row(parts[0], parts[1], (signs[0], signs[1]))
        self.numbers.append([*lowest, *((number, n) for n in range(width - below))])

    def bits(self, term: Term, width: int) -> list[Bit]:
        """The lowest bits of a shifted number."""
        own, signed = self.numbers[term.number], self.graph.spans[term.number].signed
        fill = own[-1] if signed else None
        return [*[None] * term.shift, *own, *[fill] * width][:width]


@dataclass
class Choice:
    """Which rows are inverted, and how often each bit is needed then, as it is and as its inverse."""

    rows: Rows
    inverted: dict[int, bool]
    needed: defaultdict[tuple[int, int], list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))

    def __post_init__(self) -> None:
        for number in self.inverted:
            self._count(number, 1)
        for term in filter(None, self.rows.graph.results):
            for bit in filter(None, self.rows.numbers[term.number]):
                self.needed[bit][0] += 1

    def _count(self, number: int, step: int) -> int:
        """Add a row's needs, or take them away; how many LUTs more that takes."""
        more = 0
        for bit, inverse in self.rows.rows[number].needs(self.inverted[number]):
            assert bit is not None
            before = self._luts(bit)
            self.needed[bit][inverse] += step
            more += self._luts(bit) - before
        return more

    def _luts(self, bit: tuple[int, int]) -> int:
        plain, inverse = self.needed[bit]
        return int(inverse > 0 and (plain > 0 or bit[0] < self.rows.graph.count))

    def made_inverted(self, bit: tuple[int, int]) -> bool:
        """Whether a row puts a bit out as its inverse: where nothing else is needed."""
        plain, inverse = self.needed[bit]
        return inverse > 0 and not plain

    @property
    def luts(self) -> int:
        return sum(map(self._luts, self.needed))

    def improve(self) -> None:
        """Invert rows, one by one, while that saves LUTs."""
        changed = True
        while changed:
            changed = False
            for number in self.inverted:
                more = self._flip(number)
                if more < 0:
                    changed = True
                else:
                    self._flip(number)

    def _flip(self, number: int) -> int:
        more = self._count(number, -1)
        self.inverted[number] = not self.inverted[number]
        return more + self._count(number, 1)


def chosen(rows: Rows) -> Choice:
    """The best of some choices."""
    found = []
    for seed in range(TRIES):
        chance = random.Random(seed)
        found.append(Choice(rows, {number: seed > 0 and chance.random() < 0.5 for number in rows.rows}))
        found[-1].improve()
    return min(found, key=lambda choice: choice.luts)


def write_with_inverses(m: Logic, fabric: Ice40, graph: Graph, inputs: Sequence[Value], span: Span) -> list[Value]:
    """As `write`."""
    rows = Rows(graph)
    choice = chosen(rows)
    wires: dict[tuple[tuple[int, int], bool], Value] = {
        ((number, n), False): wire for number, value in enumerate(inputs) for n, wire in enumerate(bits(value))
    }

    def wire_of(bit: Bit, inverse: bool) -> Value:
        if bit is None:
            return Const(int(inverse), 1)
        if (bit, inverse) not in wires:
            wires[bit, inverse] = m.wire("inverse", ~wires[bit, not inverse])
        return wires[bit, inverse]

    for number, row in rows.rows.items():
        here = choice.inverted[number]
        first, second = (
            [wire_of(bit, here ^ minus) for bit in part] for part, minus in zip((row.x, row.y), row.minus, strict=True)
        )
        made = [choice.made_inverted((number, n)) for n in range(len(row.x))]
        total = fabric.add_inverted(
            m, "sum", first, second, int(any(row.minus)) ^ here, [here ^ inverse for inverse in made]
        )
        wires |= {((number, n), made[n]): wire for n, wire in enumerate(bits(total))}
    results = []
    for term in graph.results:
        own = [None] if term is None else rows.bits(term, span.width)
        results.append(Cat(*(wire_of(bit, False) for bit in [*own, *[None] * span.width][: span.width])))
    return results
