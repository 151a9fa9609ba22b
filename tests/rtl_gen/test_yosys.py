"""Yosys ends its process where something is wrong; ours goes on, with its words."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import hw
from rtl_gen import emit, yosys
from rtl_gen.tools import ToolError

ODD = """a b;#$HOME 'é" %s"""
"""Characters that scripts, shells and makefiles take for something else."""


def test_an_error_has_yosys_s_last_words_and_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="Yosys failed on `read_verilog nothing.v`: ERROR: .*nothing.v"):
        yosys.run(["help", "read_verilog nothing.v", "proc"], tmp_path)


def test_an_error_in_a_file_that_is_called_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "broken.py"
    file.write_text("def change(design):\n    raise ValueError('not so')\n")
    with pytest.raises(ToolError, match=r"Yosys failed on `.*broken.py`: ValueError: not so"):
        yosys.run(["help", file], tmp_path)


def test_an_error_while_verilog_is_written_does_not_end_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("rtl_gen.emit"), "PASSES", ("proc", "no_such_pass"))
    with pytest.raises(ToolError, match="Yosys failed on `no_such_pass`: ERROR: No such command"):
        emit(hw.parse("mac/int1xint3/exact/kulisch2/p0"))


def test_words_may_have_any_character(tmp_path: Path) -> None:
    folder = tmp_path / ODD
    folder.mkdir()
    (folder / "t.v").write_text("module t(input a, output b); assign b = a; endmodule\n")
    yosys.run([["read_verilog", str(folder / "t.v")], ["write_verilog", str(folder / "out.v")]], folder)
    assert "module t" in (folder / "out.v").read_text()


def test_yosys_s_package_is_not_imported_here() -> None:
    # It would have libraries share their symbols: after that a plot could not be drawn where designs were verified.
    program = (
        "import sys, hw; before = sys.getdlopenflags();"
        "from rtl_gen import emit; from rtl_gen.cells import cell_models;"
        "ecp5 = hw.parse_target('ecp5'); emit(hw.parse('mul/int2xint2'), ecp5); assert cell_models(ecp5);"
        "assert 'pyosys' not in sys.modules and sys.getdlopenflags() == before"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
