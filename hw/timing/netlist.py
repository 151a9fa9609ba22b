"""The network of a whole unit, from what Amaranth makes of it: registers, control, memories, and its parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from amaranth.hdl import Fragment
from amaranth.hdl import _nir as nir
from amaranth.hdl._ir import build_netlist

from hw.timing.network import CELLS, ONE, ZERO, Assigned, Bit, Cell, Kind, Network
from hw.timing.pins import Pins, pins_of


@dataclass
class End:
    """Where a path ends: what its bit is taken by, and the register that this is, if it is one."""

    bit: Bit
    taker: str
    register: Register | None = None


@dataclass
class Scope:
    """A module in its place.

    Attributes
    ----------
    netlist : Netlist
    parent : Scope or None
    pins : dict
        The parent's nets that its inputs see, by its own nets.
    """

    number: int
    name: str
    netlist: nir.Netlist
    parent: Scope | None
    pins: Mapping[int, int]
    parts: dict[int, Scope] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)


@dataclass
class Design:
    """A unit's network, and where its paths end."""

    network: Network
    ends: list[End]
    names: dict[Bit, str]
    """Of registers."""
    registers: dict[Bit, Register]
    """Which register each is a bit of."""


@dataclass
class Contents:
    """A unit's network, and all that is no logic.

    Attributes
    ----------
    network : Network
    inputs, shows : dict of str to list of Bit
        The ports.
    registers : list of Pins
    memories : list of Memory
    cells : list of Cell
        Cells that a network does not know, as blocks and memories that are written as such.
    """

    network: Network
    inputs: dict[str, list[Bit]]
    shows: dict[str, list[Bit]]
    registers: list[Pins]
    memories: list[Memory]
    cells: list[Cell]

    @property
    def outputs(self) -> list[Bit]:
        """What is seen outside."""
        return [bit for bits in self.shows.values() for bit in bits]


@dataclass
class Memory:
    """Words that are written and read.

    Attributes
    ----------
    width, depth : int
    style : str
        What it is to be made of, if that was said: ``block``, ``distributed`` or nothing.
    writes : list of Port
    reads : list of Port
    """

    width: int
    depth: int
    style: str
    writes: list[Port]
    reads: list[Port]


@dataclass
class Port:
    """Address, enables (a bit for each of a word when it writes), and the word; whether it has a clock."""

    address: list[Bit]
    enable: list[Bit]
    data: list[Bit]
    clocked: bool


Net = tuple[Scope, int]
Register = tuple[int, int]
"""A register, by the numbers of its scope and of its cell there."""


@dataclass(frozen=True)
class Source:
    """A module as Amaranth has it.

    Attributes
    ----------
    fragment : Fragment
        What it elaborated to.
    ports : mapping of str to (Value, PortDirection)
    """

    fragment: Fragment
    ports: Mapping[str, Any]

    @cached_property
    def netlist(self) -> nir.Netlist:
        """What it is made of: once, for Amaranth changes the fragment on the way."""
        return build_netlist(self.fragment, ports=self.ports)


def read_design(top: Source, parts: Mapping[str, Source]) -> Design:
    """The network of a module and of all that it instantiates, by the names that parts are instantiated by."""
    return _Reader(parts).read(top)


def read_contents(top: Source, parts: Mapping[str, Source]) -> Contents:
    """The network, the registers and the memories of a module and of all that it instantiates."""
    return _Reader(parts).contents(top)


