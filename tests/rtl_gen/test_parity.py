"""Registers with a parity bit: what is written, what is refused, and that no tool takes the bits away."""

from __future__ import annotations

import re

import pytest

import hw
from hw.structures import structure_of
from rtl_gen import emit, yosys
from rtl_gen.convention import parse_convention
from rtl_gen.scratch import scratch

REGISTER = re.compile(r"(?m)^ +reg (?:signed )?(?:\[(\d+):0\] )?(\w+);")


def registers(name: str) -> list[str]:
    """Names of registers in a design's Verilog."""
    return [register for _, register in REGISTER.findall(emit(hw.parse(name)).verilog)]


def test_chosen_registers_have_a_bit_each_and_others_none() -> None:
    plain = registers("mac/e4m3xe4m3/exact/kulisch4/p2")
    chosen = registers("mac/e4m3xe4m3/exact/kulisch4/p2/parity:exponent+accumulator")
    wanted = [f"{name}_parity" for name in plain if structure_of(name) in ("exponent", "accumulator")]
    assert wanted
    assert sorted(chosen) == sorted([*plain, *wanted])


def test_copies_and_parity_bits_are_of_the_registers_that_are_named() -> None:
    plain = registers("mac/int4xint4")
    both = registers("mac/int4xint4/tmr:control/parity:accumulator+datapath")
    control = [name for name in plain if structure_of(name) == "control"]
    copies = [f"{name}_copy{number}" for name in control for number in range(3)]
    rest = [name for name in plain if name not in control]
    assert sorted(both) == sorted([*copies, *rest, *(f"{name}_parity" for name in rest)])


def test_there_is_one_port_more_and_all_else_stays() -> None:
    plain, checked = (emit(hw.parse(f"array/int2xint2/2x2/os{part}")) for part in ("", "/parity"))
    *ports, last = checked.manifest["ports"]
    assert ports == plain.manifest["ports"]
    assert (last["name"], last["direction"], last["width"]) == ("fault", "output", 1)
    assert checked.manifest["latency"] == plain.manifest["latency"]
    assert checked.manifest["spec"] == {**plain.manifest["spec"], "parity": "all"}
    # Each module says what is wrong in it, and in those that it has.
    assert all("output fault" in text for text in checked.modules.values())


def test_a_reset_that_acts_at_once_has_a_cycle_after_it() -> None:
    texts = [
        emit(hw.parse("mac/int4xint4/parity"), convention=parse_convention(kind)).verilog
        for kind in ("sync-high", "sync-low", "async-high", "async-low")
    ]
    assert ["settling" in text for text in texts] == [False, False, True, True]


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
def test_no_family_takes_a_bit_away(flow: str, cell: str) -> None:
    name = "mac/int2xint2/exact/kulisch4"
    plain = registers(name)
    bits = sum(int(high or 0) + 1 for high, _ in REGISTER.findall(emit(hw.parse(name)).verilog))
    assert flip_flops(flow, cell, name) == bits
    # Flags of one bit are what their parity bits say, but for the sign: these are there, too.
    assert flip_flops(flow, cell, f"{name}/parity") == bits + len(plain) > bits


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
        (
            "mac/int4xint4/parity:exponent",
            "parity must name what is there, got exponent; .*of accumulator, control, dat",
        ),
        ("mac/int4xint4/parity:operand+control", "got operand; the design has"),
        ("mul/int4xint4/parity", "the design has no registers: ask for a pipeline, such as p1"),
    ],
)
def test_structures_that_a_design_lacks_are_refused(name: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        emit(hw.parse(name))
