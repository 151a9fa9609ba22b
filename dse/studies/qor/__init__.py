"""Quality of results: our units against what Yosys makes of the operators that one would write instead.

The rows of ``qor.toml`` are measured for docs/qor.md and docs/qor.csv.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar, Self

import hw
from costmodel.targets import load
from dse.jobs import Job
from dse.making import verify_job
from dse.studies.qor import page, table
from dse.studies.qor.rows import Result, Row, read
from dse.studies.qor.verilog import designs, measure_job
from dse.studies.study import Jobs, Study, Values


@dataclass(frozen=True)
class Qor(Study[Row]):
    """The page and its table."""

    name: ClassVar[str] = "qor"
    about: ClassVar[str] = "our units beside Yosys's own operators"
    page: ClassVar[str] = "qor.md"

    @classmethod
    def load(cls) -> Self:
        rows, targets = read(files(__package__).joinpath("qor.toml").read_text())
        return cls(tuple(rows), tuple(targets))

    def jobs(self, row: Row, logs: Path) -> Jobs:
        return {name: job for target in self.targets for name, job in _jobs(row, target, logs).items()}

    def files(self, found: Sequence[tuple[Row, Values]]) -> dict[str, str | bytes]:
        results = [
            Result(row, variant, cost, values.get(("verify", variant, family)))
            for target in self.targets
            for row, values in found
            for (what, variant, family), cost in values.items()
            if (what, family) == ("measure", target.name)
        ]
        return {self.page: page.markdown(results), "qor.csv": table.to_csv(results)}


def _jobs(row: Row, target: hw.Target, logs: Path) -> Jobs:
    """Measure every variant of a row, and verify ours; of a design that a family can't have, say why."""
    try:
        found = designs(row, target)
    except ValueError as error:
        return {("measure", "ours", target.name): _unbuilt(target, f"{row.title} can't be built: {error}")}
    jobs: Jobs = {("measure", variant, target.name): measure_job(design, target) for variant, design in found.items()}
    for variant, built in (("ours", target), ("generic", hw.GENERIC)):
        if variant in found:
            jobs["verify", variant, target.name] = verify_job(row.spec, built, logs)
    return jobs


def _unbuilt(target: hw.Target, reason: str) -> Job:
    """What stands for the cost of a design that is not there."""
    nothing = dict.fromkeys(("lut", "carry", "ff", "dsp", "levels", "fmax"))
    about = {"target": target.name, "lut_kind": load(target.name).lut_kind, "unplaced": reason}
    value: dict[str, Any] = {**about, **nothing, "flow": "", "versions": {}}
    return Job("unbuilt", hashlib.sha256(repr(value).encode()).hexdigest(), reason, partial(dict, value))
