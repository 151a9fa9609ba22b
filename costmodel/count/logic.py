"""A unit's logic as gates, and which of it anything outside depends on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from costmodel.count.family import Family
from hw.timing.gates import CONSTANTS, FUNCTIONS, LEAF, Gates, Literal, literal_of
from hw.timing.netlist import Contents, Memory
from hw.timing.network import NONE, ONE, ZERO, Bit, Cell, Kind, Network, Product, Row
from hw.timing.pins import Pins
from hw.timing.tables import needed, rearranged

Owner = Pins | Cell | Row | Memory | Product
ENTER, LEAVE, THROUGH, PASS = 1.2, 0.4, 1.0, 0.05
"""Into a chain, out of it, through a place and from place to place, in LUTs with their wires: what Yosys's models of
the Lattice families' cells say, and those of others nearly so."""
TAKES = {Kind.SUM: THROUGH, Kind.CARRY: ENTER, Kind.LUT: 1.0, Kind.JOIN: 0.4, Kind.MEMORY: 1.0, Kind.BLOCK: 3.0}
BLOCK_INPUTS, BLOCK_OUTPUTS = 2, 9
"""Bits of a product's operands, and of the product, that a block is for, at least: Yosys's share/mul2dsp.v as
`synth_xilinx` and `synth_lattice` call it."""
PLACES = {Kind.SUM, Kind.CARRY}
Lower = Callable[["Logic", Row], bool]
"""Makes gates of a row, if its family has no cells for it; whether it did."""


