"""Simulators: a design's Verilog as a program, made once and kept for whoever plays the same Verilog again."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

from cocotb_tools import config

from hw.formats.messages import echo
from rtl_gen import process
from rtl_gen.convention import PLAIN as USUAL
from rtl_gen.convention import Convention
from rtl_gen.files import cache_folder, write_atomic
from rtl_gen.scratch import PLAIN, PREFIX, scratch
from rtl_gen.steps import step
from rtl_gen.tools import ToolError, had_no_room
from sim import tools
from sim.player import Port, ports_of, program

VERILATOR, ICARUS = "verilator", "icarus"
QUICK, FAST = "-O0", "-O1"
"""Where Python drives each cycle a quick compile is worth more than quick code; where rows are played it is not."""
UNUSED = ("COVERAGE", "SC", "TIMING", "TRACE", "TRACE_FST", "TRACE_VCD", "TRACE_SAIF")
WAVED = ("TRACE", "TRACE_VCD")
"""Of these, what a simulator that writes waveforms has."""
HEADER = '#include "verilated.h"\n#include "verilated_vpi.h"\n'
# Of a vector some bits may have a second name, or no reader. A file holds all modules of a design.
LINT = ("-Wall", "-Wno-UNUSEDSIGNAL", "-Wno-DECLFILENAME")
LENIENT = ("-Wno-lint", "-Wno-style", "-Wno-fatal")
"""For what others have written."""
# All signals writable would make arrays ten times slower to compile; the ports are enough.
PUBLIC, WRITABLE = ("--public-depth", "1"), ("--public-flat-rw",)
VERILATE = ["--cc", "--vpi", "--output-split", "0", "--timescale", "1ns/1ps", "--prefix", "Vtop"]

MAIN = config.share_dir / "lib" / "verilator" / "verilator.cpp"
"""cocotb's main program."""
RUNTIME = ("verilated.cpp", "verilated_vpi.cpp", "verilated_threads.cpp")
"""What a simulation with VPI, and without all that is in UNUSED, has of Verilator's own."""
WAVES = ("verilated_vcd_c.cpp",)
"""What one that writes waveforms has beside it."""

SECONDS = 3600.0
"""After which a simulation is taken for one that would never end."""
UNSETTLED = "did not converge"
"""What Verilator says of a loop of logic that oscillates; Icarus says nothing, and goes on for ever."""
KEPT = 200
"""Simulators that are kept, those that were used last. One has half a megabyte, that of a large array ten."""


class Unsettled(ToolError):
    """What was simulated has a combinational loop that does not settle."""


@dataclass(frozen=True)
class Simulator:
    """A design as a program.

    Attributes
    ----------
    module : str
        Its top module.
    folder : Path
        Where the program is.
    ports : dict of str to Port
        Its ports, in the order in which rows have them; none of one of Icarus's, which plays no rows.
    kind : str
        Who runs it: `VERILATOR` or `ICARUS`.
    convention : Convention
        What its clock and reset are.
    """

    module: str
    folder: Path
    ports: dict[str, Port]
    kind: str = VERILATOR
    convention: Convention = USUAL

    @property
    def program(self) -> Path:
        return self.folder / self.module

    @property
    def clocked(self) -> bool:
        """Whether it has a clock."""
        return self.convention.clock in self.ports


