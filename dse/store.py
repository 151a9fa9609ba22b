"""Results that outlive the run that made them: one SQLite file, one transaction a result.

A result that is not what its kind must be, for its file was damaged or changed by hand, is as good as none: it is made
anew, and a line says so.
"""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from dse.claims import Claims
from dse.schema import check_unopened, prepare
from dse.shapes import fault
from hw.formats.messages import echo
from rtl_gen.files import check_writable, make_folder
from rtl_gen.steps import say, step

T = TypeVar("T")

SOON, PATIENCE = 0.2, 30.0
"""Seconds in which a lock of another process's is gone, as a rule; and in which it has to be."""


class Store:
    """Finished results by kind and key. A context manager; safe to use from several threads.

    Parameters
    ----------
    path : str or path
        The file; made, with its folder, when the first job begins, so that what is refused before leaves nothing.

    Attributes
    ----------
    path : Path
    written : int
        Results that this one has stored.

    Raises
    ------
    TypeError
        `path` is no path.
    OSError
        The folder can't be made, or the file may not be read and written.
    ValueError
        The file is there but is no store, is one of a later macsmith or of another program, or can't be opened.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = _path(path)
        self._lock, self.written = threading.Lock(), 0
        self._file: sqlite3.Connection | None = None
        self._claims: Claims | None = None
        if self.path.exists() and not self.path.is_dir():
            self._opened()
        else:
            check_writable(self.path)

    def _opened(self) -> sqlite3.Connection:
        """The file, which is made if needed."""
        if self._file is None:
            make_folder(self.path.parent)
            _check_allowed(self.path)
            check_unopened(self.path)
            try:
                file = sqlite3.connect(self.path, timeout=SOON, check_same_thread=False)
            except sqlite3.Error as error:
                raise self._unusable(error) from error
            try:
                self._unlocked(lambda: prepare(file, self.path))
            except BaseException as error:
                # Nobody else can: a context manager that was never entered is never left.
                file.close()
                if isinstance(error, sqlite3.Error):
                    raise self._unusable(error) from error
                raise
            self._file = file
        return self._file

    @property
    def claims(self) -> Claims:
        """Who works on what; whoever asks is about to, so the file is there from then on."""
        with self._lock:
            if self._claims is None:
                self._opened()
                self._claims = Claims(self.path)
            return self._claims

    def _unlocked(self, work: Callable[[], T]) -> T:
        """What a transaction gives: if another process has locked the file, as soon as it lets go of it."""
        try:
            return work()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
        until = time.monotonic() + PATIENCE
        with step(f"waiting for {self.path}, which another process has locked"):
            while True:
                try:
                    return work()
                except sqlite3.OperationalError as error:
                    if "locked" not in str(error) or time.monotonic() > until:
                        raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Be done with it; leaving the context manager does so, too."""
        if self._claims is not None:
            self._claims.close()
        # A thread that was left behind may be at it: what it stores is stored whole, or not at all.
        if self._lock.acquire(timeout=1):
            if self._file is not None:
                self._file.close()
            self._lock.release()

    def _unusable(self, error: Exception | str) -> ValueError | OSError:
        if "full" in str(error) or "I/O" in str(error):
            return self._unwritable(error)
        if "locked" in str(error):
            return ValueError(f"{self.path} is in use by another process: wait for it, or name another store")
        return ValueError(f"{self.path} can't be used as a store: {error}; move it away or name another")

    def _unwritable(self, error: Exception | str) -> OSError:
        return OSError(f"{self.path} can't be written: {error}")

    def get(self, kind: str, key: str, fields: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
        """The value stored under kind and key, or None.

        Parameters
        ----------
        kind, key : str
            What it is, and the hash of all that it depends on.
        fields : mapping of str to type, optional
            What it must have; a value that has not is as good as none, and a line on stderr says so.

        Raises
        ------
        ValueError
            The file is damaged or in use.
        """
        query = "SELECT label, value FROM results WHERE kind = ? AND key = ?"
        try:
            with self._lock:
                if self._file is None and not self.path.exists():
                    return None
                file = self._opened()
                row = self._unlocked(lambda: file.execute(query, (kind, key)).fetchone())
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise self._unusable(error) from error
        if row is None:
            return None
        try:
            value = json.loads(row[1])
            wrong = fault(value, fields or {}) if isinstance(value, dict) else "is no table of values"
        except (ValueError, TypeError, RecursionError):
            wrong = "can't be read"
        if wrong:
            say(f"{self.path}: the result of `{row[0]}` {wrong}, so it is made anew")
            return None
        return value

    def put(self, kind: str, key: str, label: str, value: dict[str, Any]) -> None:
        """Store a value in a transaction of its own.

        Raises
        ------
        OSError
            It can't be written, for example because the disk is full.
        """
        try:
            with self._lock:
                file = self._opened()
                self._unlocked(lambda: _insert(file, kind, key, label, json.dumps(value)))
                self.written += 1
        except sqlite3.Error as error:
            raise self._unwritable(error) from error

    def keep(
        self, kind: str, key: str, label: str, fields: Mapping[str, Any], work: Callable[[], dict[str, Any]]
    ) -> dict[str, Any]:
        """A part of a larger result: from here, or made and kept, so that who is interrupted need not make it again."""
        value = self.get(kind, key, fields)
        if value is None:
            value = work()
            self.put(kind, key, label, value)
        return value


def _insert(file: sqlite3.Connection, *row: str) -> None:
    with file:
        file.execute("INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?)", row)


def _path(given: str | os.PathLike[str]) -> Path:
    if not isinstance(given, (str, os.PathLike)):
        raise TypeError(f"path must be a str or a path, got {echo(given)}")
    if not os.fspath(given):
        raise ValueError(f"path must name a file, got {echo(given)}")
    return Path(given)


def _check_allowed(path: Path) -> None:
    """Raise PermissionError unless we may read and write a file, and make others beside it, as SQLite does."""
    for place, wanted in ((path, os.R_OK | os.W_OK), (path.parent, os.R_OK | os.W_OK | os.X_OK)):
        if place.exists() and not os.access(place, wanted):
            raise PermissionError(errno.EACCES, "no permission to read and write it", str(place))
