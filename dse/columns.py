"""The columns of tables that compare designs: each declared once, with what it means and where its values come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from costmodel.estimate.residual import CORRECTED

SOURCES = {
    "stated": "the design says it",
    "estimated": "counted and corrected, without a tool",
    "measured": "a tool's",
    "simulated": "of what switches when numbers go through",
    "computed": "from other columns",
}
"""Where values come from. An estimated and a measured value never share a column."""


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes
    ----------
    name : str
        In files.
    title : str
        For people.
    unit : str
        Empty for names and pure numbers.
    source : str
        A key of `SOURCES`.
    meaning : str
        A phrase.
    places : int or None
        Behind the point, for people; None for texts.
    """

    name: str
    title: str
    unit: str
    source: str
    meaning: str
    places: int | None = None

    def shown(self, value: Any) -> str:
        """A value for people: a dash where there is none."""
        if value is None or value != value:
            return "-"
        return str(value) if self.places is None else f"{value:.{self.places}f}"


OPERATIONS = "operations a second; a product and its sum are two"
CELLS = {
    "lut": ("LUT", "look-up tables, or what counts as one"),
    "carry": ("carry", "carry cells"),
    "ff": ("FF", "registers of one bit"),
    "dsp": ("DSP", "multiplier blocks"),
    "bram": ("BRAM", "block RAMs"),
}
RANGED = CORRECTED
"""What has an interval where it is estimated: it holds nine of ten."""


def _estimated() -> list[Column]:
    heads = {**CELLS, "mhz": ("MHz", "clock between registers, median of three seeds")}
    found = []
    for name, (title, meaning) in heads.items():
        unit = "MHz" if name == "mhz" else "cells"
        found.append(Column(f"{name}_estimated", f"{title} est.", unit, "estimated", meaning, 0))
        if name in RANGED:
            found += [
                Column(
                    f"{name}_{end}",
                    f"{title} {end}",
                    unit,
                    "estimated",
                    f"{end} end of the 90 % of {name}_estimated",
                    0,
                )
                for end in ("low", "high")
            ]
    return found


COLUMNS: dict[str, Column] = {
    column.name: column
    for column in (
        Column("spec", "spec", "", "stated", "the design"),
        Column("target", "target", "", "stated", "the family it is built for"),
        Column("device", "device", "", "stated", "what shares are of"),
        *_estimated(),
        *(Column(name, title, "cells", "measured", meaning, 0) for name, (title, meaning) in CELLS.items()),
        Column("mhz", "MHz", "MHz", "measured", "clock between registers, median of the seeds", 1),
        Column("share_estimated", "share est.", "", "computed", "the largest part of the device, of what is estimated"),
        Column("share", "share", "", "computed", "the largest part of the device"),
        Column("makes", "makes", "", "stated", "what an operation is: a product, or a result"),
        Column("rate", "a cycle", "", "stated", "operations a cycle in the steady state", 2),
        Column("lut_rate_estimated", "LUT/op est.", "cells", "computed", "LUTs for each operation a cycle", 1),
        Column("lut_rate", "LUT/op", "cells", "computed", "LUTs for each operation a cycle", 1),
        Column("gops_estimated", "GOPS est.", "10^9/s", "computed", OPERATIONS, 2),
        Column("gops", "GOPS", "10^9/s", "computed", OPERATIONS, 2),
        Column("nand2", "NAND2", "gates", "measured", "size in NAND2 units, by Yosys and ABC", 0),
        Column("memory_bits", "memory", "bits", "measured", "bits of memories, which are no gates", 0),
        Column("energy_pj", "pJ/op", "pJ", "simulated", "ASIC-like energy of an operation, of logic alone", 3),
        Column("energy_low_pj", "pJ low", "pJ", "simulated", "the same by the one calibration", 3),
        Column("energy_high_pj", "pJ high", "pJ", "simulated", "the same by the other", 3),
        Column("switching", "rel. energy", "", "simulated", "toggles of an operation, to an INT8 MAC's there", 2),
        Column("flow", "flow", "", "measured", "the Yosys command that took fewest LUTs"),
    )
}
