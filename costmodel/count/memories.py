"""Memories that synthesis maps: into block RAMs, into LUTs that hold words, or into registers."""

from __future__ import annotations

from costmodel.count.family import Family, Ram
from hw.timing.netlist import Memory

STYLES = {"block": "block", "distributed": "luts"}
"""The kind of RAM that a memory's ``ram_style`` asks for."""


def memory_cells(memory: Memory, kind: Family) -> dict[str, int]:
    """What a memory counts for: cells of the family, ``$ff`` registers and ``$lut`` LUTs."""
    reads = max(1, len(memory.reads))
    if not memory.writes:
        return {}
    trials = {name: _cells(memory, ram) * reads for name, ram in kind.rams.items()}
    costs = {name: count * kind.rams[name].cost for name, count in trials.items()}
    if any(not port.clocked for port in memory.reads):
        costs.pop("block", None)
    wanted = STYLES.get(memory.style, memory.style)
    best = wanted if wanted in costs else min(costs, key=costs.__getitem__, default="")
    registers = memory.width * sum(port.clocked for port in memory.reads)
    if best == "" or (not wanted and memory.width * memory.depth < costs[best]):
        return {"$ff": memory.width * memory.depth + registers, "$lut": _logic(memory, kind)}
    return {kind.rams[best].cell: trials[best], **({"$ff": registers} if best == "luts" else {})}


def _cells(memory: Memory, ram: Ram) -> int:
    return min(-(-memory.width // width) * -(-memory.depth // depth) for depth, width in ram.shapes)


def _logic(memory: Memory, kind: Family) -> int:
    """LUTs that choose a word, and that enable one."""
    # A LUT of four inputs chooses between two, one of six among four.
    ways = 4 if len(kind.luts) >= 6 else 2
    chosen = -(-(memory.depth - 1) // (ways - 1))
    return memory.depth * len(memory.writes) + memory.width * chosen * len(memory.reads)
