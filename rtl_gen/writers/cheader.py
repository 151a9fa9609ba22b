"""The register map as a C header."""

from __future__ import annotations

from rtl_gen.emit import Emitted
from rtl_gen.writers.registers import macro, plain, registers


def files(design: Emitted) -> dict[str, str]:
    """A header, if there are registers: addresses, and of each part its shift, mask, and what a constant holds."""
    found = registers(design)
    if not found:
        return {}
    guard, lines = f"{design.name.upper()}_H", []
    for register in found:
        base = macro(register["name"])
        lines += [
            "",
            f"/* {register['name']}: {register['access']} */",
            f"#define MACSMITH_{base} 0x{register['address']:02X}u",
        ]
        for part in register["parts"]:
            name, mask = macro(register["name"], part["name"]), (1 << part["width"]) - 1 << part["low"]
            lines.append(f"/* {plain(part['meaning'])} */")
            lines.append(f"#define MACSMITH_{name}_SHIFT {part['low']}u")
            lines.append(f"#define MACSMITH_{name}_MASK 0x{mask:08X}u")
            if register["access"] == "constant":
                lines.append(f"#define MACSMITH_{name}_VALUE 0x{part['value']:X}u")
    head = "".join(f"{'/*' if not number else ' *'} {line}\n" for number, line in enumerate(design.owner.header))
    body = "\n".join([f"#ifndef {guard}", f"#define {guard}", *lines, "", f"#endif /* {guard} */", ""])
    return {f"{design.name}.h": f"{head} * Registers of 32 bits, by byte address.\n */\n{body}"}
