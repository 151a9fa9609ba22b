"""Simulators: built once of a text, kept, and telling apart what may go wrong with one."""

from __future__ import annotations

from pathlib import Path

import pytest

import sim.simulator
from rtl_gen.scratch import PREFIX
from rtl_gen.tools import ToolError
from sim.benches.play import Play
from sim.rows import play_rows
from sim.simulator import FAST, LENIENT, LINT, Simulator, simulator

BUFFER = "module top (input [3:0] a, output [3:0] y);\n  assign y = {};\nendmodule\n"
PLAY = Play("p", {"a": [1, 2, 3]}, {"y": [1, 2, 3]}, [0, 1, 2])


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for simulators in which there are none."""
    home = tmp_path / "simulators"
    monkeypatch.setattr(sim.simulator, "homes", lambda: home)
    return home


def kept(home: Path) -> list[Path]:
    """Without the folder that this process works in."""
    return [path for path in home.iterdir() if not path.name.startswith(PREFIX)]


def built(text: str, folder: Path, lint: tuple[str, ...] = LINT) -> Simulator:
    folder.mkdir()
    (folder / "top.v").write_text(text)
    return simulator(folder / "top.v", "top", folder, optimise=FAST, lint=lint)


def test_what_is_made_of_the_same_text_is_made_once(tmp_path: Path, own_home: Path) -> None:
    first, again = (built(BUFFER.format("a"), tmp_path / name) for name in ("first", "again"))
    assert (tmp_path / "first" / "log.txt").exists()
    assert not (tmp_path / "again" / "log.txt").exists()
    assert again.ports == first.ports
    assert [again.folder] == kept(own_home)
    assert play_rows(again, [PLAY], tmp_path) == {}
    # One that has lost its program is no simulator.
    again.program.unlink()
    assert built(BUFFER.format("a"), tmp_path / "third").program.exists()


def test_those_that_were_used_last_are_kept(tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sim.simulator, "KEPT", 2)
    own_home.mkdir()
    for age, name in enumerate(("new", "old", "older")):
        (own_home / name).mkdir()
        sim.simulator.os.utime(own_home / name, (1000 - age, 1000 - age))
    made = built(BUFFER.format("a"), tmp_path / "made")
    assert len(kept(own_home)) == 2
    assert own_home / "new" in kept(own_home)
    assert play_rows(made, [PLAY], tmp_path) == {}


def test_a_mismatch_a_build_that_fails_a_crash_and_a_time_out_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = built(BUFFER.format("a ^ 4'h2"), tmp_path / "wrong")
    assert play_rows(wrong, [PLAY], tmp_path) == {
        "p": "p: cycle 0: after a=0x1 of cycle 0: y expected 0x1, got 0x3 (3 of 3 samples differ)"
    }
    with pytest.raises(ToolError, match=r"^top can't be built: %Error: .*syntax error"):
        built(BUFFER.format("(a"), tmp_path / "broken")
    stops = (
        "module top (input [3:0] a, output [3:0] y);\n  assign y = a;\n  always @(a) if (a == 2) $stop;\nendmodule\n"
    )
    with pytest.raises(ToolError, match=r"^the simulator of top crashed with exit code 1: %Error: .*\$stop"):
        play_rows(built(stops, tmp_path / "stops"), [PLAY], tmp_path)
    monkeypatch.setattr(sim.simulator, "SECONDS", 1e-4)
    with pytest.raises(ToolError, match=r"^the simulation of top was ended: it took more than 0.0001 s"):
        play_rows(wrong, [PLAY], tmp_path)


def test_what_others_have_written_need_not_be_free_of_lint(tmp_path: Path) -> None:
    narrow = BUFFER.format("{1'b0, a}")
    with pytest.raises(ToolError, match=r"^top can't be built: %Warning-WIDTHTRUNC"):
        built(narrow, tmp_path / "ours")
    assert play_rows(built(narrow, tmp_path / "theirs", LENIENT), [PLAY], tmp_path) == {}
