"""The regression's grids, its runs, and what is written of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import hw
from dse import regression
from dse.job import Job
from dse.junit import junit
from dse.regression import LEVELS, Case, Outcome, cases, lines, netlists, regress, with_text
from dse.store import Store
from hw.units import UNITS
from macsmith.cli import main
from sim.golden.mul import Mul

SMALL = Case(hw.parse("mul/int2xint2"), hw.GENERIC)
SLIP = Case(hw.parse("add/int2xint2"), hw.parse_target("ice40"))
DEEP = Case(hw.parse("mul/int2xint2/exact/exact/p9"), hw.GENERIC)


def test_every_unit_is_in_each_level_and_each_level_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    check, looked = hw.check, 0

    def now_and_then(spec: hw.Spec, target: hw.Target) -> None:
        nonlocal looked
        looked += 1
        if looked % 23 == 0:
            check(spec, target)

    # Whether there are such designs is looked at whenever they are run; here of some, for there are thousands.
    monkeypatch.setattr(hw, "check", now_and_then)
    found = [cases(level) for level in LEVELS]
    assert [{case.spec.unit for case in of} for of in found] == [set(UNITS)] * 3
    assert set(found[0]) < set(found[1]) < set(found[2])
    assert {case.target.name for case in found[1]} == set(hw.TARGETS)
    assert all(len(set(of)) == len(of) for of in found)


@pytest.mark.parametrize(
    ("level", "text", "message"),
    [
        ("slow", "", "level must be one of quick, standard, full, got 'slow'"),
        ("quick", "[[long]]", "regression.toml must have tables quick, standard, full, got long"),
        ("full", '[[full]]\nspec = "mac/{a}x{a}"', "regression.toml, full 1: spec 'mac/{a}x{a}' needs values for {a}"),
        ("quick", '[[quick]]\nspec = "mac/int2xint99"', "regression.toml, quick 1: spec 'mac/int2xint99'"),
        (
            "quick",
            '[[quick]]\nspec = "mul/int2xint2/exact/exact/p0/dsp"\ntargets = ["ice40"]',
            "regression.toml, quick 1: mul/int2xint2/exact/exact/p0/dsp: form must be small or fast for Lattice iCE40",
        ),
    ],
)
def test_a_grid_has_designs_only(level: str, text: str, message: str) -> None:
    with pytest.raises(ValueError) as refused:
        cases(level, text)
    assert message in str(refused.value)


def test_a_grid_s_words_sizes_and_targets_are_multiplied() -> None:
    text = '[[quick]]\nspec = "array/int2x{b}/{rows}x1"\nb = ["int2", "int3"]\nrows = [1, 2]\ntargets = ["ecp5", "xc7"]'
    assert list(map(str, cases("standard", text))) == [
        f"array/int2x{b}/{rows}x1/os/exact/kulisch1024/p0 on {target}"
        for b in ("int2", "int3")
        for rows in (1, 2)
        for target in ("ecp5", "xc7")
    ]


def test_a_part_of_a_grid_is_chosen_by_name() -> None:
    every = cases("quick")
    some = with_text(every, "softmax/")
    assert some == [case for case in every if case.spec.unit == "softmax"]
    with pytest.raises(ValueError, match=r"--only must be part of the name of a design of this grid, got 'nonsense'"):
        with_text(every, "nonsense")


def test_portable_designs_are_synthesised_for_one_family() -> None:
    asked = [SMALL, Case(SMALL.spec, hw.parse_target("ecp5")), SLIP]
    assert list(map(str, netlists(asked))) == [f"{SMALL.spec} on ecp5", str(SLIP)]


def test_netlists_are_verified_by_level(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(regression, "cases", lambda level: [SLIP])
    options = ["regress", "--quick", "-j", "1", "--store", str(tmp_path / "s")]
    assert main([*options, "--level", "netlist"]) == 0
    printed, said = capsys.readouterr()
    assert printed.splitlines()[-1].split()[:3] == ["all", "1", "1"]
    assert "1 design; grid quick, level netlist, simulator verilator" in said
    assert main([*options, "--level", "netlists"]) == 2
    assert "--level must be one of rtl, netlist, got 'netlists'" in capsys.readouterr().err
    failed = Outcome(SLIP, 1, {"passed": False, "failures": ["p: x"]}, level="netlist")
    assert failed.failures[0][1].endswith("--target ice40 --seed 1 --play p --level netlist")


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A multiplier's model that is wrong."""
    right = Mul.run

    def wrong(self: Mul, **inputs: Any) -> dict[str, Any]:
        outputs = right(self, **inputs)
        return outputs | {"p": outputs["p"] & 7}

    monkeypatch.setattr(Mul, "run", wrong)


def told(file: Path) -> list[tuple[str, str, str]]:
    """Of each case that is not right: its name, whether it is a failure or an error, and the text."""
    root = ElementTree.fromstring(file.read_text())
    return [(case.attrib["name"], each.tag, each.text or "") for case in root.iter("testcase") for each in case]


