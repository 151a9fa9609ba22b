"""Switching activity of a gate-level netlist: how often each gate's output changes.

Many independent runs go through the netlist at once, one to each bit of a Python integer, so a gate
costs one big-integer operation a cycle. There is no delay: glitches are not seen.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
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
NATIVE = 62
"""Bits of the widest code that numpy's own integers hold."""


@dataclass(frozen=True)
class Activity:
    """What a netlist did.

    Attributes
    ----------
    rates : dict of str to float
        Of each cell, by its name, the changes of its output a run and cycle.
    kinds : dict of str to str
        The cells' types.
    outputs : dict of port to (cycles, runs) array of int
        What each output showed in each cycle, before the edge that ends it.
    taken : dict of port to float
        How many codes each input went on by in the cycles that were counted, on average of all runs.
    cycles : int
        How many these were: the last ones.
    """

    rates: dict[str, float]
    kinds: dict[str, str]
    outputs: dict[str, NDArray[Any]]
    taken: dict[str, float]
    cycles: int

    @cached_property
    def toggles(self) -> dict[str, float]:
        """By type of cell: output changes a run and cycle, summed over all cells of the type."""
        sums: Counter[str] = Counter()
        for cell, rate in self.rates.items():
            sums[self.kinds[cell]] += rate  # type: ignore[assignment]
        return dict(sums)


def simulate(
    netlist: dict[str, Any],
    inputs: Mapping[str, NDArray[Any]],
    paced: Mapping[str, str] | None = None,
    skip: int = 0,
) -> Activity:
    """Run a netlist of the gates in `GATES` and `REGISTER`, registers starting at zero.

    Parameters
    ----------
    netlist : dict
        One module as Yosys's ``write_json`` gives it.
    inputs : dict of port to (cycles, runs) integer array
        Codes, as Python's integers above 63 bits. An input that is not given stays 0.
    paced : dict of input port to output port, optional
        Inputs that show their next code only after a cycle in which a `ready` of one bit was high: each run its own.
    skip : int, optional
        Cycles that are not counted: 0 to two less than there are.

    Returns
    -------
    Activity
        Changes are counted between settled cycles, from the second cycle on that is not skipped.

    Raises
    ------
    ValueError
        The netlist has a cell of another type or a loop without a register, the arrays' shapes differ, or there are
        too few cycles.
    """
    shapes = {values.shape for values in inputs.values()}
    if len(shapes) != 1 or len(next(iter(shapes))) != 2 or next(iter(shapes))[0] < 2:
        raise ValueError(f"inputs must have one shape (cycles, runs) with 2 cycles or more, got {sorted(shapes)}")
    ((cycles, runs),) = shapes
    if not 0 <= skip <= cycles - 2:
        raise ValueError(f"skip must be 0..{cycles - 2} for {cycles} cycles, got {skip}")
    run = Run(netlist, inputs, paced or {}, runs)
    for cycle in range(cycles):
        run.step(counted=cycle > skip)
    counted = cycles - 1 - skip
    scale = runs * counted
    return Activity(
        {name: count / scale for name, count in zip(run.names, run.counts, strict=True)},
        {name: netlist["cells"][name]["type"] for name in run.names},
        {name: codes_of(columns, runs) for name, columns in run.seen.items()},
        run.taken,
        counted,
    )


