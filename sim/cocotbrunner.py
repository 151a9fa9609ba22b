"""cocotb's runner, as we run it: on a simulator that is there, and so that it ends with us."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cocotb_tools import runner

from sim.simulator import ICARUS, VERILATOR, run_simulator


class Ended(runner.Runner):
    """A runner whose simulators are ended with us, and in time."""

    def _execute_cmds(self, cmds: Sequence[Any], cwd: Any, stdout: Any = None) -> None:
        for command in cmds:
            run_simulator(self.sim_hdl_toplevel, command, Path(cwd), self.env, stdout)


class Verilator(Ended, runner.Verilator):
    """cocotb's runner for Verilator."""


class Icarus(Ended, runner.Icarus):
    """cocotb's runner for Icarus Verilog."""


RUNNERS: dict[str, type[Ended]] = {VERILATOR: Verilator, ICARUS: Icarus}
