"""Levels of logic: how many cells a signal passes from register or port to register or port."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Any

from costmodel.targets import Flow

CARRIES_IN = {"CIN", "CI", "CI2"}
"""The ports by which a cell takes the carry of the one before it."""
NUMBERED = re.compile(r"(?:[A-D]|S)([01])")
"""The ports of Lattice's carry cells, of two bits; other families number the bits of a port."""
MEMORY = re.compile(r"(TRELLIS_)?DPR16X4|RAM\d+\w+")
"""Memories in LUTs, which show a word at once and take one at a clock edge."""
WRITES = re.compile(r"D|DI[A-H]?|WAD|WRE|WCK|WE|WCLK")
"""The ports that they take it by."""

Node = tuple[str, int]
"""A cell and, in a carry cell, one of its bits."""


def levels(netlist: dict[str, Any], flow: Flow) -> int:
    """The most LUTs, multiplier blocks and carry chains on a path without a register.

    A carry chain is one level however long it is: the step from cell to cell is far shorter than a
    way through the routing. Multiplexers beside the LUTs count for nothing, as for their area.

    Parameters
    ----------
    netlist : dict
        A module after synthesis, in the form of Yosys's ``write_json``.
    flow : Flow
        Says what its cells are.

    Raises
    ------
    ValueError
        The logic has a loop.
    """
    counted = {kind for name in ("lut", "carry", "dsp") for kind in flow.cells[name]}
    ends = set(flow.cells["ff"]) | set(flow.cells["bram"])
    cells = {name: cell for name, cell in netlist["cells"].items() if cell["type"] not in ends}
    edges = _edges(cells, set(flow.cells["carry"]))
    depth: dict[Node, int] = {}
    try:
        for node in TopologicalSorter({node: [driver for driver, _ in edges[node]] for node in edges}).static_order():
            step = int(cells[node[0]]["type"] in counted)
            arrivals = [depth[driver] + (0 if in_chain else step) for driver, in_chain in edges[node]]
            depth[node] = max([step, *arrivals])
    except CycleError as error:
        raise ValueError(f"the logic has a loop through {error.args[1][0][0]}") from None
    return max(depth.values(), default=0)


def _edges(cells: dict[str, Any], carries: set[str]) -> dict[Node, set[tuple[Node, bool]]]:
    """For each node those that drive it, and whether along a carry chain."""
    pins = [(name, *pin) for name, cell in cells.items() for pin in _pins(cell, cell["type"] in carries)]
    sources = {bit: (name, place) for name, port, place, bit in pins if _is_output(cells[name], port)}
    edges: dict[Node, set[tuple[Node, bool]]] = defaultdict(set)
    for name, port, place, bit in pins:
        node = (name, place)
        edges[node]  # those that nothing drives are nodes too
        for lower in range(place):
            edges[name, lower + 1].add(((name, lower), True))
            edges[name, lower]
        if bit in sources and not _is_output(cells[name], port):
            driver = sources[bit]
            in_chain = port in CARRIES_IN and {cells[name]["type"], cells[driver[0]]["type"]} <= carries
            edges[node].add((driver, in_chain))
    return edges


def _pins(cell: dict[str, Any], is_carry: bool) -> Iterator[tuple[str, int, int]]:
    """Port, place in the cell, and wire of all pins that are no constants."""
    last = int(is_carry and "S1" in cell["port_directions"])
    held = MEMORY.fullmatch(cell["type"])
    for port, bits in cell["connections"].items():
        if held and WRITES.fullmatch(port):
            continue
        number = NUMBERED.fullmatch(port) if last else None
        for index, bit in enumerate(bits):
            if isinstance(bit, str):
                continue  # a constant
            if not is_carry:
                yield port, 0, bit
            elif number:
                yield port, int(number[1]), bit
            else:
                yield port, last if last and _is_output(cell, port) else index, bit


def _is_output(cell: dict[str, Any], port: str) -> bool:
    return cell["port_directions"][port] == "output"
