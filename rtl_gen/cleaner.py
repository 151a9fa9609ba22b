"""Makes a design whose Verilog needs no word to linters; run in Yosys's process (`rtl_gen.yosys`)."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pyosys.libyosys as yosys

COMPARE = {"$eq", "$ne", "$lt", "$le", "$gt", "$ge"}
ADD = {"$add", "$sub", "$and", "$or", "$xor", "$xnor"}
SHIFT = {"$shr", "$sshr", "$shift", "$shiftx"}


def change(design: Any) -> None:
    """Even out widths, split circles and what is a register in part, and give everything a plain name."""
    even_widths(design)
    split_circles(design)
    split_registers(design)
    plain_names(design)


def split_circles(design: Any) -> None:
    """Split vectors of which a bit depends on another: simulators that look at whole vectors see a circle there."""
    for module in design.modules_.values():
        tried: set[str] = set()
        ways = [Way(cell) for cell in module.cells_.values()]
        while found := circle(module, ways) - tried:
            # The widest is most likely what closes the circle: a beat of which one field depends on another.
            vectors = [module.wire(yosys.IdString(name)) for name in sorted(found)]
            vector = max(vectors, key=lambda vector: vector.width)
            tried.add(vector.name.str())
            split(module, vector, ways)


class Way:
    """A cell, and the names of the wires that it reads and gives; it leads from those to these, unless it is a register
    or none of Yosys's own."""

    def __init__(self, cell: Any) -> None:
        self.cell = cell
        self.leads = not cell.is_builtin_ff() and cell.type.str()[0] == "$"
        self.look()

    def look(self) -> None:
        """Find the names: the wires are others now."""
        self.reads: set[str] = set()
        self.gives: set[str] = set()
        for port, signal in self.cell.connections_.items():
            (self.gives if self.cell.output(port) else self.reads).update(wires(signal))


def split_registers(design: Any) -> None:
    """Split vectors that are registers in part, or several: Yosys would give bits names that it has to escape."""
    for module in design.modules_.values():
        ways = [Way(cell) for cell in module.cells_.values()]
        places: dict[str, set[int]] = {}
        several: set[str] = set()
        for cell in module.cells_.values():
            if cell.is_builtin_ff():
                bits = [bit for bit in cell.getPort(label("Q")).bits() if bit.is_wire()]
                for bit in bits:
                    places.setdefault(bit.wire.name.str(), set()).add(bit.offset)
                if len({bit.wire.name.str() for bit in bits}) == 1 and len(bits) < bits[0].wire.width:
                    several.add(bits[0].wire.name.str())
        for name, own in places.items():
            vector = module.wire(yosys.IdString(name))
            if len(own) < vector.width or name in several:
                split(module, vector, ways)


def split(module: Any, vector: Any, ways: list[Way]) -> None:
    """Put a wire for each of its drivers in a vector's place; a port is made of these."""
    name = vector.name.str()
    cuts = {0, vector.width} | {cut for signal in driven(module, name, ways) for cut in ends(signal, vector)}
    if len(cuts) == 2:
        return
    parts = yosys.SigSpec()
    for low, high in pairwise(sorted(cuts)):
        place = str(low) if high == low + 1 else f"{high - 1}_{low}"
        part = module.addWire(module.uniquify(yosys.IdString(f"{name}_{place}")), high - low)
        parts.append(yosys.SigSpec(part))
    whole = yosys.SigSpec(vector)

    def replaced(signal: Any) -> Any:
        signal.replace(whole, parts)
        return signal

    for way in ways:
        if name in way.reads or name in way.gives:
            for port, signal in list(way.cell.connections_.items()):
                way.cell.setPort(port, replaced(signal))
            way.look()
    module.new_connections([(replaced(left), replaced(right)) for left, right in module.connections_])
    if vector.port_id:
        module.connect(whole, parts)
    else:
        module.remove({vector})


def driven(module: Any, name: str, ways: list[Way]) -> list[Any]:
    """The signals that something drives, of which a wire of that name is a part."""
    outputs = [
        signal
        for way in ways
        if name in way.gives
        for port, signal in way.cell.connections_.items()
        if way.cell.output(port)
    ]
    return outputs + [left for left, _right in module.connections_]


def ends(signal: Any, vector: Any) -> set[int]:
    """Where runs of bits of a vector begin and end in a signal."""
    places = [bit.offset if bit.is_wire() and bit.wire.name == vector.name else None for bit in signal.bits()]
    found: set[int] = set()
    for before, after in pairwise([None, *places, None]):
        if before is not None and after != before + 1:
            found.add(before + 1)
        if after is not None and (before is None or after != before + 1):
            found.add(after)
    return found


