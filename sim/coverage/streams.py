"""How a unit with streams was driven: what was on its fields, how long frames were, who waited for whom, and resets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.formats import Format
from hw.specs.stream import LAST, FeedforwardSpec
from sim.coverage.classes import operand
from sim.coverage.point import DRIVING, NONE, SIMULATION, Point, cross, point
from sim.coverage.tried import Tried
from sim.golden.decoding import decode

SOURCE = ("moved", "moved in a row", "waited", "paused")
SINK = ("moved", "moved in a row", "kept waiting", "had nothing")
"""What a cycle is for who offers beats on a stream, and for who takes them."""
UNDER_WAY = ("beats pass freely", "operands wait", "results wait", "operands and results wait")
"""What a reset may come into."""
RESET_LENGTHS = ("of one cycle", "of more cycles")
RESET_WIRES = ("quiet", "beats taken", "beats offered", "beats offered and taken")
SIGNS = ("zero", "positive", "negative", "no number")


def classes_of_fields(spec: Any, without: Mapping[str, tuple[str, ...]] | None = None) -> list[Point]:
    """Operands of all classes on each field of each input stream.

    Parameters
    ----------
    spec : StreamSpec
    without : dict of str to tuple of str, optional
        By ``stream.field``, the classes that it must not get.
    """
    without = without or {}
    return [
        operand(f"{stream}.{name}", field.format, without=without.get(f"{stream}.{name}", ()))
        for stream, beat in spec.inputs.items()
        for name, field in beat.items()
    ]


def signs_of(fmt: Format, codes: NDArray[Any]) -> NDArray[np.int64]:
    """Of each code its place in `SIGNS`."""
    values = decode(fmt, codes)
    return np.select([~np.isfinite(values), values > 0, values < 0], [3, 1, 2], 0)


def results(name: str, fmt: Format, possible: Sequence[int] | None = None) -> Point:
    """The signs of results, on a field of an output stream."""

    def find(tried: Tried) -> NDArray[np.int64]:
        return signs_of(fmt, tried[name])

    signs = [number for number, is_there in enumerate((True, fmt.span.hi > 0, fmt.span.lo < 0)) if is_there]
    return point(f"sign of {name}", SIGNS, find, signs if possible is None else possible)


def lengths(stream: str, bounds: Mapping[str, int]) -> Point:
    """How many beats frames have.

    Parameters
    ----------
    stream : str
        One whose frames end with `LAST`.
    bounds : dict of str to int
        The most beats of each kind, ascending, by its name; what has more falls into none.
    """

    def find(tried: Tried) -> NDArray[np.int64]:
        ends = np.flatnonzero(tried[f"{stream}.{LAST}"])
        kinds = np.searchsorted(list(bounds.values()), np.diff(ends, prepend=-1))
        return np.where(kinds < len(bounds), kinds, NONE)

    return point(f"beats of a frame on {stream}", tuple(bounds), find, about=DRIVING)


def traffic(spec: Any) -> list[Point]:
    """Who waited for whom, on each stream, and resets: as the bench has seen it."""
    ports = [*((name, SOURCE) for name in spec.inputs), *((name, SINK) for name in spec.outputs)]
    # Some streams have a beat only every other cycle.
    points = [point(f"cycles on {name}", bins, _seen(name), (0, 2, 3), about=SIMULATION) for name, bins in ports]
    if not spec.latency:
        return points
    # Where one side waits and the other does not, that is over soon; and where not every cycle has a beat, one waits.
    sure = (0, 3) if isinstance(spec, FeedforwardSpec) else (3,)
    state = point("reset while", UNDER_WAY, _noted("state"), sure, about=SIMULATION)
    length = point("reset", RESET_LENGTHS, _noted("length"), about=SIMULATION)
    wires = point("wires in reset", RESET_WIRES, _noted("wires"), about=SIMULATION)
    return [*points, cross(state, length, "reset by state"), wires]


def _seen(name: str) -> Callable[[Tried], NDArray[np.int64]]:
    """The cycles of a stream, from their numbers by kind."""

    def find(tried: Tried) -> NDArray[np.int64]:
        counts = tried.evidence.get("traffic", {}).get(name, [])
        return np.flatnonzero(np.asarray(counts))

    return find


def _noted(what: str) -> Callable[[Tried], NDArray[np.int64]]:
    def find(tried: Tried) -> NDArray[np.int64]:
        return np.asarray([reset[what] for reset in tried.evidence.get("resets", [])], dtype=np.int64)

    return find
