"""Temporary folders that no run leaves for long: what a killed one could not clear away, the next one does.

A process has one folder at each place, which it holds a lock on; the system lets go of the lock when the process
ends, however it ends.
"""

from __future__ import annotations

import atexit
import errno
import fcntl
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hw.formats.messages import echo
from rtl_gen.tools import FULL, ToolError, had_no_room

PREFIX = "macsmith-run-"
PLAIN = re.compile(r"[A-Za-z0-9_/.,+@-]*")
"""Paths that every tool takes as they are: make knows no quotes, and ABC finds no files."""

_held: dict[tuple[int, Path], tuple[Path, int]] = {}
"""The folder of a process at a place, and the file descriptor that holds its lock."""
_making = threading.Lock()


@contextmanager
def scratch(place: Path | None = None) -> Iterator[Path]:
    """A temporary folder, gone at the end.

    Parameters
    ----------
    place : Path, optional
        Where; by default where the system wants temporary files (``$TMPDIR``), or, if that has characters that tools
        trip over, another place for them that has none.

    Raises
    ------
    OSError
        The place can't be written, or is full; it is named.
    ToolError
        No place has a plain path; or inside, a tool failed that had no room.
    """
    hint = f"free some of {place}" if place else "set TMPDIR to a folder with room"
    place = (place or _plain_place()).absolute()
    try:
        with _making:
            own = _own_folder(place)
        folder = Path(tempfile.mkdtemp(dir=own))
    except OSError as error:
        raise OSError(error.errno, f"{error.strerror}, for temporary files: {hint}", str(place)) from error
    try:
        yield folder
    except OSError as error:
        if error.errno not in FULL or not str(error.filename or folder).startswith(str(folder)):
            raise
        raise OSError(error.errno, f"{error.strerror}, for temporary files: {hint}", str(place)) from error
    except ToolError as error:
        if not had_no_room(str(error)) and shutil.disk_usage(place).free > 1 << 16:
            raise
        why = f"{os.strerror(errno.ENOSPC)}, for temporary files: {hint} ({error})"
        raise OSError(errno.ENOSPC, why, str(place)) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def clear() -> None:
    """Remove all temporary folders of this process."""
    for (owner, place), (folder, lock) in list(_held.items()):
        if owner == os.getpid():
            shutil.rmtree(folder, ignore_errors=True)
            del _held[owner, place]
            os.close(lock)


atexit.register(clear)


def _plain_place() -> Path:
    wanted = tempfile.gettempdir()
    for place in (wanted, "/tmp", "/var/tmp"):
        if PLAIN.fullmatch(place) and os.access(place, os.W_OK | os.X_OK):
            return Path(place)
    raise ToolError(f"tools can't work in {echo(wanted)}, for its odd characters: set TMPDIR to a folder without")


def _own_folder(place: Path) -> Path:
    """This process's folder at a place; what others left there when they died is removed first."""
    key = os.getpid(), place
    if key in _held and _held[key][0].is_dir():
        return _held[key][0]
    for left in place.glob(f"{PREFIX}*"):
        _remove_if_dead(left)
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
        # Until it is locked another run may take it for a dead one's.
        try:
            lock = os.open(folder, os.O_RDONLY)
        except FileNotFoundError:
            continue
        with suppress(OSError):  # where there are no locks, nobody else will get one either
            fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.is_dir():
            _held[key] = folder, lock
            return folder
        os.close(lock)


def _remove_if_dead(folder: Path) -> None:
    """Remove a folder of ours that no process holds."""
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return
    try:
        if os.fstat(lock).st_uid == os.geteuid():
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        pass  # its owner lives
    finally:
        os.close(lock)
