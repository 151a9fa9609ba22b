"""Self-tests in simulation: right units pass, RTL and netlist, wrong ones do not, and what was said is heard."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import hw
from costmodel import onboard
from costmodel.measure import Design
from costmodel.netlists import mapped, simulated
from costmodel.onboard import place_of
from costmodel.targets import load
from hw.onboard.patterns import fold, seed, signature, step
from hw.onboard.selftest import SelfTest
from hw.units import UNITS, spec_type
from rtl_gen import emit
from rtl_gen.boards import boards
from rtl_gen.cells import cell_models
from rtl_gen.emit import verilog_around
from sim import selftest
from sim.mutants.score import designs
from sim.selftest import Said, heard, plan, said

CYCLES = 8
"""Of a bit: fewer than on any board, so that lines are short."""
CORES = ("gemm", "blockgemm")
OTHERS = [
    "mul/int4xint4",
    "mul/e4m3fnxe4m3fn/exact/e4m3fn/p2",
    "mac/e5m2xe5m2/exact/fp16/p2",
    "pe/int8xint8/ws",
    "array/int8xint8/4x4/ws",
    "array/e4m3xe4m3/4x4/is/exact/fp16",
    "matvec/int8xint4/2x4/8x16/exact/kulisch1024/p2",
    "tellme/int8/g3/t4/q4/full/registers",
    "requant/fix26.0xint8/n4/channel",
    "dot/e4m3xe4m3/n4/exact/bf16",
    "mac/int8xint8/parity",
    "dot/int4xint4/n4/parity",
]
"""Beside each unit's example: no clock, roundings, all flows, resident matrices, signed indices, scales in a stream,
parity bits."""
UNTESTED = (*CORES, "encoder")
SMALL = [name for unit, name in designs().items() if unit not in UNTESTED]
"""A small design of each unit."""


def target_of(name: str) -> hw.Target:
    return hw.parse_target("xc7" if name.startswith("pack") else "generic")


def play(name: str, change: Any = lambda verilog: verilog) -> tuple[Any, Said]:
    """The self-test of a design, whose Verilog may be changed, and what it says."""
    spec, target = hw.parse(name), target_of(name)
    emitted = emit(spec, target)
    test = plan(spec, emitted)
    around = verilog_around(SelfTest(test, CYCLES, pause=4), "selftest", emitted.verilog)
    return test, said(test, change(emitted.verilog) + around, "selftest", CYCLES, cell_models(target))


@pytest.mark.kept(*SMALL, "mul/int4xint4", "requant/fix26.0xint8/n4/channel", "dot/int4xint4/n4/parity")
@pytest.mark.parametrize(
    "name", [*SMALL, *(spec_type(unit).example for unit in UNITS if unit not in UNTESTED), *OTHERS]
)
def test_a_right_unit_passes(name: str) -> None:
    test, what = play(name)
    assert what == Said(f"PASS {test.signature:08X}", passed=True, failed=False)
    # A small unit may end its frames sooner than the test does, and gives fewer results then.
    assert test.words == selftest.WORDS or (name in SMALL and test.words > 500)


def test_what_has_a_program_has_none() -> None:
    spec = hw.parse(spec_type("encoder").example)
    with pytest.raises(ValueError, match="has no self-test: what it does is up to its programs"):
        selftest.check(spec)


@pytest.mark.parametrize("unit", CORES)
def test_a_core_has_none_and_says_so(unit: str) -> None:
    spec = hw.parse(spec_type(unit).example)
    with pytest.raises(ValueError, match="has no self-test: what a core does is up to its host; --uart gives it one"):
        plan(spec, emit(spec))


def test_an_element_whose_sum_is_in_two_words_has_none() -> None:
    spec = hw.parse("pe/int8xint8/os/exact/carrysave1024")
    with pytest.raises(ValueError, match=r"has no self-test: .* may show more than one thing"):
        plan(spec, emit(spec))


def wrong(pattern: str, new: str) -> Any:
    """Changes one place of a Verilog text, which must be there."""

    def change(verilog: str) -> str:
        changed, count = re.subn(pattern, new, verilog, count=1)
        assert count == 1, "there is no such place"
        return changed

    return change


def shows_error(verilog: str) -> str:
    """The same, but for its port `error`, which is always high."""
    return re.sub(r"(?s)^(module array_int8xint8_4x4\w*_p\d+\(.*?endmodule)", _always_error, verilog, flags=re.M)


def _always_error(match: re.Match[str]) -> str:
    return re.sub(r"assign error = .*;|error <= .*;", lambda m: re.sub("= .*;", "= 1'h1;", m[0]), match[1])


@pytest.mark.parametrize(
    "name, pattern, new",
    [
        ("mac/int8xint8", r"acc <= (\S+);", r"acc <= \1 ^ 26'h2000000;"),
        ("mul/int4xint4", r"assign p = (.*);", r"assign p = \1 | 8'h80;"),
        ("dot/int8xint8/n32", r"m_axis_sum_tdata = (.*);", r"m_axis_sum_tdata = \1 ^ 1;"),
    ],
)
def test_a_wrong_unit_fails(name: str, pattern: str, new: str) -> None:
    test, what = play(name, wrong(pattern, new))
    assert not what.passed and what.failed
    assert what.line.startswith("FAIL ") and what.line != f"FAIL {test.signature:08X}"


def test_a_unit_that_never_answers_hangs() -> None:
    _, what = play("dot/int8xint8/n32", wrong(r"assign m_axis_sum_tvalid = .*;", "assign m_axis_sum_tvalid = 1'b0;"))
    assert (what.passed, what.failed) == (False, True) and what.line.startswith("HANG ")


def test_an_error_that_the_unit_shows_fails_it() -> None:
    test, what = play("array/int8xint8/4x4", shows_error)
    assert what == Said(f"FAIL {test.signature:08X}", passed=False, failed=True)


@pytest.mark.kept("mac/int8xint8-ecp5", "mul/e4m3xe4m3-ice40")
@pytest.mark.parametrize(
    "name, family", [("mac/int8xint8", "ecp5"), ("mul/e4m3xe4m3", "ice40"), ("dot/int4xint4/n4", "ecp5")]
)
def test_what_synthesis_makes_of_unit_and_test_passes_too(name: str, family: str) -> None:
    spec, target = hw.parse(name), hw.parse_target(family)
    emitted = emit(spec, target)
    test = plan(spec, emitted)
    text = emitted.verilog + verilog_around(SelfTest(test, CYCLES, pause=4), "selftest", emitted.verilog)
    ports = [("clk", "input"), ("rst", "input"), ("passed", "output"), ("failed", "output"), ("tx", "output")]
    manifest = {"module": "selftest", "ports": [{"name": n, "direction": d, "width": 1} for n, d in ports]}
    made = mapped(Design("selftest", text, manifest), load(family))
    what = said(test, made.verilog("selftest", target), "selftest", CYCLES, simulated(target))
    assert what == Said(f"PASS {test.signature:08X}", passed=True, failed=False)


@pytest.mark.parametrize("board, lit", [("ulx3s", True), ("tangnano9k", False)])
def test_a_whole_board_says_so_too_as_fast_as_its_line_is(board: str, lit: bool) -> None:
    place = place_of([], [], boards()[board], None)
    made = onboard.tested(hw.parse("mul/int4xint4/exact/exact/p1"), place)
    text = made.verilog + made.project.edge.verilog
    # It resets itself; nobody presses its button, which is low where that means yes.
    text = text.replace("input wire button", "input wire unused_button").replace("button};", f"1'b{int(not lit)}}};")
    what = said(made.test, text, "top", made.cycles, cell_models(place.target), ("led0", "led1", "uart_tx"))
    assert what == Said(f"PASS {made.test.signature:08X}", passed=lit, failed=not lit)


def test_the_signature_is_of_the_golden_model_and_of_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = hw.parse("mul/int4xint4")
    before = plan(spec, emit(spec)).signature
    golden = selftest.model

    class Off:
        def run(self, **inputs: Any) -> Any:
            shown = golden(spec).run(**inputs)
            return {**shown, "p": np.where(np.arange(len(shown["p"])) == 1000, shown["p"] ^ 1, shown["p"])}

    monkeypatch.setattr(selftest, "model", lambda spec: Off())
    assert plan(spec, emit(spec)).signature != before


def test_patterns_go_through_many_states_and_words_fold() -> None:
    states = [seed(1)]
    for _ in range(5000):
        states.append(step(states[-1]))
    assert len(set(states)) == len(states) and 0 not in states
    assert np.mean([bin(state).count("1") for state in states]) == pytest.approx(16, abs=0.2)
    assert fold(0x1_00000003_00000001) == 0x1 ^ 0x3 ^ 0x1
    assert signature([1, 2]) != signature([2, 1])


def test_a_line_is_heard_bit_by_bit() -> None:
    bits = [1, 1, 1, *[0, *(ord("A") >> n & 1 for n in range(8)), 1], 1]
    assert heard(np.repeat(bits, 6), 6) == "A"
    assert heard(np.repeat(bits[:-3], 6), 6) == ""
    assert heard(np.ones(100), 6) == ""


def test_a_test_is_plain_data() -> None:
    spec = hw.parse("mul/int4xint4")
    test = plan(spec, emit(spec))
    assert replace(test) == test and test.pattern is not None
    assert set(test.pattern.codes(3)) == {"a", "b"}
