"""Compares what was seen with what is right."""

from __future__ import annotations

from sim.benches.monitor import UNKNOWN
from sim.benches.play import Play


def check(play: Play, seen: dict[str, list[int]]) -> int:
    """Compare every sample of every output; codes must be equal.

    Parameters
    ----------
    play : Play
        What was played.
    seen : dict of port to list of int
        One sample a cycle.

    Returns
    -------
    Number of comparisons.

    Raises
    ------
    AssertionError
        Samples are missing, or differ: the message tells the first that does, with its cycle, the
        operands, the expected and the actual code.
    """
    for port, expected in play.expected.items():
        actual = seen[port]
        assert len(actual) == len(expected), f"{play.name}: {len(actual)} samples of {port}, expected {len(expected)}"
        wrong = [
            cycle
            for cycle, pair in enumerate(zip(expected, actual, strict=True))
            if pair[0] >= 0 and pair[0] != pair[1]
        ]
        if wrong:
            first = wrong[0]
            raise AssertionError(
                f"{play.name}: cycle {first}: {play.explain(first)}: {port} expected {expected[first]:#x}, "
                f"got {shown(actual[first])} ({len(wrong)} of {len(expected)} samples differ)"
            )
    return play.samples


def shown(code: int) -> str:
    """A sample, in a message."""
    return "X" if code == UNKNOWN else f"{code:#x}"
