"""The command that does again, alone, what a run of many has done."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from sim.runner import SEED
from sim.simulator import VERILATOR
from sim.verify import RTL


def repeated(
    spec: Any,
    *,
    target: str | None = None,
    device: str | None = None,
    verilog: Path | None = None,
    seed: int = SEED,
    play: str | None = None,
    level: str = RTL,
    simulator: str = VERILATOR,
    reset: str | None = None,
) -> str:
    """The command that verifies a design again, or one play of it; what is None goes without saying."""
    given: dict[str, Any] = {"target": target, "device": device, "verilog": verilog, "seed": seed, "play": play}
    given["level"] = level if level != RTL else None
    given["reset"] = reset
    given["simulator"] = simulator if simulator != VERILATOR else None
    words = [f"--{name} {shlex.quote(str(value))}" for name, value in given.items() if value is not None]
    return " ".join(["macsmith verify", shlex.quote(str(spec)), *words])
