"""How a unit with `en` and `rst` was driven: stalls, and resets by what was in the pipeline."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.coverage.point import DRIVING, NONE, Point, cross, point
from sim.coverage.tried import Tried

ENABLED = ("enabled after an enabled cycle", "enabled after a stall", "stalled for one cycle", "stalled for longer")
STATES = ("empty", "filling", "full")
BEFORE = ("after an enabled cycle", "after a stall")
LENGTHS = ("of one cycle", "of more cycles")
ENABLES = ("with en", "without en")


def handshake(spec: Any) -> list[Point]:
    """Stalls and resets of a unit with a state, which `en` holds and `rst` empties."""
    latency = spec.latency
    before, with_en = _resets_by("after a stall", BEFORE), _resets_by("without en", ENABLES)
    # What a pipeline of one register holds is there or not.
    state = point("reset", STATES, lambda tried: _states(tried, latency), (0, 2) if latency == 1 else None, DRIVING)
    by_state = cross(state, before, "reset by state")
    # Where nothing has entered, the cycle before was none.
    by_state = replace(by_state, possible=by_state.possible[1:])
    return [stalls(), by_state, _resets_by("long", LENGTHS), with_en]


def passing(spec: Any) -> list[Point]:
    """Stalls, and resets that have no effect, of a unit without a state; of one without a clock there are none."""
    if not spec.latency:
        return []
    before = _resets_by("after a stall", BEFORE)
    return [stalls(), cross(before, _resets_by("without en", ENABLES), "reset")]


def stalls() -> Point:
    return point("enable", ENABLED, _enabled, about=DRIVING)


def _resets_by(what: str, bins: tuple[str, ...]) -> Point:
    return point(f"reset, {what}", bins, lambda tried: _at_resets(tried)[what], about=DRIVING)


def _enabled(tried: Tried) -> NDArray[Any]:
    if "en" not in tried.play.inputs:
        return np.zeros(0, dtype=np.int64)
    on = tried["en"] > 0
    bins = np.where(on, np.int8(0), np.int8(2))
    bins[1:] += ~on[:-1]
    return bins


def _at_resets(tried: Tried) -> dict[str, NDArray[np.int64]]:
    """Where resets begin, and what is known of each."""
    return tried.once("resets", lambda: _resets(tried))


def _resets(tried: Tried) -> dict[str, NDArray[np.int64]]:
    none = np.zeros(0, dtype=np.int64)
    if "rst" not in tried.play.inputs:
        return dict.fromkeys(("at", "after a stall", "long", "without en", "entered"), none)
    rst, on = tried["rst"] > 0, tried["en"] > 0
    # Each play begins with a reset.
    begins = rst & ~np.append(True, rst[:-1])
    at = np.flatnonzero(begins)
    entered = np.cumsum(on & ~rst)
    ends = np.flatnonzero(np.append(True, rst[:-1]) & ~rst)
    since = np.where(len(ends) > 0, entered, 0)
    last_end = np.searchsorted(ends, at) - 1
    base = np.where(last_end >= 0, entered[ends[last_end]] - (on & ~rst)[ends[last_end]], 0) if len(ends) else 0
    following = np.append(rst[1:], False)
    return {
        "at": at,
        "after a stall": np.where(on[at - 1], 0, 1),
        "long": following[at].astype(np.int64),
        "without en": np.where(on[at], 0, 1),
        "entered": since[at - 1] - base,
    }


def _states(tried: Tried, latency: int) -> NDArray[np.int64]:
    entered = _at_resets(tried)["entered"]
    return np.select([entered == 0, entered < latency], [0, 1], 2) if len(entered) else np.full(0, NONE)
