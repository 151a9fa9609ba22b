"""A project's folder: its files are written all or none, and those of another design stay."""

from __future__ import annotations

import errno
import json
from collections.abc import Collection, Mapping
from pathlib import Path

from rtl_gen.files import write_all
from rtl_gen.owner import Owner, owner

INFO = "project.json"
"""What a folder says of itself: whose it is, and which files are its own."""


def check_free(folder: Path, names: Collection[str], ours: Owner) -> None:
    """Raise FileExistsError if a file would be replaced that is not of a project of the same design."""
    found = owner(folder / INFO)
    known = _files(folder / INFO) if found is not None and found.is_same_design(ours) else []
    for name in names:
        path = folder / name
        whose = owner(path)
        if path.exists() and name not in known and not (whose is not None and whose.is_same_design(ours)):
            said = f"of {whose.spec} for target {whose.target}" if whose else "not this design's"
            raise FileExistsError(errno.EEXIST, f"is there and {said}; take another folder, or --force", str(path))


def write(folder: Path, files: Mapping[str, str | bytes], ours: Owner, force: bool = False) -> list[Path]:
    """Write files by name into a folder; if one fails, all are as they were.

    Raises
    ------
    FileExistsError
        As `check_free`, unless `force`.
    OSError
        They can't be written.
    """
    if not force:
        check_free(folder, files, ours)
    paths = {folder / name: text for name, text in files.items()}
    write_all(paths)
    return list(paths)


def _files(info: Path) -> list[str]:
    try:
        return [*json.loads(info.read_text())["files"], INFO]
    except (OSError, ValueError, TypeError, KeyError):
        return []
