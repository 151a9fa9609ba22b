"""The loop, played on a space of which all is known."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dse.search.truth import COLUMNS, replayed, space, written

FORMATS = ["int2", "int3", "int4", "int5", "e1m1", "e2m0", "e2m1", "e2m2"]


def table(off: float, stderr: float = 0.0) -> pd.DataFrame:
    """Four MACs of each of some formats. The first is estimated best, and is off by so much, up or down in turn."""
    names = [f"mac/{a}x{a}/exact/kulisch{16 * by}/p0" for a in FORMATS for by in (1, 2, 3, 4)]
    loss = np.repeat([9.0, 5, 2, 1, 8, 6, 3, 1.5], 4)
    luts = np.repeat([20.0, 30, 45, 60, 25, 28, 41, 52], 4) * np.tile([1, 1.04, 1.2, 1.5], len(FORMATS))
    counted = luts * (1 + np.tile([off, 0, 0, 0, -off, 0, 0, 0], len(FORMATS) // 2))
    ends = {"lut_estimated": luts, "lut_low": luts * 0.94, "lut_high": luts * 1.06, "lut": counted}
    rows = {"spec": names, "device": "ecp5-25k", "loss": loss, "loss_stderr": stderr, **ends}
    return pd.DataFrame(rows)[COLUMNS]


def test_where_estimates_are_right_the_frontier_and_one_more_round_are_measured() -> None:
    found, explored = replayed(table(off=0.0), space())
    assert explored.stands and (found.designs, found.true, found.found, found.extra) == (32, 8, 8, 0)
    assert found.measured <= 16 and found.share == found.measured / 32


def test_what_is_better_than_what_was_estimated_best_is_found() -> None:
    found, explored = replayed(table(off=0.055), space())
    assert (found.true, found.found, found.extra) == (8, 8, 0)
    best = explored.table[explored.table["frontier"]]["spec"]
    assert best.str.contains("kulisch32/").sum() == best.str.contains("kulisch16/").sum() == 4
    assert found.measured < 32


def test_what_the_loss_alone_makes_unsure_is_not_measured() -> None:
    # Within such errors of the loss any design may be on the frontier, and no tool can tell.
    (sure, _), (unsure, explored) = replayed(table(off=0.0), space()), replayed(table(off=0.0, stderr=5.0), space())
    assert explored.table["band"].sum() > sure.measured and unsure.measured == sure.measured


def test_the_table_says_what_made_it() -> None:
    lines = written(table(off=0.0)).splitlines()
    assert lines[1:3] == ["# python -m dse.search.truth", ",".join(COLUMNS)] and len(lines) == 3 + 32


def test_the_space_is_of_some_five_hundred_designs() -> None:
    assert len(space()) == 576 and [goal.name for goal in space().objectives] == ["loss", "lut"]
