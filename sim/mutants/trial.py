"""What the bench says of mutants: each one run of the same program, up to the first play that fails."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import hw
from rtl_gen.tools import ToolError
from sim.benches import bench
from sim.benches.play import Play
from sim.benches.streamplay import StreamPlay
from sim.mutants.mutated import SELECTOR, Mutated
from sim.player import CLOCK
from sim.playing import play_cocotb
from sim.rows import play_rows
from sim.runner import SEED
from sim.simulator import FAST, LENIENT, Simulator, Unsettled, simulator


class Trial:
    """A unit's bench on the mutants of one of its designs.

    Parameters
    ----------
    spec : Spec
        The design.
    built : Mutated
        What it is with its mutants.
    folder : Path
        For the simulator.
    seed : int
        Of the bench.

    Raises
    ------
    ToolError
        The simulator can't be built, or the bench fails with the right design.
    """

    def __init__(self, spec: hw.Spec, built: Mutated, folder: Path, seed: int = SEED) -> None:
        self.spec = spec
        self.plays: Sequence[Any] = [*bench(spec.unit).plays(spec, seed)]
        source, _manifest = built.emitted.write(folder)
        self.design: Simulator = simulator(source, built.emitted.name, folder, optimise=FAST, lint=LENIENT)
        if failure := self.failure(0, folder):
            raise ToolError(f"{spec.name}: the bench fails without a mutation: {failure}")

    @property
    def exhaustive(self) -> bool:
        """Whether the bench plays all that there is."""
        return any(play.exhaustive for play in self.plays)

    @property
    def late(self) -> set[str]:
        """Outputs of which the bench does not know what they show before there is a result."""
        clocked = [play for play in self.plays if isinstance(play, Play) and CLOCK in self.design.ports]
        return {port for play in clocked for port, codes in play.expected.items() if -1 in codes}

    def failure(self, number: int, folder: Path) -> str:
        """What the bench finds wrong with a mutant, or with the design itself, which is 0; empty if nothing.

        Plays are in the order of their length; those of cycles that are known before do without cocotb.
        """
        ordered, plusargs = sorted(self.plays, key=_length), [f"+{SELECTOR}={number}"]
        try:
            if not isinstance(ordered[0], Play):
                _, wrong, _ = play_cocotb(self.design, ordered, folder, plusargs, failures_at_most=1)
                return next(iter(wrong.values()), "")
            # Each alone, and then, as the bench has it, in the state that the one before left.
            for some in [*([play] for play in ordered), self.plays]:
                if wrong := play_rows(self.design, some, folder, plusargs):
                    return next(iter(wrong.values()))
        except Unsettled:
            # No board settles then, either.
            return "the design does not settle"
        return ""


def _length(play: Any) -> int:
    """Cycles that a play takes at most."""
    if isinstance(play, Play):
        return play.cycles
    return play.limit if isinstance(play, StreamPlay) else sum(job["limit"] for job in play.jobs)