class Run:
    """A netlist under way; the arguments are those of `simulate`."""

    def __init__(
        self, netlist: dict[str, Any], inputs: Mapping[str, NDArray[Any]], paced: Mapping[str, str], runs: int
    ) -> None:
        self.runs, self.ones = runs, (1 << runs) - 1
        self.ports = {name: port["bits"] for name, port in netlist["ports"].items()}
        gates, registers = _ordered(netlist["cells"])
        self.gates = [gate[1:] for gate in gates]
        self.registers = [(d, q) for _name, d, q in registers]
        self.names = [gate[0] for gate in gates] + [name for name, _d, _q in registers]
        self.drive = {port: _columns(values, len(self.ports[port])) for port, values in inputs.items()}
        self.at: dict[str, dict[int, int]] = {port: {0: self.ones} for port in inputs}
        """Of each input the codes that are shown, by number, and in which runs."""
        self.taken = dict.fromkeys(inputs, 0.0)
        self.paced = {port: self.ports[ready][0] for port, ready in paced.items()}
        self.net: dict[Bit, int] = {"0": 0, "1": self.ones, "x": 0}
        self.net |= {bit: 0 for bits in self.ports.values() for bit in bits if isinstance(bit, int)}
        self.net |= {q: 0 for _d, q in self.registers}
        self.watched = [out for _function, _pins, out in self.gates] + [q for _d, q in self.registers]
        self.counts, self.before = [0] * len(self.watched), list[int]()
        outputs = [name for name, port in netlist["ports"].items() if port["direction"] == "output"]
        self.seen: dict[str, list[list[int]]] = {name: [] for name in outputs}

    def step(self, counted: bool) -> None:
        """One cycle, and the clock edge that ends it."""
        net, ones = self.net, self.ones
        self.show()
        for function, pins, out in self.gates:
            net[out] = function(*[net[pin] for pin in pins], ones)
        now = [net[out] for out in self.watched]
        if counted:
            changed = ((old ^ new).bit_count() for old, new in zip(self.before, now, strict=True))
            self.counts = [count + change for count, change in zip(self.counts, changed, strict=True)]
        self.before = now
        for name, codes in self.seen.items():
            codes.append([net[bit] for bit in self.ports[name]])
        self.go_on(counted)
        latched = [net[d] for d, _q in self.registers]
        for (_d, q), value in zip(self.registers, latched, strict=True):
            net[q] = value

    def show(self) -> None:
        """What the inputs hold in this cycle."""
        for port, columns in self.drive.items():
            for number, bit in enumerate(self.ports[port]):
                self.net[bit] = sum(columns[place][number] & mask for place, mask in self.at[port].items())

    def go_on(self, counted: bool) -> None:
        """To each input's next code, in the runs in which it is taken."""
        for port, shown in self.at.items():
            ready = self.net[self.paced[port]] if port in self.paced else self.ones
            moved: dict[int, int] = defaultdict(int)
            for place, mask in shown.items():
                for to, of in ((place, mask & ~ready), (place + 1, mask & ready)):
                    if of:
                        moved[to] |= of
            self.at[port] = dict(moved)
            self.taken[port] += counted * ready.bit_count() / self.runs


Gate = tuple[str, Callable[..., int], list[Bit], Bit]


def _ordered(cells: dict[str, Any]) -> tuple[list[Gate], list[tuple[str, Bit, Bit]]]:
    """The gates with their names, each after those that feed it, and the registers as (name, d, q)."""
    gates: dict[Bit, Gate] = {}
    registers = []
    for name, cell in cells.items():
        kind, pins = cell["type"], {pin: bits[0] for pin, bits in cell["connections"].items()}
        if kind == REGISTER:
            registers.append((name, pins["D"], pins["Q"]))
        elif kind in GATES:
            order, function = GATES[kind]
            gates[pins["Y"]] = (name, function, [pins[pin] for pin in order], pins["Y"])
        else:
            raise ValueError(f"netlist has a cell of type {kind}; known are {', '.join(GATES)} and {REGISTER}")
    graph = {out: [pin for pin in pins if pin in gates] for out, (_n, _f, pins, _o) in gates.items()}
    try:
        return [gates[out] for out in TopologicalSorter(graph).static_order()], registers
    except CycleError as error:
        raise ValueError(f"netlist has a loop without a register, through {gates[error.args[1][0]][0]}") from None


def _columns(values: NDArray[Any], width: int) -> list[list[int]]:
    """For each cycle and bit, one integer that holds that bit of every run."""
    bits = (values[:, :, None] >> np.arange(width).astype(values.dtype)) & 1
    packed = np.packbits(bits.astype(np.uint8), axis=1, bitorder="little")
    return [[int.from_bytes(row[:, bit].tobytes(), "little") for bit in range(width)] for row in packed]


def codes_of(columns: list[list[int]], runs: int) -> NDArray[Any]:
    """For each cycle and run the code, as a Python integer, of bits that each hold one integer for all runs."""
    size = -(-runs // 8)
    packed = b"".join(column.to_bytes(size, "little") for bits in columns for column in bits)
    planes = np.frombuffer(packed, dtype=np.uint8).reshape(len(columns), -1, size)
    bits = np.unpackbits(planes, axis=2, count=runs, bitorder="little")
    kind = np.int64 if bits.shape[1] <= NATIVE else object
    codes = np.zeros((len(columns), runs), dtype=kind)
    for place in range(bits.shape[1]):
        codes += bits[:, place].astype(kind) << place
    return codes.astype(object)
