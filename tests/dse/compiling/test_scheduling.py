"""Runs cover each product once, as `dse.running.plan` counts them, and a core that keeps B is sent no more of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import hw
from dse.compiling.scheduling import cycles, runs
from dse.compiling.working import Golden, by_frames
from dse.running.plan import CanNotRun, plans
from hw.specs.gemm import MAX_ROWS

from .conftest import compiled
from .exported import Writer, executed

SUMS = "gemm/int8xint8/4x4/os/exact/kulisch{0}/p1/wide/x1/k{0}/n{1}/w{2}"


@pytest.mark.parametrize(
    ("core", "sizes"),
    [
        (SUMS.format(64, 16, 64), (5, 64, 16)),
        (SUMS.format(64, 16, 64), (5, 200, 50)),
        (SUMS.format(64, 9, 200), (3, 30, 23)),
        (SUMS.format(16, 8, 16), (2 * MAX_ROWS + 7, 20, 9)),
        ("gemm/int8xint8/4x4/os/exact/kulisch64/p1/int8/channel/p2/k64/n16/w64", (MAX_ROWS + 1, 64, 50)),
    ],
)
def test_runs_are_those_of_the_plan(core: str, sizes: tuple[int, int, int]) -> None:
    spec = hw.parse(core)
    found = runs(spec, 2, *sizes)  # type: ignore[arg-type]
    ways = plans(spec, *(np.array([size]) for size in sizes))
    mine = Counter((*run.sizes, run.keep) for run in found)
    theirs = [
        Counter(
            {
                (int(m), int(k), int(n), bool(keep)): 0
                for m, k, n, keep in zip(*(way.shape[name] for name in "mkn"), way.kept, strict=True)
            }
        )
        for way in ways
    ]
    for way, counts in zip(ways, theirs, strict=True):
        for m, k, n, keep, times in zip(*(way.shape[name] for name in "mkn"), way.kept, way.times, strict=True):
            counts[int(m), int(k), int(n), bool(keep)] += 2 * int(times)
    assert mine in theirs
    for axis, size in zip("mkn", sizes, strict=True):
        assert {edge for run in found for edge in getattr(run, axis)} >= {0, size}
    assert sum(int(np.prod(run.sizes, dtype=object)) for run in found) == 2 * int(np.prod(sizes, dtype=object))
    loaded = spec.scope == "channel"  # type: ignore[attr-defined]
    assert cycles(spec, found) == sum(  # type: ignore[arg-type]
        int(spec.cycles(*run.sizes, loaded and not run.keep))
        for run in found  # type: ignore[attr-defined]
    )


def test_what_can_not_be_cut_says_why() -> None:
    spec = hw.parse("gemm/int8xint8/4x4/os/exact/kulisch64/p1/int8/channel/p2/k64/n16/w64")
    with pytest.raises(
        CanNotRun, match="k must be at most 64 for gemm/.*, whose codes the host can't add up: take k65"
    ):
        runs(spec, 1, 5, 65, 16)  # type: ignore[arg-type]


def test_rows_beyond_the_counters_keep_b(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    made = Writer("long", (MAX_ROWS + 3, 2))
    made.quant(1.0)
    made.add("MatMul", made.quant(1.0, first=made.constant(rng.integers(-8, 8, (2, 3)))))
    path = made.save(tmp_path, (MAX_ROWS + 3, 3))
    x = rng.integers(-99, 99, (MAX_ROWS + 3, 2)).astype(np.float32)
    program = compiled(path, SUMS.format(16, 4, 16)).program
    outputs, core = by_frames(program, x[np.newaxis])
    assert [(run.keep, run.a.shape, "s_axis_b" in run.frames) for run in core.done] == [
        (False, (MAX_ROWS, 2), True),
        (True, (3, 2), False),
    ]
    np.testing.assert_array_equal(outputs[0], executed(path, x))
    np.testing.assert_array_equal(Golden(program).run(x), outputs[0])
