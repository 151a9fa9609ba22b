"""The rows of the data file, and what is found of them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import Any

import hw
from dse.studies import data
from hw.formats import check_choice


@dataclass(frozen=True)
class Row:
    """A line of the data file.

    Attributes
    ----------
    title : str
        For people.
    spec : Spec
        Our unit.
    stock : str
        Body of a Verilog module with the same ports; empty if Verilog has no such operator.
    """

    title: str
    spec: hw.Spec
    stock: str = ""

    @property
    def name(self) -> str:
        return f"{self.title} ({self.spec.name})"


@dataclass(frozen=True)
class Result:
    """One measured variant of a row."""

    row: Row
    variant: str
    cost: dict[str, Any]
    verdict: dict[str, Any] | None = None


def read(text: str) -> tuple[list[Row], list[hw.Target]]:
    """The rows and targets of a data file.

    Raises
    ------
    ValueError
        A row has no spec, or one that does not parse; the message names the row.
    """
    stocks: dict[str, str] = tomllib.loads(text).get("stock", {})

    def row(entry: dict[str, Any]) -> Row:
        if entry.get("stock"):
            check_choice("stock", entry["stock"], stocks)
        stock = stocks[entry["stock"]] if entry.get("stock") else ""
        return Row(entry.get("title", ""), hw.parse(entry.get("spec", "")), stock.strip("\n"))

    return data.read("qor.toml", text, {"title", "spec", "stock"}, row)
