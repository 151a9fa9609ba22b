"""Whether an output's valid waits for a ready within the cycle: if there is a way to it that has no register."""

from __future__ import annotations

import json
import time
from collections import defaultdict

import hw
from rtl_gen import Emitted, yosys
from rtl_gen.scratch import scratch
from sim.proofs.driver import FAILS, PROVED, Proof
from sim.proofs.frame import Frame, outgoing

REGISTERS = ("$_DFF", "$_SDFF", "$_DFFE", "$_ALDFF")


def never_waits(spec: hw.Spec, frame: Frame, depth: int, seconds: float) -> Proof:
    """No output's valid depends on any output's ready; the note says whether an input's ready does."""
    start = time.monotonic()
    drivers, ports = _gates(frame.emitted)
    readies = {bit for stream in outgoing(frame) for bit in ports[stream.ready]}
    waits = [stream.name for stream in outgoing(frame) if _behind(drivers, ports[stream.valid]) & readies]
    passed = [s.name for s in frame.streams if s.incoming and _behind(drivers, ports[s.ready]) & readies]
    note = "no way from ready to valid" if not waits else f"valid of {', '.join(waits)} waits"
    note += f"; but to ready of {', '.join(passed)}" if passed else ""
    return Proof(FAILS if waits else PROVED, 0, time.monotonic() - start, note=note)


def _gates(emitted: Emitted) -> tuple[dict[int, set[int]], dict[str, list[int]]]:
    """Of each bit that a gate drives, the bits that it reads; and the ports' bits."""
    with scratch() as folder:
        (folder / "design.v").write_text(emitted.verilog)
        made = [f"prep -flatten -top {emitted.name}", "memory_map", "techmap", "opt_clean", "write_json gates.json"]
        yosys.run(["read_verilog design.v", *made], folder)
        module = json.loads((folder / "gates.json").read_text())["modules"][emitted.name]
    drivers: dict[int, set[int]] = defaultdict(set)
    for cell in module["cells"].values():
        if cell["type"].startswith(REGISTERS):
            continue
        ways, pins = cell["port_directions"], cell["connections"]
        read = {bit for port in pins if ways[port] == "input" for bit in pins[port] if isinstance(bit, int)}
        for bit in (bit for port in pins if ways[port] == "output" for bit in pins[port]):
            drivers[bit] |= read
    return drivers, {name: port["bits"] for name, port in module["ports"].items()}


def _behind(drivers: dict[int, set[int]], bits: list[int]) -> set[int]:
    """All bits that there is a way from, without a register."""
    seen: set[int] = set()
    next_ones = [bit for bit in bits if isinstance(bit, int)]
    while next_ones:
        bit = next_ones.pop()
        if bit not in seen:
            seen.add(bit)
            next_ones += drivers.get(bit, ())
    return seen
