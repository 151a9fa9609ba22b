"""Time that a run may take, of which what the store has takes none."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from dse.store import Store
from hw.formats.messages import echo


class Budget:
    """Seconds for what is made anew: the same run again, with the same store, gets at least as far.

    Parameters
    ----------
    seconds : float
        From 0 on; infinity is no end.
    store : Store
        Work that stores nothing found all that it needed there.

    Raises
    ------
    TypeError, ValueError
        `seconds` is no such number.
    """

    def __init__(self, seconds: float, store: Store) -> None:
        if not isinstance(seconds, (int, float)) or isinstance(seconds, bool):
            raise TypeError(f"budget must be a number of seconds, got {echo(seconds)}")
        if not seconds >= 0:
            raise ValueError(f"budget must be seconds from 0 on, got {seconds:g}")
        self.left, self._store = seconds, store

    @property
    def spent(self) -> bool:
        return self.left <= 0

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Take the time of what is done inside, if something new was stored."""
        begun, written = time.monotonic(), self._store.written
        yield
        if self._store.written != written:
            self.left -= time.monotonic() - begun
