"""Yosys ends its process where something is wrong; ours goes on, with its words."""

from __future__ import annotations

import os
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


@pytest.mark.parametrize("run", [yosys.run, yosys.run_again])
def test_an_error_has_yosys_s_last_words_and_names_the_command(run, tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="Yosys failed on `read_verilog nothing.v`: ERROR: .*nothing.v"):
        run(["help", "read_verilog nothing.v", "proc"], tmp_path)
    run(["design -reset"], tmp_path)


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


def test_a_yosys_that_waits_is_gone_when_we_are(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from rtl_gen import yosys; "
        "yosys.run_again(['help'], Path(sys.argv[1])); print(yosys._idle[0]._process.pid)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    with pytest.raises(ProcessLookupError):
        os.kill(int(done.stdout), 0)
    assert done.stderr == ""
