"""A first estimate of energy: gates, weighed in NAND2 units, times how often each switches.

The scale, pJ for a NAND2 unit that switches, is what makes an INT8 adder and an INT8 multiplier, put
through the same tools with normal data, cost what is published for them. The two disagree on
it; the estimate takes the geometric mean and states the range. It is an estimate of logic at 45 nm or
whatever node the table is for. It is *not* the power of an FPGA: for comparing designs, not for budgets.
What a clock tree takes is not in it, nor what memories take at an access: of them it says the bits.
"""

from __future__ import annotations

import csv
import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import hw
from costmodel.drive import Plain, run
from costmodel.gates import gate_netlist, memory_bits, weights, without_memories
from costmodel.operations import operations, parts
from costmodel.streams import STREAMS, Stream, parse_stream
from hw.formats import Format, Integer
from hw.formats.messages import cut, echo
from rtl_gen import Emitted, emit
from rtl_gen.files import code_digest
from rtl_gen.tools import package_version
from sim.activity import Activity

DEFAULT_TABLE = "horowitz_45nm"
MAX_LINES = 25_000
"""Of Verilog, of all instances: a few hundred thousand gates."""
CODE = ("costmodel.gates", "costmodel.drive", "costmodel.operations", "costmodel.streams", "sim.activity")
"""Code that has a say in an estimate, beside this."""

REFERENCES = {
    "int8_add": "module reference(input signed [7:0] a, b, output signed [8:0] y); assign y = a + b; endmodule\n",
    "int8_mul": "module reference(input signed [7:0] a, b, output signed [15:0] y); assign y = a * b; endmodule\n",
}
"""The published operations that set the scale."""


@dataclass(frozen=True)
class Switching:
    """How much of a unit switches.

    Attributes
    ----------
    nand2 : float
        Its size in NAND2 units, without memories.
    memory_bits : int
        Bits of its memories.
    switched : float
        NAND2 units that switch in a cycle, in its stride.
    operation : str
        What it does: ``products``, or ``results`` where it multiplies nothing.
    operations : float
        How many of them in a cycle.
    parts : dict of str to float
        Of a unit that can't be driven itself, for it needs a program: the parts whose sum this is, and what of
        `switched` is each one's. Control and what moves data between them is not in it. Empty for all others.
    """

    nand2: float
    memory_bits: int
    switched: float
    operation: str
    operations: float
    parts: dict[str, float]


