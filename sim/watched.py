"""Plays that also watch that a design which checks its registers finds nothing wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import hw
from hw.specs.protection import FAULT
from sim.benches.play import Play
from sim.simulator import ICARUS


def watched(spec: hw.Spec, plays: Sequence[Any], simulator: str) -> Sequence[Any]:
    """Plays in which the port `FAULT` must stay low from the first reset on, if the design has that.

    Not in Icarus: what a register without a reset holds before it is written is X there, and so is its parity.
    """
    if not spec.parity or simulator == ICARUS:
        return plays
    return [_with_port(play) if isinstance(play, Play) else replace(play, low=[FAULT]) for play in plays]


def _with_port(play: Play) -> Play:
    more = replace(play, expected={**play.expected, FAULT: [0] * play.cycles})
    more.arrays.update(play.arrays)
    return more
