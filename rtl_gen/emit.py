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

from amaranth.hdl import Value
from amaranth.lib import wiring

import hw
from hw import structures
from hw.formats.messages import cut, echo
from hw.specs.protection import ALL, FAULT, chosen_in
from hw.specs.registers import Register
from hw.specs.stream import StreamSpec
from hw.units import check_widths
from rtl_gen import yosys
from rtl_gen.cells import cell_models
from rtl_gen.clocking import clocked
from rtl_gen.convention import PLAIN, Convention
from rtl_gen.files import write_all
from rtl_gen.keywords import language_of
from rtl_gen.owner import Owner, check_free, comment, owner
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
CLEANER, TRIPLER, CHECKED = (Path(__file__).with_name(f"{name}.py") for name in ("cleaner", "tripler", "parity"))
"""What Yosys's process does to the design before it writes it; the second and third, if registers are protected."""

FAULT_MEANING = "high while a register is not what its parity bit says; of no meaning before the first reset"
READ = ("ram_style", "keep", "DONT_TOUCH", "dont_merge", "syn_preserve")
"""Attributes for others to read: what a memory is to be made of, that an idle cell stays, and registers apart."""


@dataclass(frozen=True)
class Emitted:
    """One design as text.

    Attributes
    ----------
    name : str
        Module and file name. All modules' names begin with it.
    verilog : str
        Verilog-2005.
    manifest : dict
        What the design is, JSON-ready: spec, ports, streams, latency, formats, digest of the Verilog.
    """

    name: str
    verilog: str
    manifest: dict[str, Any]

    @property
    def digest(self) -> str:
        """SHA-256 of the Verilog."""
        return self.manifest["sha256"]

    @property
    def modules(self) -> dict[str, str]:
        """Each module's text, by its name; the design's own is the first."""
        return {match[1]: match[0] for match in re.finditer(r"(?ms)^module (\w+).*?^endmodule\n", self.verilog)}

    def altered(self, verilog: str) -> Emitted:
        """The same design in other words: a faulty one, or somebody else's."""
        digest = hashlib.sha256(verilog.encode()).hexdigest()
        return Emitted(self.name, verilog, {**self.manifest, "sha256": digest})

    @property
    def owner(self) -> Owner:
        """What its files say of whose they are."""
        return Owner(*(self.manifest[key] for key in ("name", "target", "macsmith")))

    def files(self, directory: Path | str, split: bool = False) -> dict[Path, str]:
        """What `write` writes: texts by path."""
        directory = Path(directory)
        sources = {f"{self.name}.v": self.verilog}
        if split:
            part = comment(self.owner.header) + "\n"
            head = self.verilog[: self.verilog.index("\nmodule ") + 1]
            sources = {f"{name}.v": (head if name == self.name else part) + text for name, text in self.modules.items()}
        manifest = json.dumps({**self.manifest, "files": list(sources)}, indent=2) + "\n"
        texts = {**sources, f"{self.name}.json": manifest}
        if split:
            texts[f"{self.name}.f"] = comment(self.owner.header) + "".join(f"{name}\n" for name in sources)
        return {directory / name: text for name, text in texts.items()}

    def check_free(self, directory: Path | str, split: bool = False) -> list[str]:
        """A line for each file that another version of macsmith has written and that `write` would replace.

        Raises
        ------
        FileExistsError
            A file that `write` would replace is not this design's.
        """
        return check_free(self.files(directory, split), self.owner)

    def write(self, directory: Path | str, split: bool = False, force: bool = False) -> list[Path]:
        """Write ``NAME.v`` and ``NAME.json`` into `directory`, all files or none.

        Parameters
        ----------
        directory : Path or str
            Made if needed.
        split : bool
            Write each module into a file of its own, ``MODULE.v``, and a list of them, ``NAME.f``.
        force : bool
            Replace other designs' files, too.

        Raises
        ------
        FileExistsError
            A file that would be replaced is not this design's.
        OSError
            They can't be written.
        """
        if not force:
            self.check_free(directory, split)
        files, directory = self.files(directory, split), Path(directory)
        # Written the other way before, modules would be there twice.
        left = {directory / f"{self.name}.f", *(directory / f"{name}.v" for name in self.modules)} - set(files)
        left = {path for path in left if (found := owner(path)) and found.is_same_design(self.owner)}
        write_all(files)
        for path in left:
            path.unlink()
        return list(files)


def emit(spec: hw.Spec, target: hw.Target = hw.GENERIC, prefix: str = "", convention: Convention = PLAIN) -> Emitted:
    """The Verilog and manifest of a spec: the same bytes in every run, on every machine.

    Modules of two designs never have the same name, unless the designs are the same. Those of one begin with the
    design's, and this tells the spec and, but for the generic one, the target.

    Parameters
    ----------
    spec : Spec
        What to emit.
    target : Target
        The fabric it is for.
    prefix : str
        What the names of all modules begin with.
    convention : Convention
        What clock and reset are called, and when the reset acts.

    Raises
    ------
    TypeError
        `spec` is not a spec, `target` not a Target, `prefix` not a str, or `convention` not a Convention.
    ValueError
        `prefix` can't begin the name of a module, or a port has the name of the clock or the reset.
    """
    if not isinstance(spec, hw.Spec):
        raise TypeError(f"spec must be a Spec, got {echo(spec)}")
    if not isinstance(target, hw.Target):
        raise TypeError(f"target must be a Target, got {echo(target)}")
    if not isinstance(convention, Convention):
        raise TypeError(f"convention must be a Convention, got {echo(convention)}")
    check_prefix(prefix)
    return _emit(spec, target, prefix, convention)


