"""Clock and reset as a project has them: read, checked, written, and the same text as ever where nobody asks."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import hw
from macsmith.cli import main
from rtl_gen import emit
from rtl_gen.convention import AXI, PLAIN, Convention, parse_convention, usual_convention

SPARE = "mac/int4xint4"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("sync-high", PLAIN),
        ("sync-low", AXI),
        ("async-high", Convention(asynchronous=True)),
        ("async-low:clk_i,rst_ni", Convention("clk_i", "rst_ni", True, True)),
    ],
)
def test_a_convention_is_read_and_written(text: str, found: Convention) -> None:
    assert parse_convention(text) == found
    assert parse_convention(found.text) == found
    assert Convention.of({"clocking": json.loads(json.dumps(found.to_dict()))}) == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("low", "a reset must be sync-high, sync-low, async-high or async-low, and perhaps names.*, got 'low'"),
        ("sync-low:aclk", "a reset must be .*, got 'sync-low:aclk'"),
        ("sync-low:,rst", "clock must be letters, digits and single _ .*, got ''"),
        ("sync-low:clk,rst__n", "reset must be letters, .*, got 'rst__n'"),
        ("sync-low:clk,Signal", "reset must be no keyword, got 'Signal', which is one of VHDL"),
        ("sync-low:wire,rst", "clock must be no keyword, got 'wire', which is one of Verilog"),
        ("sync-low:clk,Clk", "reset must have a name other than the clock's, got 'Clk' for both"),
    ],
)
def test_what_is_none_is_said(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_convention(text)


def test_arguments_of_wrong_types_are_named() -> None:
    with pytest.raises(TypeError, match="a reset must be a str, got 3"):
        parse_convention(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="reset must be a str, got 3"):
        Convention(reset=3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="low must be a bool, got 1"):
        Convention(low=1)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="convention must be a Convention, got 'sync-low'"):
        emit(hw.parse(SPARE), convention="sync-low")  # type: ignore[arg-type]


def test_the_usual_one_is_axis_where_there_are_streams() -> None:
    assert usual_convention(hw.parse(SPARE)) == PLAIN
    assert usual_convention(hw.parse("dot/int8xint8/n4")) == AXI


def test_a_port_of_that_name_is_refused() -> None:
    with pytest.raises(ValueError, match="reset must have a name that no port has, got 'EN' beside port en"):
        emit(hw.parse(SPARE), convention=Convention(reset="EN"))


def test_without_a_clock_there_is_nothing_to_say() -> None:
    plain, low = (emit(hw.parse("mul/int4xint4"), convention=each) for each in (PLAIN, AXI))
    assert plain.verilog == low.verilog
    assert plain.manifest["clocking"] is None


def test_ports_and_words_follow() -> None:
    design = emit(hw.parse("gemm/int4xint4/2x2"), convention=Convention("ck", "rn", True, True))
    assert [port["name"] for port in design.manifest["ports"]][:2] == ["ck", "rn"]
    meaning = next(port["meaning"] for port in design.manifest["ports"] if port["name"] == "rn")
    assert meaning == "reset, asynchronous, active low: forgets all that is under way, and all settings"
    top = next(iter(design.modules.values()))
    assert "always @(posedge ck, negedge rn)" in top and "posedge rst" not in top


@pytest.mark.kept("mac/int4xint4/tmr", "dot/int4xint4/n2")
@pytest.mark.parametrize(
    "name", [SPARE, "mac/int4xint4/tmr", "dot/int4xint4/n2", "array/int4xint4/2x2/ws", "gemm/int4xint4/2x2"]
)
def test_a_reset_at_once_is_that_of_every_register_that_had_one(name: str) -> None:
    sync, at_once = (emit(hw.parse(name), convention=Convention(asynchronous=which)) for which in (False, True))
    assert "posedge rst" not in sync.verilog and "if (rst)" in sync.verilog
    blocks = re.findall(r"always @\((.*)\)\s*(if \(\w+\))?", at_once.verilog)
    assert all((condition == "if (rst)") == ("posedge rst" in edges) for edges, condition in blocks if "rst" in edges)


def test_generate_and_verify_take_it_and_say_what_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", SPARE, "--reset", "high", "-o", str(tmp_path)]) == 2
    assert re.fullmatch(r"macsmith: a reset must be sync-high.*, got 'high'\n", capsys.readouterr().err)
    assert not list(tmp_path.iterdir())
