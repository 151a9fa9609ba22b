"""The page of lists is what the lists and the cores' formulas say, as they are."""

from __future__ import annotations

import re
from pathlib import Path

from dse.studies.workloads import Workloads, cores
from dse.workloads.gemms import lists

PAGE = Path(__file__).parents[3] / "docs" / "workloads.md"


def test_the_page_of_lists_is_new() -> None:
    assert Workloads.load().files([]) == {"workloads.md": PAGE.read_text()}, "run `python -m dse.studies workloads`"


def test_the_page_has_cycles_that_an_array_needs() -> None:
    text = PAGE.read_text()
    for gemms in lists().values():
        row = next(line for line in text.splitlines() if line.startswith(f"| {gemms.title} |"))
        cycles = [int(cell.replace(",", "")) for cell in re.findall(r"[\d,]+", row[len(gemms.title) + 4 :])[:2]]
        m, k, n, times = gemms.shapes.values()
        for spec, said in zip(cores(), cycles, strict=True):
            # K beats for each tile; fill, drain, and in depthwise convolutions the way out are beside that.
            beats = int((times * k * -(-m // spec.rows) * -(-n // spec.columns)).sum())
            assert beats < said < (11 if gemms.name == "mobilenetv2" else 1.06) * beats
