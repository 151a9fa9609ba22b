"""What was proved, as it is kept in the file beside the page."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rtl_gen import Emitted
from rtl_gen.files import code_digest
from rtl_gen.tools import package_version

CODE = ("candidates", "counts", "driver", "frame", "properties", "solver", "sums", "ways")
"""Modules of this package that proofs depend on."""


@dataclass(frozen=True)
class Row:
    """A design's line of the page.

    Attributes
    ----------
    spec : str
    made_of : str
        `made_of` of what was looked at; empty if that is not known.
    cells : dict of str
        What came of each property.
    """

    spec: str
    made_of: str
    cells: dict[str, str]


def made_of(emitted: Emitted, depth: int, seconds: float) -> str:
    """A hash of all that proofs of a design depend on, but the machine: Verilog, properties, solver, bounds."""
    code = code_digest(*(f"sim.proofs.{module}" for module in CODE))
    parts = [emitted.digest, code, package_version("bitwuzla"), f"{depth} {seconds:g}"]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def merged(old: Iterable[Row], new: Iterable[Row], order: Sequence[str]) -> list[Row]:
    """One row for each design, the new one if there is one: in this order, and then the others."""
    rows = {row.spec: row for row in [*old, *new]}
    return [rows[spec] for spec in dict.fromkeys([*order, *rows]) if spec in rows]
