"""What a GEMM core was asked to do: shapes beside the array's, options, what is refused, and resets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.coverage.point import DRIVING, NONE, Point, cross, point
from sim.coverage.tried import Tried

SIZES = ("1", "less than a tile", "a tile", "tiles and less than one", "tiles")
DEPTHS = ("1", "more")
RESETS = ("by pin", "by command", "by reset and start at once")
WHEN = ("soon after the start", "later")
SOON = 8
PAUSES = ("freely", "with pauses", "results wait")

Job = Mapping[str, Any]
Bin = Callable[[Job], int]


def of_jobs(name: str, bins: tuple[str, ...], which: Bin, possible: Any = None) -> Point:
    """A point of jobs, of which each falls into one bin or `NONE`."""

    def find(tried: Tried) -> NDArray[np.int64]:
        return np.array([which(job) for job in tried.play.jobs], dtype=np.int64)

    return point(name, bins, find, possible, DRIVING)


def core(spec: Any, flags: tuple[str, ...], options: tuple[str, ...], granule: int = 1) -> list[Point]:
    """The points of a core.

    Parameters
    ----------
    spec : GemmSpec or BlockGemmSpec
    flags : tuple of str
        What a run may end with, as `STATUS` has it.
    options : tuple of str
        Parts of `CONTROL` that a run may be started with.
    granule : int
        K comes in so many.
    """
    height, columns = spec.height if hasattr(spec, "height") else spec.rows, spec.columns
    tall, wide = (columns, height) if spec.flow == "is" else (height, columns)
    rows = of_jobs("M", SIZES, _size("m", tall), _sizes(tall))
    across = of_jobs("N", SIZES, _size("n", wide), _sizes(wide))
    depth = of_jobs("K", DEPTHS, lambda job: int(job["settings"]["k"] > granule) if _runs(job) else NONE)
    how = of_jobs("reset", RESETS, lambda job: {"pin": 0, "command": 1, "both": 2}.get(job["reset"], NONE))
    when = of_jobs("reset", WHEN, lambda job: int(job["after"] >= SOON) if job["reset"] else NONE)
    return [
        rows, across, depth, _pauses(), cross(how, when, "reset by moment"),
        of_jobs("done to a run", ("nothing", "started again", "denied access"), _done),
        _ends(flags),
        *(of_jobs(f"option {name}", ("off", "on"), _option(name)) for name in options),
    ]  # fmt: skip


def _runs(job: Job) -> bool:
    """Whether it is a run that gives results."""
    return bool(job["results"])


def _sizes(tile: int) -> list[int]:
    # A tile of one row has no less, and no more that is not tiles.
    return [0, 4] if tile == 1 else [0, 2, 3, 4] if tile == 2 else [0, 1, 2, 3, 4]


def _size(name: str, tile: int) -> Bin:
    def which(job: Job) -> int:
        if not _runs(job):
            return NONE
        size = job["settings"][name]
        if size == 1:
            return 0
        if size <= tile:
            return 2 if size == tile else 1
        return 3 if size % tile else 4

    return which


def _pauses() -> Point:
    def find(tried: Tried) -> NDArray[np.int64]:
        paused = int(any(tried.play.pauses.values()))
        return np.array([2 if job["hold"] else paused for job in tried.play.jobs if _runs(job)], dtype=np.int64)

    return point("runs", PAUSES, find, about=DRIVING)


def _done(job: Job) -> int:
    if not job["start"]:
        return 2 if job["unreadable"] else NONE
    return 1 if job["again"] else 0


def _ends(flags: tuple[str, ...]) -> Point:
    """With which flags runs end, and which is refused."""

    def find(tried: Tried) -> NDArray[np.int64]:
        ends = [[n + 1 for n, flag in enumerate(flags) if job["shown"].get(flag)] or [0] for job in tried.play.jobs]
        return np.array([number for numbers in ends for number in numbers], dtype=np.int64)

    return point("ends with", ("no flag", *flags), find, about=DRIVING)


def _option(name: str) -> Bin:
    return lambda job: job["settings"].get(name, 0) if _runs(job) or job["shown"].get("error_keep") else NONE