@dataclass(frozen=True)
class Energy:
    """Estimated energy of one operation of a unit.

    Attributes
    ----------
    spec : str
        The design.
    stream : str
        Its operands: see `costmodel.streams`.
    nand2, memory_bits, switched, operation, operations, parts
        As in `Switching`.
    cycle_picojoules : float
        Estimated energy a cycle.
    picojoules : float
        Estimated energy of an operation.
    low, high : float
        The same, calibrated on the adder alone and on the multiplier alone.
    table : str
        The column of the energy table.
    """

    spec: str
    stream: str
    nand2: float
    memory_bits: int
    switched: float
    operation: str
    operations: float
    parts: dict[str, float]
    cycle_picojoules: float
    picojoules: float
    low: float
    high: float
    table: str

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def energy_key(emitted: Emitted, table: str = DEFAULT_TABLE, stream: str | Path | Stream = "normal") -> str:
    """A hash of all that an estimate depends on."""
    parts = [emitted.digest, table, parse_stream(stream).key, *made_of()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def made_of() -> list[str]:
    """What any estimate depends on: data, code and tools."""
    code = code_digest(__name__, *CODE, "sim.golden", "hw.formats")
    versions = [f"{name} {package_version(name)}" for name in ("pyosys", "numpy")]
    return [_data("gates.toml"), _data("energy_ops.csv"), code, *versions]


def estimate_energy(spec: hw.Spec, table: str = DEFAULT_TABLE, stream: str | Path | Stream = "normal") -> Energy:
    """Estimate the energy of one operation of a unit: a product, or, where it makes none, a result.

    Parameters
    ----------
    spec : Spec
        The design, of any unit; it is looked at in portable RTL.
    table : str
        A column of ``costmodel/data/energy_ops.csv`` that has INT8 add and multiply.
    stream : str or Path or Stream
        The operands: ``normal``, ``uniform``, or an ``.npz`` file of recorded ones, as `parse_stream` takes them.

    Raises
    ------
    TypeError
        `spec` is not a Spec, or `stream` is none.
    ValueError
        No such column, or it lacks one of the two; no such stream, or it has not what the unit takes; the unit is too
        big, or needs a multiplier block that portable RTL has not.
    OSError
        There is no such file.
    ToolError
        Yosys is missing or failed.
    """
    if not isinstance(spec, hw.Spec):
        raise TypeError(f"spec must be a Spec, got {echo(spec)}")
    published, source = published_energies(table), parse_stream(stream)
    seen = switching(spec, source)
    scales = scales_of(published)
    each = seen.switched / seen.operations
    middle = math.sqrt(math.prod(scales.values()))
    return Energy(
        spec=spec.name,
        stream=source.name,
        **{name: getattr(seen, name) for name in Switching.__dataclass_fields__},
        cycle_picojoules=seen.switched * middle,
        picojoules=each * middle,
        low=each * min(scales.values()),
        high=each * max(scales.values()),
        table=table,
    )


def switching(spec: hw.Spec, stream: Stream) -> Switching:
    """How much of a unit switches, driven by a stream; errors as of `estimate_energy`."""
    made = parts(spec)
    if not made:
        return _driven(spec, stream)
    found = [(part, _driven(part.spec, part.stream(stream))) for part in made]
    main = found[0][1]
    switched = {part.name: part.share * seen.switched for part, seen in found}
    size, bits = sum(seen.nand2 for _, seen in found), sum(seen.memory_bits for _, seen in found)
    return Switching(size, bits, sum(switched.values()), main.operation, main.operations, switched)


def _driven(spec: hw.Spec, stream: Stream) -> Switching:
    """The same, of a unit that can be driven itself."""
    emitted = emit(spec)
    check_size(emitted)
    netlist = gate_netlist(emitted.verilog, emitted.name)
    seen = run(spec, without_memories(netlist), stream)
    return Switching(*_weighed(netlist, seen), *operations(spec, seen), {})


def check_size(emitted: Emitted) -> None:
    """Raise ValueError for a design that synthesis would take minutes for, by the lines of all its instances."""
    modules = emitted.modules

    @lru_cache(None)
    def lines(module: str) -> int:
        inside = re.findall(r"(?m)^\s+(\w+) \\?\S+ \(", modules[module])
        return modules[module].count("\n") + sum(lines(name) for name in inside if name in modules)

    size, name = lines(emitted.name), cut(emitted.manifest["name"])
    if size > MAX_LINES:
        said = f"{size:,} lines of Verilog, each instance counted; at most {MAX_LINES:,} are looked at"
        raise ValueError(f"{name} is too big for an estimate of energy: {said}. Try fewer rows, columns or lanes")


def _weighed(netlist: Mapping[str, Any], seen: Activity) -> tuple[float, int, float]:
    """NAND2 units of a netlist, bits of its memories, and the units that switch in a cycle; of memories none do."""
    weight = {name: weights().get(cell["type"], 0.0) for name, cell in netlist["cells"].items()}
    switched = sum(weight.get(name, 0.0) * rate for name, rate in seen.rates.items())
    return sum(weight.values()), memory_bits(dict(netlist)), switched


def scales_of(published: Mapping[str, float]) -> dict[str, float]:
    """pJ for a NAND2 unit that switches, by each published operation."""
    return {name: energy / reference_switching(name) for name, energy in published.items()}


def published_energies(table: str) -> dict[str, float]:
    """pJ of each of `REFERENCES`, as published."""
    rows = published_table()
    usable = [name for name in tables() if all(name in rows[op] for op in REFERENCES)]
    if table not in usable:
        raise ValueError(f"energy table {echo(table)} can't calibrate; these can: {', '.join(usable)}")
    return {op: rows[op][table] for op in REFERENCES}


def tables() -> list[str]:
    """The columns of the file of published energies."""
    return list(dict.fromkeys(name for row in published_table().values() for name in row))


@lru_cache
def published_table() -> dict[str, dict[str, float]]:
    """pJ by operation and column, where there are any."""
    lines = [line for line in _data("energy_ops.csv").splitlines() if not line.startswith("#")]
    rows = {row.pop("op"): row for row in csv.DictReader(lines)}
    return {
        op: {name: float(value) for name, value in row.items() if name != "status" and value}
        for op, row in rows.items()
    }


@lru_cache
def _data(name: str) -> str:
    return files("costmodel").joinpath("data", name).read_text()


@lru_cache
def reference_switching(name: str) -> float:
    """NAND2 units that switch in a published operation."""
    return plain_switching(REFERENCES[name], Integer(8))


def plain_switching(verilog: str, fmt: Format) -> float:
    """NAND2 units that switch in module `reference` with ports `a` and `b` of a format, given normal operands."""
    netlist = gate_netlist(verilog, "reference")
    return _weighed(netlist, run(Plain("reference", {"a": fmt, "b": fmt}), netlist, STREAMS["normal"]))[2]