@dataclass
class Logic:
    """Gates of a unit's functions, and what stands between them.

    Attributes
    ----------
    contents : Contents
    blocks : bool
        Whether products may become multiplier blocks.
    through : bool
        Whether it is looked through carry cells for sums that are constants or wires: mapping into LUTs does so, what
        comes before it does not.
    gates : Gates
    known : dict of Bit to Literal
    same : dict of Bit to Bit
        Registers that are as others, or constants.
    owners : dict of int to Owner
        What a gate that is a leaf comes out of; nothing for the unit's inputs.
    waits : dict
        As `hw.timing.cuts.Cuts` takes it.
    takes : dict of int to list of Literal
        What goes into an owner, by its id, where that is not simply its bits.
    functions : dict of int to (int, list of Literal)
        What leaves that come out of carry cells are: a table, and of what.
    carries : set of int
        Those of them that go to the next cell.
    live : set of int
        The gates that something depends on.
    owned : list of Owner
        All that something depends on.
    """

    contents: Contents
    family: Family
    lower: Lower
    same: dict[Bit, Bit]
    blocks: bool
    through: bool = False
    gates: Gates = field(default_factory=Gates)
    known: dict[Bit, Literal] = field(default_factory=lambda: dict(CONSTANTS))
    owners: dict[int, Owner] = field(default_factory=dict)
    waits: dict[int, list[tuple[Literal, float]]] = field(default_factory=dict)
    takes: dict[int, list[Literal]] = field(default_factory=dict)
    functions: dict[int, tuple[int, list[Literal]]] = field(default_factory=dict)
    live: set[int] = field(default_factory=set)
    owned: list[Owner] = field(default_factory=list)
    _places: dict[tuple[int, ...], Literal] = field(default_factory=dict)
    _cell_of: dict[Bit, Cell] = field(default_factory=dict)
    _means: dict[int, Literal] = field(default_factory=dict)
    carries: set[int] = field(default_factory=set)

    @property
    def network(self) -> Network:
        return self.contents.network

    def build(self) -> Logic:
        """Make the gates of all bits."""
        network, known = self.network, self.known
        of, lowered = dict(_outputs(self.contents)), set[int]()
        self._cell_of = {bit: owner for bit, owner in of.items() if isinstance(owner, Cell)}
        for bit in range(len(network)):
            if bit in known:
                continue
            kind = network.kinds[bit]
            if kind in FUNCTIONS:
                known[bit] = literal_of(network, self.gates, bit, known)
                continue
            if bit in self.same:
                known[bit] = known[self.same[bit]]
                continue
            if self.family.folds and (found := self._folded(bit)) is not None:
                known[bit] = found
                continue
            owner = of.get(bit)
            if isinstance(owner, Row) and id(owner) not in lowered:
                lowered.add(id(owner))
                if self.lower(self, owner):
                    continue
            if isinstance(owner, Product) and id(owner) not in lowered:
                lowered.add(id(owner))
                if self._multiplied(owner):
                    continue
            there = len(self.gates)
            known[bit] = self._comes_out(bit) if kind in PLACES else self.gates.leaf()
            gate = known[bit] >> 1
            if gate < there:
                continue
            if owner is not None:
                self.owners[gate] = owner
            if kind in TAKES:
                waits = [(known[fan], TAKES[kind]) for fan in network.fans[bit] if fan in known]
                if (before := network.chain[bit]) >= 0:
                    waits.append((known[before], PASS if kind == Kind.CARRY else LEAVE))
                self.waits[gate] = waits
        return self

    def _multiplied(self, product: Product) -> bool:
        """Make gates of a product that is too small for a block, or for which there are none; whether it was."""
        operands = [[self.known[bit] for bit in operand] for operand in product.operands]
        # Both are as wide as the product: what is above their numbers is constant, or the sign again.
        widths = [max((n + 1 for n, bit in enumerate(o) if bit > 1 and bit not in o[:n]), default=1) for o in operands]
        if self.blocks and min(widths) >= BLOCK_INPUTS and sum(widths) >= BLOCK_OUTPUTS:
            return False
        x, y = sorted(operands, key=lambda bits: sum(bit > 1 for bit in bits))
        gates, width = self.gates, len(product.outputs)
        total = [0] * width
        for place, bit in enumerate(x[:width]):
            carry = 0
            for n in range(place, width):
                a, b = total[n], gates.both(bit, y[n - place])
                half = gates.differ(a, b)
                total[n], carry = gates.differ(half, carry), gates.either(gates.both(a, b), gates.both(half, carry))
        self.known.update(zip(product.outputs, total, strict=True))
        return True

    def _folded(self, bit: Bit) -> Literal | None:
        """What a carry is where two of what it is made of are constants; and what the LUT beside such a one makes."""
        network, says, chain = self.network, self.network.says[bit], self.network.chain[bit]
        if network.kinds[bit] == Kind.CARRY:
            cell = self._cell_of.get(bit)
            if cell is None:
                return None
            wires = [self.known[cell.inputs[port][0]] for port in ("I0", "I1", "CI")]
            return self.folded(wires)
        if network.kinds[bit] in (Kind.SUM, Kind.LUT) and isinstance(says, int):
            cell = self._cell_of[bit]
            wires = [self.known[cell.inputs[port][0]] for port in ("I1", "I2", "I3")]
            if self.folded(wires) is not None:
                fans = network.fans[bit]
                inputs = [self.known[fan] for fan in (*fans, *([chain] if chain >= 0 and chain not in fans else []))]
                return self.gates.table(says, inputs)
        return None

    @staticmethod
    def folded(wires: Sequence[Literal]) -> Literal | None:
        """The majority of three wires, if two are constants."""
        constants = [wire for wire in wires if wire < 2]
        if len(constants) < 2:
            return None
        ones = sum(constants)
        if ones != 1 or len(constants) == 3:
            return int(ones >= 2)
        return next(wire for wire in wires if wire > 1)

    def _comes_out(self, bit: Bit) -> Literal:
        """What comes out of a place of a chain."""
        network = self.network
        says, chain, fans = network.says[bit], network.chain[bit], network.fans[bit]
        inputs = [self.known[fan] for fan in (*fans, *([chain] if chain >= 0 and chain not in fans else []))]
        assert isinstance(says, int)
        return self.place(says, inputs, network.kinds[bit] == Kind.CARRY)

    def place(self, table: int, inputs: Sequence[Literal], carries: bool) -> Literal:
        """What comes out of a place of a chain, as a function of what goes in.

        A sum that is a constant, or a wire, or comes out of another cell too, is that; but a carry stays where it is:
        the next cell can have it from nowhere else.
        """
        known = [self._means.get(wire >> 1, wire & ~1) ^ wire & 1 for wire in inputs]
        gates = sorted({wire >> 1 for wire in known if wire > 1})
        at = {gate: 2 * place for place, gate in enumerate(gates)}
        pattern = tuple(at[wire >> 1] | wire & 1 if wire > 1 else wire - 2 for wire in known)
        found = rearranged(table, pattern, len(gates))
        places, found = needed(found, len(gates))
        key = (found, *(gates[place] for place in places))
        same = self._places.get(key)
        if not places:
            same = found & 1
        elif len(places) == 1:
            same = 2 * gates[places[0]] | found & 1
        if self.through and same is not None and same >> 1 not in self.carries and not carries:
            return same
        leaf = self.gates.leaf()
        self.functions[leaf >> 1] = table, list(inputs)
        if carries:
            self.carries.add(leaf >> 1)
            if same is not None:
                self._means[leaf >> 1] = same
        self._places.setdefault(key, leaf)
        return leaf

    def settle(self) -> bool:
        """Find registers that are constants or as others; whether there are any that were not known."""
        seen: dict[tuple[int, ...], Bit] = {}
        before = len(self.same)
        for pins in self.contents.registers:
            if pins.output in self.same:
                continue
            data, enable, reset = (self.known[bit] for bit in (pins.data, pins.enable, pins.reset))
            value = self.known[pins.value] if reset and pins.value != NONE else NONE
            if reset == 0 and enable == 0:
                continue
            if data < 2 and value in (NONE, data):
                self.same[pins.output] = ONE if data else ZERO
                continue
            first = seen.setdefault((data, enable, reset, value, pins.gated), pins.output)
            if first != pins.output:
                self.same[pins.output] = first
        return len(self.same) > before

    def needs(self, owner: Owner) -> list[Literal]:
        """What goes into something."""
        if (found := self.takes.get(id(owner))) is not None:
            return found
        if isinstance(owner, Pins):
            return [self.known[bit] for bit in (owner.data, owner.enable, owner.reset)]
        if isinstance(owner, Cell):
            return [self.known[bit] for bits in owner.inputs.values() for bit in bits if bit in self.known]
        if isinstance(owner, Row):
            return [self.known[bit] for pair in owner.pairs for bit in pair]
        if isinstance(owner, Memory):
            ports = [*owner.writes, *owner.reads]
            return [self.known[bit] for port in ports for bit in (*port.address, *port.enable)] + [
                self.known[bit] for port in owner.writes for bit in port.data
            ]
        return [self.known[bit] for operand in owner.operands for bit in operand]

    def mark(
        self, become: Callable[[Literal], Literal] | None = None, left: Sequence[int] = (), right: Sequence[int] = ()
    ) -> None:
        """Find what is alive; after simplification, gates `become` others, and read `left` and `right`."""
        of = become or (lambda literal: literal)
        left, right = left or self.gates.left, right or self.gates.right
        kinds = self.gates.kinds
        self.live, self.owned, seen = set(), [], set[int]()
        todo = [of(self.known[bit]) >> 1 for bit in self.contents.outputs]
        for owner in self._kept():
            seen.add(id(owner))
            self.owned.append(owner)
            todo += [of(literal) >> 1 for literal in self.needs(owner)]
        while todo:
            gate = todo.pop()
            if not gate or gate in self.live:
                continue
            self.live.add(gate)
            if kinds[gate] != LEAF:
                todo += [of(left[gate]) >> 1, of(right[gate]) >> 1]
                continue
            # A carry within a cell is nothing that the cell takes or gives.
            todo += [of(wire) >> 1 for wire, _ in self.waits.get(gate, ())]
            if (found := self.owners.get(gate)) is not None and id(found) not in seen:
                seen.add(id(found))
                self.owned.append(found)
                todo += [of(literal) >> 1 for literal in self.needs(found)]

    def _kept(self) -> Iterator[Owner]:
        """Cells that stay though nothing reads them."""
        for cell in self.contents.cells:
            if not any(bit >= 0 for bits in cell.outputs.values() for bit in bits):
                yield cell


def _outputs(contents: Contents) -> Iterator[tuple[Bit, Owner]]:
    """What each bit comes out of."""
    for pins in contents.registers:
        yield pins.output, pins
    for cell in (*contents.network.cells, *contents.cells):
        yield from ((bit, cell) for bits in cell.outputs.values() for bit in bits)
    for row in contents.network.rows:
        yield from ((bit, row) for bit in (*row.sums, *row.carries))
    for memory in contents.memories:
        yield from ((bit, memory) for port in memory.reads for bit in port.data)
    for product in contents.network.products:
        yield from ((bit, product) for bit in product.outputs)
