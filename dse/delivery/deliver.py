"""Composes the folder, and writes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import hw
from dse.delivery.facts import Facts
from dse.delivery.manifest import check_unchanged, manifest, read
from dse.delivery.sheet import sheet_files
from rtl_gen import Emitted
from rtl_gen.files import write_all
from rtl_gen.owner import check_free, owner
from rtl_gen.writers import written
from sim.vectors import cocotb_files, few, verilog_files


def deliver(
    spec: hw.Spec,
    design: Emitted,
    directory: Path | str,
    facts: Facts | None = None,
    *,
    split: bool = False,
    force: bool = False,
) -> list[Path]:
    """Write all files of a design, all or none; those of it that are no more are taken away.

    Parameters
    ----------
    spec : Spec
    design : Emitted
        What `rtl_gen.emit` makes of it.
    directory : Path or str
        Made if needed.
    facts : Facts, optional
        What is known of it.
    split : bool
        Write each module into a file of its own.
    force : bool
        Replace other designs' files, too, and those that were changed.

    Returns
    -------
    The paths written, the Verilog and the manifest first.

    Raises
    ------
    FileExistsError
        A file that would be replaced is not this design's, or was changed since it was written.
    ValueError
        A name is none that VHDL allows.
    OSError
        They can't be written.
    """
    directory = Path(directory)
    texts = composed(spec, design, facts or Facts(), split)
    files = {directory / name: text for name, text in texts.items()}
    if not force:
        check_free(files, design.owner)
        check_unchanged(directory / f"{design.name}.json")
    left = [path for path in _left(directory, design) if path not in files]
    write_all(files)
    for path in left:
        path.unlink()
    return list(files)


def composed(spec: hw.Spec, design: Emitted, facts: Facts, split: bool = False) -> dict[str, str]:
    """All files of a design: texts by path from its folder."""
    name = f"{design.name}.json"
    own = {str(path): text for path, text in design.files("", split).items()}
    sources = [path for path in own if path.endswith(".v")]
    plays = few(spec)
    others = {
        **written(design),
        **{f"{design.name}_tb/{file}": text for file, text in verilog_files(design, plays).items()},
        **{f"{design.name}_cocotb/{file}": text for file, text in cocotb_files(design, plays, sources).items()},
        **sheet_files(spec, design, facts, plays),
    }
    del own[name]
    told = manifest(design, sources, facts, {**own, **others})
    first = {path: own.pop(path) for path in sources}
    return {**first, name: told, **own, **others}


def _left(directory: Path, design: Emitted) -> Iterator[Path]:
    """What was written of the design before: by its manifest, and modules in files of their own."""
    try:
        before = read(directory / f"{design.name}.json")["hashes"]
    except (OSError, ValueError):
        before = ()
    names = {*before, f"{design.name}.f", *(f"{module}.v" for module in design.modules)}
    for name in sorted(names):
        path = directory / name
        if (found := owner(path)) and found.is_same_design(design.owner):
            yield path
