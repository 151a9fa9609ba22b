"""Netlists as and-inverter graphs: what Yosys makes of a design and its cells' models, for many inputs at once.

A bit of the design in many runs is a row of 64-bit words; a run is one bit of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats.messages import echo
from rtl_gen import yosys
from rtl_gen.scratch import scratch
from rtl_gen.tools import ToolError

Words = NDArray[np.uint64]
"""Rows of words, one for each bit."""

READERS = {"verilog": "read_verilog", "rtlil": "read_rtlil"}
# Deferred: a family's memories would take longer to read than all the rest.
READ_MODEL = ["read_verilog", "-defer", "-overwrite", "-DNO_ICE40_DEFAULT_ASSIGNMENTS"]
TO_GRAPH = ("proc", "techmap", "opt_expr", "opt_clean", "flatten", "opt_expr", "aigmap", "setundef -zero")
CHUNK = 1024
"""Words of a row that are evaluated together: they stay in the cache."""


@dataclass(frozen=True)
class Netlist:
    """An and-inverter graph, as AIGER has it: literal 2n is node n, and 2n + 1 its inverse; 0 is false.

    Attributes
    ----------
    inputs, outputs : dict
        For each port its bits' literals, the lowest first.
    ands : list of (int, int, int)
        The literals of an AND and its two operands, none before its operands.
    aiger : bytes
        The same in AIGER's binary form, for solvers.
    """

    inputs: dict[str, list[int]]
    outputs: dict[str, list[int]]
    ands: list[tuple[int, int, int]]
    aiger: bytes

    @cached_property
    def _read(self) -> frozenset[int]:
        """The literals that something reads."""
        operands = (literal for _, *pair in self.ands for literal in pair)
        return frozenset((*operands, *(literal for bits in self.outputs.values() for literal in bits)))

    def evaluate(self, inputs: dict[str, Words]) -> dict[str, Words]:
        """What each output shows, given the rows of each input.

        Raises
        ------
        ValueError
            An input is missing or unknown, or its rows are not as many as its bits, or as long as the others'.
        """
        shapes = {port: np.shape(rows) for port, rows in inputs.items()}
        words = next(iter(shapes.values()), (0, 0))[-1]
        expected = {port: (len(bits), words) for port, bits in self.inputs.items()}
        if shapes != expected:
            raise ValueError(f"inputs must have rows of the shapes {expected}, got {shapes}")
        pieces = [
            self._evaluate({port: rows[:, start : start + CHUNK] for port, rows in inputs.items()})
            for start in range(0, max(words, 1), CHUNK)
        ]
        return {port: np.concatenate([piece[port] for piece in pieces], axis=1) for port in self.outputs}

    def _evaluate(self, inputs: dict[str, Words]) -> dict[str, Words]:
        read, zero = self._read, np.zeros_like(next(iter(inputs.values()))[0])
        net: dict[int, Any] = {0: zero, 1: ~zero}
        for port, bits in self.inputs.items():
            for bit, row in zip(bits, inputs[port], strict=True):
                net[bit], net[bit ^ 1] = row, ~row
        for out, x, y in self.ands:
            net[out] = row = net[x] & net[y]
            if out ^ 1 in read:
                net[out ^ 1] = ~row
        return {port: np.stack([net[bit] for bit in bits]) for port, bits in self.outputs.items()}


def to_words(codes: ArrayLike, width: int) -> Words:
    """Codes as rows, one for each of their bits; the runs that fill up the last word have zeros."""
    codes = np.asarray(codes)
    rows = np.zeros((width, -(-codes.size // 64) * 8), dtype=np.uint8)
    for bit, row in enumerate(rows):
        packed = np.packbits((codes >> bit & 1).astype(np.uint8), bitorder="little")
        row[: packed.size] = packed
    return rows.view("<u8").astype(np.uint64, copy=False)


def code_at(rows: Words, run: int) -> int:
    """The code that rows show in one run."""
    return sum((int(row[run >> 6]) >> (run & 63) & 1) << bit for bit, row in enumerate(rows))


def reading(models: Sequence[Path]) -> list[yosys.Command]:
    """How Yosys reads Verilog with models of cells."""
    return [[*READ_MODEL, f"-I{path.parent}", str(path)] for path in models]


def read_netlist(design: str, top: str, models: Sequence[Path] = (), language: str = "verilog") -> Netlist:
    """The graph of a design without registers. What the design leaves undefined is zero.

    Parameters
    ----------
    design : str
        Its text.
    top : str
        The module to take.
    models : sequence of Path
        Verilog with the models of its cells, as `rtl_gen.cells.cell_models` names them.
    language : str
        Of the text: "verilog" or "rtlil".

    Raises
    ------
    ToolError
        Yosys refuses it.
    ValueError
        The language is unknown, or the design has registers.
    """
    if language not in READERS:
        raise ValueError(f"language must be one of {', '.join(READERS)}, got {echo(language)}")
    with scratch() as folder:
        (folder / "design").write_text(design)
        read: list[yosys.Command] = [f"{READERS[language]} design"]
        read += reading(models)
        write = ["write_aiger -ascii -symbols graph.aag", "write_aiger -symbols graph.aig"]
        try:
            yosys.run([*read, f"hierarchy -top {top}", *TO_GRAPH, *write], folder)
        except ToolError as error:
            raise ToolError(f"Yosys could not read the netlist: {error}") from error
        return parse_aiger((folder / "graph.aag").read_text(), (folder / "graph.aig").read_bytes())


def parse_aiger(text: str, binary: bytes = b"") -> Netlist:
    """The graph that AIGER's text form describes; its symbols must name every bit as ``port[bit]`` or ``port``."""
    header, *lines = text.splitlines()
    _, _, inputs, latches, outputs, ands = header.split()
    if latches != "0":
        raise ValueError(f"design must have no registers, got {latches}")
    ends = np.cumsum([int(inputs), int(outputs), int(ands)])
    symbols = [re.fullmatch(r"([io])(\d+) (.+?)(?:\[(\d+)\])?", line) for line in lines[ends[2] :]]
    ports: dict[str, dict[tuple[str, int], int]] = {"i": {}, "o": {}}
    for symbol in symbols:
        if symbol is not None:
            line = int(symbol[2]) + (int(inputs) if symbol[1] == "o" else 0)
            ports[symbol[1]][symbol[3], int(symbol[4] or 0)] = int(lines[line])
    if (len(ports["i"]), len(ports["o"])) != (int(inputs), int(outputs)):
        raise ValueError("the AIGER text must have a symbol for every input and output")
    triples = [tuple(map(int, line.split())) for line in lines[ends[1] : ends[2]]]
    return Netlist(_by_port(ports["i"]), _by_port(ports["o"]), triples, binary)  # type: ignore[arg-type]


def _by_port(bits: dict[tuple[str, int], int]) -> dict[str, list[int]]:
    """Literals by port, in the order of the bits."""
    ports: dict[str, list[int]] = {}
    for (port, _), literal in sorted(bits.items()):
        ports.setdefault(port, []).append(literal)
    return ports
