"""The regression: designs of every unit, each verified as it is built for each of its targets.

What is tried is data: ``regression.toml`` has three grids, each with all of those before it. A design that is wrong, or
can't be tried, ends no run.
"""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import hw
from dse.crew import Workers
from dse.groups import Group
from dse.job import Job, Value
from dse.jobs import run
from dse.making import verify_job
from dse.repeating import repeated
from dse.store import Store
from dse.written import read, writing_job
from hw.formats import check_choice
from hw.formats.messages import echo
from sim.covered import culprit
from sim.runner import SEED
from sim.simulator import VERILATOR
from sim.verify import RTL

LEVELS = ("quick", "standard", "full")
GRID = "regression.toml"
FAMILY = "ecp5"
"""Whose netlists stand for those of portable designs."""


@dataclass(frozen=True)
class Case:
    """A design, as it is built for a target."""

    spec: hw.Spec
    target: hw.Target

    def __str__(self) -> str:
        return f"{self.spec} on {self.target.name}"


@dataclass(frozen=True)
class Outcome:
    """What came of a case.

    Attributes
    ----------
    case : Case
    seed : int
        Of what was tried by chance.
    level, simulator : str
        As of `dse.making.verify_job`.
    verdict : mapping
        As `sim.verify.Verdict`, and the `seconds` that it took where they are known; empty if there is none.
    error : str
        Why there is none.
    """

    case: Case
    seed: int
    verdict: Mapping[str, Any]
    error: str = ""
    level: str = RTL
    simulator: str = VERILATOR

    @property
    def passed(self) -> bool:
        return bool(self.verdict and self.verdict["passed"])

    @property
    def seconds(self) -> float | None:
        return self.verdict.get("seconds")

    @property
    def failures(self) -> list[tuple[str, str]]:
        """What is wrong, and the command that tries that again, alone."""
        again = partial(repeated, self.case.spec, target=self.case.target.name, seed=self.seed)
        again = partial(again, level=self.level, simulator=self.simulator)
        if not self.verdict:
            return [(self.error, again())]
        return [(line, again(play=culprit(line))) for line in self.verdict["failures"]]


def cases(level: str, text: str | None = None) -> list[Case]:
    """The cases of a level, each once.

    Parameters
    ----------
    level : str
        One of `LEVELS`; it has what those before it have, too.
    text : str, optional
        What the grids are, in place of our own.

    Raises
    ------
    ValueError
        There is no such level, or a group's names are not all of designs that its targets can have: none is left out
        in silence.
    """
    check_choice("level", level, LEVELS)
    grid = tomllib.loads(files("dse").joinpath(GRID).read_text() if text is None else text)
    if unknown := sorted(set(grid) - set(LEVELS)):
        raise ValueError(f"{GRID} must have tables {', '.join(LEVELS)}, got {unknown[0]}")
    found: dict[Case, None] = {}
    for name in LEVELS[: LEVELS.index(level) + 1]:
        for number, table in enumerate(grid.get(name, []), 1):
            try:
                found |= dict.fromkeys(_of_group(table))
            except ValueError as error:
                raise ValueError(f"{GRID}, {name} {number}: {error}") from error
    return list(found)


def _of_group(table: Mapping[str, Any]) -> list[Case]:
    axes = {word: values for word, values in table.items() if word not in ("spec", "targets")}
    group = Group(table.get("spec", ""), axes)
    specs = [group.parse(choice, sizes) for choice in group.choices() for sizes in group.sizes()]
    found = [Case(spec, hw.parse_target(name)) for spec in specs for name in table.get("targets", ["generic"])]
    for case in found:
        hw.check(case.spec, case.target)
    return found


def with_text(wanted: Sequence[Case], text: str) -> list[Case]:
    """The cases whose designs have `text` in their names.

    Raises
    ------
    ValueError
        None has.
    """
    some = [case for case in wanted if text in case.spec.name]
    if not some:
        raise ValueError(f"--only must be part of the name of a design of this grid, got {echo(text)}")
    return some


