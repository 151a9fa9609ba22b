"""Gives chosen registers a parity bit each, and a design a port that says that one is wrong; run in Yosys's process.

It comes after `tripler.py`, whose `structure_of` it has. ``parity.json`` says what that needs, the reset of the
outermost module, and the names to give; ``checked.json`` says what registers there were.
"""

from __future__ import annotations

import json
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyosys.libyosys as yosys

# Yosys's process imports nothing of ours.
_SHARED = runpy.run_path(str(Path(__file__).with_name("tripler.py")))
structure_of, name_of, port, apart = (_SHARED[name] for name in ("structure_of", "name_of", "port", "apart"))


def change(design: Any) -> None:
    """Check the registers of the chosen structures."""
    asked = json.loads(Path("parity.json").read_text())
    found: set[str] = set()
    for module in inner_first(design):
        reset, wrong = Reset(module, asked), []
        for cell in [cell for cell in module.cells_.values() if cell.is_builtin_ff()]:
            kinds = [kind_of(bit, asked) for bit in cell.getPort(port("Q")).bits()]
            found |= {kind for kind in kinds if kind}
            if places := [place for place, kind in enumerate(kinds) if kind in asked["chosen"]]:
                wrong.append(guard(module, cell, places, reset, asked["behind"]))
        wrong += flags_inside(module, design, asked["port"])
        if wrong:
            show(module, wrong, asked["port"])
    Path("checked.json").write_text(json.dumps(sorted(found)))


def inner_first(design: Any) -> Iterator[Any]:
    """The modules, each after those that it instantiates."""
    modules = {module.name.str(): module for module in design.modules_.values()}
    seen: set[str] = set()

    def visit(name: str) -> Iterator[Any]:
        if name not in seen:
            seen.add(name)
            for kind in sorted({cell.type.str() for cell in modules[name].cells_.values()} & set(modules)):
                yield from visit(kind)
            yield modules[name]

    for name in modules:
        yield from visit(name)


def kind_of(bit: Any, asked: dict[str, Any]) -> str:
    """Of which structure a register's bit is; nothing, if nobody sees it."""
    return structure_of(bit.wire.name.str(), asked) if bit.is_wire() else ""


class Reset:
    """A module's reset, and the first cycle after it that registers are looked at.

    What holds over a reset may hold anything: its parity bit follows it in the cycle that ends it. A reset that acts at
    once may see no edge of the clock; after it there is a cycle, then, for that, in which nothing is said.
    """

    def __init__(self, module: Any, asked: dict[str, Any]) -> None:
        self.module, self.at_once = module, asked["at_once"]
        outermost = module.name.str().lstrip("\\") == asked["outermost"]
        self.low = bool(outermost and asked["low"])
        self.pin = module.wire(port(asked["pin"] if outermost else asked["reset"]))
        self.active: Any = None
        self.settling: Any = None

    @property
    def signal(self) -> Any:
        """The reset, active high."""
        if self.active is None:
            pin = yosys.SigSpec(self.pin)
            self.active = self.module.Not(name_of(self.module, "$active"), pin) if self.low else pin
        return self.active

    def clears(self, cell: Any) -> bool:
        """Whether it brings a register to a value."""
        if cell.hasPort(port("ARST")):
            return True
        if not cell.hasPort(port("SRST")) or cell.getParam(port("SRST_POLARITY")).as_bool() == self.low:
            return False
        (bit,) = cell.getPort(port("SRST")).bits()
        return bool(bit.is_wire() and bit.wire.name == self.pin.name)

    def settles(self, cell: Any) -> Any:
        """What is high in the cycle in which a register's parity bit is to follow what the register holds."""
        if not self.at_once:
            return self.signal
        if self.settling is None:
            self.settling = yosys.SigSpec(self.module.addWire(self.module.uniquify(port("settling")), 1))
            flag = self.module.addCell(name_of(self.module, "$settling"), yosys.IdString("$adff"))
            ends = {"CLK": cell.getPort(port("CLK")), "ARST": yosys.SigSpec(self.pin), "Q": self.settling}
            for end, signal in {**ends, "D": yosys.SigSpec(yosys.Const(0, 1))}.items():
                flag.setPort(port(end), signal)
            high = yosys.Const(int(not self.low), 1)
            values = {"WIDTH": yosys.Const(1, 32), "ARST_VALUE": yosys.Const(1, 1), "ARST_POLARITY": high}
            for name, value in {**values, "CLK_POLARITY": cell.getParam(port("CLK_POLARITY"))}.items():
                flag.setParam(port(name), value)
        return self.settling

    def said(self, cell: Any, wrong: Any) -> Any:
        """`wrong` of a register, as far as it is to be believed."""
        if not self.at_once or self.clears(cell):
            return wrong
        believed = self.module.Not(name_of(self.module, "$settled"), self.settles(cell))
        return self.module.And(name_of(self.module, "$said"), wrong, believed)


