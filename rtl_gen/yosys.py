"""Yosys, in processes of its own: where something is wrong it ends its process, which must not be ours.

A command is a text, as in a script, or a list of words: what holds a path is a list, for no character of it
means anything then; or it is the path of a Python file, whose ``change(design)`` is called. Names of files are best
relative to the folder that Yosys works in.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from rtl_gen import process
from rtl_gen.tools import ToolError, last_error, package_version

Command = str | list[str] | Path
DONE = "done\n"


def run(commands: Sequence[Command], folder: Path) -> None:
    """Run commands in `folder`, in a new process: what Yosys writes depends on names that its process met before.

    Raises
    ------
    ToolError
        Yosys is missing or failed; the message has its last words.
    """
    done = process.run(_child(), folder, text=_request(commands, folder))
    if done.returncode != 0 or not done.stdout.endswith(DONE):
        raise _failed(commands, done.stdout, done.stderr, done.returncode)


def _child() -> list[str]:
    package_version("pyosys")
    # -P: a file of the user's in the current folder is not taken for a module.
    return [sys.executable, "-P", str(files("rtl_gen").joinpath("yosys_child.py"))]


def _request(commands: Sequence[Command], folder: Path) -> str:
    plain = [{"call": str(command)} if isinstance(command, Path) else command for command in commands]
    return json.dumps({"folder": str(folder), "commands": plain}) + "\n"


def _failed(commands: Sequence[Command], answers: str, said: str, code: int) -> ToolError:
    word = last_error(said) if said.strip() else process.how_it_ended(code)
    begun = answers.split()
    if not begun:
        return ToolError(f"Yosys can't be run: {word}")
    last = commands[int(begun[-1])]
    shown = " ".join(last) if isinstance(last, list) else str(last)
    return ToolError(f"Yosys failed on `{shown}`: {word}")
