"""The register map as SystemRDL 2.0."""

from __future__ import annotations

from typing import Any

from rtl_gen.emit import Emitted
from rtl_gen.keywords import keywords
from rtl_gen.owner import comment
from rtl_gen.writers.registers import plain, registers

SOFTWARE: dict[str, str] = {
    "constant": "sw = r; hw = na;",
    "read": "sw = r; hw = w;",
    "write": "sw = w; hw = r; singlepulse;",
    "setting": "sw = rw; hw = r;",
}
"""By a register's access, the properties of its fields."""


def files(design: Emitted) -> dict[str, str]:
    """An address map, if there are registers."""
    found = registers(design)
    if not found:
        return {}
    body = "\n".join(_register(register) for register in found)
    head = comment(design.owner.header)
    title = f'  name = "{design.manifest["name"]}";\n  default regwidth = 32;\n'
    return {f"{design.name}.rdl": f"{head}\naddrmap {design.name} {{\n{title}\n{body}\n}};\n"}


def _register(register: dict[str, Any]) -> str:
    properties = SOFTWARE[register["access"]]
    lines = ["  reg {"]
    for part in register["parts"]:
        high, low = part["low"] + part["width"] - 1, part["low"]
        reset = f" = {part['width']}'h{part['value']:x}" if register["access"] != "read" else ""
        lines += [
            "    field {",
            f'      desc = "{plain(part["meaning"])}";',
            f"      {properties}",
            f"    }} {_escaped(part['name'])}[{high}:{low}]{reset};",
        ]
    lines.append(f"  }} {_escaped(register['name'])} @ 0x{register['address']:x};")
    return "\n".join(lines)


def _escaped(name: str) -> str:
    """A name; SystemRDL escapes its keywords by a backslash."""
    return f"\\{name}" if name in keywords()["SystemRDL"] else name
