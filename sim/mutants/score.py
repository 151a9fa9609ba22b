"""A unit's mutants one after the other, and the score: how many of those that are not equivalent are killed."""

from __future__ import annotations

import math
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

import hw
from hw.formats import check_int
from hw.formats.messages import cut, echo
from rtl_gen import emit
from rtl_gen.scratch import scratch
from rtl_gen.side_by_side import side_by_side
from rtl_gen.steps import step
from sim.mutants.mutated import Mutant, Mutated, mutated
from sim.mutants.proof import SECONDS, Prover
from sim.mutants.trial import Trial
from sim.runner import SEED
from sim.verify import MAX_SEED

COUNT, SAMPLE, MOST = 60, 24, 10_000
NEEDED = 0.99
"""The least score that is good."""
DATA = Path(__file__).with_name("designs.toml")

KILLED, EQUIVALENT, ARGUED, SURVIVED = "killed", "equivalent", "argued", "survived"


@dataclass(frozen=True)
class Result:
    """What became of a mutant, and what is known.

    It is `KILLED` by a failure, `EQUIVALENT` by a proof, `ARGUED` to be that, with a reason that somebody has written
    down and no proof speaks against, or it has `SURVIVED`.
    """

    mutant: Mutant
    outcome: str
    why: str = ""


@dataclass(frozen=True)
class Score:
    """All mutants of a design.

    Attributes
    ----------
    spec, unit : str
    results : list of Result
    seconds : float
        That everything took, building and proofs included.
    untried : int
        Mutants for which there was no time.
    """

    spec: str
    unit: str
    results: list[Result]
    seconds: float
    untried: int = 0

    def of(self, *outcomes: str) -> list[Result]:
        """The results with these outcomes."""
        return [result for result in self.results if result.outcome in outcomes]

    @property
    def of_domain(self) -> int:
        return sum(result.mutant.of_domain for result in self.results)

    @property
    def score(self) -> float:
        """The share of the killed among those that are not equivalent, be that proved or argued."""
        killed = len(self.of(KILLED))
        return killed / max(1, killed + len(self.of(SURVIVED)))


@cache
def data() -> dict[str, Any]:
    """The designs that stand for units, and why some mutants are equivalent."""
    return tomllib.loads(DATA.read_text())


def designs() -> dict[str, str]:
    """A small design of each unit."""
    named: dict[str, str] = data()["designs"]
    return named


def sample() -> dict[str, str]:
    """Those of these designs whose benches play in the loop in C++, which takes a part of a second a mutant."""
    return {unit: name for unit, name in designs().items() if unit in data()["sample"]}


def explanation(spec: str, mutant: Mutant) -> str:
    """Why a mutant is equivalent, as somebody argues; empty if nobody does."""
    known = data().get("argued", [])
    return next((each["why"] for each in known if each["design"] == spec and mutant.name in each["mutants"]), "")


def build(spec: hw.Spec, count: int = COUNT, seed: int = SEED) -> Mutated:
    """A design with its mutants, for any fabric.

    Raises
    ------
    TypeError, ValueError
        `spec` is none, or a number is not in its range.
    """
    if not isinstance(spec, hw.Spec):
        raise TypeError(f"spec must be a Spec, got {echo(spec)}")
    check_int("count", count, 1, MOST)
    check_int("seed", seed, 0, MAX_SEED)
    with step(f"making mutants of {cut(spec)}"):
        return mutated(emit(spec), count, seed)


def score(
    spec: hw.Spec, count: int = COUNT, seed: int = SEED, seconds: float = SECONDS, at_most: float = math.inf
) -> Score:
    """Try mutants of a design.

    Parameters
    ----------
    spec : Spec
        The design.
    count : int
        How many mutants.
    seed : int
        Of their choice. The bench's own is the one that verdicts have.
    seconds : float
        For each proof.
    at_most : float
        Seconds; what has not begun when they are over is not tried, or not proved.

    Raises
    ------
    TypeError, ValueError
        As `build`.
    ToolError
        A tool is missing or failed, or the bench fails with the right design.
    """
    begun = time.monotonic()
    built = build(spec, count, seed)
    with scratch() as folder, step(f"mutants of {cut(spec)}") as progress:
        trial = Trial(spec, built, folder)
        prover = Prover(built, folder, trial.late)
        done: list[int] = []
        start = time.monotonic()

        def one(mutant: Mutant) -> Result | None:
            if time.monotonic() - begun > at_most:
                return None
            result = tried(trial, mutant)
            done.append(mutant.number)
            rate = len(done) / (time.monotonic() - start)
            progress.at("running", f"{len(done)} of {len(built.mutants)}, {rate:.1f} a second")
            return result

        def other(result: Result) -> Result:
            if result.outcome == KILLED:
                return result
            if time.monotonic() - begun > at_most:
                return unknown(trial, result.mutant, "not decided: there was no time for a proof")
            return proved(trial, prover, result.mutant, seconds)

        # Proofs come last: of a core they may take longer than all that is played.
        first = side_by_side([partial(one, mutant) for mutant in _mixed(built.mutants)])
        found = side_by_side([partial(other, result) for result in first if result])
    results = sorted(found, key=lambda result: result.mutant.number)
    return Score(spec.name, spec.unit, results, time.monotonic() - begun, len(first) - len(results))


def _mixed(mutants: Sequence[Mutant]) -> list[Mutant]:
    """Of the domain and others in turn, so that both are tried if time runs out."""
    kinds = ([each for each in mutants if each.of_domain == wanted] for wanted in (True, False))
    return [each for turn in zip_longest(*kinds) for each in turn if each]


def judged(trial: Trial, prover: Prover, mutant: Mutant, seconds: float = SECONDS) -> Result:
    """What becomes of one mutant."""
    result = tried(trial, mutant)
    return result if result.outcome == KILLED else proved(trial, prover, mutant, seconds)


def tried(trial: Trial, mutant: Mutant) -> Result:
    """What the bench says of a mutant."""
    with scratch() as folder:
        failure = trial.failure(mutant.number, folder)
    return Result(mutant, KILLED if failure else SURVIVED, failure)


def proved(trial: Trial, prover: Prover, mutant: Mutant, seconds: float) -> Result:
    """What a proof says of a mutant that the bench has not found."""
    proof = prover.prove(mutant.number, seconds)
    if proof.outcome == "equal":
        return Result(mutant, EQUIVALENT, "proved")
    if proof.outcome == "unknown" and trial.exhaustive and "clk" not in trial.design.ports:
        return Result(mutant, EQUIVALENT, "all operands were tried")
    if proof.outcome == "differs":
        return Result(mutant, SURVIVED, f"seen by somebody who looks at it for {proof.cycles + 1} cycles")
    return unknown(trial, mutant, f"neither proved equivalent nor seen in {proof.cycles} cycles")


def unknown(trial: Trial, mutant: Mutant, said: str) -> Result:
    """What is said of a mutant that neither the bench nor a proof has decided."""
    why = explanation(trial.spec.name, mutant)
    return Result(mutant, ARGUED, why) if why else Result(mutant, SURVIVED, said)


def good(scores: Sequence[Score]) -> bool:
    """Whether every unit's score is as high as it has to be."""
    return all(each.score >= NEEDED for each in scores)
