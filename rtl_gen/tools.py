"""What the house asks of the machine: tools with a version, or a word on what to do."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path


class ToolError(RuntimeError):
    """A tool is missing or failed; the message says which, and what to do about it."""


@dataclass(frozen=True)
class Tool:
    """One tool of the chain.

    Parameters
    ----------
    name : str
        What people call it.
    purpose : str
        What the house does with it.
    find : callable
        Gives the version found, or raises ToolError.
    """

    name: str
    purpose: str
    find: Callable[[], str]


def package_version(package: str) -> str:
    """The installed version of a Python package.

    Raises
    ------
    ToolError
        It is not installed.
    """
    try:
        return version(package)
    except PackageNotFoundError:
        raise ToolError(f"the package {package} is not installed: run `pip install {package}`") from None


FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""The errors of a disk, or a share of it, that has no room."""


def package_folder(package: str) -> Path:
    """The folder of a package, which is not imported.

    pyosys, for one, has all libraries that are loaded after it share their symbols, so that those of two packages get
    mixed up.

    Raises
    ------
    ToolError
        It is not installed.
    """
    package_version(package)
    spec = find_spec(package)
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent


def had_no_room(text: str) -> bool:
    """Whether what a tool says is that it could not write."""
    return any(os.strerror(number) in text for number in FULL)


def last_error(output: str) -> str:
    """The line of a tool's output that says what went wrong: no room, its last error, or else its last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    full = [line for line in lines if had_no_room(line)]
    errors = [line for line in lines if line.startswith("ERROR")]
    return (full or errors or lines or ["it said nothing"])[-1]


TOOLS = [
    Tool("Amaranth", "generates the hardware", lambda: package_version("amaranth")),
    Tool("Yosys", "writes Verilog and synthesises it", lambda: package_version("pyosys")),
]