def simulator(
    source: Path,
    module: str,
    folder: Path,
    libraries: Sequence[Path] = (),
    optimise: str = QUICK,
    lint: Sequence[str] = LINT,
    waves: bool = False,
    convention: Convention = USUAL,
    writable: bool = False,
) -> Simulator:
    """The simulator of `module` in a Verilog file: one that was made of the same text before, or a new one.

    Parameters
    ----------
    source : Path
        A Verilog file, lint-clean but for signals that nothing reads.
    module : str
        Its top module.
    folder : Path
        Where to build, if need be: with ``log.txt``, all that the tools say.
    libraries : sequence of Path
        Verilog files with the cells that it is made of; what is odd in those is not ours to complain of.
    optimise : str
        `QUICK` or `FAST`.
    lint : sequence of str
        What to complain of: `LINT` or `LENIENT`.
    waves : bool
        Whether it can write waveforms.
    convention : Convention
        What its clock and reset are.
    writable : bool
        Whether a bench can change registers inside, and not its ports alone.

    Raises
    ------
    ToolError
        A tool is missing, or the design can't be built.
    """
    for path in (folder, tools.verilator_root()):
        if odd := sorted(set(PLAIN.sub("", str(path)))):
            raise ToolError(
                f"Verilator can't work in {echo(str(path))}, for the {echo(odd[0])} in it: use another place"
            )
    compiler = tools.compiler()
    shared = precompiled(compiler, optimise, waves)
    options = [*lint, *VERILATE, *(WRITABLE if writable else PUBLIC), *(["--trace-vcd"] if waves else [])]
    parts = [
        module,
        *options,
        *map(str, shared),
        str(config.libs_dir),
        program({}, MAIN, convention),
        *([] if convention == USUAL else [convention.text]),
    ]
    texts = [MAIN.read_bytes(), *(path.read_bytes() for path in (source, *libraries))]
    digest = hashlib.sha256(b"\0".join([*map(str.encode, parts), *texts])).hexdigest()
    home = homes() / digest[:32]
    if found := _kept(home, module, convention):
        return found
    with step(f"building the simulator of {module}"):
        log = folder / "log.txt"
        with log.open("w") as said:
            compile_ = [*shlex.split(compiler), optimise, *_defines(waves)]
            made = _build(source, module, folder, libraries, compile_, shared, options, said, convention)
    _keep(made, home)
    return made


def _build(
    source: Path,
    module: str,
    folder: Path,
    libraries: Sequence[Path],
    compiler: Sequence[str],
    shared: tuple[Path, Path],
    options: Sequence[str],
    log: TextIO,
    convention: Convention,
) -> Simulator:
    """Have Verilator write C++, and compile that in one piece with the main program."""
    header, runtime = shared
    where = [*library_options(libraries, folder), "--top-module", module, "--Mdir", str(folder)]
    environment = {**os.environ, "VERILATOR_ROOT": str(tools.verilator_root())}
    _run([tools.verilator(), *options, *where, source.resolve()], module, folder, log, environment)
    ports = ports_of((folder / "Vtop.h").read_text())
    written = sorted(path.name for path in folder.glob("Vtop*.cpp"))
    includes = "".join(f'#include "{name}"\n' for name in written)
    (folder / "main.cpp").write_text(program(ports, MAIN, convention) + includes)
    # GNU's quick linker, where it is there.
    linker = ["-fuse-ld=gold"] if shutil.which("ld.gold") else []
    linker += [f"-Wl,-rpath,{config.libs_dir}", f"-L{config.libs_dir}", "-lcocotbvpi_verilator"]
    inputs = ["-I.", "-include", str(header), "main.cpp", str(runtime)]
    _run([*compiler, *_includes(), *inputs, *linker, "-o", module], module, folder, log)
    return Simulator(module, folder, ports, convention=convention)


def _run(
    command: Sequence[str | Path], module: str, folder: Path, log: TextIO, environment: Mapping[str, str] | None = None
) -> None:
    """Run a tool of a build; raise ToolError with its complaint unless it ends well."""
    done = process.run(command, folder, environment=environment, output=log)
    if done.returncode != 0:
        said = complaint(folder / "log.txt") if done.returncode > 0 else ""
        how = f"{Path(command[0]).name} ended with {process.how_it_ended(done.returncode)}"
        raise ToolError(f"{module} can't be built: {said or how}")


