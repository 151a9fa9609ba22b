"""The columns of tables that compare designs: each declared once, with what it means and where its values come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from costmodel.estimate.residual import CORRECTED
from hw.formats import check_choice
from hw.formats.messages import check_name, echo

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
        Behind the point, for people; None for texts, and for numbers of any size.
    """

    name: str
    title: str
    unit: str
    source: str
    meaning: str
    places: int | None = None

    @property
    def beside(self) -> str:
        """The unit where the title does not say it, as LUT and pJ/op do."""
        return "" if self.unit == "cells" or self.unit in self.title else self.unit

    @property
    def head(self) -> str:
        """Title and unit, for an axis or a table's head."""
        return f"{self.title}, {self.beside}" if self.beside else self.title

    def shown(self, value: Any) -> str:
        """A value for people: a dash where there is none."""
        if value is None or value != value:
            return "-"
        if self.places is None:
            return f"{value:.4g}" if isinstance(value, float) else str(value)
        return f"{value:.{self.places}f}"


OPERATIONS = "10^9 operations a second; a product and its sum are two"
CELLS = {
    "lut": ("LUT", "look-up tables, or what counts as one"),
    "carry": ("carry", "carry cells"),
    "ff": ("FF", "registers of one bit"),
    "dsp": ("DSP", "multiplier blocks"),
    "bram": ("BRAM", "block RAMs"),
}
RANGED = CORRECTED
"""What has an interval where it is estimated: it holds nine of ten."""


ENDS = ("low", "high")


def _ranged(name: str, title: str, unit: str, source: str, meaning: str, places: int) -> list[Column]:
    """An estimate, and the ends of its interval."""
    ends = (
        Column(f"{name}_{end}", f"{title} {end}", unit, source, f"{end} end of the 90 % of {name}_estimated", places)
        for end in ENDS
    )
    return [Column(f"{name}_estimated", f"{title} est.", unit, source, meaning, places), *ends]


def _estimated() -> list[Column]:
    """What is counted without a tool."""
    heads = {name: (title, "cells", meaning) for name, (title, meaning) in CELLS.items()}
    heads["mhz"] = ("MHz", "MHz", "clock between registers, median of three seeds")
    found = []
    for name, (title, unit, meaning) in heads.items():
        columns = _ranged(name, title, unit, "estimated", meaning, 0)
        found += columns if name in RANGED else columns[:1]
    return found


def _computed(name: str, title: str, unit: str, meaning: str, places: int) -> list[Column]:
    """What follows from estimates, and apart from that, from what was measured."""
    known = Column(name, title, unit, "computed", meaning, places)
    return [*_ranged(name, title, unit, "computed", meaning, places), known]


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
        Column(
            "latency", "latency", "edges", "stated", "clock edges from an input to the output that depends on it", 0
        ),
        Column(
            "verified",
            "verified",
            "",
            "simulated",
            "on what operands (and at what sizes, if others) it is right",
        ),
        *_computed("used", "device used", "%", "the largest part of the device, as a number", 2),
        *_computed("lut_rate", "LUT/op", "cells", "LUTs for each operation a cycle", 1),
        *_computed("gops", "GOPS", "GOPS", OPERATIONS, 2),
        *_computed("gops_klut", "GOPS/kLUT", "GOPS/kLUT", "throughput for each thousand LUTs", 2),
        *_computed("latency_us", "latency", "µs", "from an input to the output that depends on it", 3),
        Column(
            "cycles", "cycles", "", "computed", "of a pass through a list of matrix products, by the unit's formula", 0
        ),
        Column("utilisation", "utilisation", "", "computed", "products made, of what as many cycles could make", 3),
        Column(
            "traffic_bytes", "traffic", "B", "computed", "bytes on all streams in a pass, what fills them up too", 0
        ),
        Column("traffic_uj", "traffic energy", "uJ", "computed", "of a pass: memories, and DRAM for streams", 1),
        *_computed("frames_s", "frames/s", "frames/s", "passes through a list of matrix products a second", 2),
        Column("energy_frame_uj", "energy/frame", "uJ", "computed", "of a pass: its products' logic, and traffic", 1),
        Column("nand2", "NAND2", "gates", "measured", "size in NAND2 units, by Yosys and ABC", 0),
        Column("memory_bits", "memory", "bits", "measured", "bits of memories, which are no gates", 0),
        Column("energy_pj", "pJ/op", "pJ", "simulated", "ASIC-like energy of an operation, of logic alone", 3),
        Column("energy_low_pj", "pJ low", "pJ", "simulated", "the same by the one calibration", 3),
        Column("energy_high_pj", "pJ high", "pJ", "simulated", "the same by the other", 3),
        Column("switching", "rel. energy", "", "simulated", "toggles of an operation, to an INT8 MAC's there", 2),
        Column("loss", "loss", "points", "simulated", "below fp32 on the workload, by the golden model, paired", 2),
        Column("loss_stderr", "loss ±", "points", "simulated", "standard error of the loss", 2),
        Column("frontier", "frontier", "", "computed", "whether no other design is better"),
        Column("band", "band", "", "computed", "whether it may be on the frontier, within what the intervals allow"),
        Column("why", "why", "", "computed", "what it was kept or left out for"),
        Column("flow", "flow", "", "measured", "the Yosys command that took fewest LUTs"),
    )
}

OURS = frozenset(COLUMNS)
"""Declared here. A value that lacks is one that is not known yet; in a column of one's own it is a fault."""


def declare(column: Column) -> Column:
    """Declare a column of one's own, so that files, plots and pages say what it is.

    Parameters
    ----------
    column : Column
        Its name must be free, or declared the same already.

    Returns
    -------
    The column.

    Raises
    ------
    TypeError
        It is no Column, or its name is not a str.
    ValueError
        The name is empty or stands for another column, or its source is not a key of `SOURCES`.
    """
    if not isinstance(column, Column):
        raise TypeError(f"column must be a Column, got {echo(column)}")
    check_name("a column's name", column.name)
    check_choice("a column's source", column.source, SOURCES)
    if not column.name or COLUMNS.setdefault(column.name, column) != column:
        raise ValueError(f"a column's name must be free, got {echo(column.name)}")
    return column


def described(name: str) -> Column:
    """The column of a name; one that nobody declared has its name for a title."""
    return COLUMNS.get(name) or Column(name, name, "", "stated", "a column that is not declared")
