"""From a spec to Verilog text and its manifest."""

from __future__ import annotations

import errno
import gc
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from amaranth.back import rtlil
from amaranth.hdl import Value
from amaranth.hdl._ir import PortDirection
from amaranth.lib import wiring

import hw
from hw.formats.messages import echo
from hw.specs.registers import Register
from rtl_gen import yosys
from rtl_gen.cells import cell_models
from rtl_gen.files import write_all
from rtl_gen.scratch import scratch
from rtl_gen.steps import step
from rtl_gen.tools import package_version

# Yosys passes from Amaranth's processes to registers that a person would have written. A register
# starts undefined rather than with an initial value: reset is what defines it, on every fabric.
PASSES = (
    "proc",
    "opt_clean",
    "opt_dff",
    "opt_clean",
    "memory_collect",
    # Second names of one wire read like circles, and lint complains of them.
    "opt_clean -purge",
    "check -assert",
    "setattr -unset init w:*",
    "attrmap -remove generator -remove top -remove src",
)

DIRECTIONS = {wiring.In: PortDirection.Input, wiring.Out: PortDirection.Output}


@dataclass(frozen=True)
class Emitted:
    """One design as text.

    Attributes
    ----------
    name : str
        Module and file name.
    verilog : str
        Verilog-2005.
    manifest : dict
        What the design is, JSON-ready: spec, ports, latency, formats, digest of the Verilog.
    """

    name: str
    verilog: str
    manifest: dict[str, Any]

    @property
    def digest(self) -> str:
        """SHA-256 of the Verilog."""
        return self.manifest["sha256"]

    def write(self, directory: Path | str) -> list[Path]:
        """Write ``NAME.v`` and ``NAME.json`` into `directory`, both or neither."""
        directory = Path(directory)
        files = {
            directory / f"{self.name}.v": self.verilog,
            directory / f"{self.name}.json": json.dumps(self.manifest, indent=2) + "\n",
        }
        write_all(files)
        return list(files)


def emit(spec: hw.Spec, target: hw.Target = hw.GENERIC) -> Emitted:
    """The Verilog and manifest of a spec: the same bytes in every run, on every machine.

    Parameters
    ----------
    spec : Spec
        What to emit.
    target : Target
        The fabric it is for.

    Raises
    ------
    TypeError
        `spec` is not a spec, or `target` not a Target.
    """
    if not isinstance(spec, hw.Spec):
        raise TypeError(f"spec must be a Spec, got {echo(spec)}")
    if not isinstance(target, hw.Target):
        raise TypeError(f"target must be a Target, got {echo(target)}")
    return _emit(spec, target)


@lru_cache(maxsize=256)
def _emit(spec: hw.Spec, target: hw.Target) -> Emitted:
    texts: dict[str, str] = {}
    with step(f"elaborating {spec}"), _no_collection():
        component = hw.build(spec, target)
        ports = _convert(component, spec.identifier, texts)
    with step(f"Yosys writes the Verilog of {spec}"):
        body = _to_verilog("".join(texts.values()), target)
    version = package_version("macsmith")
    meanings = component.meanings
    lines = [*_port_lines(ports, meanings), *_register_lines(component.registers)]
    verilog = _header(spec, target, version, lines) + body
    manifest = {
        "name": spec.name,
        "macsmith": version,
        "target": target.name,
        "module": spec.identifier,
        "sha256": hashlib.sha256(verilog.encode()).hexdigest(),
        "spec": spec.to_dict(),
        "latency": spec.latency,
        "initiation_interval": 1,
        "ports": [
            {"name": name, "direction": direction, "width": width, "meaning": meanings[name]}
            for name, (direction, width) in ports.items()
        ],
        "formats": {
            port: {"name": fmt.name, "width": fmt.width, "lsb": fmt.span.lsb, "source": fmt.source}
            for port, fmt in spec.port_formats.items()
        },
        "registers": [asdict(register) for register in component.registers],
    }
    return Emitted(spec.identifier, verilog, manifest)


@contextmanager
def _no_collection() -> Iterator[None]:
    """A netlist is millions of objects that all live: to look for garbage among them takes ever longer as it grows."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _ports(component: hw.Unit, text: str) -> dict[str, tuple[str, int]]:
    """Ports in the order that they are written: clock and reset, if any, then as the signature lists them."""
    clocked = [name for name in ("clk", "rst") if re.search(rf"(?m)^  wire .*input.* \\{name}$", text)]
    ports = dict.fromkeys(clocked, ("input", 1))
    for path, member, value in component.signature.flatten(component):
        direction = "input" if member.flow is wiring.In else "output"
        ports["__".join(map(str, path))] = (direction, len(Value.cast(value)))
    return ports


def _convert(component: hw.Unit, name: str, texts: dict[str, str]) -> dict[str, tuple[str, int]]:
    """Add RTLIL of a module and of all that it instantiates to `texts`, each once; the module's ports."""
    for part, inner in component.parts.items():
        if part not in texts:
            _convert(inner, part, texts)
    directed = {
        "__".join(map(str, path)): (
            Value.cast(value),
            PortDirection.Input if member.flow is wiring.In else PortDirection.Output,
        )
        for path, member, value in component.signature.flatten(component)
    }
    text = rtlil.convert(component.fragment or component, name=name, ports=directed, emit_src=False)
    ports = _ports(component, text)
    # Yosys lists ports by number, and a port with number 0, which Amaranth gives, last.
    order = list(ports)
    texts[name] = re.sub(
        r"(?m)^(  wire .*(?:input|output) )\d+(\s+\\(\w+))$",
        lambda match: f"{match[1]}{order.index(match[3]) + 1}{match[2]}" if match[3] in ports else match[0],
        text,
    )
    return ports


def _to_verilog(text: str, target: hw.Target) -> str:
    """Verilog of RTLIL `text`, without Yosys's banner."""
    with scratch() as folder:
        (folder / "design.il").write_text(text)
        # The models tell which of a cell's ports are outputs; they are not written.
        models = [["read_verilog", "-lib", str(path)] for path in cell_models(target)]
        yosys.run_again([*models, "read_rtlil design.il", *PASSES, "write_verilog -noattr design.v"], folder)
        verilog = (folder / "design.v").read_text()
        # Yosys does not look whether the disk had room.
        if not verilog.rstrip().endswith("endmodule"):
            raise OSError(errno.ENOSPC, "Yosys could not write all of the Verilog: is the disk full?")
        return re.sub(r"\A/\*.*?\*/\s*", "", verilog, flags=re.DOTALL)


def _register_lines(registers: Sequence[Register]) -> Iterator[str]:
    """The register map: a line for each part of a register."""
    if registers:
        yield from ("", "Registers of 32 bits:", "")
    for register in registers:
        for part in register.parts:
            bits = f"{part.low + part.width - 1}:{part.low}"
            where = f"0x{register.address:02x} {register.name:10} {register.access:8} {bits:>5}"
            yield f"{where}  {part.name}: {part.meaning}"


def _port_lines(ports: dict[str, tuple[str, int]], meanings: dict[str, str]) -> Iterator[str]:
    longest = max(7, *map(len, ports))
    for name, (direction, width) in ports.items():
        yield f"{name:{longest}} {direction:7}{width:4}  {meanings[name]}"


def _header(spec: hw.Spec, target: hw.Target, version: str, rest: Sequence[str]) -> str:
    lines = [
        spec.name,
        f"Generated by macsmith {version} for target {target.name} ({target.title}).",
        "",
        spec.timing,
        "",
        *rest,
    ]
    return "".join(f"// {line}".rstrip() + "\n" for line in lines) + "\n"
