"""What ZigZag and SCALE-Sim said of matrix products, from ``dse/data/comparison.csv``, and what our formulas say."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import hw
from costmodel.traffic import price
from dse.running import run
from dse.running.lists import moved
from dse.workloads.gemms.product import GemmList, Product
from hw.specs.gemm import GemmSpec

FILE, PRICES = "comparison.csv", "horowitz_45nm"
OTHERS = {"scalesim": "SCALE-Sim", "zigzag-dse": "ZigZag"}
OURS, RTL = "macsmith", "rtl"
NAMES = {OURS: "ours", **OTHERS}
Row = dict[str, str]


@dataclass(frozen=True)
class Compared:
    """A product on a core, and what each tool says of it, by the tool's name.

    Attributes
    ----------
    what : str
        What the product is.
    spec : GemmSpec
    size : tuple of int
        M, K and N.
    said : dict of str to Row
        The lines of the data file.
    """

    what: str
    spec: GemmSpec
    size: tuple[int, int, int]
    said: dict[str, Row]

    @property
    def listed(self) -> GemmList:
        return GemmList("comparison", self.what, FILE, (Product(self.what, *self.size),))

    @property
    def least(self) -> int:
        """Cycles of the array's work: K for each tile."""
        m, k, n = self.size
        return -(-m // self.spec.rows) * -(-n // self.spec.columns) * k

    def cycles(self, tool: str) -> int:
        """By our formulas, or as a tool said."""
        return run(self.spec, self.listed).total if tool == OURS else int(self.said[tool]["cycles"])

    @property
    def array_cycles(self) -> int:
        """Of our array alone."""
        return run(self.spec.array, self.listed).total

    def microjoules(self, tool: str) -> tuple[float, float]:
        """Inside and outside."""
        if tool == OURS:
            found = price(moved(self.spec, run(self.spec, self.listed)), PRICES)
            return found.inside / 1e6, found.outside / 1e6
        return float(self.said[tool]["inside_pj"]) / 1e6, float(self.said[tool]["outside_pj"]) / 1e6

    @property
    def cells(self) -> list[str]:
        """What it is, for a table's first columns."""
        return [self.what, *(f"{size:,}" for size in self.size)]


def lines() -> tuple[list[str], list[Row]]:
    """The data file: its comments, and its rows."""
    text = files("dse").joinpath("data", FILE).read_text().splitlines()
    comments = [line.removeprefix("# ") for line in text if line.startswith("#")]
    return comments, list(csv.DictReader(line for line in text if not line.startswith("#")))


def compared(case: str) -> list[Compared]:
    """The products of a case, ``list`` or ``simulated``, in the file's order."""
    found: dict[tuple[Any, ...], dict[str, Row]] = {}
    for row in lines()[1]:
        if row["case"] == case:
            key = (row["what"], row["spec"], (int(row["m"]), int(row["k"]), int(row["n"])))
            found.setdefault(key, {})[row["tool"]] = row
    products = []
    for (what, name, size), said in found.items():
        spec = hw.parse(name)
        assert isinstance(spec, GemmSpec)
        products.append(Compared(what, spec, size, said))
    return products


def parts_of(row: Row) -> dict[str, int]:
    """What a tool's cycles are made of."""
    pairs = (part.rsplit(" ", 1) for part in row["parts"].split("; ") if part)
    return {name: int(count) for name, count in pairs}
