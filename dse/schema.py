"""What a store's file has inside, and which files are stores: the table, its version, and whose a file is."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from hw.formats.messages import cut

SCHEMA = """
CREATE TABLE IF NOT EXISTS results (
    kind  TEXT NOT NULL,  -- what was done: verify, measure, energy, ...
    key   TEXT NOT NULL,  -- hash of all that the result depends on
    label TEXT NOT NULL,  -- for people
    value TEXT NOT NULL,  -- JSON
    PRIMARY KEY (kind, key)
)
"""
COLUMNS = ["kind", "key", "label", "value"]
VERSION = 1
"""Of the schema, which the file has as its ``user_version``; 0 is one from before that was written, and the same."""


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make the table in an empty file, and write the version to one that has none.

    Raises
    ------
    ValueError
        The file is of something else, or of a later macsmith.
    """
    version = _check_ours(connection, path)
    if version == VERSION:
        return
    if version != 0:
        raise ValueError(
            f"{path} is a store of version {version}, and this macsmith knows {VERSION}: "
            "take the macsmith that made it, or name another store"
        )
    with connection:
        connection.execute(SCHEMA)
        connection.execute(f"PRAGMA user_version = {VERSION}")


def check_unopened(path: Path) -> None:
    """Raise ValueError if a file is another program's, without a trace: opened to be written, a log of its would go.

    What can't be read like that is left to who opens it.
    """
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)) as file:
        _check_ours(file, path)


def _check_ours(connection: sqlite3.Connection, path: Path) -> int:
    """The version of a store, or of a file that is still empty."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    others = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    columns = [name for _, name, *_ in connection.execute("PRAGMA table_info(results)")]
    if others and columns != COLUMNS:
        raise ValueError(
            f"{path} is another program's SQLite file (it has a table {cut(others[0])}): nothing was written to it; "
            "name another"
        )
    return int(version)
