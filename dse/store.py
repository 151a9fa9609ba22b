"""Results that outlive the run that made them: one SQLite file, one transaction a result."""

from __future__ import annotations

import json
import sqlite3
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

SCHEMA = """
CREATE TABLE IF NOT EXISTS results (
    kind  TEXT NOT NULL,  -- what was done: verify, measure, energy, ...
    key   TEXT NOT NULL,  -- hash of all that the result depends on
    label TEXT NOT NULL,  -- for people
    value TEXT NOT NULL,  -- JSON
    PRIMARY KEY (kind, key)
)
"""


class Store:
    """Finished results by kind and key. A context manager; safe to use from several threads.

    Parameters
    ----------
    path : Path
        The file; made, with its folder, if needed.

    Raises
    ------
    OSError
        The folder can't be made.
    ValueError
        The file is there but is no store, or can't be opened.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path, self._lock = path, threading.Lock()
        try:
            self._connection = sqlite3.connect(path, timeout=30, check_same_thread=False)
            with self._connection:
                self._connection.execute(SCHEMA)
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def _unusable(self, error: Exception | str) -> ValueError:
        if "locked" in str(error):
            return ValueError(f"{self.path} is in use by another process: wait for it, or name another store")
        return ValueError(f"{self.path} can't be used as a store: {error}; move it away or name another")

    def get(self, kind: str, key: str) -> dict[str, Any] | None:
        """The value stored under kind and key, or None.

        Raises
        ------
        ValueError
            The file is damaged or in use.
        """
        query = "SELECT value FROM results WHERE kind = ? AND key = ?"
        try:
            with self._lock:
                row = self._connection.execute(query, (kind, key)).fetchone()
            value = json.loads(row[0]) if row else None
        except (sqlite3.Error, ValueError) as error:
            raise self._unusable(error) from error
        if row and not isinstance(value, dict):
            raise self._unusable(f"result {kind} {key[:8]} is no table of values")
        return value

    def put(self, kind: str, key: str, label: str, value: dict[str, Any]) -> None:
        """Store a value in a transaction of its own.

        Raises
        ------
        OSError
            It can't be written, for example because the disk is full.
        """
        try:
            with self._lock, self._connection:
                self._connection.execute(
                    "INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?)", (kind, key, label, json.dumps(value))
                )
        except sqlite3.Error as error:
            raise OSError(f"{self.path} can't be written: {error}") from error
