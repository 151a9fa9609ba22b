"""What to try on units that keep rows: of every length, cut, empty, rising and alike ones; pauses and resets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.specs.rows import RowSpec
from sim.benches.matvec import marks
from sim.benches.reset import SEEN, resets, swept
from sim.benches.stimulus import mixed
from sim.benches.streamplay import StreamPlay
from sim.benches.streams import Streams, paused, stream_play
from sim.coverage.point import DRIVING, Point, point
from sim.coverage.streams import classes_of_fields, results, traffic
from sim.coverage.tried import Tried
from sim.golden.encoding import encode_steps

BEATS, LONGEST = 400, 160
"""Beats of a play, about, and of its longest row."""
KINDS = ("any", "rising", "falling", "alike", "near")
"""What the numbers of a row are like."""
LENGTHS = ("1", "more", "as many as are kept", "one more", "still more")
KEPT = ("none", "some", "all")
NUMBERS = ("not flagged", "flagged")


def plays(spec: RowSpec, seed: int) -> list[StreamPlay]:
    """All plays for a unit that keeps rows; the resets come last."""
    rng = np.random.default_rng(seed)
    lengths = sorted({1, min(2, spec.depth), min(7, spec.depth), min(LONGEST, spec.depth)})
    some = rng.integers(1, min(12, spec.depth) + 1, 24).tolist()
    # Where rows are short, one is taken while the results of another still wait.
    few = [*some[:6], *([1, 1, min(2, spec.depth), 1] * 3)]
    # What is cut takes a cycle for each beat that is not kept.
    cut = [spec.depth + 1, 1, spec.depth, spec.depth + 3, min(3, spec.depth)] * (1 if spec.depth > LONGEST else 4)
    # What ends a row is then often what a reset comes into.
    short, first = [1, 1, min(2, spec.depth), 1, 1, min(3, spec.depth), 1, 1], spec.cycles(1)
    # A longer one is still being read when nobody takes its first result, or it is being cut.
    longer = [min(9, spec.depth + 1), *short]
    limit = spec.cycles(min(spec.depth, LONGEST) * len(few), len(few))
    return [
        *(alike(spec, f"rows_of_{length}", [length] * max(2, BEATS // 2 // length), rng) for length in lengths),
        alike(spec, "kinds", (some * 3)[: max(10, BEATS // 6)], rng),
        _play(spec, "cut", streams(spec, cut, rng), spec.cycles(sum(cut), len(cut)), duration=None),
        _play(spec, "pauses", streams(spec, few, rng), limit, pauses=paused(spec, 0.4)),
        _play(spec, "slow_taker", streams(spec, few, rng), limit, pauses=dict.fromkeys(spec.outputs, 0.7)),
        *(
            _play(spec, name, given, limit, duration=None, resets=planned)
            for name, given, planned in (
                # Before an empty row something that was kept has to be forgotten.
                ("resets", streams(spec, short, rng, 0.0), resets(limit, rng, first)),
                # What is kept of it, and what is not, is so the other way round before a reset: some of both.
                ("resets_of_longer", streams(spec, longer, rng, 0.5), resets(limit, rng, first + len(longer))),
                (
                    "resets_while_held",
                    streams(spec, longer, rng, 0.5),
                    swept(first + SEEN, first + 2 * SEEN, rng, held=True),
                ),
                ("resets_each_cycle", streams(spec, short, rng), swept(first + SEEN, first + SEEN, rng)),
            )
        ),
    ]


def run(spec: RowSpec, seed: int, beats: int, rows: int = 1) -> StreamPlay:
    """So many beats, of so many rows that are about as long, without a pause."""
    spec.check_run(beats, rows)
    short, longer = divmod(beats, rows)
    lengths = [short + 1] * longer + [short] * (rows - longer)
    return alike(spec, "run", lengths, np.random.default_rng(seed))


def alike(spec: RowSpec, name: str, lengths: Sequence[int], rng: np.random.Generator) -> StreamPlay:
    """Rows of such lengths without a pause: they take just the cycles that the formula says."""
    return _play(spec, name, streams(spec, lengths, rng), spec.cycles(sum(lengths), len(lengths)))


def _play(spec: RowSpec, name: str, given: Streams, cycles: int, **options: Any) -> StreamPlay:
    return stream_play(spec, name, given, cycles, **options)


def streams(spec: RowSpec, lengths: Sequence[int], rng: np.random.Generator, first: float = 1.0) -> Streams:
    """Rows of so many beats each, of all kinds in turn, most of whose numbers are kept; of the `first` so many."""
    beats, kept = [], []
    for number, length in enumerate(lengths):
        beats.append(_numbers(spec, KINDS[number % len(KINDS)], length, rng))
        share = rng.choice([1.0, 1.0, 0.8, 0.3, 0.0]) if number else first
        keep = rng.random((length, spec.lanes)) < share
        # Here and there a beat of which nothing is kept, the first among them.
        keep[rng.random(length) < 0.1 * (share < 1)] = False
        kept.append(keep.astype(np.int64))
    row = {"x": np.concatenate(beats), "keep": np.concatenate(kept), "last": marks(lengths)}
    if not spec.parameters:
        return {"x": row}
    shown = int(np.minimum(lengths, spec.depth).sum())
    fields = {name: mixed(field.format, (shown, spec.lanes), rng) for name, field in spec.parameters.items()}
    return {"x": row, "p": fields}


def _numbers(spec: RowSpec, kind: str, length: int, rng: np.random.Generator) -> NDArray[Any]:
    """The codes of a row."""
    fmt, shape = spec.input, (length, spec.lanes)
    if kind == "any":
        return mixed(fmt, shape, rng)
    span = fmt.span
    values = rng.integers(span.lo, span.hi, shape, endpoint=True)
    if kind in ("rising", "falling"):
        values = np.sort(values.ravel()).reshape(shape)[:: 1 if kind == "rising" else -1]
    elif kind == "alike":
        values[:] = rng.choice([span.lo, span.hi, values[0, 0]])
    else:
        values = np.clip(values[0, 0] + rng.integers(-3, 4, shape), span.lo, span.hi)
    return encode_steps(fmt, values, 0)


def coverage(spec: RowSpec) -> list[Point]:
    """Operands of all classes, rows of all lengths, kept wholly, partly and not at all, flags, and who waits."""
    (first, field), *_ = spec.results.items()
    return [
        *classes_of_fields(spec),
        _lengths(spec),
        point("numbers of a beat that are kept", KEPT, _kept, (0, 2) if spec.lanes == 1 else (0, 1, 2), DRIVING),
        point("a row's error", NUMBERS, lambda tried: tried["y.error"], about=DRIVING),
        results(f"y.{first}", field.format),
        *traffic(spec),
    ]


def _lengths(spec: RowSpec) -> Point:
    """How many beats rows have, beside those that are kept."""

    def find(tried: Tried) -> NDArray[np.int64]:
        beats = np.diff(np.flatnonzero(tried["x.last"]), prepend=-1)
        kinds = [beats > spec.depth + 1, beats == spec.depth + 1, beats == spec.depth, beats > 1]
        return np.select(kinds, [4, 3, 2, 1], 0)

    possible = [bin for bin in range(5) if not (bin == 0 and spec.depth == 1) and not (bin == 1 and spec.depth < 3)]
    return point("beats of a row", LENGTHS, find, possible, DRIVING)


def _kept(tried: Tried) -> NDArray[np.int64]:
    flags = np.asarray(tried["x.keep"]).reshape(len(tried["x.last"]), -1).astype(bool)
    return np.select([flags.all(axis=1), flags.any(axis=1)], [2, 1], 0)
