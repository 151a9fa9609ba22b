"""Resets at random moments: of one cycle and more, whatever is under way, stalled or full."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.benches.play import Play
from sim.benches.streamplay import Reset
from sim.coverage.classes import deal

RESETS = 64
SWEPT = 128
"""Those that come into one cycle after the other, at most."""
LONGEST = 256
"""Cycles between two resets, at most, where nothing is to be seen."""
FREE = (0.0, 0.0)
FULL = (0.0, 1.0)
WAYS = (FREE, FULL, FULL, (0.0, 0.7), (0.4, 0.4), (0.9, 0.0))
"""How streams run until a reset, the chances that who offers and who takes pauses: freely, into a pipeline that fills
up, with a slow taker, both by chance, and nearly empty. That is with beats of no meaning; and every other time freely
with those that are compared, to see what the reset before did. Every other one of these begins late."""
LATE = (0.5, 0.0)
LENGTHS = (1, 1, 1, 2, 5)
"""Cycles that resets take."""
SEEN = 20
"""Cycles that streams run freely, or into a pipeline that fills up, at least."""


def resets(most: int, rng: np.random.Generator, first: int = 0) -> list[dict[str, Any]]:
    """The fields of resets in the first `most` cycles of a play: as often soon after the one before as long after.

    What has to fill up, or is compared, gets as many more cycles as it takes to the `first` result.
    """
    seen, most = min(most, SEEN + first), min(most, LONGEST)
    planned = []
    # Every way ends in resets of every length.
    dealt = deal(np.indices((len(WAYS), len(LENGTHS))).reshape(2, -1).T, RESETS // 2, rng).tolist()
    ways = iter(dealt)
    for number, (after, length) in enumerate(zip(moments(most, rng).tolist(), lengths(rng).tolist(), strict=True)):
        free = number % 2 == 1
        source, sink = LATE if number % 4 == 3 else FREE
        if not free:
            way, which = next(ways)
            (source, sink), length = WAYS[way], LENGTHS[which] if number else 1
        # To the first result, or until it is full.
        after = max(after, seen) if free or sink == 1 else after
        offered, ready = rng.integers(0, 2, 2).tolist()
        # Ends of streams agree in every other run of no meaning.
        junk = 0 if free else 1 + number // 2 % 2
        planned.append(asdict(Reset(after, length, source, sink, junk, offered, ready)))
    return planned


def swept(most: int, seen: int, rng: np.random.Generator, held: bool = False) -> list[dict[str, Any]]:
    """The fields of resets of one cycle, which come into each cycle of a run in turn, or into some of all parts.

    Chance rarely finds the one cycle in which a flag is set that comes once in a run. After each the run goes on for
    `seen` cycles with beats that are compared. Where it is `held`, nobody takes results before a reset, and beats begin
    late behind it.
    """
    planned, before, behind = [], FULL if held else FREE, LATE if held else FREE
    for after in np.unique(np.linspace(1, most, SWEPT).astype(np.int64)).tolist():
        offered, ready = rng.integers(0, 2, 2).tolist()
        planned.append(asdict(Reset(after, 1, *before, 1, offered, ready)))
        planned.append(asdict(Reset(seen, int(rng.choice(LENGTHS)), *behind, 0, ready, offered)))
    return planned


def moments(most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Numbers from 1 to `most`, as many below its root as above."""
    return np.exp(rng.uniform(0, np.log(most + 1), RESETS)).astype(np.int64)


def lengths(rng: np.random.Generator) -> NDArray[np.int64]:
    """How many cycles resets take; the first, and most, a single one."""
    return np.append(1, rng.choice(LENGTHS, RESETS - 1))


Run = Callable[[dict[str, NDArray[np.int64]]], Play]
"""From inputs by port, after a reset, to a play of them."""


def interrupted(name: str, inputs: Callable[[int], dict[str, NDArray[np.int64]]], latency: int, run: Run,
                rng: np.random.Generator) -> Play:  # fmt: skip
    """A play of a clocked unit with resets.

    Parameters
    ----------
    name : str
        Of the play.
    inputs : function of int
        The inputs of so many cycles, by port; of `en` only its shape counts.
    latency : int
        Of the unit.
    run : function of dict
        What the unit does with inputs after a reset.
    rng : Generator
    """
    parts = []
    after = moments(8 * (latency + 2), rng).tolist()
    for number, (length, count) in enumerate(zip(lengths(rng).tolist(), after, strict=True)):
        planned = number % 4 == 0
        if planned:
            # Nothing is in it, or some, or it is full; and the last cycle is a stall, or not.
            entering = [0, int(rng.integers(1, max(2, latency))), latency + int(rng.integers(3))][number // 4 % 3]
            stalled = entering == 0 or number // 12 % 2 == 0
            count = max(count, entering + 1)
        rst = np.arange(length + count) < length
        # Now it is rarely enabled, and now always; in the reset, too.
        en = rng.random(len(rst)) < rng.choice([0.2, 0.7, 1.0])
        if planned:
            en[length:-1] = rng.permutation(np.arange(count - 1) < entering - (not stalled))
            en[-1] = not stalled
        given = inputs(len(rst))
        play = run({**given, "en": (en & ~rst).astype(np.int64)})
        parts.append((play, {"rst": rst.tolist(), **play.inputs, "en": en.tolist()}))
    return _joined(name, parts)


def _joined(name: str, parts: list[tuple[Play, dict[str, list[int]]]]) -> Play:
    """Plays one after the other, with these inputs."""
    plays, given = zip(*parts, strict=True)
    starts = np.cumsum([0, *(play.cycles for play in plays[:-1])])
    return Play(
        name,
        {port: [int(code) for inputs in given for code in inputs[port]] for port in given[0]},
        {port: [code for play in plays for code in play.expected[port]] for port in plays[0].expected},
        [at + int(start) if at >= 0 else -1 for play, start in zip(plays, starts, strict=True) for at in play.cause],
    )
