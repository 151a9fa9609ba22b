"""Netlists of synthesis: they show what golden models do, wrong ones fail, and blocks without a model are named."""

from __future__ import annotations

import re

import pytest

import hw
from costmodel.measure import Design
from costmodel.netlists import CELLS, Mapped, mapped, netlist_key, simulated, unmodelled, verify_netlist, without
from costmodel.targets import load, measurable
from rtl_gen import emit
from sim.faults import MAC, Fault
from sim.verify import verify_key

MUL, ICE40 = hw.parse("mul/int3xint3"), hw.parse_target("ice40")


def test_every_family_has_models() -> None:
    assert sorted(CELLS) == measurable()
    for name in measurable():
        assert all(path.exists() for path in simulated(hw.parse_target(name)))


@pytest.mark.kept("ecp5", "ice40", "gowin")
@pytest.mark.parametrize("target", ["ecp5", "ice40", "gatemate", "gowin", "intelalm", "machxo2"])
def test_a_netlist_is_played_what_the_verilog_is(target: str) -> None:
    family = hw.parse_target(target)
    verdict = verify_netlist(hw.parse("mac/int3xint2/exact/kulisch16"), family)
    assert verdict.passed, verdict.failures
    assert verdict.exhaustive and verdict.tests == 3
    assert verdict.level.startswith(f"netlist of {target} by synth_")
    assert verdict.level.removeprefix(f"netlist of {target} by ") in load(target).synthesis


@pytest.mark.parametrize(
    "name",
    ["dot/int2xint2/n2@ice40", "tellme/int2/g2/t1/q2/half/blockram@ecp5", "mul/int4xint4/exact/exact/p0/dsp@gowin"],
)
def test_streams_memories_and_blocks_are_right_in_netlists(name: str) -> None:
    spec, _, target = name.partition("@")
    verdict = verify_netlist(hw.parse(spec), hw.parse_target(target))
    assert verdict.passed, verdict.failures
    assert "without" not in verdict.level


def test_a_wrong_netlist_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Mapped.verilog

    def one_lut_other(self: Mapped, name: str, target: hw.Target) -> str:
        text = right(self, name, target)
        found = re.search(r"LUT_INIT\(16'h([0-9a-f]{4})\)", text)
        assert found
        return text.replace(found[1], f"{int(found[1], 16) ^ 0xFFFF:04x}", 1)

    monkeypatch.setattr(Mapped, "verilog", one_lut_other)
    verdict = verify_netlist(MUL, ICE40)
    assert not verdict.passed
    assert "expected" in verdict.failures[0]


def test_the_netlist_is_that_of_the_verilog_given() -> None:
    fault = Fault("the sum is not reset", MAC, r"if \(rst\) acc", "if (rst & en) acc")
    verdict = verify_netlist(hw.parse(MAC), ICE40, emitted=fault.emit())
    assert not verdict.passed


@pytest.mark.parametrize(
    ("target", "types", "missing"),
    [
        ("xcup", {"LUT6", "DSP48E2", "RAMB18E2"}, {"dsp": ["DSP48E2"], "bram": ["RAMB18E2"]}),
        ("xc7", {"DSP48E1", "RAMB18E1"}, {"bram": ["RAMB18E1"]}),
        ("gowin", {"MULT9X9", "MULT18X18", "SDPB"}, {"bram": ["SDPB"]}),
        ("ecp5", {"DP16KD", "MULT18X18D", "TRELLIS_FF"}, {}),
        ("nexus", {"MULT9X9", "PDPSC16K"}, {"bram": ["PDPSC16K"]}),
        ("machxo2", {"DP8KC"}, {"bram": ["DP8KC"]}),
        ("ice40up", {"SB_MAC16", "SB_RAM40_4K"}, {}),
        ("gatemate", {"CC_BRAM_20K"}, {}),
        ("intelalm", {"MISTRAL_M10K", "MISTRAL_MUL27X27"}, {}),
    ],
)
def test_hard_blocks_without_a_model_are_known(target: str, types: set[str], missing: dict[str, list[str]]) -> None:
    assert unmodelled(types, load(target), simulated(hw.parse_target(target))) == missing


def test_a_block_without_a_model_is_made_of_logic_and_the_verdict_says_so() -> None:
    verdict = verify_netlist(hw.parse("tellme/int2/g2/t1/q2/half/blockram"), hw.parse_target("machxo2"))
    assert verdict.passed, verdict.failures
    assert verdict.level.endswith("-nobram; without block RAMs: DP8KC has no model")


def test_without_blocks_there_are_none() -> None:
    design = Design("m", '(* ram_style = "block" *)\nreg m;', {}, dsp=True)
    made, flow = without(["dsp", "bram"], design, load("xcup"))
    assert made.verilog == "reg m;" and not made.dsp
    assert all(command.endswith(" -nobram") for command in flow.synthesis)


def test_a_netlist_s_key_is_its_own_and_the_family_s() -> None:
    emitted = emit(MUL)
    keys = [netlist_key(emitted, hw.parse_target(name)) for name in ("ice40", "ice40up")]
    assert len({*keys, verify_key(emitted), netlist_key(emitted, ICE40, seed=2)}) == 4


def test_who_has_no_flow_has_no_netlist() -> None:
    with pytest.raises(
        ValueError, match=r"level netlist must have a family to synthesise for \(--target ecp5, .*, xcup\), got generic"
    ):
        verify_netlist(MUL, hw.GENERIC)
    with pytest.raises(TypeError, match="target must be a Target, got 'ice40'"):
        verify_netlist(MUL, "ice40")  # type: ignore[arg-type]
    blocks = Design("m", "", {}, dsp=True)
    with pytest.raises(ValueError, match="target ice40 has no multiplier blocks to make m of"):
        mapped(blocks, load("ice40"))
