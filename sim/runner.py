"""Runs a cocotb bench on a simulator and reads what it says."""

from __future__ import annotations

import json
import os
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rtl_gen.steps import step
from rtl_gen.tools import ToolError
from sim import tools
from sim.simulator import Simulator, complaint, simulator

SEED = 1
# cocotb would load pytest with all its plugins to write longer messages: half the time that a bench takes to start.
NO_PYTEST = {"COCOTB_REWRITE_ASSERTION_FILES": ""}


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
    """Make the simulator of `module` in a Verilog file, and run all cocotb tests of Python module `bench` on it.

    The arguments are those of `simulator` and `run_bench`.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return run_bench(simulator(source, module, folder, libraries), bench, folder, environment)


def run_bench(
    design: Simulator,
    bench: str,
    folder: Path,
    environment: Mapping[str, str],
    plusargs: Sequence[str] = (),
    waves: Path | None = None,
) -> Results:
    """Run all cocotb tests of a Python module on a design, by way of cocotb's runner.

    Parameters
    ----------
    design : Simulator
        The design.
    bench : str
        Importable Python module of cocotb tests.
    folder : Path
        Where to run; ``bench.log`` gets what the simulator says.
    environment : mapping of str to str
        What the bench reads.
    plusargs : sequence of str
        What the design reads.
    waves : Path, optional
        A file for the waveforms, in VCD, of a simulator that can write them.

    Raises
    ------
    ToolError
        The simulator crashes or does not end, or the bench ran no test.
    """
    # What only needs to play rows need not wait for cocotb's runner.
    from sim.cocotbrunner import RUNNERS

    module, log, results = design.module, folder / "bench.log", folder / "results.xml"
    results.unlink(missing_ok=True)
    tools.libpython()
    clocking = {"MACSMITH_CLOCKING": json.dumps(design.convention.to_dict())}
    with _outside_pytest(), step(f"simulating {module}"):
        RUNNERS[design.kind]().test(
            bench,
            module,
            hdl_toplevel_lang="verilog",
            build_dir=design.folder,
            test_dir=folder,
            seed=SEED,
            results_xml=str(results),
            extra_env={"COCOTB_LOG_LEVEL": "WARNING", **NO_PYTEST, **clocking, **environment},
            test_args=["--trace", "--trace-file", str(waves)] if waves else [],
            log_file=log,
            plusargs=plusargs,
        )
    return read_results(results, log)


def read_results(path: Path, log: Path) -> Results:
    """The results file of a bench.

    Raises
    ------
    ToolError
        There is none, it can't be read, or it holds no test: each means that nothing was checked.
    """
    if not path.exists():
        raise ToolError(f"the bench left no results: {complaint(log) or 'the simulator stopped early'}")
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


@contextmanager
def _outside_pytest() -> Iterator[None]:
    """cocotb's runner exits and renames files where it finds pytest's variable; verdicts are ours."""
    hidden = os.environ.pop("PYTEST_CURRENT_TEST", None)
    try:
        yield
    finally:
        if hidden is not None:
            os.environ["PYTEST_CURRENT_TEST"] = hidden
