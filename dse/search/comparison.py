"""NSGA-II beside random search on arrays that are few enough to enumerate, by estimate.

    python -m dse.search.comparison

writes ``dse/data/nsga2.csv``: what share of the enumerated front's hypervolume each search has after so many designs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from dse.crew import Workers
from dse.jobs import guarded
from dse.judging import judged_columns
from dse.options import add_workers, hired
from dse.pool import Pool
from dse.screen import Rows
from dse.search.convergence import Search, weigh
from dse.search.designs import Designs
from dse.search.space import look, random_search
from dse.space import Space, from_tables
from dse.store import Store
from rtl_gen.files import write_atomic
from rtl_gen.steps import say

TABLE = Path(__file__).parents[1] / "data" / "nsga2.csv"
EVALUATIONS, SEEDS = 10_000, 5
ARRAYS = {
    "workload": "mnist-mlp",
    "devices": ["ecp5-85k"],
    "objectives": ["loss", "throughput", "lut"],
    "constraints": {"share": 100},
    "designs": [
        {
            "spec": "array/{a}x{a}/{rows}x{columns}/ws",
            "a": ["int4", "int8", "e2m1", "e2m3"],
            "rows": "1..128",
            "columns": "1..128",
        }
    ],
}
"""What is searched: as a space's file has it."""
DIGITS = 5


def designs(space: Space, store: Store, workers: Workers) -> Designs:
    """The first group of a space on its first device."""
    pool = Pool.of(space, store, workers)
    return Designs(Rows(pool, judged_columns(pool.specs, list(space.asked.values()), space.workload, store, workers)))


def compared(space: Designs, evaluations: int, seeds: int) -> pd.DataFrame:
    """A row for each search, seed and number of evaluations, as `weigh` gives them.

    Raises
    ------
    ModuleNotFoundError
        Pymoo, of extra ``search``, is not installed.
    """
    from dse.search.nsga2 import nsga2

    searches: dict[str, Search] = {"NSGA-II": nsga2, "random": random_search}
    runs = {
        (name, seed): search(space, evaluations, seed) for name, search in searches.items() for seed in range(seeds)
    }
    everything = look(space, space.every())
    best = everything.costs[everything.front()]
    say(f"{len(best)} of {np.count_nonzero(everything.valid)} designs that are possible are on the front")
    return weigh(runs, evaluations, best)


def main(arguments: Sequence[str] | None = None) -> int:
    """Search, weigh, and write the table."""
    parser = argparse.ArgumentParser(
        prog="python -m dse.search.comparison",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_workers(parser)
    parser.add_argument("--store", type=Path, default=Path("build/search/store.sqlite"), help="where parts are kept")
    options = parser.parse_args(arguments)

    def work() -> None:
        with hired(options) as workers, Store(options.store) as store:
            found = compared(designs(from_tables(ARRAYS), store, workers), EVALUATIONS, SEEDS)
        head = "# Shares of the enumerated front's hypervolume, made by:\n# python -m dse.search.comparison\n"
        write_atomic(TABLE, head + found.round(DIGITS).to_csv(index=False, lineterminator="\n"))

    return guarded("python -m dse.search.comparison", work)


if __name__ == "__main__":
    sys.exit(main())
