"""Yosys, in processes of its own: where something is wrong it ends its process, which must not be ours.

A command is a text, as in a script, or a list of words: what holds a path is a list, for no character of it
means anything then. Names of files are best relative to the folder that Yosys works in.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import IO

from rtl_gen import process
from rtl_gen.tools import ToolError, last_error, package_version

Command = str | list[str]
DONE = "done\n"


def run(commands: Sequence[Command], folder: Path) -> None:
    """Run commands in `folder`, in a new process: designs that share one can trip over each other's modules.

    Raises
    ------
    ToolError
        Yosys is missing or failed; the message has its last words.
    """
    done = process.run(_child(), folder, text=_request(commands, folder))
    if done.returncode != 0 or not done.stdout.endswith(DONE):
        raise _failed(commands, done.stdout, done.stderr, done.returncode)


def run_again(commands: Sequence[Command], folder: Path) -> None:
    """Run commands in `folder`, in a process that waits for more: what is quickly done need not wait for its start.

    Raises
    ------
    ToolError
        As `run`.
    """
    worker = _idle.pop() if _idle else _Worker()
    worker.do(commands, folder)
    _idle.append(worker)


class _Worker:
    """A Yosys that does one job after the other."""

    def __init__(self) -> None:
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as the process)
        pipe = subprocess.PIPE
        self._process = process.start(_child(), text=True, stdin=pipe, stdout=pipe, stderr=self._said)

    def do(self, commands: Sequence[Command], folder: Path) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._said.seek(0)
        self._said.truncate()
        try:
            self._process.stdin.write(_request(commands, folder))
            self._process.stdin.flush()
            answers: list[str] = []
            while not answers or answers[-1] not in ("", DONE):
                answers.append(self._process.stdout.readline())
        except BrokenPipeError:
            answers = [""]
        except BaseException:
            self.close()
            raise
        if not answers[-1]:
            code = self._process.wait()
            self._said.seek(0)
            said = self._said.read().decode(errors="replace")
            self.close()
            raise _failed(commands, "".join(answers), said, code)

    def close(self) -> None:
        process.forget(self._process)
        self._said.close()


_idle: list[_Worker] = []


@atexit.register
def _close_idle() -> None:
    while _idle:
        _idle.pop().close()


# A forked process must not talk to its parent's.
os.register_at_fork(after_in_child=_idle.clear)


def _child() -> list[str]:
    package_version("pyosys")
    # -P: a file of the user's in the current folder is not taken for a module.
    return [sys.executable, "-P", str(files("rtl_gen").joinpath("yosys_child.py"))]


def _request(commands: Sequence[Command], folder: Path) -> str:
    return json.dumps({"folder": str(folder), "commands": list(commands)}) + "\n"


def _failed(commands: Sequence[Command], answers: str, said: str, code: int) -> ToolError:
    word = last_error(said) if said.strip() else process.how_it_ended(code)
    begun = answers.split()
    if not begun:
        return ToolError(f"Yosys can't be run: {word}")
    last = commands[int(begun[-1])]
    return ToolError(f"Yosys failed on `{last if isinstance(last, str) else ' '.join(last)}`: {word}")
