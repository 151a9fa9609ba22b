"""nextpnr, as a WebAssembly program that is compiled at its first use."""

from __future__ import annotations

import os
import subprocess
import sysconfig
import threading
from pathlib import Path

from rtl_gen import process
from rtl_gen.files import cache_folder
from rtl_gen.scratch import scratch
from rtl_gen.steps import step
from rtl_gen.tools import ToolError, last_error, package_version

_PREPARING = threading.Lock()


def run(package: str, program: str, options: list[str], folder: Path) -> None:
    """Run a nextpnr in `folder`.

    Raises
    ------
    ToolError
        It is not installed, or failed; the message has its last words.
    """
    compiled = prepare(package, program)
    done = _call(program, options, folder, compiled)
    if done.returncode != 0:
        how = process.how_it_ended(done.returncode)
        raise ToolError(f"{program} failed with {how}: {last_error(done.stdout + done.stderr)}")


def prepare(package: str, program: str) -> Path:
    """The folder of the compiled program, made if needed.

    The program would compile itself, but writes the result in place, where a second one that starts
    meanwhile reads half of it and dies. So it compiles into a folder of its own, which then gets its
    name in one step.
    """
    final = cache_folder() / f"{package}-{package_version(package)}"
    with _PREPARING:
        if not final.exists():
            final.parent.mkdir(parents=True, exist_ok=True)
            with step(f"compiling {program} for its first use"), scratch(final.parent) as folder:
                fresh = folder / "compiled"
                done = _call(program, ["--version"], folder, fresh)
                if done.returncode != 0:
                    raise ToolError(f"{program} can't be compiled: {last_error(done.stdout + done.stderr)}")
                try:
                    fresh.rename(final)
                except OSError:
                    # Another process was first; its work is as good.
                    if not final.exists():
                        raise
    return final


def _call(program: str, options: list[str], folder: Path, compiled: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sysconfig.get_path("scripts"), program)), *options]
    environment = {**os.environ, "YOWASP_CACHE_DIR": str(compiled)}
    return process.run(command, folder, environment=environment)
