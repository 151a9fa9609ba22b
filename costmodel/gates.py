"""Size without a fabric: gates, in units of a NAND2, by Yosys and ABC over a library of our own or a Liberty file.

Memories are not made of gates: their bits are counted apart.
"""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import hw
from costmodel.synthesis import read
from hw.formats.messages import cut, echo
from rtl_gen import emit, yosys
from rtl_gen.scratch import scratch
from rtl_gen.tools import ToolError
from sim.netlist import reading

OWN = "own"
"""The name of our own library."""
MEMORY = "$mem_v2"
NAND2 = "module nand2(input a, b, output y); assign y = ~(a & b); endmodule\n"
REGISTER = "module register(input clk, d, output reg q); always @(posedge clk) q <= d; endmodule\n"


@dataclass(frozen=True)
class Gates:
    """How large a design is in gates.

    Attributes
    ----------
    spec : str
        The design, as it is in portable RTL.
    library : str
        ``own``, or the name of the Liberty file.
    nand2 : float
        Its size in NAND2 units: by transistors, or by area where a Liberty file gives that.
    registers : int
        How many of its gates are flip-flops.
    memory_bits : int
        Bits of memories, which are not in `nand2`.
    cells : dict of str to int
        How many there are of each gate.
    """

    spec: str
    library: str
    nand2: float
    registers: int
    memory_bits: int
    cells: dict[str, int]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def count_gates(spec: hw.Spec, liberty: Path | str | None = None) -> Gates:
    """The size of a design in gates.

    Parameters
    ----------
    spec : Spec
        The design.
    liberty : Path or str, optional
        A Liberty file, of cells to map to; by default gates weigh their transistors.

    Raises
    ------
    TypeError
        `spec` is no Spec.
    ValueError
        The file can't be read as Liberty, or has no NAND2 or no register.
    OSError
        There is no such file.
    ToolError
        Yosys is missing or failed.
    """
    if not isinstance(spec, hw.Spec):
        raise TypeError(f"spec must be a Spec, got {echo(spec)}")
    emitted = emit(spec)
    if liberty is None:
        netlist = gate_netlist(emitted.verilog, emitted.name)
        kinds = Counter(cell["type"] for cell in netlist["cells"].values() if cell["type"] in weights())
        size, registers = sum(weights()[kind] * count for kind, count in kinds.items()), kinds["$_DFF_P_"]
        return Gates(spec.name, OWN, size, registers, memory_bits(netlist), dict(sorted(kinds.items())))
    library = Library(Path(liberty))
    netlist, area = library.mapped(emitted.verilog, emitted.name)
    kinds = Counter(cell["type"] for cell in netlist["cells"].values() if not cell["type"].startswith("$"))
    registers = sum(kinds[kind] for kind in library.registers)
    return Gates(
        spec.name,
        Path(liberty).name,
        area / library.nand2,
        registers,
        memory_bits(netlist),
        dict(sorted(kinds.items())),
    )


def memory_bits(netlist: dict[str, Any]) -> int:
    """Bits of the memories of a netlist."""
    memories = [cell["parameters"] for cell in netlist["cells"].values() if cell["type"] == MEMORY]
    return sum(int(memory["SIZE"], 2) * int(memory["WIDTH"], 2) for memory in memories)


@lru_cache
def _data() -> dict[str, Any]:
    return tomllib.loads(files("costmodel").joinpath("data", "gates.toml").read_text())


def weights() -> dict[str, float]:
    """NAND2 units of each gate of our own library."""
    gates = _data()
    return {cell: count / gates["transistors_per_nand2"] for cell, count in gates["transistors"].items()}


def gate_netlist(verilog: str, module: str, models: Sequence[Path] = ()) -> dict[str, Any]:
    """A module as gates of our own library, and memories, in the form of Yosys's ``write_json``.

    `models` are of the cells of a family's form, as `rtl_gen.cells.cell_models` names them.
    """
    with scratch() as folder:
        return _mapped(verilog, module, _data()["mapped"], folder, models)


def _mapped(
    verilog: str, module: str, mapped: Sequence[yosys.Command], folder: Path, models: Sequence[Path] = ()
) -> dict[str, Any]:
    (folder / "design.v").write_text(verilog)
    start = [*reading(models), "read_verilog design.v", f"hierarchy -check -top {module}"]
    yosys.run([*start, *_data()["flow"], *mapped, "delete t:$scopeinfo", "write_json -noscopeinfo out.json"], folder)
    return read(folder / "out.json")["modules"][module]


def without_memories(netlist: dict[str, Any]) -> dict[str, Any]:
    """A netlist of gates with its memories made of gates, too: what is there already keeps its name.

    This is to run it, for what a memory takes is not what these gates would.
    """
    if not memory_bits(netlist):
        return netlist
    with scratch() as folder:
        (folder / "gates.json").write_text(json.dumps({"modules": {"top": netlist}}))
        made = ["memory_map", "techmap", "simplemap", "setattr -unset init w:*", "dfflegalize -cell $_DFF_P_ x"]
        yosys.run(["read_json gates.json", *made, "write_json -noscopeinfo out.json"], folder)
        return read(folder / "out.json")["modules"]["top"]


class Library:
    """A Liberty file as Yosys reads it.

    Parameters
    ----------
    path : Path
        Where it is.

    Raises
    ------
    As `count_gates`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.path.open().close()
        self.nand2 = self._reference("nand2", NAND2)
        self._reference("register", REGISTER)
        netlist, _ = self.mapped(REGISTER, "register")
        clock = netlist["ports"]["clk"]["bits"]
        self.registers = {cell["type"] for cell in netlist["cells"].values() if clock in cell["connections"].values()}

    def _reference(self, module: str, verilog: str) -> float:
        """The area of what a library must have."""
        try:
            netlist, area = self.mapped(verilog, module)
        except ToolError as error:
            raise ValueError(f"{cut(self.path.name)} can't be used as a Liberty file: {error}") from error
        left = [cell["type"] for cell in netlist["cells"].values() if cell["type"].startswith("$")]
        if left or not area:
            raise ValueError(f"{cut(self.path.name)}: must have a {module} with an area")
        return area

    def mapped(self, verilog: str, module: str) -> tuple[dict[str, Any], float]:
        """A module as cells of the library, and their area."""
        with scratch() as folder:
            library = str(self.path)
            mapped: list[yosys.Command] = [
                ["dfflibmap", "-liberty", library],
                ["abc", "-liberty", library],
                "opt_clean",
                ["tee", "-o", "out.stat", "stat", "-json", "-liberty", library],
            ]
            netlist = _mapped(verilog, module, mapped, folder)
            return netlist, float(json.loads((folder / "out.stat").read_text())["design"].get("area", 0))
