"""Netlists against golden models and against each other: right ones pass, one wrong pair is found and named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import hw
from rtl_gen import Emitted, emit
from rtl_gen.cells import MODELS
from rtl_gen.tools import ToolError
from sim import equivalence
from sim.equivalence import check_pairs, main, prove
from sim.netlist import code_at, parse_aiger, read_netlist, to_words

ECP5 = hw.parse_target("ecp5")
INT4 = hw.parse("mul/int4xint4")


def faulty(spec: Any, target: hw.Target, a: int, b: int) -> Emitted:
    """A multiplier around which another module spoils the product's lowest bit, for one pair of operands."""
    emitted = emit(spec, target)
    inside = emitted.verilog.replace(f"module {emitted.name}(", "module inside(")
    assert inside != emitted.verilog
    around = f"""
        module {emitted.name}(input [{spec.a.width - 1}:0] a, input [{spec.b.width - 1}:0] b,
                              output [{spec.result.width - 1}:0] p);
          wire [{spec.result.width - 1}:0] right;
          inside inside(.a(a), .b(b), .p(right));
          assign p = right ^ (a == {a} && b == {b});
        endmodule"""
    return replace(emitted, verilog=inside + around)


@pytest.mark.parametrize(
    ("name", "target"),
    [
        *(("mul/int4xint4", target) for target in ("generic", *MODELS)),
        *(("mul/e5m2xe4m3", "generic"), ("mul/e3m2ieeexe3m2ieee", "ice40"), ("mul/e4m3xe4m3/lmul/e4m3", "ecp5")),
        *(("mul/bf16xbf16/exact/bf16", "ice40"), ("add/bf16xbf16/bf16", "ecp5")),
    ],
)
def test_right_units_pass(name: str, target: str) -> None:
    comparison = check_pairs(hw.parse(name), hw.parse_target(target), 2000)
    assert comparison.passed, str(comparison)
    assert comparison.pairs > 4000
    assert str(comparison) == f"{comparison.pairs:,} pairs right"


def test_a_wrong_pair_is_found_and_named() -> None:
    comparison = check_pairs(INT4, ECP5, 2000, emitted=faulty(INT4, ECP5, 0xB, 0x5))
    assert not comparison.passed
    # -5 * 5 = -25
    assert {str(found) for found in comparison.differences} == {"a=0xb b=0x5: p=0xe6 instead of 0xe7"}
    assert 0 < len(comparison.differences) <= equivalence.SHOWN
    assert str(comparison).endswith("pairs WRONG, such as a=0xb b=0x5: p=0xe6 instead of 0xe7")


def test_the_seed_decides_the_pairs() -> None:
    emitted = faulty(INT4, ECP5, 0xB, 0x5)
    wrong = [check_pairs(INT4, ECP5, 5000, seed, emitted=emitted).wrong for seed in (1, 1, 2)]
    assert wrong[0] == wrong[1] != wrong[2]


def test_two_single_bits_are_among_the_pairs() -> None:
    spec = hw.parse("mul/e8m7xe8m7/lmul/e8m7")
    for a, b in ((1 << 11, 1 << 3), (0xFFFF ^ 1 << 6, 1), (0x8000, 0xFFFF)):
        found = check_pairs(spec, ECP5, 0, emitted=faulty(spec, ECP5, a, b)).differences
        assert {(difference.a, difference.b) for difference in found} == {(a, b)}


@pytest.mark.parametrize("share", [1.0, 0.0], ids=["solver", "trial"])
@pytest.mark.parametrize("target", ["ecp5", "ice40"])
def test_forms_are_proved_and_faults_found(monkeypatch: pytest.MonkeyPatch, target: str, share: float) -> None:
    monkeypatch.setattr(equivalence, "SOLVER_SHARE", share)
    fabric, means = hw.parse_target(target), "solver" if share else "trial"
    proof = prove(INT4, fabric, 30)
    assert (proof.outcome, proof.means, proof.counterexample) == ("proved", means, None)
    proof = prove(INT4, fabric, 30, emitted=faulty(INT4, fabric, 0x7, 0xC))
    assert (proof.outcome, proof.means) == ("differs", means)
    # 7 * -4 = -28
    assert str(proof.counterexample) == "a=0x7 b=0xc: p=0xe5 instead of 0xe4"
    assert "DIFFERS" in str(proof) and "a=0x7 b=0xc" in str(proof)


