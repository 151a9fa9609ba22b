"""Fit what corrects the counts on the measured table, and write it where estimates find it.

    python -m dse.residuals -j 2

`make dataset` makes the table; `python -m dse.studies cost-model` says what estimates are worth then.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from costmodel import measured
from costmodel.estimate.heldout import Sample
from costmodel.estimate.residual import CORRECTED, FILE, Residuals, fit, written
from dse.counting import counted
from dse.jobs import guarded
from dse.options import add_workers, hired
from dse.samples import by_family, looked_at
from dse.store import Store
from rtl_gen import write_atomic
from rtl_gen.files import check_writable

STORE = Path("build/dataset/store.sqlite")


def fitted(families: dict[str, list[Sample]]) -> Residuals:
    """The bands of each family, quantity and kind."""
    found = {}
    for target, samples in families.items():
        for quantity in CORRECTED:
            pairs = [sample.pair(quantity) for sample in samples if sample.has(quantity)]
            if pairs:
                found.update({(target, quantity, name): band for name, band in fit(quantity, pairs).items()})
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Count, fit and write."""
    parser = argparse.ArgumentParser(
        prog="python -m dse.residuals", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_workers(parser)
    parser.add_argument(
        "--store", type=Path, default=STORE, metavar="FILE", help=f"what was counted (default: {STORE})"
    )
    options = parser.parse_args(arguments)

    def work() -> None:
        table = measured.read()
        path = Path(str(files("costmodel").joinpath("data", FILE)))
        check_writable(path)
        looked = looked_at(table.rows)
        if not looked:
            raise ValueError("there is no table of measurements to fit on: make dataset")
        with hired(options) as workers, Store(options.store) as store:
            parts = counted([design for design, _ in looked], store, workers)
        families = by_family([(design, found, row) for (design, row), found in zip(looked, parts, strict=True)])
        made_by = [
            "Made by `python -m dse.residuals`: factor, and the ends of the interval as shares, by family, quantity",
            f"and kind, fitted on {len(looked)} designs of costmodel/data/{measured.FILE}.",
        ]
        write_atomic(path, written(fitted(families), made_by))
        print(path)

    return guarded("residuals", work)


if __name__ == "__main__":
    sys.exit(main())
