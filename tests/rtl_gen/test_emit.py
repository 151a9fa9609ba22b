"""Verilog: deterministic, clean, ordered, and written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from importlib import import_module
from pathlib import Path

import pytest

import hw
from rtl_gen import emit, write_atomic
from rtl_gen.files import write_all
from rtl_gen.tools import ToolError, package_version
from sim.simulator import LINT
from sim.tools import verilator, verilator_root

NAMES = [
    "mac/int8xint8/exact/kulisch/p0",
    "mac/int4xuint8",
    "mac/uint2xuint3/exact/kulisch1/p2",
    "mac/e4m3xe4m3/exact/kulisch/p3",
    "mac/e4m3fnxint4/exact/kulisch/p2",
    "mac/e5m2xe4m3fn",
    "mac/e8m7xe8m7",
    "mac/e4m3fnxe4m3fn/lmul",
    "mac/e5m2xe5m2/lmul/kulisch/p3",
    "mac/e3m0xe3m0/lmul/kulisch/p0",
    "mac/fix8.4xe2m1",
    "mac/e0m3xe0m4",
    "mac/e4m3fnuzxe3m2-flush",
    "mac/e2m3fnuz-b-4xint4/exact/kulisch/p0",
    "mac/e5m2-flushxe2m2ieee-flush",
    "mac/e4m3fnuzxe4m3fnuz/lmul",
    "mac/e5m2-b20-flushxe5m2-b20-flush/lmul",
    "mac/int4xint4/tmr",
    "array/e2m1xe2m1/2x2/ws/tmr:control+accumulator",
    "mac/int4xint4/parity",
    "array/e2m1xe2m1/2x2/ws/tmr:control/parity:accumulator+operand",
]


@pytest.mark.parametrize("name", NAMES)
def test_verilator_has_nothing_to_say(name: str, tmp_path: Path) -> None:
    source, _ = emit(hw.parse(name)).write(tmp_path)
    done = subprocess.run(
        [str(verilator()), "--lint-only", *LINT, str(source)],
        env={**os.environ, "VERILATOR_ROOT": str(verilator_root())},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_two_processes_emit_the_same_bytes(in_two_processes) -> None:
    program = "import hw, rtl_gen; e = rtl_gen.emit(hw.parse('mac/int8xint8/exact')); print(e.verilog, e.manifest)"
    assert len(in_two_processes(program)) == 1


def test_the_text_is_of_the_design_alone() -> None:
    text = emit(hw.parse("mac/e5m2xe5m2/exact/kulisch/p1")).verilog
    head = text[: text.index("module")]
    for fact in ("mac/e5m2xe5m2/exact/kulisch1024/p1", package_version("macsmith"), "Latency: 2", "fix75.32", "e5m2"):
        assert fact in head
    assert not re.search(r"/(home|tmp|usr|work|root)/|Yosys|20\d\d-\d\d|\.py", text)


def test_ports_come_in_the_order_of_the_signature() -> None:
    emitted = emit(hw.parse("mac/e5m2xe4m3fn"))
    expected = ["clk", "rst", "a", "b", "clear", "en", "acc", "status"]
    assert re.search(r"^module \w+\((.*)\);", emitted.verilog, re.M)[1].split(", ") == expected  # type: ignore[index]
    assert [port["name"] for port in emitted.manifest["ports"]] == expected


def test_the_manifest_says_what_the_verilog_is(tmp_path: Path) -> None:
    spec = hw.parse("mac/e4m3xint4/exact/kulisch/p2")
    source, manifest = emit(spec).write(tmp_path)
    told = json.loads(manifest.read_text())
    assert source.name == "mac_e4m3xint4_exact_kulisch1024_p2.v"
    assert told["sha256"] == hashlib.sha256(source.read_bytes()).hexdigest()
    assert told["spec"] == spec.to_dict()
    assert (told["latency"], told["initiation_interval"]) == (3, 1)
    widths = {port["name"]: port["width"] for port in told["ports"]}
    assert widths == {"clk": 1, "rst": 1, "a": 8, "b": 4, "clear": 1, "en": 1, "acc": told["formats"]["acc"]["width"]}


def test_a_folder_that_cannot_be_made_is_an_oserror(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        emit(hw.parse("mac/int4xint4")).write(tmp_path / "file" / "below")


def test_a_full_disk_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "result"
    write_atomic(path, "old")

    def full(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[:1])
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomic(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_if_the_manifest_cannot_be_written_there_is_no_verilog(tmp_path: Path) -> None:
    spec = hw.parse("mac/int4xint4")
    (tmp_path / f"{spec.identifier}.json").mkdir()
    with pytest.raises(OSError, match=r"\.json"):
        emit(spec).write(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [f"{spec.identifier}.json"]


def test_yosys_without_room_is_an_oserror(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("rtl_gen.emit"), "PASSES", ("delete",))
    with pytest.raises(OSError, match="Yosys could not write all of the Verilog: is the disk full"):
        emit(hw.parse("mac/uint7xuint5/exact/kulisch3/p2"))


def test_what_was_emitted_before_changes_nothing(in_two_processes) -> None:
    designs = "['mac/int3xint4', 'dot/int4xint4/n2', 'array/int4xint4/2x1/os', 'blockadd/mxfp4xmxfp4/n1/fp32/p1']"
    order = "sorted(names, reverse=os.environ['PYTHONHASHSEED'] == '1')"
    program = f"import os, hw, rtl_gen; names = {designs}\n"
    program += f"texts = {{name: rtl_gen.emit(hw.parse(name)).verilog for name in {order}}}\n"
    assert len(in_two_processes(program + "print([texts[name] for name in names])")) == 1


def test_designs_share_no_module_and_each_tells_its_target() -> None:
    core = "gemm/int4xint4/2x2/os/exact/kulisch1024/p1/int4"
    pairs = [(f"{core}/tensor", "generic"), (f"{core}/channel", "generic"), ("array/int4xint4/2x2/os", "generic")]
    pairs += [("pe/int4xint4/os", "generic"), ("pe/int4xint4/os", "ecp5"), ("pe/int4xint4/os", "ice40")]
    tables = ("tellme/int4/g2/t2/q2", "tmac/int4xint4/g2/t2/q2/parallel")
    pairs += [(f"{name}/half/lutram", "generic") for name in tables]
    designs = [emit(hw.parse(name), hw.parse_target(target)) for name, target in pairs]
    modules = [name for design in designs for name in design.modules]
    assert len(modules) == len(set(modules))
    assert all(name.startswith(design.name) for design in designs for name in design.modules)
    assert [design.name.rpartition("_p1")[2] for design in designs[3:6]] == ["", "_ecp5", "_ice40"]


def test_a_prefix_is_before_all_modules() -> None:
    plain, mine = (emit(hw.parse("array/int4xint4/1x2/os"), prefix=prefix) for prefix in ("", "chip_"))
    assert [f"chip_{name}" for name in plain.modules] == list(mine.modules)
    assert plain.verilog.replace(plain.name, mine.name) == mine.verilog
    assert mine.manifest["module"] == mine.name


@pytest.mark.parametrize("prefix", ["1a", "a b", "_", "a-b", "é", "x" * 65, "a\n"])
def test_a_prefix_must_begin_an_identifier(prefix: str) -> None:
    with pytest.raises(ValueError, match="prefix must be a letter and then letters, digits or _, at most 64 of them"):
        emit(hw.parse("mac/int4xint4"), prefix=prefix)


def test_a_prefix_is_a_str() -> None:
    with pytest.raises(TypeError, match="prefix must be a str, got 3"):
        emit(hw.parse("mac/int4xint4"), prefix=3)  # type: ignore[arg-type]


def test_split_is_a_file_a_module_and_a_list(tmp_path: Path) -> None:
    design = emit(hw.parse("array/int4xint4/2x2/os"))
    paths = design.write(tmp_path, split=True)
    assert {path.name for path in paths} == {path.name for path in tmp_path.iterdir()}
    listed = [line for line in (tmp_path / f"{design.name}.f").read_text().splitlines() if not line.startswith("//")]
    assert listed == [f"{name}.v" for name in design.modules]
    assert listed == json.loads((tmp_path / f"{design.name}.json").read_text())["files"]
    texts = [(tmp_path / name).read_text() for name in listed]
    assert [re.findall(r"(?m)^module (\w+)", text) for text in texts] == [[name] for name in design.modules]
    assert "// clk " in texts[0]
    # Written as one again, nothing is there twice.
    design.write(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {f"{design.name}.v", f"{design.name}.json"}
    assert (tmp_path / f"{design.name}.v").read_text() == design.verilog


def test_another_design_is_not_replaced_unasked(tmp_path: Path) -> None:
    design = emit(hw.parse("mac/int4xint4"))
    source, manifest = design.write(tmp_path)
    assert design.check_free(tmp_path) == []
    source.write_text(source.read_text().replace("target generic", "target ecp5"))
    with pytest.raises(FileExistsError, match="is there and of mac/int4xint4/.* for target ecp5; take another folder"):
        design.write(tmp_path)
    source.write_text("module mine;\nendmodule\n")
    with pytest.raises(FileExistsError, match="is there and not macsmith's; take another folder or prefix, or --force"):
        design.write(tmp_path)
    assert source.read_text() == "module mine;\nendmodule\n"
    design.write(tmp_path, force=True)
    assert source.read_text() == design.verilog
    manifest.write_text("[]")
    with pytest.raises(FileExistsError, match="not macsmith's"):
        design.write(tmp_path)


def test_another_version_of_the_same_design_is_replaced_and_said(tmp_path: Path) -> None:
    design = emit(hw.parse("mac/int4xint4"))
    source, _ = design.write(tmp_path)
    source.write_text(design.verilog.replace(f"macsmith {package_version('macsmith')}", "macsmith 0.0.1"))
    assert design.check_free(tmp_path) == [f"{source} was written by macsmith 0.0.1, and is replaced"]
    design.write(tmp_path)
    assert source.read_text() == design.verilog


def test_if_one_cannot_be_written_the_others_are_as_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("as it was")
    replace = Path.replace

    def full(self: Path, target: Path) -> Path:
        if target.name == "last":
            raise OSError(28, "No space left on device", str(self))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        write_all({old: "other", new: "new", tmp_path / "last": "last"})
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"old": "as it was"}


def test_what_is_in_the_way_of_one_is_seen_before_any_is_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    for taken in ("file/x", "folder"):
        with pytest.raises(OSError, match="folder"):
            write_all({tmp_path / "made" / "first": "first", tmp_path / taken: "last"})
        assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "folder", "inner"]


def test_streams_are_in_the_manifest() -> None:
    streams = emit(hw.parse("array/e4m3fnxint3/3x2/os/exact/kulisch16/p1")).manifest["streams"]
    assert list(streams) == ["s_axis_a", "s_axis_b", "m_axis_sum"]
    assert streams["s_axis_b"] == {
        "direction": "input",
        "width": 8,
        "tlast": True,
        "fields": [{"name": "x", "offset": 0, "width": 3, "lanes": 2, "step": 3, "format": "int3"}],
    }
    x, status = streams["m_axis_sum"]["fields"]
    assert (status["offset"], status["lanes"], status["width"]) == (2 * x["width"], 2, 2)
    assert streams["m_axis_sum"]["width"] == -(-(2 * x["width"] + 4) // 8) * 8
    core = emit(hw.parse("gemm/int4xint4/2x2/os/exact/kulisch1024/p1/int4/channel/x2")).manifest
    (c,) = core["streams"]["m_axis"]["fields"]
    assert (c["width"], c["lanes"], c["step"]) == (4, 2, 8)
    widths = {port["name"]: port["width"] for port in core["ports"]}
    assert {name: stream["width"] for name, stream in core["streams"].items()} == {
        name: widths[f"{name}_tdata"] for name in ("s_axis_a", "s_axis_b", "s_axis_p", "m_axis")
    }
    assert emit(hw.parse("mac/int4xint4")).manifest["streams"] == {}


def test_a_missing_package_is_named_with_its_cure() -> None:
    with pytest.raises(ToolError, match="the package no-such-thing is not installed: run `pip install no-such-thing`"):
        package_version("no-such-thing")


def test_registers_are_in_header_and_manifest() -> None:
    core = emit(hw.parse("gemm/int4xint4/2x2"))
    assert re.search(r"(?m)^// 0x24 K +setting +31:0  k: columns of A, rows of B$", core.verilog)
    (k,) = [register for register in core.manifest["registers"] if register["name"] == "K"]
    assert (k["address"], k["parts"][0]["width"]) == (0x24, 32)
    assert emit(hw.parse("mac/int4xint4")).manifest["registers"] == []


def test_ports_stand_in_columns_however_long_their_names_are() -> None:
    header = emit(hw.parse("blockgemm/mxfp4xmxfp4/2x2")).verilog.split("\nmodule")[0]
    lines = [line for line in header.splitlines() if " input " in line or " output " in line]
    assert len({line.index(" input " if " input " in line else " output ") for line in lines}) == 1
    assert "s_axis_a_tdata  input    16  2 codes of A, e2m1; from bit 8 a scale, ue8m0" in header


def test_a_design_is_elaborated_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from hw.units.mac import Mac

    once, times = Mac.elaborate, []

    def elaborate(self: Mac, platform: object) -> object:
        times.append(self)
        return once(self, platform)

    monkeypatch.setattr(Mac, "elaborate", elaborate)
    emit(hw.parse("mac/int1xint2/exact/kulisch3/p0"))
    assert len(times) == 1


@pytest.mark.parametrize(("storage", "style"), [("lutram", "distributed"), ("blockram", "block")])
def test_a_memory_says_what_it_is_to_be_made_of_and_nothing_else_has_attributes(storage: str, style: str) -> None:
    emitted = emit(hw.parse(f"tellme/int3/g2/t1/q1/half/{storage}/exact/p1"), hw.parse_target("ecp5"))
    attributes = re.findall(r"\(\*.*\*\)\n *(.*)", emitted.verilog)
    assert [f'(* ram_style = "{style}" *)'] == re.findall(r"\(\*.*\*\)", emitted.verilog)
    assert attributes[0].startswith("reg ")


def test_cells_that_only_hand_a_carry_on_stay() -> None:
    # 16 places: after every seventh one, a tile of iCE40 would have no wire left for the register's enable and reset.
    verilog = emit(hw.parse("mac/int4xint4/exact/kulisch511/p1"), hw.parse_target("ice40")).verilog
    kept = re.findall(r"\(\* keep = 32'd1 \*\)\n  SB_CARRY total_\d+ \(\n((?:    .*\n)*)", verilog)
    assert [re.findall(r"\.(CI|CO)\((.*?)\)", cell) for cell in kept] == [
        [("CI", "total_carry[7]"), ("CO", "total_passed[0]")],
        [("CI", "total_carry[14]"), ("CO", "total_passed[1]")],
    ]
    assert all(".I0(1'h0)" in cell and ".I1(1'h1)" in cell for cell in kept)
