"""Makes chosen registers three, with a majority vote that all readers see; run in Yosys's process (`rtl_gen.yosys`).

It comes after `cleaner.py`, so that a wire is a register as a whole or not at all. ``tripler.json`` says the patterns
of names by structure (`hw.structures`) and which are chosen; ``tripled.json`` says what there was.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pyosys.libyosys as yosys

COPIES = 3
APART = ("dont_merge", "syn_preserve")


def change(design: Any) -> None:
    """Triplicate the registers of the chosen structures."""
    asked = json.loads(Path("tripler.json").read_text())
    found = set()
    for module in design.modules_.values():
        for name in sorted(registers(module)):
            structure = structure_of(name, asked)
            found.add(structure)
            if structure in asked["chosen"]:
                triplicate(module, module.wire(yosys.IdString(name)), asked["behind"])
    Path("tripled.json").write_text(json.dumps(sorted(found)))


def structure_of(name: str, asked: dict[str, Any]) -> str:
    """What a register is, by its name, as `hw.structures.structure_of` has it."""
    own = re.sub(asked["tail"], "", name.lstrip("\\"))
    return next((kind for kind, pattern in asked["patterns"].items() if re.search(pattern, own)), asked["other"])


def registers(module: Any) -> set[str]:
    """Names of the wires that are registers."""
    return {
        bit.wire.name.str()
        for cell in module.cells_.values()
        if cell.is_builtin_ff()
        for bit in cell.getPort(port("Q")).bits()
        if bit.is_wire()
    }


def triplicate(module: Any, voted: Any, suffix: str) -> None:
    """Put copies in a register's place; its wire shows what two of them say."""
    copies = []
    for number in range(COPIES):
        wire = module.addWire(module.uniquify(yosys.IdString(f"{voted.name.str()}{suffix}{number}")), voted.width)
        copies.append(yosys.SigSpec(wire))
    whole = yosys.SigSpec(voted)
    for cell in [cell for cell in module.cells_.values() if cell.is_builtin_ff()]:
        signal = cell.getPort(port("Q"))
        if not any(bit.is_wire() and bit.wire.name == voted.name for bit in signal.bits()):
            continue
        for number, copy in enumerate(copies):
            own = yosys.SigSpec(signal)
            own.replace(whole, copy)
            twin = cell if number == COPIES - 1 else module.addCell(name_of(module, f"{cell.name.str()}{number}"), cell)
            twin.setPort(port("Q"), own)
            apart(twin, copy)
    module.connect(whole, majority(module, copies))


def apart(cell: Any, signal: Any) -> None:
    """Have Yosys keep a register, and Vivado, Quartus and Synplify its wire, where they find it equal to another."""
    cell.set_bool_attribute(port("keep"))
    wire = signal.bits()[0].wire
    for name in APART:
        wire.set_bool_attribute(port(name))
    wire.set_string_attribute(port("DONT_TOUCH"), "yes")


def majority(module: Any, copies: list[Any]) -> Any:
    """What two of three say."""
    a, b, c = copies
    both, one = (getattr(module, gate)(name_of(module, f"$vote${gate}"), a, b) for gate in ("And", "Or"))
    third = module.And(name_of(module, "$vote$third"), one, c)
    return module.Or(name_of(module, "$vote"), both, third)


def name_of(module: Any, name: str) -> Any:
    """A name that no cell or wire has yet."""
    return module.uniquify(yosys.IdString(name))


def port(name: str) -> Any:
    """Yosys's name of a port."""
    return yosys.IdString(f"\\{name}")
