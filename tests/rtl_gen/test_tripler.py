"""Registers there three times: what is written, and that no tool makes one of them again."""

from __future__ import annotations

import re

import pytest

import hw
from hw.structures import structure_of
from rtl_gen import emit, yosys
from rtl_gen.scratch import scratch

REGISTER = re.compile(r"(?m)^ +reg (?:signed )?(?:\[(\d+):0\] )?(\w+);")


def registers(name: str) -> dict[str, list[str]]:
    """Names of registers in a design's Verilog, by structure."""
    found: dict[str, list[str]] = {}
    for _, register in REGISTER.findall(emit(hw.parse(name)).verilog):
        found.setdefault(structure_of(register), []).append(register)
    return found


def test_chosen_registers_are_there_three_times_and_others_once() -> None:
    plain = registers("mac/e4m3xe4m3/exact/kulisch4/p2")
    chosen = registers("mac/e4m3xe4m3/exact/kulisch4/p2/tmr:exponent+accumulator")
    copies = {"exponent", "accumulator"}
    assert copies < set(plain) == set(chosen)
    for structure, names in plain.items():
        wanted = [f"{name}_copy{n}" for name in names for n in range(3)] if structure in copies else names
        assert sorted(chosen[structure]) == sorted(wanted)


def test_ports_stay_as_they_are() -> None:
    plain, tripled = (emit(hw.parse(f"array/int2xint2/2x2/os{part}")) for part in ("", "/tmr"))
    assert tripled.manifest["ports"] == plain.manifest["ports"]
    assert tripled.manifest["latency"] == plain.manifest["latency"]
    assert tripled.manifest["spec"] == {**plain.manifest["spec"], "tmr": "all"}


# Of families, those that Yosys is quick with.
@pytest.mark.parametrize(
    ("flow", "cell"),
    [
        ("synth_ecp5", "TRELLIS_FF"),
        ("synth_ice40", "SB_DFF.*"),
        ("synth_gowin", "DFF.*"),
        ("synth_intel_alm", "MISTRAL_FF"),
    ],
)
def test_no_family_makes_one_of_three(flow: str, cell: str) -> None:
    name = "mac/int2xint2/exact/kulisch4"
    bits = sum(int(high or 0) + 1 for high, _ in REGISTER.findall(emit(hw.parse(name)).verilog))
    assert flip_flops(flow, cell, f"{name}/tmr") == 3 * bits > 0


def flip_flops(flow: str, cell: str, name: str) -> int:
    """How many a design has after a family's synthesis."""
    emitted = emit(hw.parse(name))
    with scratch() as folder:
        (folder / "design.v").write_text(emitted.verilog)
        yosys.run(["read_verilog design.v", f"{flow} -top {emitted.name}", "tee -o out.stat stat"], folder)
        lines = re.findall(rf"(?m)^ +(\d+) .*\b{cell}$", (folder / "out.stat").read_text())
    return sum(map(int, lines))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mac/int4xint4/tmr:exponent", "must name what is there, got exponent; .* of accumulator, control, datapath"),
        ("mac/int4xint4/tmr:operand+control", "got operand; the design has"),
        ("mul/int4xint4/tmr", "the design has no registers: ask for a pipeline, such as p1"),
    ],
)
def test_structures_that_a_design_lacks_are_refused(name: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        emit(hw.parse(name))