def check_prefix(prefix: str) -> None:
    """Raise TypeError or ValueError unless it can begin the name of a module."""
    if not isinstance(prefix, str):
        raise TypeError(f"prefix must be a str, got {echo(prefix)}")
    if not re.fullmatch(r"([A-Za-z][A-Za-z0-9_]{0,63})?", prefix):
        raise ValueError(
            f"prefix must be a letter and then letters, digits or _, at most 64 of them, like chip_, got {echo(prefix)}"
        )
    if language := language_of(prefix):
        raise ValueError(f"prefix must be no keyword, like chip_, got {echo(prefix)}, which is one of {language}")


def module_name(spec: hw.Spec, target: hw.Target, prefix: str = "") -> str:
    """The name of a design's module and files."""
    return prefix + spec.identifier + ("" if target == hw.GENERIC else f"_{target.name}")


def check_place(directory: Path | str, spec: hw.Spec, target: hw.Target, prefix: str = "") -> list[str]:
    """What `Emitted.check_free` says of a design's own files, before it is built.

    Raises
    ------
    FileExistsError
        One is another design's.
    """
    ours = Owner(spec.name, target.name, package_version("macsmith"))
    name = module_name(spec, target, prefix)
    return check_free([Path(directory, name + end) for end in (".v", ".json", ".f")], ours)


@lru_cache(maxsize=256)
def _emit(spec: hw.Spec, target: hw.Target, prefix: str, convention: Convention) -> Emitted:
    name = module_name(spec, target, prefix)
    with _no_collection():
        with step(f"elaborating {spec}"):
            component = hw.build(spec, target)
        with step(f"Amaranth writes the RTLIL of {spec}"):
            ports, text = _convert(component, name, convention)
    with step(f"Yosys writes the Verilog of {spec}"):
        body = _to_verilog(text, target, spec, name, convention)
    version = package_version("macsmith")
    meanings = convention.described(component.meanings)
    if spec.parity:
        ports, meanings = {**ports, FAULT: ("output", 1)}, {**meanings, FAULT: FAULT_MEANING}
    lines = [*_port_lines(ports, meanings), *_register_lines(component.registers)]
    verilog = _header(spec, target, version, lines) + body
    manifest = {
        "name": spec.name,
        "macsmith": version,
        "target": target.name,
        "module": name,
        "sha256": hashlib.sha256(verilog.encode()).hexdigest(),
        "spec": spec.to_dict(),
        "latency": spec.latency,
        "initiation_interval": 1,
        "ports": [
            {"name": port, "direction": direction, "width": width, "meaning": meanings[port]}
            for port, (direction, width) in ports.items()
        ],
        "clocking": convention.to_dict() if convention.clock in ports else None,
        "streams": _streams(spec),
        "formats": {
            port: {"name": fmt.name, "width": fmt.width, "lsb": fmt.span.lsb, "source": fmt.source}
            for port, fmt in spec.port_formats.items()
        },
        "registers": [asdict(register) for register in component.registers],
    }
    return Emitted(name, verilog, manifest)


def _streams(spec: hw.Spec) -> dict[str, Any]:
    """What lies where in the streams' `tdata`, by what the names of a stream's ports begin with."""
    return {
        name: {
            "direction": "input" if wires.incoming else "output",
            "width": wires.width,
            "tlast": wires.framed,
            "fields": [
                {
                    "name": field,
                    "offset": position.offset,
                    "width": position.format.width,
                    "lanes": position.lanes,
                    "step": position.step,
                    "format": position.format.name,
                }
                for field, position in wires.positions.items()
            ],
        }
        for name, wires in (spec.wires.items() if isinstance(spec, StreamSpec) else ())
    }


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


def _ports(component: hw.Unit, text: str, first: Sequence[str]) -> dict[str, tuple[str, int]]:
    """Ports in the order that they are written: the first, those of them that there are, then as the signature is."""
    there = [name for name in first if re.search(rf"(?m)^  wire .*input.* \\{name}$", text)]
    ports = dict.fromkeys(there, ("input", 1))
    for path, member, value in component.signature.flatten(component):
        direction = "input" if member.flow is wiring.In else "output"
        ports["_".join(map(str, path))] = (direction, len(Value.cast(value)))
    return ports


