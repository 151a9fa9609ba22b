"""Temporary folders go when their process goes, or with the next one."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from rtl_gen.scratch import PLAIN, PREFIX, scratch
from rtl_gen.tools import ToolError

HOLD = """
import os, signal, sys
from pathlib import Path
from rtl_gen.scratch import scratch
with scratch(Path(sys.argv[1])) as folder:
    (folder / "x").write_text("x")
    print(folder, flush=True)
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_run_left_is_cleared_by_the_next_and_what_lives_stays(tmp_path: Path) -> None:
    hold = [sys.executable, "-c", HOLD, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    dead, live = (subprocess.Popen(hold, **pipes) for _ in range(2))  # type: ignore[call-overload]
    left, held = (Path(p.stdout.readline().strip()) for p in (dead, live))
    dead.communicate()
    assert dead.returncode == -signal.SIGKILL
    assert (left / "x").exists()
    # Others' folders are none of ours.
    other = tmp_path / "macsmith-other"
    other.mkdir()
    link = tmp_path / f"{PREFIX}link"
    link.symlink_to(other)
    program = "import sys; from pathlib import Path; from rtl_gen.scratch import scratch\n"
    program += "with scratch(Path(sys.argv[1])): pass"
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)
    assert not left.parent.exists()
    assert (held / "x").exists()
    assert set(tmp_path.iterdir()) == {held.parent, other, link}
    live.communicate()


def test_a_plain_place_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = tmp_path / "a b"
    odd.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(odd))
    with scratch() as folder:
        assert PLAIN.fullmatch(str(folder))
        assert folder.is_dir()
    assert not folder.exists()
    with scratch(odd) as folder:
        assert folder.is_relative_to(odd)
    monkeypatch.setattr("os.access", lambda place, mode: place == str(odd))
    with pytest.raises(ToolError, match=r"tools can't work in '.*/a b', for its odd characters: set TMPDIR"), scratch():
        pass


def test_no_room_names_the_place_and_what_to_do(tmp_path: Path) -> None:
    full = OSError(28, "No space left on device")
    with (
        pytest.raises(OSError, match=r"No space left on device, for temporary files: free some of .*") as error,
        scratch(tmp_path),
    ):
        raise full
    assert error.value.filename == str(tmp_path)
    with pytest.raises(OSError, match="for temporary files: set TMPDIR to a folder with room") as error, scratch():
        raise ToolError("cc1plus: error: No space left on device")
    with pytest.raises(OSError, match="^\\[Errno 28\\] x: ") as error, scratch(tmp_path):
        raise OSError(28, "x", "/elsewhere/file")
    assert error.value.filename == "/elsewhere/file"


def test_a_place_that_is_not_there_is_named() -> None:
    with pytest.raises(OSError, match="No such file or directory") as error, scratch(Path("/no/such")):
        pass
    assert error.value.filename == "/no/such"


def test_a_folder_that_another_run_took_for_a_dead_ones_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, make = [], tempfile.mkdtemp

    def taken_once(**where: Any) -> str:
        made.append(make(**where))
        if len(made) == 1:
            Path(made[0]).rmdir()
        return made[-1]

    monkeypatch.setattr(tempfile, "mkdtemp", taken_once)
    with scratch(tmp_path) as folder:
        assert folder.is_dir() and str(folder).startswith(made[1])
    assert len(made) == 3