def run_simulator(
    module: str, command: Sequence[str | Path], folder: Path, environment: Mapping[str, str] | None, log: TextIO
) -> None:
    """Run a simulator to its end; what it says goes to a file that is open.

    Raises
    ------
    Unsettled
        Outputs of a loop of logic change for ever, within one cycle.
    ToolError
        It crashes, ends with an error, or does not end.
    """
    try:
        done = process.run(command, folder, environment=environment, output=log, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise ToolError(f"the simulation of {module} was ended: it took more than {SECONDS:g} s") from None
    if done.returncode != 0:
        said = complaint(Path(log.name))
        if UNSETTLED in said:
            raise Unsettled(f"{module} does not settle: it has a combinational loop")
        how = process.how_it_ended(done.returncode)
        raise ToolError(f"the simulator of {module} crashed with {how}{said and f': {said}'}")


def homes() -> Path:
    """Where simulators are kept: a folder for each, named by all that it was made of."""
    return cache_folder() / "simulators"


def _kept(folder: Path, module: str, convention: Convention) -> Simulator | None:
    """The simulator that is kept in a folder, if there is one."""
    try:
        ports = json.loads((folder / "ports.json").read_text())
        os.utime(folder)
    except OSError:
        return None
    known = {name: Port(**port) for name, port in ports.items()}
    found = Simulator(module, folder, known, convention=convention)
    return found if os.access(found.program, os.X_OK) else None


def _keep(made: Simulator, folder: Path) -> None:
    """Keep a simulator, whole or not at all; where that can't be, it is made again another time."""
    with suppress(OSError):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with scratch(folder.parent) as copy:
            shutil.copy2(made.program, copy)
            (copy / "ports.json").write_text(json.dumps({name: asdict(port) for name, port in made.ports.items()}))
            # Where another run was quicker this fails, for a folder that is not empty is there.
            copy.rename(folder)
        kept = [path for path in folder.parent.iterdir() if not path.name.startswith(PREFIX)]
        for path in sorted(kept, key=_last_used)[:-KEPT]:
            shutil.rmtree(path, ignore_errors=True)


def _last_used(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:
        return 0.0


def _defines(waves: bool) -> list[str]:
    return ["-DVERILATOR=1", *(f"-DVM_{name}={int(waves and name in WAVED)}" for name in UNUSED)]


def precompiled(compiler: str, optimise: str = QUICK, waves: bool = False) -> tuple[Path, Path]:
    """What every simulation has, compiled once: Verilator's headers, and its own code.

    Either would take longer than what is compiled of a small design. Both are kept in the user's cache folder, under
    a name made of all that they depend on.
    """
    # As the design is compiled; the compiler ignores a header that was compiled with other options.
    options = [*_defines(waves), *_includes()]
    header_options, runtime_options = [optimise, *options, "-x", "c++-header"], ["-O2", *options, "-r"]
    identity = [tools.compiler_version(), json.dumps(tools.versions()), *header_options, *runtime_options, HEADER]
    folder = cache_folder() / hashlib.sha256("\n".join(identity).encode()).hexdigest()[:16]
    header, runtime = folder / "runtime.h", folder / "runtime.o"
    if not header.exists():
        write_atomic(header, HEADER)
    _compile([compiler, *header_options, str(header)], folder / "runtime.h.gch", "headers")
    include = tools.verilator_root() / "include"
    sources = [str(include / name) for name in (*RUNTIME, *(WAVES if waves else ()))]
    _compile([compiler, *runtime_options, *sources], runtime, "own code")
    return header, runtime


def _includes() -> list[str]:
    include = tools.verilator_root() / "include"
    return [f"-I{include}", f"-I{include / 'vltstd'}"]


def _compile(command: list[str], made: Path, what: str) -> None:
    """Compile something of Verilator's into the file `made`, unless that is there."""
    if made.exists():
        return
    compiler, *options = command
    with step(f"compiling Verilator's {what}, once"), scratch(made.parent) as build:
        done = process.run([*shlex.split(compiler), *options, "-o", made.name], build)
        if done.returncode != 0:
            why = first_complaint(done.stderr) or process.how_it_ended(done.returncode)
            raise ToolError(f"{compiler} can't compile Verilator's {what}: {why}")
        write_atomic(made, (build / made.name).read_bytes())


def library_options(libraries: Sequence[Path], folder: Path) -> list[str]:
    """Verilator's options for files of which it takes the modules that are used, without lint."""
    if not libraries:
        return []
    waiver = folder / "libraries.vlt"
    patterns = sorted({str(path.parent) for path in libraries})
    waiver.write_text("`verilator_config\n" + "".join(f'lint_off -file "{path}/*"\n' for path in patterns))
    # The defaults of iCE40's inputs are a syntax of their own. A cell's carries are one vector in its model, of which
    # each bit depends on the one below.
    options = [
        str(waiver),
        "-Wno-UNOPTFLAT",
        "-Wno-TIMESCALEMOD",
        "-Wno-SPECIFYIGN",
        "-Wno-MODDUP",
        "-DNO_ICE40_DEFAULT_ASSIGNMENTS",
        *(f"-I{path}" for path in patterns),
    ]
    return options + [option for path in libraries for option in ("-v", str(path))]


def complaint(log: Path) -> str:
    """What a log complains of, in a line."""
    return first_complaint(log.read_text(errors="replace")) if log.exists() else ""


def first_complaint(log: str) -> str:
    """The first line of a log that complains, for later ones follow from it; else its last line."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    full = [line for line in lines if had_no_room(line)]
    telling = [line for line in lines if "rror" in line or "arning" in line]
    return (full or telling or lines[-1:] or [""])[0]
