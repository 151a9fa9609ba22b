"""What lies beside the Verilog: read by the tools that it is for, and right."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from amaranth.back import rtlil
from amaranth.hdl import ClockDomain, Module
from systemrdl import RDLCompiler
from systemrdl.node import FieldNode, RegNode

import hw
from rtl_gen import Emitted, emit, yosys
from rtl_gen.convention import AXI, PLAIN, Convention, usual_convention
from rtl_gen.emit import check_prefix
from rtl_gen.keywords import check_identifier, keywords
from rtl_gen.owner import owner
from rtl_gen.tools import ToolError
from rtl_gen.writers import written

CORE = "gemm/int4xint4/2x2/os/exact/kulisch16/p0/int8/tensor/x2/p1/k8/n8/w32"
NAMES = ["mac/int4xint4", "mul/int4xint4", "pe/int4xint4/ws", "dot/int4xint4/n2/exact/exact/p1", CORE]


def design(name: str, convention: Convention | None = None) -> Emitted:
    spec = hw.parse(name)
    return emit(spec, convention=convention or usual_convention(spec))


def file(made: Emitted, ending: str) -> str:
    return next(text for name, text in written(made).items() if name == made.name + ending)


def module(path: Path, text: str) -> ModuleType:
    """A Python file, imported."""
    path.write_text(text)
    spec = importlib.util.spec_from_file_location("made", path)
    assert spec is not None and spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_file_says_whose_it_is(name: str, tmp_path: Path) -> None:
    made = design(name)
    for file_name, text in written(made).items():
        (tmp_path / file_name).write_text(text)
        assert owner(tmp_path / file_name) == made.owner, file_name


@pytest.mark.parametrize("name", NAMES)
def test_the_component_has_the_ports_in_their_order(name: str) -> None:
    made = design(name)
    found = re.findall(r"(?m)^ +(\w+) +: (in|out) +(std_logic(?:_vector\((\d+) downto 0\))?);?$", file(made, ".vhd"))
    ports = [(port, {"in": "input", "out": "output"}[way], int(high or 0) + 1) for port, way, _, high in found]
    assert ports == [(port["name"], port["direction"], port["width"]) for port in made.manifest["ports"]]
    assert not re.search(r";\s*\);", file(made, ".vhd"))


def test_a_name_that_vhdl_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match=r"module must be letters, digits and single _ .*, got 'chip__mac_int4"):
        written(emit(hw.parse("mac/int4xint4"), prefix="chip__"))


@pytest.mark.parametrize(
    ("name", "language"),
    [("entity", "VHDL"), ("Entity", "VHDL"), ("always", "Verilog"), ("logic", "SystemVerilog"), ("lambda", "Python")],
)
def test_keywords_are_no_names(name: str, language: str) -> None:
    with pytest.raises(ValueError, match=f"port must be no keyword, got '{name}', which is one of {language}"):
        check_identifier("port", name)
    with pytest.raises(ValueError, match=f"prefix must be no keyword, like chip_, got '{name}', which is one of"):
        check_prefix(name)
    check_identifier("port", f"{name}_1")


def test_keywords_are_those_of_the_tools() -> None:
    assert {"module", "uwire"} <= keywords()["Verilog"] and {"bit", "unique0"} <= keywords()["SystemVerilog"]
    assert not {word for word in keywords()["VHDL"] if word != word.lower()}


@pytest.mark.parametrize("convention", [PLAIN, AXI, Convention("c", "r", True, True)], ids=lambda each: each.text)
@pytest.mark.parametrize("name", NAMES[:4])
def test_the_wrapper_elaborates_to_an_instance_with_all_pins(name: str, convention: Convention, tmp_path: Path) -> None:
    made = design(name, convention)
    wrapper = module(tmp_path / "made.py", file(made, ".py"))
    top, unit = Module(), wrapper.Design()
    top.domains.sync = ClockDomain()
    top.submodules.unit = unit
    clocking = made.manifest["clocking"]
    pins = {clocking["clock"], clocking["reset"]} if clocking else set()
    widths = {port["name"]: port["width"] for port in made.manifest["ports"]}
    members = {path[0]: member.shape for path, member, _ in unit.signature.flatten(unit)}
    assert members == {port: width for port, width in widths.items() if port not in pins}
    ports = [value for _, _, value in unit.signature.flatten(unit)]
    text = rtlil.convert(top, ports=ports)
    instance = re.search(rf"(?m)^  cell \\{made.name} .*\n((?:    connect .*\n)*)", text)
    assert instance
    assert set(re.findall(r"connect \\(\w+) ", instance[1])) == set(widths)
    if clocking and convention.low:
        # Amaranth's reset is active high.
        assert re.search(rf"connect \\{clocking['reset']} \$\d+", instance[1])


def test_the_template_is_verilog(tmp_path: Path) -> None:
    made = design(CORE)
    made.write(tmp_path)
    (tmp_path / "top.v").write_text(f"module top;\n{file(made, '_instance.vh')}endmodule\n")
    yosys.run(["read_verilog top.v", f"read_verilog {made.name}.v", "hierarchy -check -top top", "proc"], tmp_path)
    wrong = re.sub(r"  \.m_axis_tlast\(.*\n", "  .nothing(irq),\n", (tmp_path / "top.v").read_text())
    (tmp_path / "top.v").write_text(wrong)
    with pytest.raises(ToolError, match="nothing"):
        yosys.run(["read_verilog top.v", f"read_verilog {made.name}.v", "hierarchy -check -top top"], tmp_path)


def test_the_header_has_the_registers(tmp_path: Path) -> None:
    made = design(CORE)
    text = file(made, ".h")
    (tmp_path / "made.h").write_text(text)
    lines, shown = [], []
    for register in made.manifest["registers"]:
        for part in register["parts"]:
            name = (
                register["name"]
                if part["name"].upper() == register["name"]
                else f"{register['name']}_{part['name'].upper()}"
            )
            mask = (1 << part["width"]) - 1 << part["low"]
            lines.append(f"MACSMITH_{register['name']}, MACSMITH_{name}_SHIFT, MACSMITH_{name}_MASK,")
            shown += [register["address"], part["low"], mask]
    body = f'#include <stdio.h>\n#include "made.h"\nunsigned a[] = {{{" ".join(lines)}}};\n'
    body += 'int main(void) { for (unsigned i = 0; i < sizeof a / sizeof *a; ++i) printf("%u ", a[i]); return 0; }\n'
    (tmp_path / "main.c").write_text(body)
    subprocess.run(["cc", "-std=c99", "-Wall", "-Werror", "-o", "main", "main.c"], cwd=tmp_path, check=True)
    done = subprocess.run(["./main"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert [int(word) for word in done.stdout.split()] == shown


def test_the_rdl_is_compiled_to_the_same_registers(tmp_path: Path) -> None:
    made = design(CORE)
    (tmp_path / "made.rdl").write_text(file(made, ".rdl"))
    compiler = RDLCompiler()
    compiler.compile_file(str(tmp_path / "made.rdl"))
    found = {}
    for node in compiler.elaborate().top.descendants():
        if isinstance(node, RegNode):
            fields = {f.inst_name: (f.low, f.width) for f in node.children() if isinstance(f, FieldNode)}
            found[node.inst_name] = (node.absolute_address, fields)
    assert found == {
        register["name"]: (register["address"], {p["name"]: (p["low"], p["width"]) for p in register["parts"]})
        for register in made.manifest["registers"]
    }


class Memory:
    """A bus with nothing behind it."""

    def __init__(self) -> None:
        self.words: dict[int, int] = {}

    def read(self, address: int) -> int:
        return self.words.get(address, 0)

    def write(self, address: int, word: int) -> None:
        self.words[address] = word


def test_the_driver_reads_and_writes_parts(tmp_path: Path) -> None:
    made: Any = design(CORE)
    module_ = module(tmp_path / "made.py", file(made, "_driver.py"))
    bus = Memory()
    driver = module_.Driver(bus.read, bus.write)
    with pytest.raises(ValueError, match="id must be 0x4d474502, got 0x0"):
        driver.check()
    for register in made.manifest["registers"]:
        if register["access"] == "constant":
            bus.words[register["address"]] = sum(part["value"] << part["low"] for part in register["parts"])
    driver.check()
    driver.set(m=4, k=8, n=2, keep=1)
    assert {name: driver.get(name) for name in ("m", "k", "n", "keep", "rows")} == {
        "m": 4,
        "k": 8,
        "n": 2,
        "keep": 1,
        "rows": 2,
    }
    driver.start()
    assert bus.words[0x40] == 1
    bus.words[0x44] = 1
    assert driver.wait()["idle"] == 1
    bus.words[0x44] = 0b101
    with pytest.raises(ValueError, match="the run has error_zero"):
        driver.wait()
    bus.words[0x44] = 0
    with pytest.raises(TimeoutError, match="not idle after 0.0 s"):
        driver.wait(0.0)
    with pytest.raises(ValueError, match="rows can't be written: ARRAY is constant"):
        driver.set(rows=1)
    with pytest.raises(ValueError, match="keep must have 1 bits, got 2"):
        driver.set(keep=2)
    with pytest.raises(KeyError, match="there is no nothing, only"):
        driver.get("nothing")


def test_units_without_registers_have_no_map() -> None:
    assert not [name for name in written(design(NAMES[0])) if name.endswith((".h", ".rdl", "_driver.py"))]
