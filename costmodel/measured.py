"""What was measured, to fit the cost model on and to test it: a compressed table that comes with macsmith.

Its first lines say what made it, with which versions; ``make dataset`` makes it anew.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar, Self

import hw
from costmodel.targets import CLASSES
from hw.formats.messages import echo
from rtl_gen import write_atomic

FILE = "measured.csv.gz"
DATE = "# Measured until"


@dataclass(frozen=True)
class Measured:
    """A row: a design on a family.

    Attributes
    ----------
    spec, target : str
        The design and the family.
    lut, carry, ff, dsp, bram, levels : int
        As `costmodel.measure.Cost` has them; 0 where a tool failed.
    mhz : tuple of float
        Of each seed; empty if it was not placed.
    flow : str
        The Yosys command that did best.
    digest : str
        The first `DIGITS` digits of the SHA-256 of the Verilog that was measured.
    failed : str
        What a tool failed with; empty if none did.
    """

    DIGITS: ClassVar[int] = 16

    spec: str
    target: str
    lut: int
    carry: int
    ff: int
    dsp: int
    bram: int
    levels: int
    mhz: tuple[float, ...]
    flow: str
    digest: str
    failed: str

    @classmethod
    def of(cls, spec: hw.Spec, target: hw.Target, digest: str, cost: Mapping[str, Any]) -> Self:
        """The row of a design, of what was found: a `Cost` as plain values, or what ``failed``."""
        counts = {name: cost.get(name, 0) for name in (*CLASSES, "levels")}
        mhz, failed = tuple(round(speed, 2) for speed in cost.get("fmax_seeds", ())), cost.get("failed", "")
        return cls(
            spec.name,
            target.name,
            **counts,
            mhz=mhz,
            flow=cost.get("flow", ""),
            digest=digest[: cls.DIGITS],
            failed=failed,
        )


@dataclass(frozen=True)
class Table:
    """All rows, and the versions of what decided their numbers beside the Verilog."""

    versions: dict[str, str]
    rows: list[Measured]
    date: str = ""
    """When the last of them was measured, as ISO 8601 has it; empty if nobody says."""

    @cached_property
    def _by_digest(self) -> dict[tuple[str, str, str], Measured]:
        return {(row.spec, row.target, row.digest): row for row in self.rows}

    def find(self, spec: hw.Spec, target: hw.Target, digest: str) -> Measured | None:
        """The row of a design whose Verilog has that SHA-256; None if there is none."""
        return self._by_digest.get((spec.name, target.name, digest[: Measured.DIGITS]))


def read(path: Path | None = None) -> Table:
    """The table of a file, by default of the one that comes with macsmith; without rows if that is not there.

    Raises
    ------
    ValueError
        It is not such a table, or another version's; the message names the file.
    """
    file = path or Path(str(files("costmodel").joinpath("data", FILE)))
    if path is None and not file.exists():
        return Table({}, [])
    try:
        text = gzip.decompress(file.read_bytes()).decode()
        lines = text.splitlines()
        made = [line.removeprefix("#   ").partition(": ") for line in lines if line.startswith("#   ")]
        rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
        if list(rows[0]) != [field.name for field in fields(Measured)]:
            raise ValueError(f"columns {', '.join(rows[0])}")
        date = next((line.removeprefix(DATE).strip() for line in lines if line.startswith(DATE)), "")
        return Table({name: value for name, _, value in made}, [_row(row) for row in rows], date)
    except (OSError, EOFError, ValueError, IndexError, KeyError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise ValueError(f"{file.name} is no table of this version's measurements: {echo(str(error))}") from error


def _row(row: dict[str, str]) -> Measured:
    counts = {name: int(row[name]) for name in (*CLASSES, "levels")}
    mhz = tuple(map(float, row["mhz"].split()))
    return Measured(**{**row, **counts, "mhz": mhz})  # type: ignore[arg-type]


def write(table: Table, path: Path | None = None) -> Path:
    """Write a table, whole or not at all; by default that which comes with macsmith. Equal tables give equal bytes."""
    path = path or Path(str(files("costmodel").joinpath("data", FILE)))
    text = io.StringIO()
    text.write("# Made by `make dataset`, which is `python -m dse.dataset`, from dse/dataset.toml; with\n")
    text.writelines(f"#   {name}: {value}\n" for name, value in table.versions.items())
    if table.date:
        text.write(f"{DATE} {table.date}\n")
    names = [field.name for field in fields(Measured)]
    out = csv.DictWriter(text, names, lineterminator="\n")
    out.writeheader()
    for row in table.rows:
        out.writerow({**{name: getattr(row, name) for name in names}, "mhz": " ".join(map(str, row.mhz))})
    write_atomic(path, gzip.compress(text.getvalue().encode(), mtime=0))
    return path