class _Reader:
    def __init__(self, parts: Mapping[str, Source]) -> None:
        self.parts, self.netlists = parts, dict[str, nir.Netlist]()
        self.network, self.ends, self.names = Network(), list[End](), dict[Bit, str]()
        self.registers: dict[Bit, Register] = {}
        self.known: dict[tuple[int, int], Bit] = {}
        self.scopes: list[Scope] = []

    def read(self, top: Source) -> Design:
        self._enter("", top.netlist, None, {})
        for scope in self.scopes:
            self._sources(scope)
        for scope in self.scopes:
            for net, taker, cell in self._taken(scope):
                if (bit := self.bit(scope, net)) >= 0:
                    self.ends.append(End(bit, taker, None if cell is None else (scope.number, cell)))
        return Design(self.network, self.ends, self.names, self.registers)

    def contents(self, top: Source) -> Contents:
        root = self._enter("", top.netlist, None, {})
        for scope in self.scopes:
            self._sources(scope)
        ports = root.netlist.cells[0]
        assert isinstance(ports, nir.Top)
        inputs = {
            name: [self.bit(root, nir.Net.from_cell(0, start + n)) for n in range(width)]
            for name, (start, width) in ports.ports_i.items()
        }
        outputs = {name: [self.bit(root, net) for net in value] for name, value in ports.ports_o.items()}
        registers, memories, cells = list[Pins](), list[Memory](), list[Cell]()
        for scope in self.scopes:
            for index, cell in enumerate(scope.netlist.cells):
                match cell:
                    case nir.FlipFlop():
                        registers += pins_of(scope.netlist, index, _In(self, scope))
                    case nir.Memory():
                        memories.append(self._memory(scope, index))
                    case nir.Instance() if cell.type not in CELLS and index not in scope.parts:
                        read = {port: [self.bit(scope, n) for n in value] for port, value in cell.ports_i.items()}
                        made = {
                            port: [self.bit(scope, nir.Net.from_cell(index, start + n)) for n in range(width)]
                            for port, (start, width) in cell.ports_o.items()
                        }
                        cells.append(Cell(cell.type, read, made, cell.parameters))
        return Contents(self.network, inputs, outputs, registers, memories, cells)

    def _memory(self, scope: Scope, number: int) -> Memory:
        memory = scope.netlist.cells[number]
        assert isinstance(memory, nir.Memory)
        found = Memory(memory.width, memory.depth, str(memory.attributes.get("ram_style", "")), [], [])
        for index, cell in enumerate(scope.netlist.cells):
            if isinstance(cell, nir.SyncWritePort) and cell.memory == number:
                address, given, word = ([self.bit(scope, n) for n in nets] for nets in (cell.addr, cell.en, cell.data))
                found.writes.append(Port(address, given, word, True))
            elif isinstance(cell, (nir.AsyncReadPort, nir.SyncReadPort)) and cell.memory == number:
                clocked = isinstance(cell, nir.SyncReadPort)
                word = [self.bit(scope, nir.Net.from_cell(index, n)) for n in range(cell.width)]
                enable = [self.bit(scope, cell.en)] if isinstance(cell, nir.SyncReadPort) else []
                found.reads.append(Port([self.bit(scope, n) for n in cell.addr], enable, word, clocked))
        return found

    def _enter(self, name: str, netlist: nir.Netlist, parent: Scope | None, pins: Mapping[int, int]) -> Scope:
        scope = Scope(len(self.scopes), name, netlist, parent, pins)
        self.scopes.append(scope)
        for signal, nets in netlist.signals.items():
            for place, net in enumerate(nets):
                scope.names.setdefault(net, f"{signal.name}[{place}]" if len(nets) > 1 else signal.name)
        for index, cell in enumerate(netlist.cells):
            if isinstance(cell, nir.Instance) and cell.type in self.parts:
                if cell.type not in self.netlists:
                    self.netlists[cell.type] = self.parts[cell.type].netlist
                child = self.netlists[cell.type]
                inputs = {}
                for port, (start, width) in child.cells[0].ports_i.items():
                    for n in range(width):
                        if port in cell.ports_i:
                            inputs[nir.Net.from_cell(0, start + n)] = cell.ports_i[port][n]
                inner = f"{name}.{cell.name}" if name else cell.name
                scope.parts[index] = self._enter(inner, child, scope, inputs)
        return scope

    def _sources(self, scope: Scope) -> None:
        for index, cell in enumerate(scope.netlist.cells):
            if isinstance(cell, nir.FlipFlop):
                for place in range(len(cell.data)):
                    net = nir.Net.from_cell(index, place)
                    bit = self.known[scope.number, net] = self.network.source()
                    self.names[bit], self.registers[bit] = self._called(scope, net), (scope.number, index)

    def _called(self, scope: Scope, net: int) -> str:
        name = scope.names.get(net, "a register")
        return f"{scope.name}.{name}" if scope.name else name

    def _taken(self, scope: Scope) -> Iterator[tuple[int, str, int | None]]:
        """The nets that end paths, who takes them, and the number of the cell, if that is a register."""
        for index, cell in enumerate(scope.netlist.cells):
            match cell:
                case nir.FlipFlop():
                    for place, data in enumerate(cell.data):
                        own = nir.Net.from_cell(index, place)
                        for net in self._pins(scope, own, data):
                            yield net, self._called(scope, own), index
                case nir.SyncWritePort():
                    yield from ((net, "a memory", None) for net in (*cell.data, *cell.addr, *cell.en))
                case nir.SyncReadPort():
                    yield from ((net, "a memory", None) for net in (*cell.addr, cell.en))
                case nir.Instance() if cell.type not in CELLS and index not in scope.parts:
                    yield from ((net, cell.type, None) for value in cell.ports_i.values() for net in value)
                case nir.Top() if scope.parent is None:
                    for name, value in cell.ports_o.items():
                        yield from ((net, name, None) for net in value)

    def _pins(self, scope: Scope, own: int, data: int) -> list[int]:
        """What the pins of a register take: where it keeps its value but for one, that one, and when."""
        cell = scope.netlist.cells[data >> 16] if data >= 2 else None
        if not isinstance(cell, nir.AssignmentList):
            return [data]
        default, given = _assigned(cell, data & 0xFFFF)
        if default != own:
            return [data]
        moving = [value for _, value in given if value >= 2]
        inner = [data] if len(moving) > 1 else moving
        return [*(condition for condition, _ in given), *inner]

    def bit(self, scope: Scope, net: int) -> Bit:
        """The bit of a net, made with all that it needs."""
        # A ripple of a thousand places is deeper than Python's stack.
        stack: list[Net] = [(scope, net)]
        while stack:
            here, top = stack[-1]
            if top < 2 or (here.number, top) in self.known:
                stack.pop()
                continue
            missing = [(s, n) for s, n in self._needs(here, top) if n >= 2 and (s.number, n) not in self.known]
            if missing:
                stack.extend(missing)
                continue
            stack.pop()
            if (here.number, top) not in self.known:
                self._make(here, top)
        return self._bit(scope, net)

    def _bit(self, scope: Scope, net: int) -> Bit:
        return self.known[scope.number, net] if net >= 2 else ONE if net else ZERO

    def _needs(self, scope: Scope, net: int) -> list[Net]:
        cell, place = scope.netlist.cells[net >> 16], net & 0xFFFF
        match cell:
            case nir.Top() if scope.parent is not None and net in scope.pins:
                return [(scope.parent, scope.pins[net])]
            case nir.Operator() if cell.operator in ("~", "&", "|", "^"):
                nets: Iterable[int] = [value[place] for value in cell.inputs]
            case nir.Operator() if cell.operator == "m":
                nets = [cell.inputs[0][0], cell.inputs[1][place], cell.inputs[2][place]]
            case nir.Operator():
                nets = [n for value in cell.inputs for n in value]
            case nir.Part():
                nets = [*cell.value, *cell.offset]
            case nir.Matches():
                nets = cell.value
            case nir.PriorityMatch():
                nets = [cell.en, *cell.inputs[: place + 1]]
            case nir.AssignmentList():
                default, given = _assigned(cell, place)
                nets = [default, *(n for pair in given for n in pair)]
            case nir.AsyncReadPort():
                nets = cell.addr
            case nir.Instance():
                if net >> 16 in scope.parts:
                    return [self._inside(scope, net)]
                nets = [n for value in cell.ports_i.values() for n in value] if cell.type in CELLS else []
            case _:
                nets = []
        return [(scope, n) for n in nets]

    @staticmethod
    def _inside(scope: Scope, net: int) -> Net:
        """The net of a part that an instance's output shows."""
        cell, child = scope.netlist.cells[net >> 16], scope.parts[net >> 16]
        assert isinstance(cell, nir.Instance)
        for port, (start, width) in cell.ports_o.items():
            if 0 <= (place := (net & 0xFFFF) - start) < width:
                return child, child.netlist.cells[0].ports_o[port][place]
        raise KeyError(net)

    def _make(self, scope: Scope, net: int) -> None:
        """Make a net's bit, and those of what is made with it."""
        index, place = net >> 16, net & 0xFFFF
        cell, network = scope.netlist.cells[index], self.network

        def of(nets: Iterable[int]) -> list[Bit]:
            return [self._bit(scope, n) for n in nets]

        made: Bit | list[Bit]
        match cell:
            case nir.Top() if scope.parent is not None and net in scope.pins:
                made = self._bit(scope.parent, scope.pins[net])
            case nir.Operator() if cell.operator in ("~", "&", "|", "^", "m"):
                values = [value[0 if cell.operator == "m" and n == 0 else place] for n, value in enumerate(cell.inputs)]
                made = _bitwise(network, cell.operator, of(values))
            case nir.Operator():
                made = _operate(network, cell.operator, [of(value) for value in cell.inputs])
            case nir.Part():
                words = of(cell.value[n] if n < len(cell.value) else 0 for n in _words(cell, place))
                made = network.select(words, of(cell.offset))
            case nir.Matches():
                made = network.matches(of(cell.value), cell.patterns)
            case nir.PriorityMatch():
                # The first that is set.
                bits = of([cell.en, *reversed(cell.inputs[: place + 1])])
                made = network.wide("&", bits, [False, False, *[True] * place])
            case nir.AssignmentList():
                made = self._assignment(scope, cell, place)
            case nir.AsyncReadPort():
                made = network.add(Kind.MEMORY, of(cell.addr))
            case nir.Instance() if index in scope.parts:
                made = self._bit(*self._inside(scope, net))
            case nir.Instance() if cell.type in CELLS:
                inputs = {port: of(value) for port, value in cell.ports_i.items()}
                outputs = network.cell(cell.type, inputs, cell.parameters)
                for port, (start, width) in cell.ports_o.items():
                    for n in range(width):
                        self.known[scope.number, nir.Net.from_cell(index, start + n)] = outputs[port][n]
                return
            case _:
                made = network.source()
                self.names[made] = cell.type if isinstance(cell, nir.Instance) else self._called(scope, net)
        if isinstance(made, list):
            for n, bit in enumerate(made):
                self.known[scope.number, nir.Net.from_cell(index, n)] = bit
        else:
            self.known[scope.number, net] = made

    def _assignment(self, scope: Scope, cell: nir.AssignmentList, place: int) -> Bit:
        """What is assigned to a bit under the last of the conditions that holds, or the default."""
        default, given = _assigned(cell, place)
        known = self._bit(scope, default)
        all_pairs = [(self._bit(scope, condition), self._bit(scope, value)) for condition, value in given]
        together = {condition >> 16 for condition, _ in given}
        return self._chosen(known, all_pairs, [condition >> 16 for condition, _ in given] if len(together) > 1 else [])

    def _chosen(self, known: Bit, given: Sequence[tuple[Bit, Bit]], switches: Sequence[int]) -> Bit:
        """`switches` tells which conditions exclude one another; none, if all do."""
        network = self.network
        pairs = [(condition, value) for condition, value in given if value != known]
        exclusive = not switches or len(pairs) == len(given)
        if len(pairs) == 1 and exclusive:
            return network.choose(*pairs[0], known)
        if not pairs:
            return known
        if len(pairs) > 1:
            each = [network.both("&", *pair) if known >= 0 or pair[1] >= 0 else pair[0] for pair in pairs]
            fans = {fan for fan in (known, *each) if fan >= 0}
            if len(fans) > 2:
                says = Assigned(known, tuple(given), tuple(switches) or (0,) * len(given))
                return network.add(Kind.WIDE, [known, *each], says=says)
        for condition, value in given:
            known = network.choose(condition, value, known)
        return known


