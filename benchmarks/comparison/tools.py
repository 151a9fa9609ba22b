"""The tools, each in an environment of its own below build/, and how one is asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path

from benchmarks.comparison.protocol import SECONDS, Answer, Question

HERE = Path(__file__).parent
BUILD = Path("build/comparison")


@dataclass(frozen=True)
class Tool:
    """A tool: the script that asks it, and what pip installs for it; nothing for our own."""

    name: str
    script: str
    packages: tuple[str, ...] = ()

    def python(self) -> Path:
        """The Python that runs it; its environment is made if it is not there.

        Raises
        ------
        RuntimeError
            pip could not install its packages; with what pip said.
        """
        if not self.packages:
            return Path(sys.executable)
        folder = BUILD / self.name
        python, installed = folder / "bin" / "python", folder / "installed"
        wanted = "\n".join(self.packages)
        if not installed.exists() or installed.read_text() != wanted:
            venv.create(folder, with_pip=True, clear=True)
            done = subprocess.run(
                [python, "-m", "pip", "install", "--quiet", *self.packages], capture_output=True, text=True
            )
            if done.returncode:
                raise RuntimeError(f"{self.name} could not be installed: {done.stderr.strip()}")
            installed.write_text(wanted)
        return python.absolute()

    def ask(self, question: Question) -> Answer | str:
        """Its answer, or why there is none, in a line."""
        paths = {} if self.packages else {"PYTHONPATH": str(HERE.parents[1])}
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | paths
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [self.python(), HERE / self.script],
                input=json.dumps({**question, "folder": folder}),
                capture_output=True,
                text=True,
                env=environment,
                cwd=folder,
            )
        if done.returncode < 0:
            return f"stopped by signal {-done.returncode}: it has {SECONDS} CPU seconds"
        if done.returncode:
            return done.stderr.strip().splitlines()[-1]
        answer: Answer = json.loads(done.stdout.strip().splitlines()[-1])
        return answer


TOOLS = (
    Tool("macsmith", "run_ours.py"),
    # six: zigzag.parser.upgraded_validator imports it, and what the package depends on no longer brings it.
    Tool("zigzag-dse", "run_zigzag.py", ("zigzag-dse==3.9.1", "six==1.17.0")),
    # numpy: its int(max(...)) of arrays is an error from 2.4 on (issue 160 of scalesim-project/SCALE-Sim).
    Tool("scalesim", "run_scalesim.py", ("scalesim==3.0.0", "numpy==2.3.5")),
)
