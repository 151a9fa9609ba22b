"""What a page is made of: rows, the jobs that each needs, and a function from their results to files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

import hw
from costmodel.targets import load
from dse.jobs import Job
from dse.store import Store
from hw.formats.messages import echo


class Row(Protocol):
    """Anything with a name; a spec is one."""

    @property
    def name(self) -> str: ...


R = TypeVar("R", bound=Row)
Jobs = dict[tuple[str, ...], Job]
"""The jobs of a row, by names of the study's own."""
Values = dict[tuple[str, ...], dict[str, Any]]
"""Their results, by the same names."""


@dataclass(frozen=True)
class Study(ABC, Generic[R]):
    """A page of docs/, with what else is made of the same results.

    A study without rows needs no jobs: its files follow from the code alone.

    Attributes
    ----------
    name, about : str
        What the command line calls it, and says of it.
    page : str
        The file below docs/ whose last line says what the numbers are made from.
    code : tuple of str
        Modules that its files depend on, beside the floors below, its own module and `dse.studies.text`.
    rows : tuple of Row
        What is looked at, in the page's order.
    targets : tuple of Target
        What each is built for and measured on.
    """

    name: ClassVar[str]
    about: ClassVar[str]
    page: ClassVar[str]
    code: ClassVar[tuple[str, ...]] = ()
    rows: tuple[R, ...] = ()
    targets: tuple[hw.Target, ...] = ()

    @classmethod
    @abstractmethod
    def load(cls) -> Self:
        """The whole study, from its data file."""

    def prepared(self, store: Store) -> Self:
        """The same with what its jobs are made of, from the store or made."""
        return self

    def jobs(self, row: R, logs: Path) -> Jobs:
        """What a row needs; simulations that fail leave their logs in the folder."""
        raise NotImplementedError(f"study {self.name} has rows but no jobs")

    @abstractmethod
    def files(self, found: Sequence[tuple[R, Values]]) -> dict[str, str | bytes]:
        """The content of each file, by its path below docs/; `page` is among them."""

    def part(self, text: str, targets: Sequence[str]) -> Self:
        """The rows whose name has `text`, on other targets if any are named.

        Raises
        ------
        ValueError
            There is no such row; a target can't be measured, or the study has none.
        """
        rows = tuple(row for row in self.rows if text in row.name)
        if not rows:
            raise ValueError(f"--row must be part of the name of a row of {self.name}, got {echo(text)}")
        if targets and not self.targets:
            raise ValueError(f"--target must be left out for {self.name}, which has none to choose")
        for name in targets:
            load(hw.parse_target(name).name)
        return replace(self, rows=rows, targets=tuple(map(hw.parse_target, targets)) or self.targets)