def _convert(
    component: hw.Unit, name: str, convention: Convention, restarted: bool = False
) -> tuple[dict[str, tuple[str, int]], str]:
    """The ports of a module, and RTLIL of it and of all that it instantiates: these have names that begin with its."""
    outside = component.outside
    convention.check_ports(outside.signature.members)
    text, first, restarts = clocked(outside, component.parts, name, convention, restarted)
    ports = _ports(outside, text, first)
    # Yosys lists ports by number, and a port with number 0, which Amaranth gives, last.
    order = list(ports)
    text = re.sub(
        r"(?m)^(  wire .*(?:input|output) )\d+(\s+\\(\w+))$",
        lambda match: f"{match[1]}{order.index(match[3]) + 1}{match[2]}" if match[3] in ports else match[0],
        text,
    )
    # Amaranth separates the names of modules by dots.
    text = re.sub(r"(?m)^(module|  cell) (\\[\w.]+)", lambda match: f"{match[1]} {match[2].replace('.', '_')}", text)
    for part, inner in component.parts.items():
        text = re.sub(rf"(?m)^(  cell) \\{part} ", rf"\1 \\{name}_{part} ", text)
        text += _convert(inner, f"{name}_{part}", convention.inside, part in restarts)[1]
    return ports, text


def _to_verilog(text: str, target: hw.Target, spec: hw.Spec, name: str, convention: Convention) -> str:
    """Verilog of RTLIL `text`, without Yosys's banner."""
    with scratch() as folder:
        (folder / "design.il").write_text(text)
        protected: list[yosys.Command] = []
        for how, script, tail in (("tmr", TRIPLER, structures.COPY), ("parity", CHECKED, structures.PARITY)):
            if chosen := getattr(spec, how):
                (folder / f"{script.stem}.json").write_text(json.dumps(_asked(chosen, tail, name, convention)))
                protected.append(script)
        verilog = _written(cell_models(target), protected, folder)
        if spec.tmr:
            _check_found(spec, "tmr", json.loads((folder / "tripled.json").read_text()))
        if spec.parity:
            _check_found(spec, "parity", json.loads((folder / "checked.json").read_text()))
        return _waived(verilog) if target.carry else verilog


def verilog_around(component: hw.Unit, name: str, inside: str) -> str:
    """The Verilog of a component that instantiates modules of another text, by their names; without these.

    Parameters
    ----------
    component : Unit
    name : str
        Its module's.
    inside : str
        The Verilog of what it instantiates.
    """
    check_widths(component)
    with scratch() as folder:
        (folder / "design.il").write_text(_convert(component, name, PLAIN)[1])
        (folder / "inside.v").write_text(inside)
        return _written([folder / "inside.v"], [], folder)


def _written(models: Sequence[Path], more: Sequence[yosys.Command], folder: Path) -> str:
    """Verilog of ``design.il`` in a folder, without Yosys's banner."""
    # The models tell which of a cell's ports are outputs; they are not written.
    read = [["read_verilog", "-lib", str(path)] for path in models]
    yosys.run([*read, "read_rtlil design.il", *PASSES, CLEANER, *more, "write_verilog design.v"], folder)
    verilog = (folder / "design.v").read_text()
    # Yosys does not look whether the disk had room.
    if not verilog.rstrip().endswith("endmodule"):
        raise OSError(errno.ENOSPC, "Yosys could not write all of the Verilog: is the disk full?")
    verilog = re.sub(r"\A/\*.*?\*/\s*", "", verilog, flags=re.DOTALL)
    return re.sub(rf"(?m)^ *\(\* (?!({'|'.join(READ)}) ).*\*\)\n", "", verilog)


def _asked(chosen: str, behind: str, name: str, convention: Convention) -> dict[str, Any]:
    """What `TRIPLER` or `CHECKED` is to do: with which structures, and how what it adds is called."""
    return {
        "chosen": chosen_in(chosen),
        "patterns": structures.patterns(),
        "tail": structures.BEHIND,
        "other": structures.OTHER,
        "behind": behind,
        "port": FAULT,
        "reset": PLAIN.reset,
        "outermost": name,
        "pin": convention.reset,
        "low": convention.low,
        "at_once": convention.asynchronous,
    }


def _check_found(spec: hw.Spec, how: str, found: Sequence[str]) -> None:
    """Raise ValueError if a design has no register of a structure that its name has."""
    chosen = getattr(spec, how)
    missing = [name for name in chosen_in(chosen) if name not in found]
    if not found or (chosen != ALL and missing):
        has = f"has registers of {', '.join(found)}" if found else "has no registers: ask for a pipeline, such as p1"
        raise ValueError(f"{cut(spec.name)}: {how} must name what is there, got {', '.join(missing)}; the design {has}")


def _waived(verilog: str) -> str:
    """Modules of cells, with a word to Verilator: what it sees as a circle is none, for Yosys has looked bit by bit."""
    reason = "  // A row of cells hands its carry on from bit to bit of one vector: that is no circle.\n"
    begin, end = (f"  /* verilator lint_{word} UNOPTFLAT */\n" for word in ("off", "on"))
    verilog = re.sub(r"(?m)^(module .*;\n)", rf"\1{reason}{begin}", verilog)
    return re.sub(r"(?m)^endmodule$", f"{end}endmodule", verilog)


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
    name, made = Owner(spec.name, target.name, version).header
    return comment([name, f"{made} ({target.title}).", "", *spec.timing.splitlines(), "", *rest]) + "\n"
