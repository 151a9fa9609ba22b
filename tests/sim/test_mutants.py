"""The benches tested by mutation: what must die dies, what is no fault is proved to be none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

import hw
from rtl_gen import emit
from rtl_gen.scratch import scratch
from sim import rowfile
from sim.benches import bench
from sim.benches.play import Play
from sim.mutants import kept
from sim.mutants import score as scoring
from sim.mutants.__main__ import main
from sim.mutants.mutated import Mutant, Mutated, mutated
from sim.mutants.proof import Proof, Prover
from sim.mutants.score import ARGUED, EQUIVALENT, KILLED, SURVIVED, Result, Score, build, designs, good, judged, sample
from sim.mutants.table import page, row, survivors, table
from sim.mutants.trial import Trial

MAC, MUL = "mac/int2xint2/exact/kulisch16/p1", "mul/e2m1xe2m1/exact/e2m1"
COUNT = 60


@pytest.fixture(scope="module")
def mac() -> Iterator[tuple[Mutated, Trial, Prover]]:
    spec = hw.parse(MAC)
    built = build(spec, COUNT)
    with scratch() as folder:
        trial = Trial(spec, built, folder)
        yield built, trial, Prover(built, folder, trial.late)


def test_every_unit_has_a_design() -> None:
    assert list(designs()) == list(hw.UNITS)
    assert all(hw.parse(name).unit == unit for unit, name in designs().items())


def test_mutants_are_numbered_and_half_of_them_are_of_the_domain(mac: tuple[Mutated, Trial, Prover]) -> None:
    mutants = mac[0].mutants
    assert [mutant.number for mutant in mutants] == list(range(1, COUNT + 1))
    assert sum(mutant.of_domain for mutant in mutants) >= 25
    names = [mutant.name for mutant in mutants if mutant.of_domain]
    assert len(set(names)) == len(names)


def test_the_ports_stay_those_of_the_design(mac: tuple[Mutated, Trial, Prover]) -> None:
    right = emit(hw.parse(MAC))
    declared = re.findall(r"(?m)^  (?:in|out)put (?:\[\d+:0\] )?(\w+)", mac[0].emitted.modules[right.name])
    assert declared == [port["name"] for port in right.manifest["ports"]]


def test_the_same_seed_makes_the_same_mutants_and_another_seed_others() -> None:
    right = emit(hw.parse(MUL))
    texts = [mutated(right, 20, seed).emitted.verilog for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


def test_the_right_design_passes_and_is_proved_equal_to_itself(mac: tuple[Mutated, Trial, Prover]) -> None:
    _, trial, prover = mac
    with scratch() as folder:
        assert trial.failure(0, folder) == ""
    assert prover.prove(0) == Proof("equal")


@pytest.mark.parametrize("name", ["acc is not reset", "acc does not wait", "acc is a cycle stale"])
def test_a_mutant_that_must_die_dies(name: str, mac: tuple[Mutated, Trial, Prover]) -> None:
    built, trial, prover = mac
    (mutant,) = (mutant for mutant in built.mutants if mutant.name == name)
    result = judged(trial, prover, mutant)
    assert result.outcome == KILLED and "expected" in result.why
    assert prover.prove(mutant.number).outcome == "differs"


def test_every_survivor_of_a_small_mac_is_proved_equivalent(mac: tuple[Mutated, Trial, Prover]) -> None:
    built, trial, prover = mac
    results = [judged(trial, prover, mutant) for mutant in built.mutants]
    assert {result.outcome for result in results} <= {KILLED, EQUIVALENT}
    assert {result.why for result in results if result.outcome == EQUIVALENT} == {"proved"}


def test_what_the_bench_does_not_see_but_a_proof_does_survives(
    mac: tuple[Mutated, Trial, Prover], monkeypatch: pytest.MonkeyPatch
) -> None:
    built, trial, prover = mac
    (mutant,) = (mutant for mutant in built.mutants if mutant.name == "acc is not reset")
    monkeypatch.setattr(Trial, "failure", lambda *_: "")
    result = judged(trial, prover, mutant)
    assert result.outcome == SURVIVED and result.why.startswith("seen by somebody who looks at it for ")


def scored(*outcomes: str) -> Score:
    mutants = [Mutant(number, f"m{number}", "x" * (number % 2)) for number in range(1, len(outcomes) + 1)]
    return Score(MAC, "mac", [Result(*pair, "why") for pair in zip(mutants, outcomes, strict=True)], 6.0)


def test_a_score_leaves_out_what_is_equivalent() -> None:
    assert scored(KILLED, EQUIVALENT).score == 1 and good([scored(KILLED, EQUIVALENT)])
    assert scored(*[KILLED] * 98, SURVIVED, EQUIVALENT).score == 98 / 99
    assert good([scored(*[KILLED] * 99, SURVIVED)])
    assert not good([scored(KILLED), scored(*[KILLED] * 98, SURVIVED)])


def test_survivors_are_named_with_the_command_that_tries_them_alone() -> None:
    each = scored(KILLED, SURVIVED, EQUIVALENT)
    assert list(survivors(each, 60, 7)) == [
        f"SURVIVED  {MAC}: m2: why",
        f"          python -m sim.mutants {MAC} --count 60 --seed 7 --only 2",
    ]


def test_what_is_argued_to_be_equivalent_is_unless_a_search_speaks_against_it(monkeypatch: pytest.MonkeyPatch) -> None:
    argued = {"argued": [{"design": MAC, "mutants": ["m2"], "why": "nobody looks"}]}
    monkeypatch.setattr(scoring, "data", lambda: argued)
    trial = SimpleNamespace(spec=hw.parse(MAC), exhaustive=False)
    for outcome, number, wanted in (("unknown", 2, ARGUED), ("unknown", 1, SURVIVED), ("differs", 2, SURVIVED)):
        prover = SimpleNamespace(prove=lambda *_, outcome=outcome: Proof(outcome, 7))
        result = scoring.proved(trial, prover, Mutant(number, f"m{number}", "x"), 1.0)  # type: ignore[arg-type]
        assert result.outcome == wanted
        assert (result.why == "nobody looks") == (wanted == ARGUED)
    each = scored(*[KILLED] * 3, ARGUED)
    assert each.score == 1 and good([each])
    assert "- `" + MAC + "`: m4: why." in page([row(each, "")], "command")


def test_every_argument_is_of_a_mutant_of_a_design() -> None:
    for each in scoring.data()["argued"]:
        assert each["design"] in {hw.parse(name).name for name in designs().values()}
        assert each["mutants"] and each["why"]


def test_a_table_and_a_page_have_a_line_for_each_unit() -> None:
    rows = [row(scored(KILLED, SURVIVED, EQUIVALENT), "--count 3")]
    lines = table(rows).splitlines()
    assert lines[1].split() == ["mac", "3", "2", "1", "1", "0", "1", "0", "50.0", "%", "2.00"]
    text = page(rows, "command")
    load = f"{rows[0].load} of {rows[0].cores}"
    assert f"| mac | 3 | 2 | 1 | 1 | 0 | 1 | 0 | 50.0 % | 2.00 | {load} | `{MAC}` | `--count 3` |" in text
    assert f"- `{MAC}`: m2: why." in text


def test_the_command_says_what_survives_and_writes_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([MUL, "--count", "12", "--write", str(tmp_path / "page.md")]) == 0
    said = capsys.readouterr().out
    assert said.splitlines()[1].split()[:2] == ["mul", "12"]
    assert f"| `{MUL}/p0` | `--count 12 --seed 1` |" in (tmp_path / "page.md").read_text()


def test_a_page_is_made_in_several_runs(tmp_path: Path) -> None:
    file = tmp_path / "page.json"
    mac, mul = row(scored(KILLED), "first"), replace(row(scored(KILLED), "second"), unit="mul")
    rowfile.write([mul, mac], file)
    newer = replace(mac, options="third")
    assert kept.merged(rowfile.read(file, kept.Row), [newer]) == [newer, mul]


def test_rows_that_are_none_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "page.json").write_text('[{"unit": "mac"}]')
    assert main([MUL, "--write", str(tmp_path / "page.md")]) == 2
    assert "page.json must be rows of earlier runs" in capsys.readouterr().err


def test_what_has_not_begun_in_time_is_counted_as_not_tried() -> None:
    each = scoring.score(hw.parse(MUL), 12, at_most=1e-9)
    assert (each.results, each.untried) == ([], 12)


def test_what_there_is_no_time_to_prove_is_not_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0]

    def survives(_: Trial, mutant: Mutant) -> Result:
        now[0] += 1
        return Result(mutant, SURVIVED)

    monkeypatch.setattr(scoring, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(scoring, "tried", survives)
    each = scoring.score(hw.parse(MUL), 4, at_most=3)
    assert [result.why for result in each.of(SURVIVED)] == ["not decided: there was no time for a proof"] * 4


def test_a_sample_is_of_what_plays_in_the_loop() -> None:
    assert sample() and all(
        isinstance(bench(unit).plays(hw.parse(name), 1)[0], Play) for unit, name in sample().items()
    )


def test_one_mutant_is_tried_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([MUL, "--count", "12", "--list"]) == 0
    first = capsys.readouterr().out.splitlines()[0].split("  1  ")[1]
    assert main([MUL, "--count", "12", "--only", "1"]) == 0
    assert first in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["mac/none"], "mac/none"),
        ([MUL, "--count", "0"], "count must be"),
        ([MUL, "--seed", "-1"], "seed must be"),
        ([MUL, "--seconds", "0"], "--seconds must be a number above 0, got 0.0"),
        ([MUL, "--at-most", "nan"], "--at-most must be a number above 0, got nan"),
        ([MUL, "--sample"], "--sample must come without a SPEC, got mul/e2m1xe2m1/exact/e2m1"),
        ([MUL, "-j", "0"], "-j must be at least 1, got 0"),
        ([MUL, "--count", "12", "--only", "13"], "--only must be from 1 to 12, got 13"),
        ([MUL, MAC, "--only", "1"], "--only must come with one SPEC, got 2"),
    ],
)
def test_a_bad_argument_is_one_line(arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1 and said[0].startswith("sim.mutants: ") and complaint in said[0]


def test_only_a_spec_has_mutants() -> None:
    with pytest.raises(TypeError, match="spec must be a Spec, got 'mac'"):
        build("mac")  # type: ignore[arg-type]
