"""The examples: scripts as a user runs them, a space's file, and the notebook."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib
import pandas
import pytest

from dse.space import read

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


def run(folder: Path, script: str, *arguments: str | Path) -> str:
    """What a script prints, in a folder of its own."""
    path = os.pathsep.join([str(ROOT), *filter(None, sys.path)])
    environment = {**os.environ, "PYTHONPATH": path, "MPLBACKEND": "agg"}
    command = [sys.executable, "-W", "error", EXAMPLES / script, *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_plot_of_ones_own(tmp_path: Path) -> None:
    out = run(tmp_path, "own_plot.py", "weights.png")
    assert (tmp_path / "weights.png").stat().st_size > 5000
    head, *rows = out.splitlines()
    assert head.split() == ["spec", "loss", "weights_kib", "lut_estimated"]
    assert len(rows) >= 3
    assert "mac/int3xint3/" in rows[0]


def test_given_designs(tmp_path: Path) -> None:
    head, *rows = run(tmp_path, "given_designs.py").splitlines()
    assert head.split()[-2:] == ["lut", "frontier"]
    measured = [row.split()[-2:] for row in rows]
    # Only the frontier is measured.
    assert {lut == "NaN" for lut, on in measured if on == "False"} == {True}
    assert {lut == "NaN" for lut, on in measured if on == "True"} == {False}


def test_frames_of_ones_own_list(tmp_path: Path) -> None:
    _, *rows = run(tmp_path, "frames.py", EXAMPLES / "layers.csv").splitlines()
    frames = [float(row.split()[4]) for row in rows]
    assert len(frames) == 4
    assert frames == sorted(frames)


def test_a_compiled_network(tmp_path: Path) -> None:
    out = run(tmp_path, "compile_digits.py", tmp_path / "digits")
    program = json.loads((tmp_path / "digits" / "program.json").read_text())
    assert out == f"10 of 10 digits, {program['cycles']} cycles each\n"


def test_the_space_is_one() -> None:
    space = read(EXAMPLES / "narrow.toml")
    assert len(space) == 20
    assert space.question


def played(notebook: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The names that a notebook's cells leave, run one after the other in a folder of their own."""
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {}
    for cell in json.loads((EXAMPLES / notebook).read_text())["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            exec(compile("".join(cell["source"]), notebook, "exec"), names)
    return names


def test_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    try:
        names = played("exploring.ipynb", tmp_path, monkeypatch)
        assert len(plt.get_fignums()) == 2
    finally:
        plt.close("all")
    best: pandas.DataFrame = names["best"]
    assert best["verified"].tolist() == ["every pair"]
    assert best["loss"].iloc[0] <= 2


def test_from_a_matrix_to_a_running_core(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = played("running.ipynb", tmp_path, monkeypatch)
    assert names["best"] == "int8"
    assert names["outcome"].cycles == names["core"].cycles(16, 24, 12, False)
    # What is off is less than two of the steps of the results.
    assert abs(names["got"] - names["wanted"]).max() < 2 * names["of_c"]
    assert names["error"](names["got"]) < 0.02