@pytest.mark.parametrize("share", [1.0, 0.0], ids=["solver", "trial"])
def test_one_wrong_pair_of_four_billion_is_found(monkeypatch: pytest.MonkeyPatch, share: float) -> None:
    monkeypatch.setattr(equivalence, "SOLVER_SHARE", share)
    spec = hw.parse("mul/e8m7xe8m7/lmul/e8m7")
    proof = prove(spec, ECP5, 60, emitted=faulty(spec, ECP5, 0x3F86, 0x015A))
    assert proof.outcome == "differs"
    assert proof.counterexample is not None
    assert (proof.counterexample.a, proof.counterexample.b) == (0x3F86, 0x015A)


def test_a_unit_with_a_status_is_proved() -> None:
    assert prove(hw.parse("mul/e3m2ieeexe2m2ieee"), ECP5, 30).outcome == "proved"


def test_who_takes_too_long_has_proved_nothing() -> None:
    proof = prove(INT4, ECP5, 0.001)
    assert (proof.outcome, proof.means, proof.counterexample) == ("timeout", "", None)
    assert str(proof).startswith("timeout in ")


def test_a_counterexample_that_is_none_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(equivalence, "_solve", lambda *_: {"a": 3, "b": 4})
    with pytest.raises(ToolError, match=r"solver says that the netlists differ at {'a': 3, 'b': 4}, but they do not"):
        prove(INT4, ECP5)


def test_what_is_refused() -> None:
    def refused(error: type[Exception], match: str, call: Callable[[], object]) -> None:
        with pytest.raises(error, match=match):
            call()

    refused(TypeError, "spec must be a spec of mul or add, got", lambda: check_pairs(hw.parse("mac/int4xint4"), ECP5))
    refused(ValueError, r"no pipeline \(p0\), got mul/", lambda: prove(hw.parse("mul/int4xint4/exact/exact/p1"), ECP5))
    refused(ValueError, "pairs must be 0 or more, got -1", lambda: check_pairs(INT4, ECP5, -1))
    refused(TypeError, "pairs must be an int, got 2.5", lambda: check_pairs(INT4, ECP5, 2.5))  # type: ignore[arg-type]
    refused(ValueError, "seconds must be more than 0, got 0", lambda: prove(INT4, ECP5, 0))
    refused(TypeError, "emitted must be what emit gives", lambda: prove(INT4, ECP5, emitted="x"))  # type: ignore[arg-type]
    other = emit(hw.parse("mul/int3xint4"), ECP5)
    refused(ValueError, "emitted must have the ports of mul/int4xint4", lambda: prove(INT4, ECP5, emitted=other))
    refused(ValueError, "language must be one of verilog, rtlil", lambda: read_netlist("", "top", language="vhdl"))
    refused(ToolError, "Yosys could not read the netlist: .*syntax error", lambda: read_netlist("module", "top"))
    register = "module top(input clk, input d, output reg q); always @(posedge clk) q <= d; endmodule"
    refused(ValueError, "design must have no registers, got 1", lambda: read_netlist(register, "top"))


def test_netlists_evaluate_many_words() -> None:
    graph = read_netlist("module top(input [6:0] a, input b, output [7:0] y); assign y = a + b; endmodule", "top")
    a = np.arange(100_000) % 128
    b = np.arange(100_000) // 128 % 2
    seen = graph.evaluate({"a": to_words(a, 7), "b": to_words(b, 1)})["y"]
    assert np.array_equal(seen, to_words(a + b, 8))
    assert [code_at(seen, run) for run in (0, 127, 128, 255, 99_999)] == [0, 127, 1, 128, (99_999 % 128) + 1]
    with pytest.raises(ValueError, match=r"inputs must have rows of the shapes .*'b': \(1, 2\)}, got {'a': \(7, 2\)}"):
        graph.evaluate({"a": to_words(a[:100], 7)})
    with pytest.raises(ValueError, match="must have a symbol for every input and output"):
        parse_aiger("aag 1 1 0 1 0\n2\n2\n")


def test_the_command_says_what_differs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["mul/int4xint4", "--target", "generic", "ecp5", "--pairs", "100"]
    assert main(options) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("[1/2] mul/int4xint4/exact/exact/p0 generic: ")
    assert "pairs right; proved by solver in" in lines[1]
    monkeypatch.setattr(equivalence, "emit", lambda spec, target: faulty(spec, target, 1, 2))
    assert main(options) == 1
    assert "a=0x1 b=0x2: p=0x3 instead of 0x2" in capsys.readouterr().out
    assert main(["mul/int4xint4", "--target", "abacus"]) == 2
    assert "unknown target 'abacus'" in capsys.readouterr().err
