"""Who works on what: a run claims a result that it makes, and another that shares the store does something else.

A claim is a lock on one byte of a file beside the store. The system lets go of it when the process ends, however it
ends, so none is left behind. Where there are no locks, every claim is granted, and some work is done twice.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from contextlib import suppress
from pathlib import Path

PRESENT = 0
"""The byte that every run holds a share of while it has the file open."""
REFUSED = (errno.EACCES, errno.EAGAIN)


class Claims:
    """The claims on results in one store. A process's own do not stand in its own way.

    Parameters
    ----------
    store : Path
        The store's file.
    """

    def __init__(self, store: Path) -> None:
        self._path = store.with_name(f".{store.name}.claims")
        self._file = self._open()

    def _open(self) -> int | None:
        """The file, with our share of byte `PRESENT`; None where there can be none."""
        try:
            while True:
                file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
                with suppress(OSError):
                    fcntl.lockf(file, fcntl.LOCK_SH, 1, PRESENT)
                # The last one to leave may just have taken it away.
                if self._path.exists() and os.path.samestat(os.fstat(file), self._path.stat()):
                    return file
                os.close(file)
        except OSError:
            return None

    def take(self, kind: str, key: str) -> bool:
        """Claim a result; whether we may make it."""
        if self._file is None:
            return True
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _byte(kind, key))
        except OSError as error:
            return error.errno not in REFUSED
        return True

    def drop(self, kind: str, key: str) -> None:
        """Give a claim up."""
        if self._file is not None:
            with suppress(OSError):
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _byte(kind, key))

    def close(self) -> None:
        """Give all claims up; the last run to do so removes the file."""
        if self._file is None:
            return
        with suppress(OSError):
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, PRESENT)
            self._path.unlink()
        os.close(self._file)
        self._file = None


def _byte(kind: str, key: str) -> int:
    return 1 + int.from_bytes(hashlib.sha256(f"{kind}\0{key}".encode()).digest()[:7], "big")
