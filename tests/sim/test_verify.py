"""Verdicts: right designs pass on all pairs, wrong ones fail with a message, and nothing passes untested."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import hw
from rtl_gen import Emitted, emit
from rtl_gen.tools import ToolError
from sim import tools
from sim.benches import bench
from sim.benches.checker import check
from sim.benches.coreplay import CorePlay
from sim.benches.mac import plays
from sim.benches.play import Play, load, save
from sim.benches.stimulus import corners, pairs
from sim.runner import read_results, simulate
from sim.verify import verify, verify_key


@pytest.mark.kept(
    *("mac/uint3xint2/exact/kulisch7/p2", "mac/e4m3fnxe2m1/exact/kulisch/p0", "mac/e3m2xint4", "mac/e1m2xe3m0"),
    *("mac/e2m5fnxe2m5fn/lmul/kulisch/p0", "mac/binaryxternary/exact/kulisch/p2", "mac/upow4-nanxe2m1"),
    *("mac/fp4p5xuint3/exact/kulisch/p0", "mac/cb[5,-1,0.25,3]xue2m2/exact/kulisch/p2", "mac/e2m3xe2m3/mitchell"),
    *("mac/e2m2ieeexe2m2ieee/lmul_value/kulisch/p0", "mac/fix6.3xe2m3", "mac/e5m2-flushxe2m2ieee"),
)
@pytest.mark.parametrize(
    "name",
    [
        *("mac/int8xint8/exact/kulisch/p0", "mac/int4xuint8", "mac/uint3xint2/exact/kulisch7/p2"),
        *("mac/e4m3xe4m3/exact/kulisch/p2", "mac/e5m2xe5m2/exact/kulisch/p3", "mac/e4m3fnxe2m1/exact/kulisch/p0"),
        *("mac/e2m1xe2m1", "mac/e3m2xint4", "mac/uint4xe2m2ieee", "mac/e1m2xe3m0", "mac/fix6.3xe2m3"),
        *("mac/e4m3xe4m3/lmul/kulisch/p3", "mac/e5m2xe5m2/lmul", "mac/e2m5fnxe2m5fn/lmul/kulisch/p0"),
        *("mac/e0m3xe3m2-flush", "mac/e4m3fnuzxe2m3fnuz-b-4/exact/kulisch/p2", "mac/e5m2-flushxe2m2ieee"),
        *("mac/binaryxternary/exact/kulisch/p2", "mac/bipolar3xint4", "mac/pow4xe2m1", "mac/int5-symxpow4-zero"),
        *("mac/fp4p5xuint3/exact/kulisch/p0", "mac/nf4xint4/exact/kulisch/p3", "mac/int1xuint1", "mac/upow4-nanxe2m1"),
        *("mac/ue5m3xe5m2/exact/kulisch/p3", "mac/ue3m2ieeexue2m2ieee", "mac/cb[5,-1,0.25,3]xue2m2/exact/kulisch/p2"),
        *("mac/e4m3fnuzxe4m3fnuz/lmul", "mac/e5m2-b20-flushxe5m2-b20-flush/lmul/kulisch/p0"),
        *("mac/e2m2ieeexe2m2ieee/lmul_value/kulisch/p0", "mac/e3m2xe3m2/lmul_value", "mac/e2m3xe2m3/mitchell"),
        "mac/ternaryxint8/exact/kulisch/p0",
    ],
)
def test_designs_do_what_their_models_do_on_every_pair(name: str) -> None:
    spec = hw.parse(name)
    verdict = verify(spec)
    assert verdict.passed, verdict.failures
    assert verdict.exhaustive
    # One more, if that fills holes of the others.
    assert verdict.tests in (3, 4)
    every = 1 << (spec.a.width + spec.b.width)  # type: ignore[attr-defined]
    assert verdict.compared >= verdict.cycles > every


@pytest.mark.parametrize(
    "name",
    [
        *("mac/e2m1xe2m1/tmr@ice40", "array/int2xint2/2x2/ws/tmr:control+accumulator@generic"),
        *("mac/e2m1xe2m1/parity@ice40", "array/int2xint2/2x2/ws/tmr:control/parity:accumulator+operand@generic"),
    ],
)
def test_protected_registers_change_no_result(name: str) -> None:
    spec, _, target = name.partition("@")
    verdict = verify(hw.parse(spec), hw.parse_target(target))
    assert verdict.passed, verdict.failures


@pytest.mark.parametrize("name", ["pack/int3xint5/x2/p1@ecp5", "pack/int4xuint3/x4/p0@xcup", "pack/int8xint8@xc7"])
def test_products_that_share_a_multiplier_are_right(name: str) -> None:
    spec, _, target = name.partition("@")
    verdict = verify(hw.parse(spec), hw.parse_target(target))
    assert verdict.passed, verdict.failures
    assert verdict.exhaustive == ("int8" not in name)


@pytest.mark.parametrize(
    "name",
    [
        *("mul/e3m2xe3m2/lmul_value/e3m2/p0", "mul/e2m2ieeexe2m2ieee/lmul_value/e4m3fn/p0", "mul/e3m2xe3m2/mitchell"),
        # Without mantissa bits ties go to an even exponent.
        *("mul/int4xint8/exact/e3m0", "mul/e3m0xe3m2/exact/e4m0-flush", "mul/int8xint4/exact/e8m0:odd@ecp5"),
        *("mul/e5m2xe5m2/mitchell/exact/p0", "mul/e2m3xe2m3/lmul/e3m2-flush:down/p0", "mul/pow4xint4@ecp5"),
    ],
)
def test_multipliers_do_what_their_models_do_on_every_pair(name: str) -> None:
    spec, _, target = name.partition("@")
    verdict = verify(hw.parse(spec), hw.parse_target(target or "generic"))
    assert verdict.passed, verdict.failures
    assert verdict.exhaustive


@pytest.mark.kept(
    *("mac/uint4xuint4/exact/sat9/p2@ice40", "mac/e3m2ieeexe3m2/exact/sat18@ecp5"),
    *("mac/e4m3fnxe2m1/exact/carrysave/p0", "mac/e4m3fnxe2m1/exact/kulisch:seg20/p0@ecp5"),
    *("mac/e3m2ieeexe3m2/exact/kulisch:seg9@xcup", "mac/e3m2-flushxe2m2/exact/e4m3-flush:x2/p3"),
    *("mac/int4xint4/exact/e5m4:up:x8@ice40", "mac/e2m1xe2m1/exact/e3m2/p0", "mac/e3m2xe3m2/lmul/bf16:odd/p1/fast"),
)
@pytest.mark.parametrize(
    "name",
    [
        *("mac/int8xint8/exact/sat18/p0", "mac/uint4xuint4/exact/sat9/p2@ice40", "mac/e3m2ieeexe3m2/exact/sat18@ecp5"),
        *("mac/int4xint4/exact/carrysave100/p2@xcup", "mac/e4m3fnxe2m1/exact/carrysave/p0"),
        *(
            "mac/int8xint8/exact/kulisch:seg8/p2",
            "mac/uint4xint3/exact/kulisch64:seg1/p0",
            "mac/e3m2ieeexe3m2/exact/kulisch:seg9@xcup",
        ),
        *(
            "mac/e4m3fnxe2m1/exact/kulisch:seg20/p0@ecp5",
            "mac/e3m2xe3m2/lmul/kulisch:seg7/p3@ice40",
            "mac/uint4xuint4/exact/kulisch:seg9",
        ),
        *(
            "mac/e3m2xe3m2/exact/fp16:x2/p0",
            "mac/e4m3fnxe2m1/exact/fp16:x4/p2@ecp5",
            "mac/int4xint4/exact/e5m4:up:x8@ice40",
        ),
        *("mac/e3m2ieeexe3m2/exact/e4m4ieee-inf:down:x4@xcup", "mac/e3m2-flushxe2m2/exact/e4m3-flush:x2/p3"),
        *("mac/e2m1xe2m1/exact/e3m2/p0", "mac/e3m2xe3m2/exact/fp16@ecp5", "mac/int4xint4/exact/e5m4:up/p2@ice40"),
        *("mac/e3m2ieeexe3m2/exact/e4m4ieee-inf:down/p3@xcup", "mac/e3m2xe3m2/lmul/bf16:odd/p1/fast"),
        *("mac/e3m2-flushxe2m2/exact/e4m3-flush:nearest_away/p4", "mac/ue2m2xue2m2/exact/ue3m3fn-nan:toward_zero"),
    ],
)
def test_accumulators_do_what_their_models_do(name: str) -> None:
    name, _, target = name.partition("@")
    verdict = verify(hw.parse(name), hw.parse_target(target or "generic"))
    assert verdict.passed, verdict.failures
    assert verdict.exhaustive


@pytest.mark.kept(
    "add/e4m3fnxe4m3fn/e4m3fn",
    "add/e5m2xe4m3fn/e5m2-inf:up/p1@ecp5",
    "add/int4xint8/e8m0:odd",
    "add/ue4m3xe3m3/ue3m2/p4/fast",
    "add/e3m2xe2m3/e4m3:nearest_away/p3@ice40",
    "add/int6xe3m2ieee-flush/e4m2fn-nan:odd/p2",
    "add/uint3xe3m2/exact@xcup",
)
@pytest.mark.parametrize(
    "name",
    [
        *("add/e4m3fnxe4m3fn/e4m3fn", "add/e5m2xe4m3fn/e5m2-inf:up/p1@ecp5", "add/int8xint4/fp16"),
        *("add/e3m0xe3m0/e3m0", "add/int4xint8/e8m0:odd"),
        *("add/int8xe4m3/e4m3:toward_zero@xcup", "add/e3m2xe3m2/e6m1-flush:down", "add/e5m2xe2m1/e2m3fnuz-nan"),
        *("add/ue4m3xe3m3/ue3m2/p4/fast", "add/pow4xnf4/e5m3", "add/e3m2xe2m3/e4m3:nearest_away/p3@ice40"),
        *("add/int6xe3m2ieee-flush/e4m2fn-nan:odd/p2", "add/e5m2xe3m2/exact/p2@ice40", "add/uint3xe3m2/exact@xcup"),
    ],
)
def test_adders_do_what_their_models_do(name: str) -> None:
    name, _, target = name.partition("@")
    verdict = verify(hw.parse(name), hw.parse_target(target or "generic"))
    assert verdict.passed, verdict.failures
    assert verdict.exhaustive


def test_wide_operands_get_corners_and_random_pairs() -> None:
    verdict = verify(hw.parse("mac/e8m7xint16/exact/kulisch/p2"))
    assert verdict.passed, verdict.failures
    assert not verdict.exhaustive
    assert verdict.cycles > 1 << 16


def test_a_flipped_operand_bit_is_found_and_named() -> None:
    spec = hw.parse("mac/int8xint8/exact/kulisch/p0")
    right = emit(spec)
    faulty = right.verilog.replace("$signed(a) * $signed(b)", "$signed(a ^ 8'h04) * $signed(b)")
    assert faulty != right.verilog
    verdict = verify(spec, emitted=Emitted(right.name, faulty, right.manifest))
    assert not verdict.passed
    message = verdict.failures[0]
    assert re.search(
        r"every_pair: cycle \d+: after a=0x\w+ b=0x\w+ clear=[01x0-9]+ en=0x1 of cycle \d+: "
        r"acc expected 0x\w+, got 0x\w+ \(\d+ of \d+ samples differ\)",
        message,
    ), message


@pytest.mark.parametrize("name", ["mul/int2xint2", "matvec/int2xint2/2x2"])
def test_waveforms_show_the_ports_and_what_happened_at_them(name: str, tmp_path: Path) -> None:
    spec, waves = hw.parse(name), tmp_path / "waves.vcd"
    play = next(iter(bench(spec.unit).plays(spec, 1))).name
    verdict = verify(spec, play=play, waves=waves)
    assert verdict == verify(spec, play=play)
    ports = emit(spec).manifest["ports"]
    told = re.findall(r"\$var wire +(\d+) (\S+) (\S+)", waves.read_text())
    known = {port: (int(width), sign) for width, sign, port in reversed(told)}
    changes = Counter(re.findall(r"^(?:b[01]+ |[01])(\S+)$", waves.read_text(), re.MULTILINE))
    assert {port["name"]: known[port["name"]][0] for port in ports} == {port["name"]: port["width"] for port in ports}
    for direction in ("input", "output"):
        assert max(changes[known[port["name"]][1]] for port in ports if port["direction"] == direction) > 9


def test_a_bench_without_tests_is_an_error(tmp_path: Path) -> None:
    source, _ = emit(hw.parse("mac/int4xint4")).write(tmp_path)
    save([], tmp_path / "plays.json")
    environment = {"MACSMITH_PLAYS": str(tmp_path / "plays.json"), "MACSMITH_EVIDENCE": str(tmp_path / "evidence")}
    with pytest.raises(ToolError, match="ran no test|left no results"):
        simulate(source, source.stem, "sim.benches.clocked", tmp_path / "sim", environment)


RESULTS = '<testsuites><testsuite name="s">{}</testsuite></testsuites>'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (RESULTS.format(""), "the bench ran no test"),
        (RESULTS.format('<testcase name="t"><skipped/></testcase>'), "the bench ran no test"),
        ("<testsuites>", "can't be read"),
        (None, "left no results"),
    ],
)
def test_results_that_prove_nothing_are_refused(text: str | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "results.xml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ToolError, match=message):
        read_results(path, tmp_path / "log")


def test_failures_and_errors_are_both_counted(tmp_path: Path) -> None:
    path = tmp_path / "results.xml"
    cases = (
        '<testcase name="a"/><testcase name="b"><failure error_msg="wrong"/></testcase>'
        '<testcase name="c"><error message="crash"/></testcase>'
    )
    path.write_text(RESULTS.format(cases))
    results = read_results(path, tmp_path / "log")
    assert (results.tests, results.failures) == (3, ["b: wrong", "c: crash"])


def test_broken_verilog_is_a_tool_error_in_one_line(tmp_path: Path) -> None:
    spec = hw.parse("mac/int4xint4")
    right = emit(spec)
    broken = Emitted(right.name, right.verilog.replace("endmodule", ""), right.manifest)
    with pytest.raises(ToolError, match=r"^mac_int4xint4_exact_kulisch1024_p1 can't be built: %Error: .*syntax error"):
        verify(spec, emitted=broken, folder=tmp_path)


@pytest.mark.parametrize(
    ("programs", "variable", "message"),
    [
        ([], None, r"no C\+\+ compiler found: install g\+\+ or clang\+\+"),
        ([], "no-such-cc", r"\$CXX is 'no-such-cc', which is no program"),
    ],
)
def test_a_missing_compiler_is_named(programs, variable, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools.shutil, "which", lambda name: name if name in programs else None)
    monkeypatch.delenv("CXX", raising=False)
    if variable:
        monkeypatch.setenv("CXX", variable)
    with pytest.raises(ToolError, match=message):
        verify(hw.parse("mac/int4xint4"))


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("dot/int2xint2/n3", {"beats": 7}),
        ("blockdot/bfp4-3xbfp4-3/e4m3fn", {"beats": 5}),
        ("blockadd/bfp4-4xbfp4-4/n1/e4m3fn", {"beats": 9}),
        ("requant/int10xint4/n1/tensor/m3/p1", {"beats": 9}),
        ("array/int2xint2/2x3/ws", {"beats": 6, "tiles": 3}),
        ("tellme/int2/g2/t1/q2", {"vectors": 3, "rows": 7}),
        ("tmac/int2xint2/g2/t1/q2/serial", {"vectors": 3, "rows": 7}),
        ("matvec/int2xint2/2x2", {"beats": 300}),
        ("matvec/int2xint2/2x2/4x6", {"beats": 9, "matrices": 2}),
        ("gemm/int4xint4/2x2/os/exact/kulisch16/p0/int8/channel/x2/p1/k8/n8/w32", {"m": 5, "k": 7, "n": 3}),
        ("blockgemm/8*e2m1@ue8m0x8*e2m1@ue8m0/2x2/fp32/p1/x1/p1/k16/n4/w16", {"m": 3, "k": 16, "n": 2}),
    ],
)
def test_a_run_takes_the_cycles_of_its_shape(name: str, shape: dict[str, int]) -> None:
    spec = hw.parse(name)
    run = bench(spec.unit).run(spec, 1, **shape)
    durations = [job["duration"] for job in run.jobs] if isinstance(run, CorePlay) else [run.duration]
    assert durations == [spec.cycles(**shape)]  # type: ignore[attr-defined]


def test_a_run_of_a_shape_is_among_what_is_tried() -> None:
    spec = hw.parse("dot/int2xint2/n3/exact/exact/p1")
    plain, run = verify(spec), verify(spec, shape={"beats": 7})
    assert run.passed
    assert (run.tests, run.compared, run.cycles) == (plain.tests + 1, plain.compared + 7, plain.cycles + 8)
    assert verify_key(emit(spec)) != verify_key(emit(spec), {"beats": 7})


@pytest.mark.parametrize(
    ("name", "shape", "error", "message"),
    [
        ("mac/int4xint4", {"beats": 1}, ValueError, "shape must have no parts for mac/int4xint4/.*, got beats"),
        ("dot/int4xint4/n2", {"m": 1}, ValueError, "shape must have beats for dot/int4xint4/n2/.*, got m"),
        ("gemm/int4xint4/2x2", {"m": 1, "k": 1}, ValueError, "shape must have m, k, n for gemm/.*, got m, k"),
        ("dot/int4xint4/n2", {"beats": 0}, ValueError, "beats must be 1..65536, got 0"),
        ("dot/int4xint4/n2", {"beats": 1.5}, TypeError, "beats must be an int, got 1.5"),
        ("gemm/int4xint4/2x2", {"m": 1, "k": 257, "n": 1}, ValueError, "m, k and n must fit gemm/.*, got 1, 257 and 1"),
        (
            "blockgemm/8*int4@ue8m0x8*int4@ue8m0/2x2",
            {"m": 1, "k": 31, "n": 1},
            ValueError,
            "with k in whole blocks, got 1, 31 and 1",
        ),
        ("matvec/int2xint2/2x2/4x6", {"beats": 8}, ValueError, "beats must be 3 for each vector, .*, got 8"),
    ],
)
def test_shapes_that_are_none_are_named(name: str, shape: dict[str, int], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        verify(hw.parse(name), shape=shape)


def test_plays_survive_their_file(tmp_path: Path) -> None:
    made = plays(hw.parse("mac/e5m2xe2m1"), 1)  # type: ignore[arg-type]
    save(made, tmp_path / "plays.json")
    assert load(tmp_path / "plays.json", Play) == made


def test_the_checker_tells_the_first_difference() -> None:
    play = Play("p", {"a": [1, 2, 3]}, {"y": [5, 6, 7]}, [-1, 0, 1])
    assert check(play, {"y": [5, 6, 7]}) == 3
    with pytest.raises(AssertionError, match=r"p: cycle 1: after a=0x1 of cycle 0: y expected 0x6, got 0x9 \(2 of 3"):
        check(play, {"y": [5, 9, 9]})
    with pytest.raises(AssertionError, match="p: cycle 0: before any result: y expected 0x5, got 0x0"):
        check(play, {"y": [0, 6, 7]})
    with pytest.raises(AssertionError, match="2 samples of y, expected 3"):
        check(play, {"y": [5, 6]})


def test_all_pairs_are_all_pairs() -> None:
    a, b = hw.parse_format("int4"), hw.parse_format("uint3")
    tried = pairs(a, b, np.random.default_rng(0))
    assert tried.exhaustive
    assert len(tried.a) == len(set(zip(tried.a.tolist(), tried.b.tolist(), strict=True))) == 128
    assert {0, 1, 7, 8, 15} <= set(corners(a).tolist())


def test_a_verdict_is_keyed_by_the_verilog() -> None:
    one, other = (emit(hw.parse(name)) for name in ("mac/int4xint4", "mac/int4xuint4"))
    assert verify_key(one) == verify_key(one) != verify_key(other)
