"""A design as cells between bits, all in one module, as Yosys's JSON has it: to look into, and to change pin by pin."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

Bit = int | str
"""A wire's number, or "0", "1", "x" for what is constant."""
Bits = list[Bit]
Wrong = Callable[[Bits], Bits]
"""What bits are replaced by."""

OUTPUTS = ("Y", "Q", "RD_DATA", "X", "CO")
NAMELESS = re.compile(r"\\?_\d+_|unused_.*|.*\.unused_.*|.*\._\d+_")
FAR = 64
"""Wires that are looked at to find a named one that a wire leads to."""


class Flat:
    """A module.

    Parameters
    ----------
    module : dict
        What `write_json` wrote of it, which is changed with it.
    """

    def __init__(self, module: dict[str, Any]) -> None:
        self.cells: dict[str, dict[str, Any]] = module["cells"]
        self.ports: dict[str, dict[str, Any]] = module["ports"]
        self.wires: dict[str, Bits] = {
            name: wire["bits"]
            for name, wire in module["netnames"].items()
            if not wire["hide_name"] and not NAMELESS.fullmatch(name)
        }
        every = [wire["bits"] for wire in module["netnames"].values()]
        pins = [bits for cell in self.cells.values() for bits in cell["connections"].values()]
        self._next = 1 + max((bit for bits in (*every, *pins) for bit in bits if isinstance(bit, int)), default=1)
        self.drivers: dict[Bit, tuple[str, str, int]] = {}
        self.readers: dict[Bit, list[str]] = {}
        self.known: dict[Bit, tuple[str, int]] = {}
        for name, cell in self.cells.items():
            for port, bits in cell["connections"].items():
                for index, bit in enumerate(bits):
                    if port in OUTPUTS:
                        self.drivers[bit] = (name, port, index)
                    else:
                        self.readers.setdefault(bit, []).append(name)
        for name, bits in sorted(self.wires.items(), key=lambda item: (item[0] in self.ports, len(item[0]), item[0])):
            for index, bit in enumerate(bits):
                self.known.setdefault(bit, (name, index))

    def seen(self) -> set[Bit]:
        """The bits that outputs depend on, now or later, as far as wires tell."""
        queue = [bit for port in self.ports.values() if port["direction"] == "output" for bit in port["bits"]]
        found = set(queue)
        for bit in queue:
            pins = self.cells[self.drivers[bit][0]]["connections"] if bit in self.drivers else {}
            new = {read for port, bits in pins.items() if port not in OUTPUTS for read in bits} - found
            found |= new
            queue.extend(new)
        return found

    def kinds(self, *kinds: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The cells of these kinds, by name."""
        return ((name, cell) for name, cell in list(self.cells.items()) if cell["type"] in kinds)

    def port(self, name: str) -> Bits:
        """The bits of a port; none if there is no such port."""
        return self.ports[name]["bits"] if name in self.ports else []

    def named(self, bits: Sequence[Bit]) -> str:
        """Bits in the words of the Verilog: by their own name, or by that of what they lead to; empty if by none."""
        found = [self.known[bit] for bit in bits if bit in self.known]
        if found:
            name, indices = found[0][0], [index for wire, index in found if wire == found[0][0]]
            if len(self.wires[name]) in (1, len(indices)):
                return name
            return f"{name}[{max(indices)}{f':{min(indices)}' if len(indices) > 1 else ''}]"
        near = self._led_to(bits)
        return f"what leads to {near}" if near else ""

    def _led_to(self, bits: Sequence[Bit]) -> str:
        """The name of the nearest wire that depends on bits."""
        seen, queue = set(bits), list(bits)
        for bit in queue:
            if bit in self.known:
                return self.known[bit][0]
            for reader in self.readers.get(bit, []) if len(queue) < FAR else []:
                for port, outputs in self.cells[reader]["connections"].items():
                    new = [out for out in outputs if port in OUTPUTS and out not in seen]
                    seen.update(new)
                    queue.extend(new)
        return ""

    def fresh(self, width: int) -> Bits:
        """Wires of their own."""
        self._next += width
        return list(range(self._next - width, self._next))

    def logic(self, kind: str, width: int, signed: int = 0, **operands: Bits) -> Bits:
        """The output of a new cell of logic or arithmetic."""
        parameters = {"Y_WIDTH": width}
        for port, bits in operands.items():
            parameters |= {f"{port}_SIGNED": signed, f"{port}_WIDTH": len(bits)}
        return self._add(kind, parameters, operands, "Y", width)

    def choose(self, hit: Bits, wrong: Bits, right: Bits) -> Bits:
        """`wrong` where the one bit `hit` is 1, else `right`."""
        operands = {"A": right, "B": wrong, "S": hit}
        return self._add("$mux", {"WIDTH": len(right)}, operands, "Y", len(right))

    def delayed(self, bits: Bits) -> Bits:
        """What bits were a cycle ago."""
        operands = {"CLK": self.port("clk"), "D": bits}
        return self._add("$dff", {"WIDTH": len(bits), "CLK_POLARITY": 1}, operands, "Q", len(bits))

    def _add(self, kind: str, parameters: dict[str, int], operands: dict[str, Bits], output: str, width: int) -> Bits:
        made = self.fresh(width)
        name = f"$of_mutants${len(self.cells)}"
        self.cells[name] = {
            "hide_name": 1,
            "type": kind,
            "parameters": {key: f"{value:032b}" for key, value in parameters.items()},
            "attributes": {},
            "port_directions": {**dict.fromkeys(operands, "input"), output: "output"},
            "connections": {**operands, output: made},
        }
        for index, bit in enumerate(made):
            self.drivers[bit] = (name, output, index)
        return made

    def read_wrong(self, cell: str, port: str, hit: Bits, wrong: Wrong) -> None:
        """Where `hit` is 1, an input of a cell sees what `wrong` makes of what it should."""
        pins = self.cells[cell]["connections"]
        pins[port] = self.choose(hit, wrong(pins[port]), pins[port])

    def drive_wrong(self, bits: Bits, hit: Bits, wrong: Wrong) -> None:
        """Where `hit` is 1, all that read these bits see what `wrong` makes of them."""
        right = self.fresh(len(bits))
        for bit, instead in zip(bits, right, strict=True):
            cell, port, index = self.drivers[bit]
            pins = self.cells[cell]["connections"]
            pins[port] = [*pins[port][:index], instead, *pins[port][index + 1 :]]
            self.drivers[instead] = (cell, port, index)
        chosen = self.choose(hit, wrong(right), right)
        cell = self.drivers[chosen[0]][0]
        self.cells[cell]["connections"]["Y"] = list(bits)
        for index, bit in enumerate(bits):
            self.drivers[bit] = (cell, "Y", index)

    def driven(self, bits: Sequence[Bit]) -> bool:
        """Whether cells drive all these bits, each another one."""
        return len(set(bits)) == len(bits) and all(bit in self.drivers for bit in bits)

    def number(self, cell: str, parameter: str) -> int:
        """A parameter of a cell; 0 if it has none of that name."""
        return int(self.cells[cell]["parameters"].get(parameter, "0"), 2)
