"""nextpnr: of a wheel, a WebAssembly program that is compiled at its first use, or one of the machine's own on PATH."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sysconfig
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from costmodel.phases import phase
from hw.formats import check_choice
from hw.formats.messages import echo
from rtl_gen import process
from rtl_gen.files import cache_folder
from rtl_gen.scratch import scratch
from rtl_gen.steps import step
from rtl_gen.tools import ToolError, last_error, package_version

TOOLS = ("wheel", "native")
VARIABLE = "MACSMITH_TOOLS"
VERSION = re.compile(r"\(Version (?:nextpnr-)?(.+)\)")
UNKNOWN = re.compile(r"unrecogni[sz]ed option '(.+?)'")

_PREPARING = threading.Lock()


@dataclass(frozen=True)
class Nextpnr:
    """A nextpnr that is there.

    Attributes
    ----------
    name : str
        What its version goes by: a package, or a program on PATH.
    version : str
        As the package has it, or the program says.
    program : str
        What is run.
    native : bool
        Whether it is the machine's own.
    """

    name: str
    version: str
    program: str
    native: bool


def chosen(asked: str | None) -> str:
    """Which tools a command takes, of `TOOLS`: those asked for, else what $MACSMITH_TOOLS says, else the wheels.

    Raises
    ------
    ValueError
        There are no such tools.
    """
    name, value = ("--tools", asked) if asked is not None else (VARIABLE, os.environ.get(VARIABLE) or TOOLS[0])
    check_choice(name, value, TOOLS)
    return value


def find(place: Mapping[str, Any], tools: str = "wheel") -> Nextpnr:
    """The nextpnr of a family, whose file has `place`.

    Parameters
    ----------
    place : mapping
        Its `package` and `program` are those of the wheel.
    tools : str
        ``wheel``; or ``native``, the program of that name on PATH.

    Raises
    ------
    ValueError
        `tools` is neither.
    ToolError
        It is not there; the message says what to do.
    """
    check_choice("tools", tools, TOOLS)
    if tools == "wheel":
        return Nextpnr(place["package"], package_version(place["package"]), place["program"], native=False)
    names = _native_names(place["program"])
    for name in names:
        if path := shutil.which(name):
            path = str(Path(path).absolute())
            return Nextpnr(name, _version_of(path, Path(path).stat().st_mtime_ns), path, native=True)
    raise ToolError(f"{' or '.join(names)} is not on PATH: install it, or take the wheel (--tools wheel)")


def _native_names(program: str) -> list[str]:
    """What a wheel's program is called elsewhere: himbaechel's families may be in one."""
    name = program.removeprefix("yowasp-")
    return [name, "nextpnr-himbaechel"] if name.startswith("nextpnr-himbaechel-") else [name]


@lru_cache
def _version_of(path: str, changed: int) -> str:
    """What a program says its version is; `changed` tells one from another that takes its place."""
    done = process.run([path, "--version"])
    if found := VERSION.search(done.stdout + done.stderr):
        return found[1]
    raise ToolError(f"{path} --version does not say its version: {echo(last_error(done.stdout + done.stderr))}")


def run(nextpnr: Nextpnr, options: list[str], folder: Path, tell: Callable[[str, str], None] | None = None) -> None:
    """Run a nextpnr in `folder`; `tell` hears how far it is, as `costmodel.phases.phase` says it.

    Raises
    ------
    ToolError
        It failed; the message has its last words.
    """

    def hear(line: str) -> None:
        if tell and (found := phase(line)):
            tell(*found)

    command, environment = _call(nextpnr, None if nextpnr.native else prepare(nextpnr))
    done = process.follow([*command, *options], hear, folder, environment)
    if done.returncode == 0:
        return
    if nextpnr.native and (unknown := UNKNOWN.search(done.stdout)):
        raise ToolError(
            f"{nextpnr.program}, version {nextpnr.version}, does not know {unknown[1]}: it is too old (0.4 is not), or "
            "was built without this device; take a newer one or the wheel (--tools wheel)"
        )
    name, how = Path(nextpnr.program).name, process.how_it_ended(done.returncode)
    raise ToolError(f"{name} failed with {how}: {last_error(done.stdout)}")


def prepare(nextpnr: Nextpnr) -> Path:
    """The folder of the compiled program of a wheel, made if needed.

    The program would compile itself, but writes the result in place, where a second one that starts
    meanwhile reads half of it and dies. So it compiles into a folder of its own, which then gets its
    name in one step.
    """
    final = cache_folder() / f"{nextpnr.name}-{nextpnr.version}"
    with process.place(), _PREPARING:
        if not final.exists():
            final.parent.mkdir(parents=True, exist_ok=True)
            with step(f"compiling {nextpnr.program} for its first use"), scratch(final.parent) as folder:
                fresh = folder / "compiled"
                done = _compile(nextpnr, folder, fresh)
                if done.returncode != 0:
                    raise ToolError(f"{nextpnr.program} can't be compiled: {last_error(done.stdout + done.stderr)}")
                try:
                    fresh.rename(final)
                except OSError:
                    # Another process was first; its work is as good.
                    if not final.exists():
                        raise
    return final


def _compile(nextpnr: Nextpnr, folder: Path, compiled: Path) -> subprocess.CompletedProcess[str]:
    command, environment = _call(nextpnr, compiled)
    return process.run([*command, "--version"], folder, environment=environment)


def _call(nextpnr: Nextpnr, compiled: Path | None) -> tuple[list[str], dict[str, str]]:
    """How a nextpnr is called, and in which environment."""
    if compiled is None:
        return [nextpnr.program], dict(os.environ)
    script = Path(sysconfig.get_path("scripts"), nextpnr.program)
    return [str(script)], {**os.environ, "YOWASP_CACHE_DIR": str(compiled)}
