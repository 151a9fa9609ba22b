"""What `macsmith generate` writes of a design for a board or for another tool: a project, and what it was built to."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

import hw
from costmodel import bitstreams, onboard
from costmodel.estimate.room import check_room
from costmodel.onboard import Place
from dse import demo
from dse.delivery.facts import estimated
from dse.workloads import digits
from dse.workloads.quantised import quantise
from hw.formats import check_choice
from hw.formats.messages import cut
from hw.specs.gemm import GemmSpec
from rtl_gen.emit import module_name
from rtl_gen.owner import Owner
from rtl_gen.projects import PROJECTS, Project, folder
from rtl_gen.projects.folder import INFO
from rtl_gen.steps import say
from rtl_gen.tools import package_version
from sim import selftest
from sim.golden import decode

IMAGES = 100
NETWORK = "digits.json"


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
    store : Path
        Keeps what is counted of a large design that is not built.
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
    store: Path


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
    _check(spec, wish, kind, build)
    make = _maker(wish)
    found: bitstreams.Built | None = None
    if build:
        made, found = onboard.built_fast(make, spec, place, wish.tools, wish.selftest or place.mhz is not None)
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


def _check(spec: hw.Spec, wish: Wish, kind: str, build: bool) -> None:
    """Refuse at once what can be refused before anything is made."""
    place = wish.place
    check_choice("project", kind, PROJECTS)
    if wish.selftest and wish.uart:
        raise ValueError("--selftest and --uart each need the board's serial line: take one of them")
    for option in (name for name in ("selftest", "uart") if getattr(wish, name)):
        onboard.needed(place, option)
    if kind == "open" and place.target is hw.GENERIC:
        raise ValueError("project must be for a device that nextpnr places on, got generic; take --board or --device")
    if wish.selftest:
        selftest.check(spec)
    if build:
        bitstreams.check_tools(place.target, wish.tools)
    elif place.target is not hw.GENERIC:
        _check_room(spec, wish)
    if not wish.force:
        ours = Owner(spec.name, place.target.name, package_version("macsmith"))
        folder.check_free(wish.output, [f"{module_name(spec, place.target, wish.prefix)}.v", INFO], ours)


def _check_room(spec: hw.Spec, wish: Wish) -> None:
    """Refuse what has no room by its estimate, for no tool will count it; what is not known is said."""
    device = wish.place.room
    try:
        found = estimated(spec, wish.place.target, wish.store)
    except ValueError as error:
        say(f"macsmith: whether it has room on {device.name} is not known: {error}")
        return
    if note := check_room(found, device):
        say(f"macsmith: {note}")


def _maker(wish: Wish) -> Any:
    """What makes a project of a spec."""

    def alone(spec: hw.Spec) -> Project:
        return onboard.alone(spec, wish.place, wish.prefix, benched=wish.kind == "fusesoc")

    def tested(spec: hw.Spec) -> onboard.Tested:
        return onboard.tested(spec, wish.place, wish.prefix)

    def bridged(spec: hw.Spec) -> onboard.Bridged:
        made = onboard.bridged(spec, wish.place, wish.prefix)
        assert isinstance(spec, GemmSpec)
        return replace(made, files=made.files | network(spec))

    return tested if wish.selftest else bridged if wish.uart else alone


def network(spec: GemmSpec, count: int = IMAGES) -> dict[str, str]:
    """The digits network in a core's codes, with test images and what the golden model makes of them, by file.

    None for a core that does not have it: it needs sums in fixed point, a scale for each column, results in the format
    of A, and room for the layers.
    """
    _, _, pixels, labels = digits.images()
    pixels, labels = pixels[:count], labels[:count]
    try:
        made = quantise(spec, demo.trained(spec.name))
        for k, n in made.shapes:
            spec.check_run(count, k, n)
    except ValueError:
        return {}
    codes = made.codes(pixels)
    predictions = made.predict(made.answers(codes)[-1])
    said = {
        "images": codes.tolist(),
        "labels": labels.tolist(),
        "layers": [
            {
                "weights": layer.weights.tolist(),
                "relu": bool(layer.relu),
                "parameters": {name: [int(code) for code in values] for name, values in layer.parameters.items()},
            }
            for layer in made.layers
        ],
        # What each code is as a number: of a row of results the largest is the digit.
        "values": decode(spec.result, np.arange(1 << spec.result.width)).tolist(),
        "predictions": predictions.tolist(),
        "right": int(np.sum(predictions == labels)),
    }
    return {NETWORK: json.dumps(said) + "\n"}
