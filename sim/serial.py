"""A core behind a serial line, in simulation, with the driver that a host would run."""

from __future__ import annotations

import json
from typing import Any

from rtl_gen.onboard import driver
from rtl_gen.scratch import scratch
from rtl_gen.tools import ToolError
from sim.runner import run_bench
from sim.simulator import LENIENT, QUICK, simulator

BENCH = "sim.benches.serial"


def talk(verilog: str, module: str, cycles: int, about: dict[str, Any], **task: Any) -> list[Any]:
    """What a driver gets of a core.

    Parameters
    ----------
    verilog : str
        Of the bridge and the core.
    module : str
        The bridge's.
    cycles : int
        Of a bit on the line; of the bridge that was built for simulation, few.
    about : dict
        What the driver is told of the core, as `costmodel.onboard.about` says it.
    **task
        ``jobs``, arguments of the driver's `matmul`, and ``network``, what its `run` takes.

    Returns
    -------
    For each job C, as lists of rows of codes, or what the driver says of why there is none; then the network's digits.

    Raises
    ------
    ToolError
        A tool is missing or failed, or driver and core did not come to an end.
    """
    with scratch() as folder:
        (folder / "serial.v").write_text(verilog)
        (folder / "task.json").write_text(json.dumps({"about": about, "cycles": cycles, **task}))
        design = simulator(folder / "serial.v", module, folder, (), QUICK, LENIENT)
        environment = {
            "MACSMITH_DRIVER": driver.__file__,
            "MACSMITH_TASK": str(folder / "task.json"),
            "MACSMITH_SAID": str(folder / "said.json"),
        }
        results = run_bench(design, BENCH, folder, environment)
        if results.failures:
            raise ToolError(f"{module} and its driver: {results.failures[0]}")
        found: list[Any] = json.loads((folder / "said.json").read_text())
        return found
