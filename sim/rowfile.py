"""A page's rows in a file beside it, so that the page can be made in several runs, row by row."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from hw.formats.messages import echo
from rtl_gen import write_atomic

R = TypeVar("R")


def beside(page: Path) -> Path:
    """The file of a page's rows."""
    return page.with_suffix(".json")


def read(file: Path, kind: type[R]) -> list[R]:
    """The rows of earlier runs, of a dataclass; none if there is no such file.

    Raises
    ------
    ValueError
        The file is not what `write` writes.
    """
    if not file.exists():
        return []
    try:
        return [kind(**each) for each in json.loads(file.read_text())]
    except (ValueError, TypeError) as error:
        raise ValueError(f"{file} must be rows of earlier runs, got {echo(str(error))}: remove it") from error


def write(rows: Iterable[Any], file: Path) -> None:
    """Keep rows for the next run."""
    write_atomic(file, json.dumps([asdict(row) for row in rows], indent=1) + "\n")
