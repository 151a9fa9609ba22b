"""Commands that are told to end, that have no room, and whose folders have odd names."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rtl_gen.files import cache_folder

ODD = """a b;#$HOME 'é" %s"""
MACSMITH = [sys.executable, "-m", "macsmith"]


def marked(mark: str) -> list[str]:
    """Processes that have `mark` in their environment, but for those that are gone and not yet waited for."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and mark.encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_text())
        except OSError:
            pass
    return found


def without_simulators(home: Path) -> Path:
    """A cache that has what is compiled once for all designs, but no design: so that there is something to build."""
    cache = home / "macsmith"
    cache.mkdir(parents=True)
    for part in cache_folder().iterdir():
        if part.name != "simulators":
            (cache / part.name).symlink_to(part)
    return cache


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks at processes in /proc")
@pytest.mark.parametrize("command", ["verify mac/int2xint2", "cost mac/int2xint2 --target ice40"])
def test_sigterm_to_us_alone_ends_the_tools_and_the_next_run_goes_on(command: str, tmp_path: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    words = [*MACSMITH, *command.split(), "--store", str(tmp_path / "store")]
    mark = f"MACSMITH_MARK={tmp_path}/"
    cache = without_simulators(tmp_path / "cache")
    environment = {
        **os.environ,
        "TMPDIR": str(temporary),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "MACSMITH_MARK": f"{tmp_path}/",
    }
    us = subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    # A tool at work, beside us and the Yosys that writes Verilog.
    while len(marked(mark)) < 3:
        assert us.poll() is None
        time.sleep(0.01)
    start = time.monotonic()
    us.send_signal(signal.SIGTERM)
    _, said = us.communicate()
    assert us.returncode == 130
    assert time.monotonic() - start < 10
    assert said.endswith("macsmith: interrupted; finished results are kept\n")
    while left := marked(mark):
        assert time.monotonic() - start < 10, left
    assert list(temporary.iterdir()) == []
    assert not list(cache.glob("simulators/*"))
    again = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    "command",
    [
        "generate mac/int1xint1 --target ecp5 -o out",
        "verify mac/int2xint2 --target ice40 --store out/s",
        "cost mac/int2xint2 --target ice40 --no-place --store out/s",
    ],
)
def test_folders_with_odd_names(command: str, tmp_path: Path) -> None:
    folder = tmp_path / ODD
    (folder / "tmp").mkdir(parents=True)
    environment = {**os.environ, "TMPDIR": str(folder / "tmp")}
    done = subprocess.run(
        [*MACSMITH, *command.split()], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert list((folder / "tmp").iterdir()) == []


def test_no_room_for_temporary_files_names_their_place() -> None:
    limited = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)); "
        "from macsmith.cli import main; sys.exit(main(['generate', 'mac/int4xint4', '-o', '/nowhere']))"
    )
    done = subprocess.run([sys.executable, "-c", limited], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith(
        "File too large, for temporary files: set TMPDIR to a folder with room"
    )


def test_no_room_for_the_result_names_the_file_that_was_asked_for(tmp_path: Path) -> None:
    limited = (
        "import resource, sys; from rtl_gen import write_atomic; from pathlib import Path; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)); write_atomic(Path(sys.argv[1]), 'x' * 9999)"
    )
    path = tmp_path / "x.v"
    done = subprocess.run([sys.executable, "-c", limited, str(path)], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == f"OSError: [Errno 27] File too large: '{path}'"
    assert list(tmp_path.iterdir()) == []


EARLY = """
import os, signal, sys
sys.argv = ["macsmith", *sys.argv[1:]]
class Finder:
    def find_spec(self, name, *others):
        if name == sys.argv[-1]:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
from macsmith.cli import main
"""


@pytest.mark.parametrize("module", ["macsmith.house", "argparse", "macsmith.commands.verify", "dse.options"])
def test_ctrl_c_while_we_are_being_imported_is_quiet(module: str) -> None:
    done = subprocess.run([sys.executable, "-c", EARLY, module], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_ctrl_c_as_we_end_is_quiet() -> None:
    late = (
        "import atexit, os, signal, sys; sys.argv = ['macsmith', '--version']; from macsmith.cli import main; "
        "atexit.register(os.kill, os.getpid(), signal.SIGINT); main()"
    )
    done = subprocess.run([sys.executable, "-c", late], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "")


def test_an_ignored_ctrl_c_stays_ignored() -> None:
    ignored = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); sys.argv = ['macsmith']; import macsmith; "
    )
    said = ignored + "print(signal.getsignal(signal.SIGINT) is signal.SIG_IGN)"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=False)
    assert done.stdout == "True\n"
