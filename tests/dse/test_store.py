"""What is a store, and what is none: versions and permissions."""

from __future__ import annotations

import os
import sqlite3
import threading
from pathlib import Path

import pytest

from dse import store as module
from dse.schema import SCHEMA, VERSION
from dse.store import Store
from macsmith.cli import main
from rtl_gen.steps import shown


def with_version(path: Path, version: int) -> None:
    connection = sqlite3.connect(path)
    connection.execute(SCHEMA)
    connection.execute("INSERT OR REPLACE INTO results VALUES ('k', 'a', 'label', '{\"n\": 1}')")
    connection.execute(f"PRAGMA user_version = {version}")
    connection.commit()
    connection.close()


def version(path: Path) -> int:
    connection = sqlite3.connect(path)
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    return int(found)


def test_a_store_says_its_version_and_one_from_before_is_taken(tmp_path: Path) -> None:
    with Store(tmp_path / "new") as store:
        store.put("k", "a", "label", {"n": 1})
    assert version(tmp_path / "new") == VERSION
    with_version(tmp_path / "old", 0)
    for _ in range(2):
        with Store(tmp_path / "old") as store:
            assert store.get("k", "a") == {"n": 1}
        assert version(tmp_path / "old") == VERSION


@pytest.mark.parametrize("other", [VERSION + 1, -1])
def test_a_store_of_another_version_is_refused_and_left_alone(
    other: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "store.sqlite"
    with_version(path, other)
    before = path.read_bytes()
    assert main(["verify", "mac/int2xint2", "--store", str(path)]) == 2
    assert capsys.readouterr().err == (
        f"macsmith: {path} is a store of version {other}, and this macsmith knows {VERSION}: "
        "take the macsmith that made it, or name another store\n"
    )
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["store.sqlite"]


@pytest.mark.parametrize("user_version", [0, VERSION, 7])
@pytest.mark.parametrize("log", ["delete", "wal"])
def test_another_programs_file_is_refused_and_left_alone(
    user_version: int, log: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "books.sqlite"
    other = sqlite3.connect(path)
    other.execute(f"PRAGMA journal_mode = {log}")
    other.execute("CREATE TABLE books (title TEXT)")
    other.execute("INSERT INTO books VALUES ('Arithmetic')")
    other.execute(f"PRAGMA user_version = {user_version}")
    other.commit()
    other.close()
    before = path.read_bytes()
    assert main(["verify", "mac/int2xint2", "--store", str(path)]) == 2
    assert capsys.readouterr().err == (
        f"macsmith: {path} is another program's SQLite file (it has a table books): nothing was written to it; "
        "name another\n"
    )
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["books.sqlite"]


def test_a_log_that_another_program_has_left_stays(tmp_path: Path) -> None:
    path = tmp_path / "books.sqlite"
    other = sqlite3.connect(path)
    other.execute("PRAGMA journal_mode = wal")
    other.execute("CREATE TABLE books (title TEXT)")
    other.execute("PRAGMA wal_checkpoint")
    other.execute("INSERT INTO books VALUES ('Arithmetic')")
    other.commit()
    killed = tmp_path / "killed"
    killed.mkdir()
    for file in tmp_path.glob("books*"):
        (killed / file.name).write_bytes(file.read_bytes())
    other.close()
    before = {file.name: file.read_bytes() for file in killed.iterdir()}
    assert before["books.sqlite-wal"]
    with pytest.raises(ValueError, match="another program's SQLite file"):
        Store(killed / "books.sqlite")
    assert {file.name: file.read_bytes() for file in killed.iterdir()} == before


@pytest.mark.parametrize("content", ["", "vacuumed"])
def test_an_empty_file_becomes_a_store(content: str, tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.touch()
    if content:
        other = sqlite3.connect(path)
        other.execute("VACUUM")
        other.close()
    with Store(path) as store:
        store.put("k", "a", "label", {"n": 1})
    assert version(path) == VERSION


def test_nothing_is_made_before_there_is_something_to_keep(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "s"
    with Store(path) as store:
        assert store.get("k", "a") is None
        assert list(tmp_path.iterdir()) == []
        # Another run may have made it since.
        with Store(path) as other:
            other.put("k", "a", "label", {"n": 1})
        assert store.get("k", "a") == {"n": 1}
    with Store(tmp_path / "other" / "s") as store:
        assert store.claims.take("k", "a")
        assert (tmp_path / "other" / "s").exists()


def test_a_store_takes_a_path_of_any_kind(tmp_path: Path) -> None:
    with Store(str(tmp_path / "s")) as store:
        store.put("k", "a", "label", {"n": 1})
        assert store.path == tmp_path / "s"
    with pytest.raises(TypeError, match="path must be a str or a path, got 3"):
        Store(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="path must be a str or a path, got b's'"):
        Store(b"s")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="path must be a str or a path, got None"):
        Store(None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="path must name a file, got ''"):
        Store("")
    with pytest.raises(IsADirectoryError, match="a folder is where a file is to be"):
        Store(tmp_path)


@pytest.mark.parametrize("name", ["store.sqlite", ""])
def test_a_store_that_may_not_be_written_is_named(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "store.sqlite"
    with_version(path, VERSION)
    # root may do anything, whatever a file's mode says.
    allowed = os.access
    monkeypatch.setattr(module.os, "access", lambda file, mode: file != tmp_path / name and allowed(file, mode))
    assert main(["verify", "mac/int2xint2", "--store", str(path)]) == 2
    assert capsys.readouterr().err == f"macsmith: {tmp_path / name}: no permission to read and write it\n"


def locked(path: Path) -> sqlite3.Connection:
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    return other


def test_who_waits_for_a_lock_says_so_and_goes_on_when_it_is_gone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "store.sqlite"
    with Store(path) as store, shown(0.4):
        other = locked(path)
        freed = threading.Timer(1.2, other.rollback)
        freed.start()
        store.put("k", "a", "label", {"n": 1})
        assert store.get("k", "a") == {"n": 1} and store.written == 1
        freed.join()
        other.close()
    assert capsys.readouterr().err == f"... waiting for {path}, which another process has locked\n"


def test_a_lock_that_stays_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.3)
    path = tmp_path / "store.sqlite"
    with Store(path) as store:
        store.put("k", "a", "label", {})
        other = locked(path)
        with pytest.raises(ValueError, match="is in use by another process: wait for it, or name another store"):
            store.get("k", "a")
        with pytest.raises(OSError, match="can't be written: database is locked"):
            store.put("k", "a", "label", {})
        other.close()
