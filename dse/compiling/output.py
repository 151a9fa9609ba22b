"""The folder of a program, written whole or not at all."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path

from dse.compiling.cdriver import c_driver
from dse.compiling.compiler import Compiled
from dse.compiling.program import Program
from dse.compiling.report import report
from dse.compiling.working import driver_files
from hw.formats.messages import cut, echo
from rtl_gen import emit
from rtl_gen.files import write_all

NAMES = ("README.md", "driver.c", "driver.h", "driver.py", "weights/frames.bin")
"""Files that every program has, beside program.json."""


def write(compiled: Compiled, folder: Path | str, force: bool = False) -> list[Path]:
    """Write core, weights, schedule, drivers and report.

    Raises
    ------
    TypeError
        `compiled` is no Compiled.
    FileExistsError
        There is another program, or another design's file, and `force` is false.
    OSError
        They can't be written.
    """
    if not isinstance(compiled, Compiled):
        raise TypeError(f"compiled must be Compiled, got {echo(compiled)}; compile_model makes one")
    folder, program = Path(folder), compiled.program
    check_free(folder, program.network.name, force)
    emitted = emit(program.spec, compiled.device.target)
    if not force:
        emitted.check_free(folder)
    texts: dict[Path, str | bytes] = {
        **emitted.files(folder),
        **driver_files(program, folder),
        **{folder / "weights" / name: text for name, text in memories(program).items()},
        **{folder / name: text for name, text in c_driver(program).items()},
        folder / "driver.py": (files("dse.compiling") / "driver.py").read_text(),
        folder / "README.md": report(compiled),
    }
    write_all(texts)
    return list(texts)


def check_free(folder: Path | str, name: str, force: bool = False) -> None:
    """Raise FileExistsError if a folder holds the program of another network, or files that a program would replace."""
    folder, there = Path(folder), None
    if force:
        return
    path = folder / "program.json"
    if path.exists():
        there = _network_of(path)
    else:
        path = next((folder / each for each in NAMES if (folder / each).exists()), path)
        there = "no program" if path.exists() else name
    if there != name:
        raise FileExistsError(f"{cut(path)} is of {cut(there)}, not of {cut(name)}: choose another folder, or --force")


def _network_of(path: Path) -> str:
    try:
        return str(json.loads(path.read_text())["model"]["name"])
    except (ValueError, KeyError, TypeError, OSError):
        return "something else"


def memories(program: Program) -> dict[str, str]:
    """Texts for ``$readmemh`` by name: all that a layer sends on a stream, a word a line."""
    data, places = program.frames
    found = {}
    for number, placed in enumerate(program.layers):
        name = re.sub(r"\W+", "_", placed.layer.name).strip("_")[:40] or "layer"
        for stream in "bp":
            size = program.spec.stream_widths.get(f"s_axis_{stream}", 8) // 8
            frames = dict.fromkeys(
                places[number, run, stream] for run in range(len(placed.runs)) if (number, run, stream) in places
            )
            words = b"".join(data[offset : offset + length] for offset, length in frames)
            if words:
                found[f"{number}_{name}_{stream}.hex"] = hex_lines(words, size)
    return found


def hex_lines(data: bytes, size: int) -> str:
    """Bytes as words of so many, little-endian, one a line."""
    return "".join(f"{data[at : at + size][::-1].hex()}\n" for at in range(0, len(data), size))
