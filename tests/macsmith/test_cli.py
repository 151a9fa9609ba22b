"""The command line, as people type it."""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest

import hw
from hw.formats import FAMILIES
from macsmith.cli import main

BIG = "gemm/int8xint8/8x8"
COMMANDS = [
    "formats",
    "generate",
    "check",
    "compile",
    "pack",
    "verify",
    "regress",
    "cost",
    "fit",
    "explore",
    "recommend",
    "doctor",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_an_example_that_parses(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    example = re.search(rf"example:\n  macsmith ({command}.*)", capsys.readouterr().out)
    assert example
    from macsmith.cli import _parser

    assert _parser().parse_args(shlex.split(example[1])).command


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["formats", "e4m99"], "macsmith: format 'e4m99': mantissa_bits must be 0..31, got 99"),
        (["formats", "e4m3", "--plot", "{tmp}/x.txt"], "macsmith: the plot must be a .png, .svg or .pdf file, got"),
        (["formats", "fp32", "--plot", "{tmp}/x.png"], "macsmith: the formats to plot must have at most 12 bits, got"),
        (["formats", "roots4", "--plot", "{tmp}/x.png"], "macsmith: the formats to plot must be of real numbers"),
        (["formats", "--plot", "{tmp}/x.png"], "macsmith: --plot needs at least one FORMAT"),
        (
            ["verify", "mac/mxfp4xint8", "--store", "{tmp}/s"],
            "macsmith: spec 'mac/mxfp4xint8': format 'mxfp4' is a block format, whose numbers share a scale; here",
        ),
        (["generate", "mac/int8xint0", "-o", "{tmp}"], "macsmith: spec 'mac/int8xint0': format 'int0': bits must be"),
        (["generate", "mac/int8xint8", "-o", "{tmp}/file/x"], "macsmith: {tmp}/file: not a folder"),
        (
            ["generate", "mac/int8xint8", "-o", "{tmp}", "--target", "x"],
            "macsmith: unknown target 'x'; known are generic",
        ),
        (
            ["generate", "mac/int8xint8", "-o", "{tmp}", "--prefix", "8x"],
            "macsmith: prefix must be a letter and then letters, digits or _, at most 64 of them, like chip_, got '8x'",
        ),
        (["verify", "mac/int2xint2", "--waves", "{tmp}/file/x"], "macsmith: {tmp}/file: not a folder"),
        (
            ["verify", "mac/int2xint2", "--simulator", "icarus", "--waves", "x"],
            "macsmith: waveforms must be of level rtl in verilator, got rtl in icarus",
        ),
        (["verify", "mac/int2xint2", "mac/int3xint3", "--waves", "x"], "macsmith: --waves stands for one SPEC, got 2"),
        (["verify", "conv/int8xint8"], "macsmith: spec 'conv/int8xint8': unknown unit 'conv'; known are mac"),
        (["verify", "mac/int4xint4", "--store", "{tmp}/file"], "macsmith: {tmp}/file can't be used as a store"),
        (["regress", "--store", "{tmp}/file"], "macsmith: {tmp}/file can't be used as a store"),
        (["regress", "--junit", "{tmp}/file/x", "--store", "{tmp}/s"], "macsmith: {tmp}/file: not a folder"),
        (["cost", "mac/int4xint4", "--target", "generic", "--store", "{tmp}/s"], "macsmith: target 'generic' can't be"),
        (
            ["cost", "mac/int4xint4", "--target", "ice40", "--device", "ecp5-25k", "--store", "{tmp}/s"],
            "macsmith: target ice40 and device ecp5-25k disagree: the device is of ecp5",
        ),
        (["generate", "mac/int4xint4", "--device", "ecp5", "-o", "{tmp}/g"], "macsmith: unknown device 'ecp5'; known"),
        (["verify", "mac/int4xint4", "--device", "{tmp}/d.toml"], "macsmith: {tmp}/d.toml: No such file or directory"),
        (["cost", "mac/int4xint4", "--estimate", "--target", "generic", "--store", "{tmp}/s"], "macsmith: target 'gen"),
        (
            ["cost", "mac/int4xint4", "--estimate", "--csv", "{tmp}/file/x", "--store", "{tmp}/s"],
            "macsmith: {tmp}/file",
        ),
        (
            ["cost", "mac/int4xint4", "--stream", "uniform", "--store", "{tmp}/s"],
            "macsmith: --stream says what",
        ),
        (
            ["cost", "mac/int4xint4", "--csv", "{tmp}/a", "--json", "{tmp}/a", "--store", "{tmp}/s"],
            "macsmith: --csv and --json must name two files, got one",
        ),
        (
            ["cost", "mac/int4xint4", "--gates", "{tmp}/none.lib", "--no-place", "--store", "{tmp}/s"],
            "macsmith: {tmp}/n",
        ),
        (["fit", "mul/int4xint4", "--device", "ecp5-25k", "--store", "{tmp}/s"], "macsmith: spec must be of a unit th"),
        (["fit", "array/int4xint4/2x2", "--device", "ecp5", "--store", "{tmp}/s"], "macsmith: unknown device 'ecp5'"),
        (
            ["fit", "array/int4xint4/2x2", "--device", "zu3eg", "--confirm", "--store", "{tmp}/s"],
            "macsmith: nothing here places on zu3eg: leave --confirm out",
        ),
        (["explore", "{tmp}/none.toml", "-o", "{tmp}/o"], "macsmith: {tmp}/none.toml: No such file or directory"),
        (["explore", "{tmp}/file.toml", "-o", "{tmp}/o"], "macsmith: {tmp}/file.toml: Expected '=' after a key"),
        (["formats", "mxfp8"], "macsmith: unknown format 'mxfp8'; did you mean mxfp8e4m3 or mxfp8e5m2?"),
        (["formats", "x" * 30_000], "macsmith: a format's name must have at most 20000 characters, got 30000"),
        (["explore", f"{'x' * 5000}.toml", "-o", "{tmp}/o"], f"macsmith: {'x' * 49}...{'x' * 43}.toml: File name too"),
        (["explore", "edge", "-o", "{tmp}/held"], "macsmith: {tmp}/held/report.html: a folder is where a file"),
        (["explore", "edge", "-o", "{tmp}/file.toml"], "macsmith: {tmp}/file.toml: not a folder"),
        (["verify", "mul/int2xint2", "--store", "{tmp}/file.toml/s"], "macsmith: {tmp}/file.toml: not a folder"),
        (
            ["verify", "mul/int2xint2", "--level", "netlist", "--store", "{tmp}/s"],
            "macsmith: level netlist must have a family to synthesise for (--target ecp5, gatemate, ",
        ),
        (
            ["faults", "mac/int2xint2", "--flips", "0", "--store", "{tmp}/s"],
            "macsmith: flips must be 10..100000, got 0",
        ),
        (
            ["faults", "mac/int2xint2", "--flips", "1", "--store", "{tmp}/s"],
            "macsmith: flips must be 10..100000, got 1",
        ),
        (
            ["faults", "mac/int2xint2", "--workload", "random", "--store", "{tmp}/s"],
            "macsmith: workload is for cores, as ",
        ),
        (
            ["faults", "gemm/int8xint8/2x2", "--store", "{tmp}/s"],
            "macsmith: gemm/int8xint8/2x2/os/exact/kulisch1024/p1/int8/tensor/x1/p6/k256/n256/w1024 is a core: ",
        ),
        (
            ["faults", "mac/int2xint2", "--images", "2", "--store", "{tmp}/s"],
            "macsmith: --images is of --workload digits",
        ),
        (
            ["faults", "gemm/int8xint8/2x2", "--workload", "random", "--stream", "uniform", "--store", "{tmp}/s"],
            "macsmith: --stream and --workload disagree: a core's operands are the workload's",
        ),
        (["explore", "nonsense", "-o", "{tmp}/o"], "macsmith: a space must be a .toml file or one of blocks, "),
        (["recommend", "--device", "ecp6", "--store", "{tmp}/s"], "macsmith: unknown device 'ecp6'; known are "),
        (
            ["recommend", "--device", "ecp5-25k", "--workload", "mnist", "--store", "{tmp}/s"],
            "macsmith: workload must be one of mnist-mlp, ",
        ),
        (["demo", "--network", "lmull"], "macsmith: network must be one of int8, "),
        # One wrong name among many, or one that the target can't have, is found before any is built.
        (["generate", BIG, "mac/int8xint99", "-o", "{tmp}/g"], "macsmith: spec 'mac/int8xint99'"),
        (
            ["generate", BIG, "mac/int8xint8/exact/kulisch/p1/dsp", "-o", "{tmp}/g", "--target", "machxo2"],
            "macsmith: mac/int8xint8/exact/kulisch1024/p1/dsp: form must be small or fast for Lattice MachXO2",
        ),
        (["generate", BIG, "-o", "{tmp}/file/x"], "macsmith: {tmp}/file"),
        (
            ["verify", BIG, "pack/int8xint8/x2", "--target", "ice40", "--store", "{tmp}/s"],
            "macsmith: pack/int8xint8/x2",
        ),
        (["cost", BIG, "--target", "ecp5", "generic", "--store", "{tmp}/s"], "macsmith: target 'generic' can't be"),
        (
            ["cost", BIG, "tellme/int8/g3/t8/q16", "--target", "ecp5", "ice40", "--store", "{tmp}/s"],
            "macsmith: tellme/int8/g3/t8/q16/half/lutram",
        ),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(import_module("rtl_gen.emit"), "_convert", lambda *_: pytest.fail("something was built"))
    for name in ("file", "file.toml"):
        (tmp_path / name).write_text("this is neither TOML nor a database\n" * 50)
    (tmp_path / "held" / "report.html").mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    assert main([argument.format(tmp=tmp_path) for argument in arguments]) == 2
    out, err = capsys.readouterr()
    assert err.startswith(message.format(tmp=tmp_path))
    assert err.count("\n") == 1
    assert len(err) < 700
    assert out == ""
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path not in before and path.name != "s"] == []


