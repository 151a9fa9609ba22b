"""What `macsmith generate` writes of a design for a board or for another tool: a project, and what it was built to."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hw
from costmodel import bitstreams, onboard
from costmodel.onboard import Place
from hw.formats.messages import cut
from rtl_gen.emit import module_name
from rtl_gen.owner import Owner
from rtl_gen.projects import Project, folder
from rtl_gen.projects.folder import INFO
from rtl_gen.steps import say
from rtl_gen.tools import package_version


@dataclass(frozen=True)
class Wish:
    """What is asked for.

    Attributes
    ----------
    place : Place
    kind : str or None
        A key of `rtl_gen.projects.PROJECTS`; by default that of the place.
    selftest, uart : bool
        What stands around the design.
    build : bool
        Whether a bitstream is made, if open tools make one.
    tools : str
        Whose nextpnr it is.
    prefix : str
        What modules' names begin with.
    output : Path
        The folder.
    force : bool
        Whether files of others are replaced.
    """

    place: Place
    kind: str | None
    selftest: bool
    uart: bool
    build: bool
    tools: str
    prefix: str
    output: Path
    force: bool


def write(spec: hw.Spec, wish: Wish) -> list[Path]:
    """Write a design's project, and its bitstream, all files or none.

    Parameters
    ----------
    spec : Spec
    wish : Wish

    Raises
    ------
    ValueError
        The board has too few pins or cells, or the design has no such project.
    FileExistsError
        A file that would be replaced is another design's.
    ToolError
        A tool is missing or failed.
    """
    place, kind = wish.place, wish.kind or onboard.kind_of(wish.place)
    build = wish.build and kind == "open"
    if wish.selftest and wish.uart:
        raise ValueError("--selftest and --uart each need the board's serial line: take one of them")
    if build:
        bitstreams.check_tools(place.target, wish.tools)
    ours = Owner(spec.name, place.target.name, package_version("macsmith"))
    if not wish.force:
        folder.check_free(wish.output, [f"{module_name(spec, place.target, wish.prefix)}.v", INFO], ours)
    make = _maker(wish)
    found: bitstreams.Built | None = None
    if build:
        made, found = onboard.built_fast(make, spec, place, wish.tools)
    else:
        made = make(spec)
    project = getattr(made, "project", made)
    more: dict[str, Any] = {"signature": f"{made.test.signature:08X}"} if wish.selftest else {}
    files = {path.name: text for path, text in project.emitted.files(wish.output).items()}
    files |= onboard.texts(project, kind) | (found.files if found else {}) | getattr(made, "files", {})
    files[INFO] = onboard.info(project, kind, [*files], found, **more)
    paths = folder.write(wish.output, files, project.emitted.owner, wish.force)
    if found is not None and found.mhz is not None:
        on = (place.board or place.room).title
        say(f"macsmith: {cut(project.spec.name)} is placed at {math.floor(found.mhz)} MHz on {on}")
    return paths


def _maker(wish: Wish) -> Any:
    """What makes a project of a spec."""

    def alone(spec: hw.Spec) -> Project:
        return onboard.alone(spec, wish.place, wish.prefix, benched=wish.kind == "fusesoc")

    def tested(spec: hw.Spec) -> onboard.Tested:
        return onboard.tested(spec, wish.place, wish.prefix)

    return tested if wish.selftest else alone
