"""docs/comparison.md: matrix products on one array by our formulas, beside what ZigZag and SCALE-Sim said of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any, ClassVar, Self

import numpy as np

from costmodel.energy import published_table
from dse.running.plan import plans
from dse.studies.compared import NAMES, OTHERS, OURS, PRICES, RTL, Compared, Row, compared, lines, parts_of
from dse.studies.study import Study, Values
from hw.specs.gemm import GemmSpec
from rtl_gen.columns import markdown

MULTIPLY_ACCUMULATE = ("int8_mul", "int32_add")
"""Of the published operations."""

HEADS = ["product", "M", "K", "N"]
"""Of `Compared.cells`."""


def with_total(
    heads: list[str], products: Sequence[Compared], values: Callable[[Compared], list[Any]], form: str
) -> str:
    """A table of numbers for each product, and of their sums."""
    found = [values(each) for each in products]
    rows = [[*each.cells, *(format(v, form) for v in of)] for each, of in zip(products, found, strict=True)]
    total = ["all", "", "", "", *(format(sum(column), form) for column in zip(*found, strict=True))]
    return markdown([*HEADS, *heads], [*rows, total], [*HEADS[1:], *heads])


def cycle_table(products: Sequence[Compared]) -> str:
    heads = ["least", "our array", "our core", *OTHERS.values()]
    return with_total(
        heads,
        products,
        lambda each: [each.least, each.array_cycles, *(each.cycles(tool) for tool in (OURS, *OTHERS))],
        ",",
    )


def parts_table(products: Sequence[Compared]) -> str:
    heads = list(parts_of(products[0].said["zigzag-dse"]))
    return with_total(heads, products, lambda each: list(parts_of(each.said["zigzag-dse"]).values()), ",")


def energy_table(products: Sequence[Compared]) -> str:
    heads = [f"{where}, {name}" for where in ("inside", "outside") for name in NAMES.values()]

    def values(each: Compared) -> list[float]:
        inside, outside = zip(*(each.microjoules(tool) for tool in NAMES), strict=True)
        return [*inside, *outside]

    return with_total(heads, products, values, ",.1f")


def times_table(products: Sequence[Compared]) -> str:
    heads = [f"{what}, {name}" for what in ("s", "MB") for name in NAMES.values()]
    found = [[each.said[tool] for tool in NAMES] for each in products]
    rows = [
        [*each.cells, *(f"{float(row['cpu_s']):.2f}" for row in of), *(f"{float(row['peak_mb']):,.0f}" for row in of)]
        for each, of in zip(products, found, strict=True)
    ]
    seconds = (f"{sum(float(row['cpu_s']) for row in column):.2f}" for column in zip(*found, strict=True))
    peaks = (f"{max(float(row['peak_mb']) for row in column):,.0f}" for column in zip(*found, strict=True))
    total = ["all; the largest", "", "", "", *seconds, *peaks]
    return markdown([*HEADS, *heads], [*rows, total], [*HEADS[1:], *heads])


def simulated_table(products: Sequence[Compared]) -> str:
    heads = ["array", "M", "K", "N", "simulated", "our formula", *OTHERS.values()]
    rows = [[*each.cells, *(f"{each.cycles(tool):,}" for tool in (RTL, OURS, *OTHERS))] for each in products]
    return markdown(heads, rows, heads[1:])


def runs_of(one: Compared) -> int:
    """How many runs of the core a product takes."""
    sizes = (np.array([size]) for size in one.size)
    (pieces,) = plans(one.spec, *sizes)
    return int(pieces.times.sum())


def versions(comments: Sequence[str]) -> list[str]:
    """What the data file was made with: its first line is the command, the second begins with a date."""
    machine, *environments = comments[1:-1]
    return [machine.partition("; ")[2], *environments]


def page() -> str:
    """The whole of docs/comparison.md."""
    comments, rows = lines()
    listed, small = compared("list"), compared("simulated")
    core, last = listed[0].spec, listed[-1]
    (many,) = (row for row in rows if row["case"] == "many")
    imports = {tool: [float(row["load_s"]) for row in rows if row["tool"] == tool and row["load_s"]] for tool in NAMES}
    pj = sum(published_table()[op][PRICES] for op in MULTIPLY_ACCUMULATE)
    return (
        files("dse.studies")
        .joinpath("comparison.md")
        .read_text()
        .format(
            versions="".join(f"- {line}\n" for line in versions(comments)),
            core=core.name,
            rows=core.rows,
            columns=core.columns,
            most=core.words,
            lanes=core.output_lanes,
            turns=core.turns,
            wide=sum(replace(each, spec=replace(core, output_lanes=core.columns)).cycles(OURS) for each in listed),
            runs=runs_of(next(each for each in listed if each.size[0] == 1)),
            usual=sum(each.cycles(OURS) for each in listed),
            cycles=cycle_table(listed),
            short=f"{last.cycles('scalesim'):,} against {last.array_cycles:,}",
            parts=parts_table(listed),
            longest=max(float(each.said[RTL]["cpu_s"]) for each in small),
            factor=max(each.cycles(OURS) for each in listed) / max(each.cycles(RTL) for each in small),
            simulated=simulated_table(small),
            overhead=small[0].cycles(RTL) - small[0].cycles("scalesim") - 1,
            prices=PRICES,
            energy=energy_table(listed),
            mac=f"{pj:g}",
            macs=sum(each.listed.macs for each in listed) * pj / 1e6,
            times=times_table(listed),
            imports=", ".join(f"{min(found):.1f} s ({NAMES[tool]})" for tool, found in imports.items()),
            many=int(many["what"]),
            each=1e3 * float(many["cpu_s"]),
            failed=failures(rows),
        )
    )


def failures(rows: Sequence[Row]) -> str:
    """Which products a tool gave no answer for."""
    failed = [f"{NAMES[row['tool']]}, {row['what']}: {row['failed']}" for row in rows if row["failed"]]
    return f"; without an answer: {'; '.join(failed)}" if failed else ", and needed less"


@dataclass(frozen=True)
class Comparison(Study[GemmSpec]):
    """The page; it needs no runs, and none of the others' tools."""

    name: ClassVar[str] = "comparison"
    about: ClassVar[str] = "matrix products on one array, beside ZigZag and SCALE-Sim"
    page: ClassVar[str] = "comparison.md"

    @classmethod
    def load(cls) -> Self:
        return cls()

    def files(self, found: Sequence[tuple[GemmSpec, Values]]) -> dict[str, str | bytes]:
        return {self.page: page()}