@pytest.mark.parametrize(
    "command", [["cost", BIG, "--target", "ecp5", "--store", "{tmp}/s"], ["explore", "-o", "{tmp}"]]
)
def test_tools_that_are_not_there_are_one_line_and_exit_code_2(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("rtl_gen.emit"), "_convert", lambda *_: pytest.fail("something was built"))
    monkeypatch.setenv("PATH", str(tmp_path))
    arguments = [argument.format(tmp=tmp_path) for argument in command]
    absent = "macsmith: nextpnr-ecp5 is not on PATH: install it, or take the wheel (--tools wheel)\n"
    assert main([*arguments, "--tools", "native"]) == 2
    assert capsys.readouterr() == ("", absent)
    monkeypatch.setenv("MACSMITH_TOOLS", "native")
    assert main(arguments) == 2
    assert capsys.readouterr() == ("", absent)
    assert main([*arguments, "--tools", "wheels"]) == 2
    assert capsys.readouterr().err.startswith("macsmith: --tools must be one of wheel, native, got 'wheels'")


@pytest.mark.parametrize(
    "arguments",
    [
        ["explode"],
        ["generate", "mac/int8xint8"],
        ["generate", "mac/int8xint8", "-o", ""],
        ["explore", "-o", ""],
        ["explore", "--budget", "0m"],
        *(
            ["explore", f"--budget={time}"]
            for time in ("soon", "5", "0s", "-5m", "5 m", "5M", "m", "", "1e3s", "nan", "\u0665m")
        ),
        *(
            ["recommend", "--device", "ecp5-25k", f"--loss={loss}"]
            for loss in ("-1", "nan", "inf", "1_0", "one", "", "\u0663")
        ),
        ["verify", "mac/int8xint8", "-j", "0"],
        ["regress", "--quick", "--full"],
        ["regress", "--seed", "-1"],
        ["regress", "--junit", ""],
        ["x" * 200_000],
        ["doctor", "x" * 200_000],
        ["verify", "mac/int8xint8", "-j", "9" * 5000],
        ["verify", "mac/int8xint8", "-j", "a\n" * 5000],
    ],
)
def test_wrong_words_are_one_line_and_exit_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    said = capsys.readouterr().err
    assert re.fullmatch(r"macsmith: .* \(see `macsmith.* --help`\)\n", said)
    assert len(said) < 300


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["verfy"], "unknown command 'verfy'; known are formats, generate, .*; did you mean verify? (see `macsmith --"),
        (["zzz"], "unknown command 'zzz'; known are formats, generate, .*, doctor (see `macsmith --help`)"),
        (["cost", "mul/int2xint2", "--mhz", "5"], "unrecognized arguments: --mhz 5 (see `macsmith cost --help`)"),
        (["cost", "mul/int2xint2", "--devce", "5"], "unrecognized arguments: --devce 5; did you mean --device? (see"),
        (["--versoin"], "unrecognized arguments: --versoin; did you mean --version? (see `macsmith --help`)"),
    ],
)
def test_a_wrong_word_is_told_by_the_command_that_it_was_said_to(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert re.match("macsmith: " + re.escape(said).replace(r"\.\*", ".*"), capsys.readouterr().err)


def test_public_names_are_there() -> None:
    import macsmith

    assert sorted(macsmith._HOMES) == macsmith.__all__
    assert all(callable(getattr(macsmith, name)) for name in macsmith.__all__)
    # Those that have another name at home.
    assert macsmith.read_space(None).question
    assert macsmith.find_gemms("resnet18").macs > 1e9
    with pytest.raises(AttributeError, match="macsmith has no 'parze'; it has Column, Convention, Device, "):
        macsmith.parze  # noqa: B018


def test_no_words_are_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    out = capsys.readouterr().out
    assert all(command in out for command in COMMANDS)


def test_generate_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        subprocess.run(
            [sys.executable, "-m", "macsmith", "generate", "mac/int8xint8/exact", "-o", str(tmp_path / folder)],
            check=True,
        )
    one, two = (
        {str(p.relative_to(tmp_path / folder)): p.read_bytes() for p in (tmp_path / folder).rglob("*") if p.is_file()}
        for folder in ("one", "two")
    )
    assert one == two
    assert len(one) > 2


def test_generate_writes_each_design_when_it_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # How deep a pipeline may be is known when the logic is: what was written before stays.
    names = ["mul/int2xint2", "mul/int2xint2/exact/exact/p0", "mul/uint1xuint1/exact/exact/p4"]
    assert main(["generate", *names, "-o", str(tmp_path)]) == 2
    out, err = capsys.readouterr()
    names = [Path(line).name for line in out.split()]
    assert names[:2] == [f"mul_int2xint2_exact_exact_p0.{end}" for end in ("v", "json")]
    assert "pipeline must be at most" in err
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == len(names)


def test_generate_takes_a_frequency(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["generate", "mul/e4m3xe4m3/exact/e4m3", "--target", "ecp5", "-o", str(tmp_path), "--mhz"]
    assert main([*asked, "200"]) == 0
    out, err = capsys.readouterr()
    # Where the machine is busy, lines of progress come before and after.
    found = re.search(r"(?m)^macsmith: mul/e4m3xe4m3/exact/e4m3/p(\d+) is predicted to reach (\d+) MHz on ecp5$", err)
    assert found and int(found[1]) > 1 and int(found[2]) >= 200
    assert Path(out.split()[0]).name == f"mul_e4m3xe4m3_exact_e4m3_p{found[1]}_ecp5.v"
    for words, message in (
        (["0"], "mhz must be above 0 and at most"),
        (["10000"], "which is a LUT between registers on ecp5, got 10000.0"),
        (["700"], "mhz must be at most"),
        (["200", "--target", "generic"], "target must be one of ecp5, ice40, whose delays are known"),
    ):
        assert main([*asked, *words]) == 2
        lines = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("...")]
        assert len(lines) == 1 and message in lines[0]
    assert main([*asked[:-1], "--confirm"]) == 2
    assert capsys.readouterr().err == "macsmith: --confirm needs --mhz, the frequency to confirm\n"


def test_generate_confirms_a_frequency(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["generate", "mul/int3xint3", "--target", "ice40", "-o", str(tmp_path), "--mhz", "150", "--confirm"]
    assert main(asked) == 0
    out, err = capsys.readouterr()
    found = re.search(r"macsmith: (mul/int3xint3/exact/exact/p\d) is placed at (\d+) MHz on ice40\n", err)
    assert found and int(found[2]) >= 150
    assert (tmp_path / f"{hw.parse(found[1]).identifier}_ice40.json").exists()
    assert Path(out.split()[1]).name == f"{hw.parse(found[1]).identifier}_ice40.json"


@pytest.mark.parametrize("taken", ["mul_int2xint2_exact_exact_p0.v/mine", "mul_int2xint2_exact_exact_p0_tb"])
def test_forced_it_replaces_files_but_no_folders_and_no_file_by_a_folder(
    taken: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "rtl" / taken
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    there = sorted(tmp_path.rglob("*"))
    # The first of two designs is not written either.
    designs = ["mul/int3xint3", "mul/int2xint2"] if "/" in taken else ["mul/int2xint2"]
    assert main(["generate", *designs, "-o", str(tmp_path / "rtl"), "--force"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and re.fullmatch(r"macsmith: \S+mul_int2xint2_exact_exact_p0\S*: .*folder.*\n", err)
    assert sorted(tmp_path.rglob("*")) == there and mine.read_text() == "mine"


def test_pack_says_nothing_before_it_has_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "w.npy", np.ones((2, 2)))
    command = ["pack", str(tmp_path / "w.npy"), "--format", "int8", "-o"]
    assert main([*command, str(tmp_path / "w.npy")]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err == f"macsmith: {tmp_path / 'w.npy'}: not a folder\n"
    assert main([*command, str(tmp_path / "words")]) == 0
    assert capsys.readouterr().out.startswith("2 x 2 int8 in 4 words of 8 bits")


def test_generate_replaces_no_other_design_unless_forced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, design = tmp_path / "rtl", ["generate", "pe/int3xint3/os", "mac/int3xint3", "--prefix", "my_", "--split"]
    assert main([*design, "-o", str(folder)]) == 0
    assert {path.suffix for path in folder.iterdir()} > {".v", ".json", ".f"}
    assert all(path.name.startswith("my_") for path in folder.iterdir())
    # The second is in the way, and so the first is not written.
    theirs, ours = (
        folder / "my_mac_int3xint3_exact_kulisch1024_p1.v",
        folder / "my_pe_int3xint3_os_exact_kulisch1024_p1.v",
    )
    theirs.write_text("// mine\n")
    ours.unlink()
    capsys.readouterr()
    assert main([*design, "-o", str(folder)]) == 2
    assert re.fullmatch(rf"macsmith: .*/{theirs.name}: is there and not macsmith's; .*\n", capsys.readouterr().err)
    assert not ours.exists()
    assert main([*design, "-o", str(folder), "--force"]) == 0
    assert theirs.read_text().startswith("// mac/int3xint3/")
    theirs.write_text(re.sub("macsmith [0-9.]+", "macsmith 0.0.1", theirs.read_text(), count=1))
    theirs.with_suffix(".json").unlink()
    capsys.readouterr()
    assert main([*design, "-o", str(folder)]) == 0
    assert capsys.readouterr().err == f"macsmith: {theirs} was written by macsmith 0.0.1, and is replaced\n"


def test_formats_lists_and_describes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["formats"]) == 0
    out = capsys.readouterr().out
    assert "e4m3fn" in out
    assert all(family.grammar in out for family in FAMILIES)
    assert main(["formats", "e2m1"]) == 0
    assert "0x7=6" in capsys.readouterr().out


def test_verify_and_cost_print_what_they_found_and_reuse_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = ["--store", str(tmp_path / "store.sqlite")]
    assert main(["verify", "mac/int4xint4", *store]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("PASS  mac/int4xint4/exact/kulisch1024/p1  3 tests")
    assert "every operand pair" in out
    assert "[1/1]" in err
    assert main(["verify", "mac/int4xint4", *store]) == 0
    assert capsys.readouterr().err == f"reused 1 of 1 results from {tmp_path / 'store.sqlite'}\n"
    # A verdict that is kept has left no waveform.
    waves = tmp_path / "waves.vcd"
    assert main(["verify", "mac/int4xint4", "--play", "resets", "--waves", str(waves), *store]) == 0
    assert waves.read_text().startswith("$version")
    capsys.readouterr()
    assert main(["cost", "mac/int4xint4", "--target", "xcup", *store]) == 0
    out = capsys.readouterr().out
    assert re.search(
        r"mac/int4xint4/exact/kulisch1024/p1 +xcup +zu3eg +\d+ +\d+ +28 +0 +0 +- +0.041 % LUT +\d+.0 +- +synth_xilinx",
        out,
    )


def test_cost_estimates_without_a_tool(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from rtl_gen import process

    monkeypatch.setattr(process, "start", lambda *_, **__: pytest.fail("a program was started"))
    files = [str(tmp_path / name) for name in ("costs.csv", "costs.json")]
    words = ["cost", "mul/int4xint4", "add/e4m3xe4m3/e4m3", "--target", "ecp5", "xcup", "--estimate"]
    assert main([*words, "--csv", files[0], "--json", files[1], "--store", str(tmp_path / "s")]) == 0
    out = capsys.readouterr().out
    assert re.search(r"^mul/int4xint4/exact/exact/p0 +ecp5 +ecp5-25k +\d+ \(\d+\.\.\d+\) ", out, re.M)
    rows = list(csv.DictReader(Path(files[0]).read_text().splitlines()))
    assert [(row["spec"], row["target"]) for row in rows] == [
        (spec, target)
        for spec in ("mul/int4xint4/exact/exact/p0", "add/e4m3xe4m3/e4m3/p0")
        for target in ("ecp5", "xcup")
    ]
    assert [row["makes"] for row in rows] == ["products", "products", "results", "results"]
    for row in rows:
        low, value, high = (float(row[f"lut_{end}"]) for end in ("low", "estimated", "high"))
        assert low <= value <= high
        assert (row["mhz_estimated"] == "") == (row["target"] == "xcup")
    found = json.loads(Path(files[1]).read_text())
    assert found["columns"]["lut_estimated"]["source"] == "estimated"
    assert set(found["columns"]) == set(rows[0]) == set(found["designs"][0])


def test_fit_finds_the_largest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = ["--store", str(tmp_path / "s")]
    assert main(["fit", "array/int2xint2/2x2/ws", "--device", "machxo2-1200", *store]) == 0
    out = capsys.readouterr().out
    assert re.match(r"array/int2xint2/\d+x\d+/ws/\S+ is estimated to fit machxo2-1200: \d+ LUT \(\d+\.\.\d+\), \d", out)
    tiny = tmp_path / "tiny.toml"
    tiny.write_text('[tiny]\ntarget = "machxo2"\nlut = 10\nff = 10\nbram = 0\ndsp = 0\n')
    assert main(["fit", "array/int2xint2/2x2/ws", "--device", str(tiny), *store]) == 2
    assert "macsmith: device must have room for the smallest array like array/int2" in capsys.readouterr().err


def test_a_wrong_design_is_exit_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch) -> None:
    from sim.golden.mac import Mac

    right = Mac.run

    def wrong(self: Mac, **inputs: Any) -> dict[str, Any]:
        outputs = right(self, **inputs)
        return outputs | {"acc": outputs["acc"] & 6}

    monkeypatch.setattr(Mac, "run", wrong)
    assert main(["verify", "mac/int2xint2", "--store", str(tmp_path / "store.sqlite")]) == 1
    out = capsys.readouterr().out
    assert out.startswith("FAIL  mac/int2xint2")
    assert "acc expected 0x" in out


def test_explore_does_the_whole_job(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    space = tmp_path / "space.toml"
    space.write_text(
        'question = "Which?"\ntargets = ["ice40"]\nobjectives = ["lut", "rate"]\n'
        '[[designs]]\nspec = "mac/{a}x{a}/exact/kulisch16"\na = ["int2", "e1m1"]\n'
    )
    assert main(["explore", str(space), "-o", str(tmp_path / "out")]) == 0
    out, err = capsys.readouterr()
    assert "frontier of LUT and a cycle on ice40-hx8k" in out
    assert "round 1: " in err
    files = {path.name for path in (tmp_path / "out").iterdir() if path.is_file()}
    pictures = {f"pareto-ice40-hx8k.{ending}" for ending in ("png", "svg")}
    assert files == {"table.csv", "report.html", "space.toml", "run.json", "store.sqlite"} | pictures
    table = pandas.read_csv(tmp_path / "out" / "table.csv", comment="#")
    assert set(table["verified"].dropna()) == {"every pair"}
    run = json.loads((tmp_path / "out" / "run.json").read_text())
    assert run["macsmith"] == version("macsmith") and run["tools"]["Verilator"] == version("verilator")
    assert run["stands"]
    assert run["designs"]["estimated"] == 2
    assert (tmp_path / "out" / "space.toml").read_bytes() == space.read_bytes()
    assert main(["explore", "--list"]) == 0
    assert "Which MAC for handwritten digits on an iCE40?" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("objectives", "designs", "message"),
    [
        ('["lut", "frames_s"]', 'spec = "mac/int4xint4"', "frames_s must be of a list of matrix products"),
        ('["lut", "rate"]', 'spec = "mac/int99xint4"', "the space has no design: mac/int99xint4"),
        ('["lut", "loss"]', 'spec = "add/int4xint4"', "loss must be of units that multiply matrices"),
    ],
)
def test_a_space_that_is_refused_leaves_nothing(
    objectives: str, designs: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    space = tmp_path / "space.toml"
    space.write_text(f'devices = ["ice40-hx8k"]\nobjectives = {objectives}\n[[designs]]\n{designs}\n')
    assert main(["explore", str(space), "-o", str(tmp_path / "out" / "deep")]) == 2
    assert message in capsys.readouterr().err.splitlines()[-1]
    assert [path.name for path in tmp_path.iterdir()] == ["space.toml"]


def test_doctor_names_what_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    for tool in ("Amaranth", "Yosys", "Verilator", "C++ compiler", "nextpnr-ecp5", "nextpnr-ice40"):
        assert re.search(rf"^{re.escape(tool)} +\S", out, re.M)
    assert "MISSING" not in out and "UNKNOWN" not in out


def test_doctor_names_what_is_missing_and_what_to_do() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "macsmith", "doctor"],
        env={**os.environ, "PATH": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert re.search(r"C\+\+ compiler +MISSING", done.stdout)
    assert "macsmith: C++ compiler: no C++ compiler found: install" in done.stderr


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mul/int2xint2", "mul/int2xint2/exact/exact/p0 has no registers that a bit could flip in: ask for a pipeline"),
        ("mul/int2xint2/tmr", "mul/int2xint2/exact/exact/p0/tmr: tmr must name what is there"),
    ],
)
def test_faults_of_what_has_no_register_is_one_line(
    name: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["faults", name, "--store", str(tmp_path / "s")]) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith(f"macsmith: {said}")


def test_verify_without_a_compiler_is_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "macsmith", "verify", "mac/int2xint2", "--store", str(tmp_path / "s")],
        env={**os.environ, "PATH": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("macsmith: no C++ compiler found")
    assert done.stderr.count("\n") == 1


def test_cost_says_what_a_list_of_products_takes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    products, table = tmp_path / "mine.csv", tmp_path / "t.csv"
    products.write_text("name,m,k,n,times\nfirst,4,6,8,2\n")
    asked = ["cost", "mac/int2xint2/exact/kulisch16", "add/fp16xfp16", "--estimate", "--store", str(tmp_path / "s")]
    assert main([*asked, "--gemms", str(products), "--csv", str(table)]) == 0
    out = capsys.readouterr().out
    assert "cycles -: spec must be of a unit that makes matrix products" in out
    mac, adder = pandas.read_csv(table).to_dict("records")
    assert mac["cycles"] >= 2 * 4 * 6 * 8
    assert mac["utilisation"] == pytest.approx(2 * 4 * 6 * 8 / mac["cycles"], rel=1e-5)
    assert mac["frames_s_estimated"] == pytest.approx(1e6 * mac["mhz_estimated"] / mac["cycles"], rel=1e-4)
    assert np.isnan(adder["cycles"])
    assert main([*asked, "--gemms", "resnet"]) == 2
    assert "did you mean resnet50?" in capsys.readouterr().err
