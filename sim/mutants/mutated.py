"""One Verilog that is a design and all its mutants: ``+mutant=N`` says which, and without it, it is the design."""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rtl_gen import Emitted, yosys
from rtl_gen.scratch import scratch
from sim.mutants import domain
from sim.mutants.flat import OUTPUTS, Bit, Bits, Flat

READ = ("proc", "flatten", "opt_clean", "opt_dff", "opt_expr -mux_undef", "opt_clean", "memory_collect", "opt_clean")
"""Passes from Verilog to registers with their resets and enables, in one module.

What may be anything is chosen here, as synthesis does, so that a simulator and a proof do not choose each their own.
"""
CLOCKS = ("CLK", "RD_CLK", "WR_CLK")
"""Pins that are not mutated: a clock behind a gate is a race in the simulator, not a fault of a design."""
MODES = {
    "inv": "is inverted",
    "const0": "is 0",
    "const1": "is 1",
    "cnot0": "is inverted where {} is 0",
    "cnot1": "is inverted where {} is 1",
}
SELECTOR = "mutant"


@dataclass(frozen=True)
class Mutant:
    """One way in which a design is wrong.

    Attributes
    ----------
    number : int
        What selects it, from 1 on.
    name : str
        What is wrong, in the words of the Verilog.
    kind : str
        Faults of one kind are alike; empty for a mutation by Yosys.
    """

    number: int
    name: str
    kind: str

    @property
    def of_domain(self) -> bool:
        return bool(self.kind)


@dataclass(frozen=True)
class Mutated:
    """A design with all its mutants.

    Attributes
    ----------
    emitted : Emitted
        Verilog with the same module and ports. It is the design itself unless it is run with ``+mutant=N``.
    inner : str
        Its module with one port more, `SELECTOR`, of `width` bits.
    body : str
        The Verilog of that.
    width : int
    mutants : tuple of Mutant
    """

    emitted: Emitted
    inner: str
    body: str
    width: int
    mutants: tuple[Mutant, ...]


def mutated(design: Emitted, count: int, seed: int) -> Mutated:
    """A design with mutants built in.

    Parameters
    ----------
    design : Emitted
        Portable Verilog.
    count : int
        How many mutants: half of them faults of the domain, if it has so many, and the rest mutations by Yosys.
    seed : int
        Of the choice.

    Raises
    ------
    ToolError
        Yosys failed.
    """
    inner, width = f"{design.name}_{SELECTOR}s", count.bit_length()
    with scratch() as folder:
        flat, netlist, listed = _read(design, inner, count, seed, folder)
        chosen = domain.drawn(domain.found(flat), count // 2, random.Random(seed))
        random.Random(seed).shuffle(listed)
        options = listed[: count - len(chosen)]
        mutants = [Mutant(number, fault.name, fault.kind) for number, fault in enumerate(chosen, 1)]
        mutants += [Mutant(number, _said(flat, option), "") for number, option in enumerate(options, len(chosen) + 1)]
        selector = flat.fresh(width)
        for mutant, fault in zip(mutants, chosen, strict=False):
            fault.apply(flat.logic("$eq", 1, A=selector, B=_constant(mutant.number, width)))
        module = netlist["modules"][inner]
        module["ports"][SELECTOR] = {"direction": "input", "bits": selector}
        module["netnames"][SELECTOR] = {"hide_name": 0, "bits": selector, "attributes": {}}
        (folder / "faults.json").write_text(json.dumps(netlist))
        others = [
            [
                "mutate",
                "-ctrl",
                SELECTOR,
                str(width),
                str(mutant.number),
                *(part for pair in option.items() for part in pair),
            ]
            for mutant, option in zip(mutants[len(chosen) :], options, strict=True)
        ]
        write = ["opt_clean", "check", f"write_verilog -noattr {inner}.v"]
        yosys.run(["read_json faults.json", *others, *write], folder)
        body = (folder / f"{inner}.v").read_text()
    return Mutated(design.altered(_wrapper(design, inner, width) + body), inner, body, width, tuple(mutants))


def _read(
    design: Emitted, inner: str, count: int, seed: int, folder: Path
) -> tuple[Flat, dict[str, Any], list[dict[str, str]]]:
    """The design as cells, and how Yosys would mutate it, in as many ways or more."""
    (folder / "design.v").write_text(design.verilog)
    # Names of modules begin with the design's: the top alone gets another.
    commands = ["read_verilog design.v", f"hierarchy -top {design.name}", *READ, f"rename {design.name} {inner}"]
    # Some are left out.
    listing = f"mutate -list {8 * count} -seed {seed} -o mutations.txt"
    yosys.run([*commands, "write_json flat.json", "design -reset", "read_json flat.json", listing], folder)
    netlist = json.loads((folder / "flat.json").read_text())
    flat = Flat(netlist["modules"][inner])
    seen = flat.seen()
    listed = [_options(line) for line in dict.fromkeys((folder / "mutations.txt").read_text().splitlines())]
    return flat, netlist, [options for options in listed if _matters(flat, options, seen)]


def _matters(flat: Flat, options: dict[str, str], seen: set[Bit]) -> bool:
    """Whether a mutation is of what an output depends on, and of no clock."""
    port, index = options["-port"].lstrip("\\"), int(options["-portbit"])
    pins = flat.cells[options["-cell"].lstrip("\\")]["connections"]
    bits = (
        pins[port][index : index + 1]
        if port in OUTPUTS
        else [bit for pin in pins if pin in OUTPUTS for bit in pins[pin]]
    )
    return port not in CLOCKS and not seen.isdisjoint(bits)


def _options(line: str) -> dict[str, str]:
    """The options of a line that `mutate -list` wrote, by name."""
    words = line.split()[1:]
    return {
        name: value
        for name, value in zip(words[::2], words[1::2], strict=True)
        if name not in ("-src", "-wire", "-wirebit")
    }


def _said(flat: Flat, options: dict[str, str]) -> str:
    """What a mutation by Yosys changes."""
    cell = options["-cell"].lstrip("\\")
    pins = flat.cells[cell]["connections"]
    port, index = options["-port"].lstrip("\\"), int(options["-portbit"])
    outputs: Bits = next((pins[pin] for pin in ("Q", "Y", "RD_DATA") if pin in pins), [])
    gate = f"the {flat.cells[cell]['type'].lstrip('$')} of {flat.named(outputs) or cell}"
    control = ""
    if "-ctrlbit" in options:
        control = f"{port}[{options['-ctrlbit']}]"
    return f"{port}[{index}] of {gate} {MODES[options['-mode']].format(control)}"


def _constant(number: int, width: int) -> Bits:
    return [str(number >> bit & 1) for bit in range(width)]


def _wrapper(design: Emitted, inner: str, width: int) -> str:
    """A module with the design's ports, in which one that is named when the simulation begins is at work."""
    ports = design.manifest["ports"]
    declared = [f"  {port['direction']} [{port['width'] - 1}:0] {port['name']}" for port in ports]
    declared = [re.sub(r" \[0:0\]", "", line) for line in declared]
    connected = [f".{port['name']}({port['name']})" for port in ports]
    return "\n".join(
        [
            f"module {design.name}(",
            ",\n".join(declared),
            ");",
            f"  reg [{width - 1}:0] {SELECTOR};",
            f'  initial if (!$value$plusargs("{SELECTOR}=%d", {SELECTOR})) {SELECTOR} = 0;',
            f"  {inner} all_of_them({', '.join([*connected, f'.{SELECTOR}({SELECTOR})'])});",
            "endmodule\n\n",
        ]
    )
