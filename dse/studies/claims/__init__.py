"""What is published of formats and datapaths, beside what ours measure, and why they differ.

The rows of ``claims.toml`` are claims, each a ratio of two designs, for docs/claims.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import ClassVar, Self

import hw
from dse.studies.claims.measures import MEASURES
from dse.studies.claims.page import page
from dse.studies.claims.rows import Measured, Row, read
from dse.studies.study import Jobs, Study, Values


@dataclass(frozen=True)
class Claims(Study[Row]):
    """The page: both designs of every row measured."""

    name: ClassVar[str] = "claims"
    about: ClassVar[str] = "published claims beside what ours measure, and why they differ"
    page: ClassVar[str] = "claims.md"
    code: ClassVar[tuple[str, ...]] = ("dse.making",)

    @classmethod
    def load(cls) -> Self:
        rows, targets = read(files(__package__).joinpath("claims.toml").read_text())
        return cls(tuple(rows), tuple(targets))

    def jobs(self, row: Row, logs: Path) -> Jobs:
        measure, sides = MEASURES[row.measure], {"of": row.of, "against": row.against}
        return {
            (target.name, name): measure.job(side.spec, target)
            for target in self.places(row)
            for name, side in sides.items()
            if isinstance(side, Measured)
        }

    def places(self, row: Row) -> list[hw.Target]:
        """Where a row is measured: what the row says, as far as it is asked for."""
        return [place for place in row.places if place is hw.GENERIC or place in self.targets]

    def files(self, found: Sequence[tuple[Row, Values]]) -> dict[str, str | bytes]:
        return {self.page: page([(row, self.places(row), values) for row, values in found])}
