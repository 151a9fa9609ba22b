"""The manifest of what is in a folder: what the design is, what is known of it, and a digest of every file.

docs/manifest.schema.json says what is in it.
"""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dse.delivery.facts import Facts
from hw.formats.messages import cut
from rtl_gen import Emitted
from rtl_gen.tools import package_version

TOOLS = ("amaranth", "pyosys", "numpy")
"""What the files were made with."""


def manifest(design: Emitted, sources: list[str], facts: Facts, texts: Mapping[str, str]) -> str:
    """The text of a manifest.

    Parameters
    ----------
    design : Emitted
    sources : list of str
        Its files of Verilog.
    facts : Facts
    texts : dict of str to str
        All other files, by their paths from the manifest's folder.
    """
    told = {
        **design.manifest,
        "files": sources,
        "versions": {name: package_version(name) for name in TOOLS},
        "verdict": facts.verdict,
        "cost": facts.cost,
        "estimate": facts.estimate,
        "hashes": {name: digest(text.encode()) for name, text in sorted(texts.items())},
    }
    return json.dumps(told, indent=2) + "\n"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def differing(path: Path | str) -> list[str]:
    """A line for each file of a manifest that is not as it was written: other, or not there.

    Raises
    ------
    OSError
        The manifest, or a file, can't be read.
    ValueError
        It is no manifest of `macsmith generate`.
    """
    return [f"{file} {'was changed' if file.is_file() else 'is not there'}" for file in _others(Path(path))]


def check_unchanged(path: Path) -> None:
    """Refuse to go on if a file that a manifest names was changed since; without a manifest nothing is known.

    Raises
    ------
    FileExistsError
        One was.
    """
    try:
        changed = [file for file in _others(path) if file.is_file()]
    except (OSError, ValueError):
        return
    for file in changed:
        raise FileExistsError(
            errno.EEXIST, "was changed since it was written; take another folder or prefix, or --force", str(file)
        )


def _others(path: Path) -> Iterator[Path]:
    """The files of a manifest that are not as they were written."""
    for name, right in read(path)["hashes"].items():
        file = path.parent / name
        if not file.is_file() or digest(file.read_bytes()) != right:
            yield file


def read(path: Path) -> dict[str, Any]:
    """A manifest that has digests.

    Raises
    ------
    OSError, ValueError
        As `differing`.
    """
    try:
        told = json.loads(path.read_bytes())
        hashes = told["hashes"]
        right = all(isinstance(text, str) for pair in hashes.items() for text in pair)
    except (ValueError, TypeError, KeyError, AttributeError):
        right = False
    # What is outside the folder is none of its files.
    if not right or any(Path(name).is_absolute() or ".." in Path(name).parts for name in hashes):
        raise ValueError(f"{cut(path)} must be a manifest that `macsmith generate` has written, NAME.json")
    return dict(told)
