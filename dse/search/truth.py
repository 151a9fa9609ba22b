"""Whether exploring finds the true frontier: a space measured whole, and the loop replayed on what was measured.

    python -m dse.search.truth -j 2

counts every design of `MACS` with the real tools and writes ``dse/data/truth.csv``. `replayed` plays the loop on that.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

import hw
from costmodel.devices import parse_device
from dse.crew import Workers
from dse.explore import Exploration, screened, settle
from dse.jobs import guarded
from dse.options import add_workers, hired
from dse.screen import Screened
from dse.space import Space, from_tables
from dse.store import Store
from dse.table import MEASURED, front, measured
from rtl_gen.files import write_atomic

TABLE = Path(__file__).parents[1] / "data" / "truth.csv"
MACS = {
    "workload": "mnist-mlp",
    "devices": ["ecp5-25k", "ice40-hx8k"],
    "objectives": ["loss", "lut"],
    "designs": [
        {
            "spec": "mac/{a}x{a}/exact/{accumulator}/p{pipeline}",
            "a": [
                *("int3", "int4", "int5", "int6", "int7", "int8"),
                *("e1m1", "e2m0", "e1m2", "e2m1", "e3m0", "e1m3", "e2m2", "e3m1", "e1m4", "e2m3", "e3m2"),
                *("e1m5", "e2m4", "e3m3", "e1m6", "e2m5", "e3m4", "e4m3"),
            ],
            "accumulator": ["kulisch1024", "kulisch1024:seg8", "kulisch4096", "carrysave1024"],
            "pipeline": [0, 1, 2],
        }
    ],
}
"""What is measured: as a space's file has it."""
ESTIMATES = [f"lut_{end}" for end in ("estimated", "low", "high")]
COLUMNS = ["spec", "device", "loss", "loss_stderr", *ESTIMATES, "lut"]
DIGITS = 6


@dataclass(frozen=True)
class Replay:
    """What the loop did on a space of which all is known.

    Attributes
    ----------
    designs : int
        All of the space, on its devices.
    true : int
        Those on the true frontier.
    measured : int
        Those that the loop measured until it stood.
    found : int
        Those of the true frontier that are on the loop's.
    extra : int
        Those of the loop's frontier that are not on the true one.
    rounds : int
    """

    designs: int
    true: int
    measured: int
    found: int
    extra: int
    rounds: int

    @property
    def share(self) -> float:
        """Of the designs, what was measured."""
        return self.measured / self.designs


def space() -> Space:
    """The space that is measured."""
    return from_tables(MACS)


def whole(asked: Space, store: Store, workers: Workers) -> pd.DataFrame:
    """Every design of a space with its estimate, its loss, and its LUTs as counted by the tools."""
    rows = screened(asked, store, workers).rows
    return measured(rows.table(np.arange(len(rows))), store, workers, timed=False)[COLUMNS]


@cache
def truth() -> pd.DataFrame:
    """The table that comes with the project."""
    return pd.read_csv(TABLE, comment="#")


def replayed(table: pd.DataFrame, asked: Space) -> tuple[Replay, Exploration]:
    """The loop, from estimates on, with what was measured told only of what it asks for."""
    every = _as_screened(table)
    known = every["lut"].rename_axis(None)
    goals = asked.objectives

    def look(part: pd.DataFrame) -> pd.DataFrame:
        nothing = {name: np.nan for name in MEASURED if name != "lut"}
        return part.assign(lut=known[part.index], **nothing)

    true = front(every, goals)["frontier"]
    begun = front(every.drop(columns="lut"), goals)
    unlooked = Screened(None, np.arange(len(every)), {}, {}, {}, set())  # type: ignore[arg-type]
    found = settle(Exploration(asked, begun, unlooked), look)
    ours = found.table["frontier"]
    seen = int(found.table["lut"].notna().sum()) if "lut" in found.table else 0
    counts = [int(mask.sum()) for mask in (true, true & ours, ours & ~true)]
    return Replay(len(every), counts[0], seen, counts[1], counts[2], len(found.rounds)), found


def _as_screened(table: pd.DataFrame) -> pd.DataFrame:
    """With what else a table of a space has; what is not known of it is NaN."""
    specs = [hw.parse(name) for name in table["spec"]]
    ends = {f"{name}_{end}": np.nan for name in ("ff", "mhz") for end in ("estimated", "low", "high")}
    return table.assign(
        target=[parse_device(name).target.name for name in table["device"]],
        makes=[spec.rate.of for spec in specs],
        rate=[float(spec.rate.count) for spec in specs],
        latency=[float(spec.latency) for spec in specs],
        dsp_estimated=0.0,
        bram_estimated=0.0,
        **ends,
    )


def written(table: pd.DataFrame) -> str:
    """The table as the data file has it."""
    head = "# MACs as they are estimated, and as they were counted, made by:\n# python -m dse.search.truth\n"
    return head + table.to_csv(index=False, lineterminator="\n", float_format=f"%.{DIGITS}g")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and write the table."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m dse.search.truth", description=__doc__, formatter_class=form)
    add_workers(parser)
    parser.add_argument("--store", type=Path, default=Path("build/search/store.sqlite"), help="where results are kept")
    options = parser.parse_args(arguments)

    def work() -> None:
        with hired(options) as workers, Store(options.store) as store:
            write_atomic(TABLE, written(whole(space(), store, workers)))

    return guarded("python -m dse.search.truth", work)


if __name__ == "__main__":
    sys.exit(main())