def circle(module: Any, ways: list[Way]) -> set[str]:
    """Names of wires that depend on themselves, if whole wires are looked at."""
    after: dict[str, set[str]] = {}
    for way in ways:
        if way.leads:
            for wire in way.reads:
                after.setdefault(wire, set()).update(way.gives)
    for left, right in module.connections_:
        for wire in wires(right):
            after.setdefault(wire, set()).update(wires(left))
    # What nothing leads to, or what leads to nothing, is in no circle, and most wires are such.
    while (inner := set(after) & set().union(*after.values())) != set(after):
        after = {wire: after[wire] & inner for wire in inner if after[wire] & inner}
    before: dict[str, set[str]] = {}
    for wire, following in after.items():
        for other in following:
            before.setdefault(other, set()).add(wire)
    found: set[str] = set()
    left_over = set(after)
    while left_over:
        start = left_over.pop()
        together = reached(after, start) & reached(before, start)
        found |= together
        left_over -= together
    return found


def reached(after: dict[str, set[str]], start: str) -> set[str]:
    """What `start` leads to."""
    found: set[str] = set()
    new = {start}
    while new:
        new = set().union(*(after.get(wire, set()) for wire in new)) - found
        found |= new
    return found


def wires(signal: Any) -> set[str]:
    """Names of the wires that a signal is made of."""
    return {bit.wire.name.str() for bit in signal.bits() if bit.is_wire()}


def plain_names(design: Any) -> None:
    """Rename what Verilog would have to escape. Yosys does that, but leaves instances with the old names of ports."""
    before = {module.name.str(): ports(module) for module in design.modules_.values()}
    design.run_pass("rename -unescape")
    for module in design.modules_.values():
        for wire in list(module.wires_.values()):
            if "__" in (name := wire.name.str()).lstrip("\\_"):
                module.rename(wire, module.uniquify(yosys.IdString(re.sub("(?<=[^_])__+", "_", name))))
        module.fixup_ports()
    after = {module.name.str(): ports(module) for module in design.modules_.values()}
    for module in design.modules_.values():
        for cell in module.cells_.values():
            kind = cell.type.str()
            for number, old in before.get(kind, {}).items():
                if old != after[kind][number]:
                    signal = cell.getPort(yosys.IdString(old))
                    cell.unsetPort(yosys.IdString(old))
                    cell.setPort(yosys.IdString(after[kind][number]), signal)


def ports(module: Any) -> dict[int, str]:
    """A module's ports: their names, by number."""
    return {wire.port_id: wire.name.str() for wire in module.wires_.values() if wire.port_id}


def even_widths(design: Any) -> None:
    """Make operands of a cell as wide as Verilog takes them to be, and results as wide as what makes them.

    Verilog extends and cuts in silence, and Amaranth and Yosys leave it to that; linters complain.

    Parameters
    ----------
    design : Design
        Is changed.
    """
    for module in design.modules_.values():
        for cell in list(module.cells_.values()):
            kind = cell.type.str()
            if kind in COMPARE:
                widen(cell, max(width(cell, "A"), width(cell, "B")))
            elif kind in ADD:
                # The lowest bits of a result depend on those of the operands alone.
                widen(cell, width(cell, "Y"))
            elif kind == "$logic_not" and width(cell, "A") > 1:
                compare_with_zero(cell)
            elif kind in SHIFT and width(cell, "Y") < width(cell, "A"):
                show_all(module, cell)


def widen(cell: Any, bits: int) -> None:
    """Make both operands of a cell so wide."""
    signed = all(cell.getParam(label(f"{port}_SIGNED")).as_bool() for port in "AB")
    for port in "AB":
        extended = cell.getPort(label(port))
        extended.extend_u0(bits, signed)
        connect(cell, port, extended)


def compare_with_zero(cell: Any) -> None:
    """Say "not" of a number as what it means."""
    cell.type = yosys.IdString("$eq")
    connect(cell, "B", yosys.SigSpec(yosys.Const(0, width(cell, "A"))))
    for port in "AB":
        cell.setParam(label(f"{port}_SIGNED"), yosys.Const(0, 1))


def show_all(module: Any, cell: Any) -> None:
    """Give a shift all bits of its result, though but the lowest are read."""
    shown = cell.getPort(label("Y"))
    rest = module.addWire(yosys.IdString(f"{cell.name.str()}_rest"), width(cell, "A") - shown.size())
    shown.append(yosys.SigSpec(rest))
    connect(cell, "Y", shown)


def connect(cell: Any, port: str, signal: Any) -> None:
    """Put a signal on a port, and its width into the parameter."""
    cell.setPort(label(port), signal)
    cell.setParam(label(f"{port}_WIDTH"), yosys.Const(signal.size(), 32))


def width(cell: Any, port: str) -> int:
    """Bits of what is on a port."""
    return cell.getPort(label(port)).size()


def label(text: str) -> Any:
    """Yosys's name of a port or a parameter."""
    return yosys.IdString(f"\\{text}")
