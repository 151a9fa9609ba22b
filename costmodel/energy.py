"""A first estimate of energy: gates, weighed in NAND2 units, times how often each switches.

The scale, pJ for a NAND2 unit that switches, is what makes an INT8 adder and an INT8 multiplier, put
through the same tools with the same kind of data, cost what is published for them. The two disagree on
it; the estimate takes the geometric mean and states the range. It is an estimate of logic at 45 nm or
whatever node the table is for. It is *not* the power of an FPGA: for comparing designs, not for budgets.
"""

from __future__ import annotations

import csv
import hashlib
import math
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from costmodel.gates import gate_netlist, weights
from hw.formats import Format, Integer
from hw.formats.messages import echo
from hw.specs.mac import MacSpec
from rtl_gen import Emitted, emit
from rtl_gen.files import code_digest
from rtl_gen.tools import package_version
from sim.activity import simulate
from sim.golden import decode, encode

RUNS, CYCLES, SEED = 128, 65, 1
SIGMAS = (1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6)
"""The data: normal, that many standard deviations to the format's largest value; see `scaled_normal`."""
DEFAULT_TABLE = "horowitz_45nm"

REFERENCES = {
    "int8_add": "module reference(input signed [7:0] a, b, output signed [8:0] y); assign y = a + b; endmodule\n",
    "int8_mul": "module reference(input signed [7:0] a, b, output signed [15:0] y); assign y = a * b; endmodule\n",
}


@dataclass(frozen=True)
class Energy:
    """Estimated energy of one operation of a unit.

    Attributes
    ----------
    spec : str
        The design.
    nand2 : float
        Its size in NAND2 units.
    switched : float
        NAND2 units that switch in a cycle.
    picojoules : float
        Estimated energy a cycle.
    low, high : float
        The same, calibrated on the adder alone and on the multiplier alone.
    table : str
        The column of the energy table.
    """

    spec: str
    nand2: float
    switched: float
    picojoules: float
    low: float
    high: float
    table: str

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def energy_key(emitted: Emitted, table: str = DEFAULT_TABLE) -> str:
    """A hash of all that an estimate depends on."""
    data = [_data("gates.toml"), _data("energy_ops.csv"), table]
    code = code_digest(__name__, "costmodel.gates", "sim.activity", "sim.golden", "hw.formats")
    versions = [package_version("pyosys"), package_version("numpy")]
    return hashlib.sha256("\0".join([emitted.digest, *data, code, *versions]).encode()).hexdigest()


def estimate_energy(spec: MacSpec, table: str = DEFAULT_TABLE) -> Energy:
    """Estimate the energy of one multiply-accumulate.

    Parameters
    ----------
    spec : MacSpec
        The design.
    table : str
        A column of ``costmodel/data/energy_ops.csv`` that has INT8 add and multiply.

    Raises
    ------
    ValueError
        No such column, or it lacks one of the two.
    ToolError
        Yosys is missing or failed.
    """
    if not isinstance(spec, MacSpec):
        raise TypeError(f"spec must be a MacSpec, got {echo(spec)}")
    published = published_energies(table)
    emitted = emit(spec)
    size, switched = _switched(emitted.verilog, emitted.name, stimulus(spec.a, spec.b))
    scales = [published[name] / reference_switching(name) for name in REFERENCES]
    return Energy(
        spec=spec.name,
        nand2=size,
        switched=switched,
        picojoules=switched * math.sqrt(math.prod(scales)),
        low=switched * min(scales),
        high=switched * max(scales),
        table=table,
    )


def published_energies(table: str) -> dict[str, float]:
    """pJ of each of `REFERENCES`, as published."""
    lines = [line for line in _data("energy_ops.csv").splitlines() if not line.startswith("#")]
    rows = {row["op"]: row for row in csv.DictReader(lines)}
    usable = [name for name in rows["int8_add"] if name not in ("op", "status")]
    usable = [name for name in usable if all(rows[op][name] for op in REFERENCES)]
    if table not in usable:
        raise ValueError(f"energy table {echo(table)} can't calibrate; these can: {', '.join(usable)}")
    return {op: float(rows[op][table]) for op in REFERENCES}


def stimulus(a: Format, b: Format) -> dict[str, NDArray[np.int64]]:
    """Normal operands; a new sum in the first cycle only."""
    rng = np.random.default_rng(SEED)
    clear = np.zeros((CYCLES, RUNS), dtype=np.int64)
    clear[0] = 1
    return {"a": scaled_normal(a, rng), "b": scaled_normal(b, rng), "clear": clear, "en": np.ones_like(clear)}


def scaled_normal(fmt: Format, rng: np.random.Generator) -> NDArray[np.int64]:
    """Codes of normal values, or their magnitudes if the format has no sign, of shape (cycles, runs).

    Their scale is the one of `SIGMAS` at which the format loses least of them, in mean square: with
    one scale for all, narrow formats would see little but zeros.
    """
    normal = rng.normal(0, 1, (CYCLES, RUNS))
    values = normal if fmt.span.signed else np.abs(normal)

    def codes(sigmas: float) -> NDArray[np.int64]:
        return encode(fmt, values * (float(fmt.reach) / sigmas)).astype(np.int64)

    def loss(sigmas: float) -> float:
        return float(np.mean((decode(fmt, codes(sigmas)) / (float(fmt.reach) / sigmas) - values) ** 2))

    return codes(min(SIGMAS, key=loss))


@lru_cache
def _data(name: str) -> str:
    return files("costmodel").joinpath("data", name).read_text()


@lru_cache
def reference_switching(name: str) -> float:
    """NAND2 units that switch in a published operation."""
    int8 = Integer(8)
    inputs = {port: values for port, values in stimulus(int8, int8).items() if port in "ab"}
    return _switched(REFERENCES[name], "reference", inputs)[1]


def _switched(verilog: str, module: str, inputs: dict[str, NDArray[np.int64]]) -> tuple[float, float]:
    """NAND2 units of a module, and how many of them switch in a cycle."""
    netlist, weight = gate_netlist(verilog, module), weights()
    size = sum(weight[cell["type"]] for cell in netlist["cells"].values())
    toggles = simulate(netlist, inputs).toggles
    return size, sum(weight[cell] * rate for cell, rate in toggles.items())
