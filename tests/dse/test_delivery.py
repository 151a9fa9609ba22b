"""The folder that generate writes: whole or not at all, its manifest, its datasheet, and what is edited in it."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import jsonschema
import pytest

import hw
from dse.delivery import Facts, deliver, differing, known
from dse.delivery.page import Code, Heading, Picture, Table, Text, html, markdown
from dse.delivery.sheet import prose, sheet_files
from dse.delivery.waveform import shown, wave, waveform
from dse.making import measure_job, verify_job
from dse.store import Store
from hw.spec import from_dict
from macsmith.cli import main
from rtl_gen import emit
from rtl_gen.convention import usual_convention
from rtl_gen.owner import owner
from sim.benches import bench
from sim.vectors import few

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "manifest.schema.json").read_text())
SPARE, OTHER = "mul/int4xint4", "mul/int3xint3"
UNITS = [
    *(
        "elementwise/add/int4xint4/n2",
        "cast/e4m3xint4/n1",
        "func/exp/e2m1xe2m1/n1",
        "quantise/int8x2*e2m1@ue8m0",
        "hadamard/int4/n2",
    ),
    *("bitserial/n2/b2/both", "subword/n1", "bitmod/int4/n2/g8/kulisch16"),
    *("softmax/int4/n2/r8/s3", "gelu/int4/n2/s3", "layernorm/int4/n2/r8"),
    "encoder/int4/n2/x2/exact/kulisch4/p0/d16/h2/r4/w4/s4/g4",
    *("mac/int4xint4", "mac/int4xint4/exact/carrysave100/p2", "mul/e2m1xe2m1/exact/e3m2/p1", "add/e5m2xe5m2", SPARE),
    *("pack/int2xint2/x2@xc7", "pe/int2xint2/ws", "dot/e5m2xe5m2/n2", "blockdot/4*int4@ue8m0x4*int4@ue8m0/fp16"),
    *("array/int4xint4/2x2/os", "array/int4xint4/2x2/ws", "blockadd/4*int4@ue8m0x4*int4@ue8m0/n2/fp32"),
    *("requant/fix12.0xint4/n2", "tellme/int4/g2/t2/q4", "tmac/int4xint4/g2/t2/q4", "matvec/int4xint4/2x2"),
    *(
        "constmat/int4xint4/2x2/seed3",
        "planes/e3m2/n2/unpack",
        "reround/int4/n2",
        "dfp/int4xint4/w10",
        "expadd/e2m1xe4m1-b2/n2/k3",
        "sparse/int2xint2/k3/n2",
    ),
    "gemm/int4xint4/2x2/os/exact/kulisch16/p0/int8/tensor/x2/p1/k8/n8/w32",
    "blockgemm/8*int4@ue8m0x8*int4@ue8m0/2x2/fp16/p1/x2/p2/k32/n8/w64",
]


def generated(folder: Path, *options: str) -> Path:
    """The manifest of a design that was generated."""
    assert main(["generate", *options, "-o", str(folder), "--store", str(folder.parent / "store.sqlite")]) == 0
    return next(path for path in folder.iterdir() if path.suffix == ".json" and not path.name.endswith(".wave.json"))


@pytest.mark.parametrize("options", [(SPARE,), ("mac/int4xint4", "--split"), (UNITS[-2], "--reset", "async-low")])
def test_the_manifest_is_as_the_schema_says_and_has_every_file(options: tuple[str, ...], tmp_path: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    path = generated(tmp_path / "rtl", *options)
    told = json.loads(path.read_text())
    jsonschema.validate(told, SCHEMA)
    there = {str(file.relative_to(path.parent)) for file in path.parent.rglob("*") if file.is_file()}
    assert there == {*told["hashes"], path.name}
    assert set(told["files"]) <= there
    assert from_dict(told["spec"]).name == told["name"]
    for file in there:
        assert owner(path.parent / file) == owner(path), file


def test_the_schema_refuses_what_is_none(tmp_path: Path) -> None:
    told = json.loads(generated(tmp_path / "rtl", SPARE).read_text())
    for wrong in ({"latency": -1}, {"hashes": {}}, {"module": "a__b"}, {"more": 1}, {"clocking": {"clock": "clk"}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**told, **wrong}, SCHEMA)


def test_what_was_edited_is_found_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = generated(tmp_path / "rtl", SPARE)
    capsys.readouterr()
    assert main(["check", str(path)]) == 0
    assert capsys.readouterr().out == "all files are as they were written\n"
    name = path.stem
    (path.parent / f"{name}.v").write_text((path.parent / f"{name}.v").read_text().replace("assign", "assign "))
    (path.parent / f"{name}_cocotb" / "Makefile").unlink()
    assert main(["check", str(path)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{path.parent / name}.v was changed",
        f"{path.parent / name}_cocotb/Makefile is not there",
    ]


@pytest.mark.parametrize("text", ["", "[]", '{"hashes": 1}', '{"hashes": {"a": 1}}', '{"hashes": {"../a": "b"}}'])
def test_what_is_no_manifest_is_said(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.json").write_text(text)
    assert main(["check", str(tmp_path / "a.json")]) == 2
    assert re.fullmatch(
        r"macsmith: \S+ must be a manifest that `macsmith generate` has written.*\n", capsys.readouterr().err
    )
    assert main(["check", str(tmp_path / "b.json")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_another_design_is_not_replaced_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = generated(tmp_path / "rtl", SPARE)
    folder, stem = path.parent, path.stem
    (folder / f"{stem}_tb" / f"{stem}_tb.v").write_text("// mine\n")
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    command = ["generate", SPARE, "-o", str(folder), "--reset", "async-low"]
    capsys.readouterr()
    assert main(command) == 2
    assert re.fullmatch(r"macsmith: \S+_tb.v: was changed since it was written; .*--force\n", capsys.readouterr().err)
    assert {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()} == before
    assert main([*command, "--force"]) == 0
    assert not differing(path)
    # Files of other designs are left alone.
    generated(folder, OTHER)
    assert not differing(path)


def test_what_the_user_has_changed_is_not_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = generated(tmp_path / "rtl", SPARE)
    source = path.with_suffix(".v")
    source.write_text(source.read_text() + "// mine\n")
    command = ["generate", SPARE, "-o", str(path.parent)]
    capsys.readouterr()
    assert main(command) == 2
    assert re.fullmatch(r"macsmith: \S+\.v: was changed since it was written; .*--force\n", capsys.readouterr().err)
    assert source.read_text().endswith("// mine\n")
    # What was deleted, or what no manifest tells of, is written again.
    source.unlink()
    assert main(command) == 0
    path.unlink()
    assert main(command) == 0
    source.write_text(source.read_text() + "// mine\n")
    assert main([*command, "--force"]) == 0
    assert not differing(path)


def test_what_was_written_the_other_way_before_is_taken_away(tmp_path: Path) -> None:
    path = generated(tmp_path / "rtl", "array/int4xint4/2x2", "--split")
    (path.parent / "notes.txt").write_text("mine")
    split = set(json.loads(path.read_text())["hashes"])
    generated(path.parent, "array/int4xint4/2x2")
    whole = set(json.loads(path.read_text())["hashes"])
    there = {str(file.relative_to(path.parent)) for file in path.parent.rglob("*") if file.is_file()}
    assert there == {*whole, path.name, "notes.txt"} and split - whole


@pytest.mark.parametrize("name", UNITS)
def test_the_datasheet_holds_for_every_unit(name: str) -> None:
    name, target = ([*name.rsplit("@", 1), "generic"])[:2] if name.endswith("@xc7") else (name, "generic")
    spec = hw.parse(name)
    design = emit(spec, hw.parse_target(target), convention=usual_convention(spec))
    files = sheet_files(spec, design, Facts(), few(spec))
    assert set(files) == {design.name + end for end in (".md", ".html", ".svg", ".wave.json")}
    page = files[f"{design.name}.md"]
    assert bench(spec.unit).FORMULA in page
    for fact in (*(port["name"] for port in design.manifest["ports"]), f"{spec.latency} cycles", "Not measured"):
        assert fact in page, fact
    for fmt in spec.port_formats.values():
        assert f"### {fmt.name}: " in page
    picture = ElementTree.fromstring(files[f"{design.name}.svg"].partition("-->")[2])
    assert picture.tag.endswith("svg")
    assert "<svg" in files[f"{design.name}.html"] and "http" not in re.sub(
        r'xmlns(:\w+)?="[^"]*"', "", files[f"{design.name}.html"]
    )
    drawn = json.loads(files[f"{design.name}.wave.json"])
    shown = {signal["name"] for signal in drawn["signal"]}
    ports = {port["name"] for port in design.manifest["ports"]}
    assert all(part in ports for signal in shown for part in signal.removesuffix(" (bytes kept)").split(" + "))


def test_every_unit_has_a_formula() -> None:
    assert {name.partition("/")[0] for name in UNITS} == set(hw.UNITS)


def test_a_waveform_shows_what_the_play_says() -> None:
    spec = hw.parse("mac/int4xint4")
    design, plays = emit(spec), few(spec)
    signals = {signal["name"]: signal for signal in waveform(design, plays)["signal"]}
    codes = [code for code in plays[0].expected["acc"] if code >= 0]
    assert (
        signals["acc"]["data"][:2]
        == [f"{code:x}" for number, code in enumerate(codes) if not number or code != codes[number - 1]][:2]
    )
    assert wave("a", [1, 1, None, None, 2], 8) == {"name": "a", "wave": "=.x.=", "data": ["1", "2"]}
    assert wave("en", [1, 0, 0, None], 1) == {"name": "en", "wave": "10.x"}


def test_a_code_that_is_long_shows_both_ends() -> None:
    assert shown(0x123456789ABCDE) == "123456789abcde"
    assert shown(0x1234567890ABCDEF) == "1234567...cdef"


def test_what_the_store_has_is_told(tmp_path: Path) -> None:
    spec, target, store = hw.parse(SPARE), hw.parse_target("ice40"), tmp_path / "store.sqlite"
    design = emit(spec, target)
    assert known(spec, target, design, store).estimate
    cost = {
        "spec": SPARE,
        "target": "ice40",
        "device": "ice40-hx8k",
        "lut": 12,
        "carry": 3,
        "ff": 0,
        "dsp": 0,
        "bram": 0,
        "lut_kind": "LUT4",
    }
    cost |= {
        "levels": 2,
        "fmax": None,
        "fmax_seeds": [],
        "unplaced": "it has no registers",
        "flow": "a flow",
        "digest": design.digest,
    }
    verdict = {
        "spec": SPARE,
        "digest": design.digest,
        "passed": False,
        "tests": 1,
        "cycles": 256,
        "exhaustive": True,
        "compared": 255,
    }
    verdict |= {"failures": ["all: wrong"], "versions": {"verilator": "5"}, "level": "rtl", "coverage": {}}
    with Store(store) as results:
        for job, value in (
            (measure_job(spec, target), cost | {"versions": {"yosys": "0.1"}}),
            (verify_job(spec, target, tmp_path, emitted=design), verdict),
        ):
            results.put(job.kind, job.key, job.label, value)
    facts = known(spec, target, design, store)
    assert facts.cost and facts.verdict and not facts.estimate
    page = sheet_files(spec, design, facts, few(spec))[f"{design.name}.md"]
    assert "Measured on ice40-hx8k by yosys 0.1, flow `a flow`" in page
    assert "| 12 | 3 | 0 | 0 | 0 | not placed: it has no registers |" in page
    assert "it FAILS: all: wrong: 1 tests, 256 cycles, 255 values compared, every operand pair; verilator 5." in page


def test_verify_fills_the_verdict_in(tmp_path: Path) -> None:
    path = generated(tmp_path / "rtl", "mul/int2xint2", "--verify")
    told = json.loads(path.read_text())
    jsonschema.validate(told, SCHEMA)
    assert told["verdict"]["passed"] and told["verdict"]["digest"] == told["sha256"]
    assert "code by code, it passes: " in (path.parent / f"{path.stem}.html").read_text()


def test_an_estimate_says_that_it_is_one() -> None:
    spec, target = hw.parse("mac/int4xint4"), hw.parse_target("ecp5")
    facts = known(spec, target, design := emit(spec, target), Path("nowhere/store.sqlite"))
    page = sheet_files(spec, design, facts, few(spec))[f"{design.name}.md"]
    assert "An estimate, not a measurement" in page and "| LUT | " in page and "| MHz | " in page


def test_what_takes_seconds_to_estimate_is_estimated_if_asked_for(tmp_path: Path) -> None:
    spec, target, store = hw.parse("array/int2xint2/2x2"), hw.parse_target("ecp5"), tmp_path / "store.sqlite"
    design = emit(spec, target)
    assert known(spec, target, design, store).estimate is None and not store.exists()
    found = known(spec, target, design, store, estimate=True).estimate
    assert found and set(found) == {"lut", "ff", "mhz"} and found["ff"][0] > 0
    page = sheet_files(spec, design, Facts(), few(spec))[f"{design.name}.md"]
    assert "`--estimate` in seconds" in page


def test_a_page_is_the_same_in_both_languages() -> None:
    blocks = [Heading("A & b"), Text("<x>"), Code("1 < 2\n"), Table(["a"], [["x|y"]]), Picture("p.svg", "p", "<svg/>")]
    assert markdown(blocks, ["one", "two--three"]) == (
        "<!-- one\ntwo- -three -->\n\n## A & b\n\n<x>\n\n```\n1 < 2\n```\n\n| a |\n| --- |\n| x\\|y |\n\n![p](p.svg)\n"
    )
    page = html(blocks, ["one"], "t")
    assert page.startswith("<!DOCTYPE html>\n<!-- one -->\n")
    for part in ("<h2>A &amp; b</h2>", "<p>&lt;x&gt;</p>", "<pre>1 &lt; 2</pre>", "<td>x|y</td>", "<svg/>"):
        assert part in page


def test_deliver_returns_the_verilog_first(tmp_path: Path) -> None:
    spec = hw.parse(OTHER)
    paths = deliver(spec, emit(spec), tmp_path)
    assert [path.suffix for path in paths[:2]] == [".v", ".json"]


def test_diagrams_and_lists_of_a_docstring_keep_their_lines() -> None:
    class Spec:
        """A unit,
        in short.

            a ──► b
            c ──┘

        ``one``
            What the
            first is.
        ``two``
            The second.

        Parameters
        ----------
        a
        """

    assert list(prose(Spec)) == [  # type: ignore[arg-type]
        Text("A unit, in short."),
        Code("a ──► b\nc ──┘"),
        Text("one: What the first is."),
        Text("two: The second."),
    ]
