"""Files that are there whole or not at all, and digests of our own."""

from __future__ import annotations

import errno
import hashlib
import os
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path


def write_atomic(path: Path, data: str | bytes) -> None:
    """Write `data` to `path`, making folders; on any failure the old file, or none, stays.

    Raises
    ------
    OSError
        The folder can't be made or written, or the disk is full.
    """
    make_folder(path.parent)
    # A name of its own for each writer, so that two of them do not write into each other's file.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        temporary.write_bytes(data.encode() if isinstance(data, str) else data)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def make_folder(path: Path) -> None:
    """Make a folder, and those that it is in, unless it is there.

    Raises
    ------
    OSError
        It can't be made, or there is a file where it is to be.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise NotADirectoryError(errno.ENOTDIR, "not a folder", str(path)) from None


def write_all(files: Mapping[Path, str | bytes]) -> None:
    """Write each file as `write_atomic` does; if one fails, all are as they were before.

    Raises
    ------
    OSError
        As `write_atomic`.
    """
    for path in files:
        check_writable(path)
    before = {path: path.read_bytes() if path.is_file() else None for path in files}
    done = []
    try:
        for path, text in files.items():
            write_atomic(path, text)
            done.append(path)
    except BaseException:
        for path in done:
            with suppress(OSError):
                old = before[path]
                if old is None:
                    path.unlink()
                else:
                    write_atomic(path, old)
        raise


def check_writable(path: Path) -> None:
    """Raise OSError unless a file can be put there: better before hours of work than after. Nothing is made yet."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "a folder is where a file is to be", str(path))
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "not a folder", str(folder))
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path.parent)) from error


def cache_folder() -> Path:
    """Where what is compiled once is kept between runs: ``$XDG_CACHE_HOME/macsmith`` or ``~/.cache/macsmith``.

    Raises
    ------
    OSError
        It can't be made.
    """
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # The XDG standard has relative paths ignored.
    folder = (base if base.is_absolute() else Path.home() / ".cache").absolute() / "macsmith"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        hint = f"{error.strerror}; set XDG_CACHE_HOME to a folder for what is compiled once"
        raise OSError(error.errno, hint, str(folder)) from error
    return folder


def _sources(folder: Path) -> Iterator[Path]:
    for pattern in ("*.py", "*.toml"):
        yield from folder.rglob(pattern)


@lru_cache
def code_digest(*modules: str) -> str:
    """SHA-256 of the source of modules, and of all below those that are packages, with the data that is set down there.

    A stored result is keyed by it, so a change of what computes the result makes it anew.
    """
    digest = hashlib.sha256()
    for module in modules:
        # One that has been imported need not be where the import system would look for it.
        spec = getattr(sys.modules.get(module), "__spec__", None) or find_spec(module)
        assert spec is not None and spec.origin is not None
        origin = Path(spec.origin)
        sources = sorted(_sources(origin.parent)) if spec.submodule_search_locations else [origin]
        for source in sources:
            digest.update(source.name.encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()