def test_a_regression_goes_on_behind_what_is_wrong(
    faulty: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(regression, "cases", lambda level: [DEEP, SMALL, SLIP])
    options = ["--quick", "-j", "1", "--store", str(tmp_path / "s"), "--junit", str(tmp_path / "x.xml"), "--seed", "7"]
    assert main(["regress", *options]) == 1
    printed, said = capsys.readouterr()
    again = f"macsmith verify {SMALL.spec} --target generic --seed 7 --play every_pair"
    assert f"FAIL  {SMALL}, seed 7\n      every_pair: " in printed
    assert f"      alone: {again}\n" in printed
    assert f"ERROR  {DEEP}, seed 7\n      TooDeep: " in printed
    rows = [line.split() for line in printed.splitlines()[-4:]]
    assert [row[:4] for row in rows] == [
        ["unit", "designs", "passed", "failed"],
        ["mul", "2", "0", "2"],
        ["add", "1", "1", "0"],
        ["all", "3", "1", "2"],
    ]
    assert "3 designs; grid quick, level rtl, simulator verilator, seed 7, cocotb " in said
    (deep, kind, why), (wrong, failure, text) = told(tmp_path / "x.xml")
    assert (deep, kind, wrong, failure) == (str(DEEP), "error", str(SMALL), "failure")
    assert "TooDeep: " in why and text.endswith(f"alone: {again}")
    # What can't be tried is no result, and what is one is not tried again.
    with Store(tmp_path / "s") as store:
        found = regress([SMALL, SLIP, DEEP], store, 1, tmp_path, 7)
    assert [outcome.passed for outcome in found] == [False, True, False]
    said = capsys.readouterr().err
    assert "reused 2 of 3 results" in said and "reused 2 of 2 results" in said
    # The command that it names says the same.
    assert main([*again.split()[1:], "--store", str(tmp_path / "s")]) == 1
    assert f"      alone: {again}\n" in capsys.readouterr().out


def test_what_is_right_is_exit_code_0_and_has_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regression, "cases", lambda level: [SMALL])
    assert main(["regress", "--store", str(tmp_path / "s"), "--junit", str(tmp_path / "x.xml")]) == 0
    (suite,) = ElementTree.fromstring((tmp_path / "x.xml").read_text())
    (case,) = suite.iter("testcase")
    assert (case.attrib["classname"], case.attrib["name"]) == ("macsmith.mul", str(SMALL))
    assert suite.attrib["time"] == case.attrib["time"] and float(case.attrib["time"]) > 0
    known = {each.attrib["name"]: each.attrib["value"] for each in suite.iter("property")}
    assert (known["grid"], known["seed"]) == ("standard", "1")
    assert set(known) == {"grid", "level", "simulator", "seed", "cocotb", "verilator"}


def test_a_list_names_the_designs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["regress", "--quick", "--list"]) == 0
    assert capsys.readouterr().out.splitlines() == [str(case) for case in cases("quick")]


def test_a_full_disk_is_no_design_s_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(spec: hw.Spec, target: hw.Target) -> dict[str, Any]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(regression, "writing_job", lambda *parts: Job("k", "k", "it", lambda: full(*parts)))
    with Store(tmp_path / "s") as store, pytest.raises(OSError, match="No space left"):
        regress([SMALL], store, 1, tmp_path)


VERDICT = {"passed": False, "cycles": 3, "compared": 2, "failures": ["pairs: a \x1b<&> b", "chance: late"]}


def test_what_no_xml_may_hold_is_replaced() -> None:
    text = junit([Outcome(SMALL, 1, VERDICT), Outcome(DEEP, 1, {}, "ToolError: \x00")], {"grid": "a\x01b"})
    root = ElementTree.fromstring(text)
    assert root.attrib == {"tests": "2", "failures": "1", "errors": "1", "time": "0.000"}
    assert [each.attrib["message"] for each in (*root.iter("failure"), *root.iter("error"))] == [
        "pairs: a ?<&> b",
        "ToolError: ?",
    ]
    assert [each.attrib["value"] for each in root.iter("property")] == ["a?b"]
    assert all("time" not in case.attrib for case in root.iter("testcase"))


def test_a_line_counts_what_is_known() -> None:
    right = {"passed": True, "cycles": 1000, "compared": 40, "failures": [], "seconds": 1.26}
    right["coverage"] = {"declared": 12, "hit": 11}
    assert lines([Outcome(SMALL, 1, VERDICT), Outcome(SMALL, 1, right), Outcome(SLIP, 1, {}, "no")]) == [
        ["mul", "2", "1", "1", "1,003", "42", "12", "11", "1.3"],
        ["add", "1", "0", "1", "0", "0", "0", "0", "-"],
        ["all", "3", "1", "2", "1,003", "42", "12", "11", "1.3"],
    ]