def netlists(wanted: Sequence[Case]) -> list[Case]:
    """The same cases for families that have netlists: portable designs are synthesised for `FAMILY`."""
    family = hw.parse_target(FAMILY)
    return list(dict.fromkeys(Case(case.spec, family) if case.target == hw.GENERIC else case for case in wanted))


def regress(
    wanted: Sequence[Case],
    store: Store,
    workers: Workers,
    logs: Path,
    seed: int = SEED,
    level: str = RTL,
    simulator: str = VERILATOR,
) -> list[Outcome]:
    """Verify designs; what is in the store is not done again.

    Parameters
    ----------
    wanted : sequence of Case
    store : Store
        Has the verdicts, and the Verilog as our code writes it.
    workers : int or Crew
        As of `dse.jobs.run`.
    logs : Path
        The folder that keeps the logs of what fails.
    seed : int
        Of what is tried by chance.
    level, simulator : str
        As of `dse.making.verify_job`.

    Raises
    ------
    OSError
        Something can't be written: for that no design can be blamed.
    """
    errors: dict[Case, str] = {}
    written = _done({case: writing_job(case.spec, case.target) for case in wanted}, store, workers, errors)
    designs = {case: read(value) for case, value in written.items()}
    # Those that take long come first, so that all who work end at about the same time.
    order = sorted(designs, key=lambda case: -len(designs[case].verilog))
    tried: dict[str, Any] = {"seed": seed, "level": level, "simulator": simulator}
    jobs = {case: _timed(verify_job(*_parts(case), logs, emitted=designs[case], **tried)) for case in order}
    verdicts = _done(jobs, store, workers, errors)
    return [Outcome(case, seed, verdicts.get(case, {}), errors.get(case, ""), level, simulator) for case in wanted]


def _parts(case: Case) -> tuple[hw.Spec, hw.Target]:
    return case.spec, case.target


def _done(jobs: Mapping[Case, Job], store: Store, workers: Workers, errors: dict[Case, str]) -> dict[Case, Value]:
    """The results of the cases that have one; `errors` is told why the others have not."""
    wrong = 0

    def watch(job: Job, value: Value) -> str:
        nonlocal wrong
        wrong += "error" in value or not value.get("passed", True)
        return f"{wrong} failed" if wrong else ""

    values = dict(zip(jobs, run(list(jobs.values()), store, workers, watch, _excuse), strict=True))
    errors |= {case: value["error"] for case, value in values.items() if "error" in value}
    return {case: value for case, value in values.items() if case not in errors}


def _excuse(job: Job, error: Exception) -> Value:
    """What stands for a result where a design can't be built, or its simulation crashes or does not end."""
    if isinstance(error, OSError):
        raise error
    return {"error": " ".join(f"{type(error).__name__}: {error}".split())}


def _timed(job: Job) -> Job:
    """The job, in a process where there are many; its result says how long it took."""
    return replace(job, work=partial(_with_seconds, job.work), python=True)


def _with_seconds(work: Callable[[], Any]) -> Value:
    begin = time.monotonic()
    value: Value = work().to_dict()
    return {**value, "seconds": round(time.monotonic() - begin, 3)}


HEADS = ("unit", "designs", "passed", "failed", "cycles", "compared", "bins", "hit", "seconds")


def lines(outcomes: Sequence[Outcome]) -> list[list[str]]:
    """The cells below `HEADS`: a line for each unit, and one for all."""
    units: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        units.setdefault(outcome.case.spec.unit, []).append(outcome)
    return [*(_line(unit, of) for unit, of in units.items()), _line("all", outcomes)]


def _line(name: str, outcomes: Sequence[Outcome]) -> list[str]:
    passed = sum(outcome.passed for outcome in outcomes)
    cycles, compared = (sum(o.verdict.get(key, 0) for o in outcomes) for key in ("cycles", "compared"))
    bins, hit = (sum(o.verdict.get("coverage", {}).get(key, 0) for o in outcomes) for key in ("declared", "hit"))
    known = [outcome.seconds for outcome in outcomes if outcome.seconds is not None]
    seconds = f"{sum(known):.1f}" if known else "-"
    counts = (len(outcomes), passed, len(outcomes) - passed, cycles, compared, bins, hit)
    return [name, *(f"{count:,}" for count in counts), seconds]
