"""What a design is tried with, for people who have a simulator and nothing of ours.

The plays of a unit's bench become numbers in files for ``$readmemh`` and a testbench in plain Verilog that plays them;
and a folder with the cocotb bench itself.

    plays ──few──► some of them ──a writer for their kind──► NAME_tb.v and NAME_tb_*.mem
                                ──cocotb_files─────────────► Makefile, plays.json, the bench
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import hw
from rtl_gen import Emitted
from sim.benches import bench
from sim.benches.coreplay import CorePlay
from sim.benches.play import Play
from sim.benches.streamplay import StreamPlay
from sim.playing import opening
from sim.vectors import clocked, core, streamed
from sim.vectors.folder import cocotb_files

__all__ = ["cocotb_files", "few", "verilog_files"]

CYCLES = 1024
"""Of a play of a unit without a handshake, at most."""
BITS = 1 << 20
"""In all other plays together, unless the smallest has more."""

WRITERS: dict[type, Callable[[Emitted, Sequence[Any]], dict[str, str]]] = {
    Play: clocked.files,
    StreamPlay: streamed.files,
    CorePlay: core.files,
}
"""What makes a testbench and its numbers of plays, by their kind: texts by file name."""


def few(spec: hw.Spec, seed: int = 1) -> list[Any]:
    """Some of a unit's plays, or how they begin: so much as one likes to have in a folder."""
    tries = bench(spec.unit)
    plays = list(getattr(tries, "few", tries.plays)(spec, seed))
    if isinstance(plays[0], Play):
        return [opening(play, CYCLES) for play in plays]
    room = BITS
    kept: list[Any] = []
    for play in sorted(plays, key=size):
        room -= size(play)
        if room >= 0 or not kept:
            kept.append(play)
    return [play for play in plays if play in kept]


def size(play: StreamPlay | CorePlay) -> int:
    """How many bits are in a play, about."""
    if isinstance(play, CorePlay):
        frames = [frame for job in play.jobs for frames in job["frames"].values() for frame in frames]
        return 4 * sum(map(len, [*frames, *(job["results"] or "" for job in play.jobs)]))
    return sum(
        len(beats) * max(beats, default=0).bit_length() for beats in [*play.inputs.values(), *play.expected.values()]
    )


def verilog_files(design: Emitted, plays: Sequence[Any]) -> dict[str, str]:
    """A testbench in Verilog and what it plays: texts by file name.

    Parameters
    ----------
    design : Emitted
    plays : sequence of Play, StreamPlay or CorePlay
        All of one kind.
    """
    return WRITERS[type(plays[0])](design, plays)
