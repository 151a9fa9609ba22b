"""Yosys in a process of its own: designs that share one can trip over each other's modules.

``python -m costmodel.yosys SCRIPT`` runs the commands of a file, one a line.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from rtl_gen.tools import ToolError, last_error


def run(commands: list[str], folder: Path) -> None:
    """Run Yosys commands in `folder`.

    Raises
    ------
    ToolError
        Yosys failed; the message has its last words.
    """
    script = folder / "script.ys"
    script.write_text("\n".join(commands) + "\n")
    command = [sys.executable, "-m", "costmodel.yosys", script.name]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ToolError(f"Yosys failed on `{commands[-1]}`: {last_error(done.stdout + done.stderr)}")


def main(script: str) -> None:
    """Run the commands of a script."""
    import pyosys.libyosys as yosys

    design = yosys.Design()
    for command in Path(script).read_text().splitlines():
        design.run_pass(command)


if __name__ == "__main__":
    main(sys.argv[1])