def guard(module: Any, cell: Any, places: list[int], reset: Reset, behind: str) -> Any:
    """Keep the parity of some bits of a register beside it; the wire that says that it is not theirs."""
    now, then = (parity(module, cell.getPort(port(end)), places) for end in "QD")
    first = cell.getPort(port("Q")).bits()[places[0]].wire.name.str()
    bit = yosys.SigSpec(module.addWire(module.uniquify(yosys.IdString(first + behind)), 1))
    twin = module.addCell(name_of(module, f"{cell.name.str()}{behind}"), cell)
    twin.setPort(port("Q"), bit)
    twin.setParam(port("WIDTH"), yosys.Const(1, 32))
    for value in ("SRST_VALUE", "ARST_VALUE"):
        if twin.hasParam(port(value)):
            digits = twin.getParam(port(value)).as_string()[::-1]
            twin.setParam(port(value), yosys.Const(1 - sum(digits[place] == "1" for place in places) % 2, 1))
    if twin.hasPort(port("EN")) and not reset.clears(cell):
        then = settled(module, twin, now, then, reset.settles(cell))
    twin.setPort(port("D"), then)
    apart(twin, bit)
    return reset.said(cell, module.Xor(name_of(module, "$wrong"), now, bit))


def parity(module: Any, signal: Any, places: list[int]) -> Any:
    """Whether an even number of these bits are 1: of one bit that is another one, so no tool makes one of both."""
    bits = signal.bits()
    chosen = yosys.SigSpec()
    for place in places:
        chosen.append(yosys.SigSpec(bits[place], 1))
    one = len(places) == 1
    return (module.Not if one else module.ReduceXnor)(name_of(module, "$parity"), chosen)


def settled(module: Any, twin: Any, now: Any, then: Any, settles: Any) -> Any:
    """What is next in the parity bit of a register that may hold what was in it before the reset."""
    enable = level(module, twin, "EN")
    if twin.type.str() == "$sdffce":
        # What clears the register does so only while it is enabled, and its bit is so more often.
        twin.setPort(port("SRST"), module.And(name_of(module, "$cleared"), level(module, twin, "SRST"), enable))
    twin.setPort(port("EN"), module.Or(name_of(module, "$settles"), enable, settles))
    return module.Mux(name_of(module, "$next"), now, then, enable)


def level(module: Any, cell: Any, name: str) -> Any:
    """What is on a port that may be active low, active high; the cell takes it so from now on."""
    signal, polarity = cell.getPort(port(name)), port(f"{name}_POLARITY")
    if cell.getParam(polarity).as_bool():
        return signal
    cell.setParam(polarity, yosys.Const(1, 1))
    return module.Not(name_of(module, f"$is{name}"), signal)


def flags_inside(module: Any, design: Any, name: str) -> list[Any]:
    """What the modules say that it instantiates, if they say anything."""
    found = []
    modules = {inner.name.str(): inner for inner in design.modules_.values()}
    for cell in list(module.cells_.values()):
        inner = modules.get(cell.type.str())
        if inner is not None and inner.wire(port(name)) is not None and inner.wire(port(name)).port_output:
            wire = yosys.SigSpec(module.addWire(module.uniquify(yosys.IdString(f"{cell.name.str()}_{name}")), 1))
            cell.setPort(port(name), wire)
            found.append(wire)
    return found


def show(module: Any, wrong: list[Any], name: str) -> None:
    """Add the port: high while anything is wrong."""
    flag = module.addWire(yosys.IdString(f"\\{name}"), 1)
    flag.port_output = True
    flag.port_id = 1 + max((wire.port_id for wire in module.wires_.values()), default=0)
    module.fixup_ports()
    together = yosys.SigSpec()
    for wire in wrong:
        together.append(wire)
    module.connect(yosys.SigSpec(flag), module.ReduceOr(name_of(module, "$any"), together))
