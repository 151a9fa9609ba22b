"""Switching activity of a gate-level netlist: how often each gate's output changes.

Many independent runs go through the netlist at once, one to each bit of a Python integer, so a gate
costs one big-integer operation a cycle. There is no delay: glitches are not seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bit = int | str

GATES: dict[str, tuple[str, Callable[..., int]]] = {
    "$_BUF_": ("A", lambda a, ones: a),
    "$_NOT_": ("A", lambda a, ones: a ^ ones),
    "$_AND_": ("AB", lambda a, b, ones: a & b),
    "$_NAND_": ("AB", lambda a, b, ones: (a & b) ^ ones),
    "$_OR_": ("AB", lambda a, b, ones: a | b),
    "$_NOR_": ("AB", lambda a, b, ones: (a | b) ^ ones),
    "$_XOR_": ("AB", lambda a, b, ones: a ^ b),
    "$_XNOR_": ("AB", lambda a, b, ones: a ^ b ^ ones),
    "$_MUX_": ("ABS", lambda a, b, s, ones: (a & ~s) | (b & s)),
}
REGISTER = "$_DFF_P_"


@dataclass(frozen=True)
class Activity:
    """What a netlist did.

    Attributes
    ----------
    toggles : dict of cell type to float
        Output changes a run and cycle, summed over all cells of the type.
    outputs : dict of port to (cycles, runs) array of int
        What each output showed in each cycle, before the edge that ends it.
    """

    toggles: dict[str, float]
    outputs: dict[str, NDArray[Any]]


def simulate(netlist: dict[str, Any], inputs: dict[str, NDArray[np.int64]]) -> Activity:
    """Run a netlist of the gates in `GATES` and `REGISTER`, registers starting at zero.

    Parameters
    ----------
    netlist : dict
        One module as Yosys's ``write_json`` gives it.
    inputs : dict of port to (cycles, runs) integer array
        Codes of at most 63 bits. An input that is not given stays 0.

    Returns
    -------
    Activity
        Changes are counted between settled cycles, from the second cycle on.

    Raises
    ------
    ValueError
        The netlist has a cell of another type, or the arrays' shapes differ.
    """
    shapes = {values.shape for values in inputs.values()}
    if len(shapes) != 1 or len(next(iter(shapes))) != 2 or next(iter(shapes))[0] < 2:
        raise ValueError(f"inputs must have one shape (cycles, runs) with 2 cycles or more, got {sorted(shapes)}")
    ((cycles, runs),) = shapes
    ones = (1 << runs) - 1
    gates, registers = _ordered(netlist["cells"])
    drive = {port: _columns(values, len(netlist["ports"][port]["bits"])) for port, values in inputs.items()}
    net: dict[Bit, int] = {"0": 0, "1": ones, "x": 0}
    net |= {bit: 0 for port in netlist["ports"].values() for bit in port["bits"] if isinstance(bit, int)}
    net |= {q: 0 for _d, q in registers}
    watched = [(kind, out) for kind, _function, _pins, out in gates] + [(REGISTER, q) for _d, q in registers]
    counts = dict.fromkeys({kind for kind, _ in watched}, 0)
    outputs = {name: port["bits"] for name, port in netlist["ports"].items() if port["direction"] == "output"}
    seen: dict[str, list[list[int]]] = {name: [] for name in outputs}
    before: list[int] = []
    for cycle in range(cycles):
        for port, columns in drive.items():
            for bit, value in zip(netlist["ports"][port]["bits"], columns[cycle], strict=True):
                net[bit] = value
        for _kind, function, pins, out in gates:
            net[out] = function(*[net[pin] for pin in pins], ones)
        now = [net[out] for _kind, out in watched]
        for (kind, _out), old, new in zip(watched, before, now, strict=False):
            counts[kind] += (old ^ new).bit_count()
        before = now
        for name, bits in outputs.items():
            seen[name].append([net[bit] for bit in bits])
        latched = [net[d] for d, _q in registers]
        for (_d, q), value in zip(registers, latched, strict=True):
            net[q] = value
    scale = runs * (cycles - 1)
    return Activity(
        {kind: count / scale for kind, count in counts.items()},
        {name: _codes(columns, runs) for name, columns in seen.items()},
    )


def _ordered(cells: dict[str, Any]) -> tuple[list[tuple[str, Callable[..., int], list[Bit], Bit]], list[Any]]:
    """The gates, each after those that feed it, and the registers as (d, q)."""
    gates, registers = {}, []
    for cell in cells.values():
        kind, pins = cell["type"], {pin: bits[0] for pin, bits in cell["connections"].items()}
        if kind == REGISTER:
            registers.append((pins["D"], pins["Q"]))
        elif kind in GATES:
            order, function = GATES[kind]
            gates[pins["Y"]] = (kind, function, [pins[pin] for pin in order], pins["Y"])
        else:
            raise ValueError(f"netlist has a cell of type {kind}; known are {', '.join(GATES)} and {REGISTER}")
    graph = {out: [pin for pin in pins if pin in gates] for out, (_k, _f, pins, _o) in gates.items()}
    return [gates[out] for out in TopologicalSorter(graph).static_order()], registers


def _columns(values: NDArray[np.int64], width: int) -> list[list[int]]:
    """For each cycle and bit, one integer that holds that bit of every run."""
    bits = (values[:, :, None] >> np.arange(width)) & 1
    packed = np.packbits(bits.astype(np.uint8), axis=1, bitorder="little")
    return [[int.from_bytes(row[:, bit].tobytes(), "little") for bit in range(width)] for row in packed]


def _codes(columns: list[list[int]], runs: int) -> NDArray[Any]:
    """The inverse of `_columns`, as Python integers."""
    codes = [
        [sum(((column >> run) & 1) << bit for bit, column in enumerate(bits)) for run in range(runs)]
        for bits in columns
    ]
    return np.array(codes, dtype=object)
