"""The same plays on every convention of clock and reset, by whoever plays them; and a wrong reset is found."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pytest

import hw
from macsmith.cli import main
from rtl_gen import Emitted, emit
from rtl_gen.convention import AXI, PLAIN, Convention
from sim.benches import bench
from sim.playing import play_all
from sim.runner import Results
from sim.simulator import VERILATOR
from sim.theirs import convention_of
from sim.verify import verify_key
from sim.watched import watched

DESIGNS = [
    "mac/int3xint3/exact/kulisch16/p2",
    "mac/int3xint3/exact/kulisch16/p1/tmr",
    "mac/int3xint3/exact/kulisch16/p1/parity",
    "array/int3xint3/2x2/ws/tmr:control/parity:accumulator+operand",
    "pe/int2xint2/ws",
    "dot/int3xint3/n2/exact/exact/p1",
    "array/int3xint3/2x2/os",
    "gemm/int4xint4/2x2/os/exact/kulisch16/p0/int8/tensor/x2/p1/k8/n8/w32",
    "gemm/int4xint4/2x2/ws/exact/kulisch16/p0/int8/channel/x2/p1/k8/n8/w32",
]
CONVENTIONS = [Convention("ck", "rs", *manner) for manner in product((False, True), repeat=2)]
SOME = {"gemm": ("shapes", "resets"), "blockgemm": ("shapes", "resets")}
"""Of units that take long."""


def played(name: str, design: Emitted, folder: Path, **options: object) -> Results:
    spec = hw.parse(name)
    plays = [play for play in bench(spec.unit).plays(spec, 1) if play.name in SOME.get(spec.unit, (play.name,))]
    plays = [*watched(spec, plays, VERILATOR)]
    folder.mkdir()
    return play_all(design, plays, folder, hw.GENERIC, **options)[0]  # type: ignore[arg-type]


# What differs most from the plain one, for each design, and all of them for one.
@pytest.mark.kept(
    *(f"{DESIGNS[0]}-{convention.text}" for convention in CONVENTIONS),
    *(f"{name}-{CONVENTIONS[-1].text}" for name in DESIGNS[1:]),
)
@pytest.mark.parametrize("convention", CONVENTIONS, ids=lambda each: each.text)
@pytest.mark.parametrize("name", DESIGNS)
def test_a_right_design_passes(name: str, convention: Convention, tmp_path: Path) -> None:
    design = emit(hw.parse(name), convention=convention)
    loop = played(name, design, tmp_path / "loop")
    assert loop.tests and not loop.failures
    if not name.startswith(("gemm", "array")):
        assert played(name, design, tmp_path / "cocotb", many=1 << 30) == loop


@pytest.mark.kept(
    f"{CONVENTIONS[0].text}-mac/int3xint3/exact/kulisch16/p2", f"{CONVENTIONS[-1].text}-dot/int3xint3/n2/exact/exact/p1"
)
@pytest.mark.parametrize("name", ["mac/int3xint3/exact/kulisch16/p2", "dot/int3xint3/n2/exact/exact/p1"])
@pytest.mark.parametrize("told", CONVENTIONS, ids=lambda each: each.text)
def test_a_design_of_another_convention_fails(name: str, told: Convention, tmp_path: Path) -> None:
    for number, made in enumerate(CONVENTIONS):
        # What streams show in reset is looked at after it, so that a reset that acts too soon is none too soon.
        if made == told or (name.startswith("dot") and made.low == told.low and made.asynchronous):
            continue
        design = emit(hw.parse(name), convention=made)
        lying = Emitted(design.name, design.verilog, {**design.manifest, "clocking": told.to_dict()})
        for many in (1, 1 << 30):
            assert played(name, lying, tmp_path / f"{number} {many}".replace(" ", "_"), many=many).failures, made.text


@pytest.mark.parametrize("options", [[], ["--reset", "async-low:aclk,aresetn"]])
def test_what_was_generated_is_verified_as_its_manifest_says(options: list[str], tmp_path: Path, capsys) -> None:
    name, store = "dot/int2xint2/n2/exact/exact/p1", ["--store", str(tmp_path / "store.sqlite")]
    assert main(["generate", name, *options, "-o", str(tmp_path)]) == 0
    source = next(path for path in tmp_path.iterdir() if path.suffix == ".v")
    assert main(["verify", name, "--verilog", str(source), *store]) == 0
    assert convention_of(source).text == (options or ["", "sync-low:aclk,aresetn"])[1]
    source.with_suffix(".json").unlink()
    # By the names of its ports alone it is AXI's.
    assert convention_of(source) == AXI
    assert main(["verify", name, "--verilog", str(source), *options, *store]) == 0
    assert main(["verify", name, "--verilog", str(source), "--reset", "sync-high", *store]) == 2
    assert "no port" in capsys.readouterr().err


def test_the_key_of_a_verdict_is_of_the_convention_too() -> None:
    design = emit(hw.parse("mac/int4xint4"))
    told = [Emitted(design.name, design.verilog, {**design.manifest, "clocking": c.to_dict()}) for c in CONVENTIONS]
    assert len({verify_key(each) for each in (design, *told)}) == 1 + len(told)


def test_a_file_without_a_manifest_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.v").write_text("module a(input clk, rst); endmodule")
    (tmp_path / "b.v").write_text("module b(input aclk, aresetn); endmodule")
    (tmp_path / "b.json").write_text(json.dumps(["no manifest"]))
    assert [convention_of(tmp_path / f"{name}.v").text for name in "ab"] == [PLAIN.text, "sync-low:aclk,aresetn"]