@dataclass
class _In:
    """The nets of one module."""

    reader: _Reader
    scope: Scope

    @property
    def network(self) -> Network:
        return self.reader.network

    def net(self, net: int) -> Bit:
        return self.reader.bit(self.scope, net)

    def chosen(self, default: Bit, given: Sequence[tuple[Bit, Bit]], switches: Sequence[int]) -> Bit:
        return self.reader._chosen(default, given, switches)


def _assigned(cell: nir.AssignmentList, place: int) -> tuple[int, list[tuple[int, int]]]:
    """The default of a bit; and the conditions, with the nets that they assign to it."""
    given = [
        (assignment.cond, assignment.value[place - assignment.start])
        for assignment in cell.assignments
        if 0 <= place - assignment.start < len(assignment.value)
    ]
    return cell.default[place], given


def _words(cell: nir.Part, place: int) -> range:
    """Which of the value's bits a part's bit may be, by the offset."""
    return range(place, place + cell.stride * (1 << len(cell.offset)), cell.stride)


def _bitwise(network: Network, operator: str, bits: Sequence[Bit]) -> Bit:
    if operator == "~":
        return network.invert(bits[0])
    if operator == "m":
        return network.choose(*bits)
    return network.both(operator, *bits)


def _operate(network: Network, operator: str, inputs: Sequence[Sequence[Bit]]) -> list[Bit]:
    """All bits of an operator whose bits depend on one another."""
    first = inputs[0]
    if operator in ("b", "r|", "r&", "r^"):
        return [network.wide({"r&": "&", "r^": "^"}.get(operator, "|"), first)]
    if operator in ("==", "!="):
        return [network.equal(zip(*inputs, strict=True), flip=operator == "!=")]
    if operator in ("+", "-"):
        pairs = zip(*inputs, strict=True) if len(inputs) > 1 else ((bit, ONE) for bit in first)
        return network.row(pairs, operator=operator if len(inputs) > 1 else "neg")[:-1]
    if operator in ("<<", "u>>", "s>>"):
        fill = first[-1] if operator == "s>>" else ZERO
        return network.shifted(first, inputs[1], fill, operator == "<<")
    if operator[1:] in ("<", ">", "<=", ">="):
        return network.row(zip(*inputs, strict=True), operator=operator)[-1:]
    return network.product(inputs, len(first))
