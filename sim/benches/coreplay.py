"""A play of a GEMM core: products to compute one after the other, as plain numbers in a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

RegisterMap = Mapping[str, Mapping[str, Any]]
"""By a register's name: its ``address``, and its ``parts``, each by its name its lowest bit and its width."""


@dataclass(frozen=True)
class Job:
    """What is done with a core at a time.

    Attributes
    ----------
    settings : dict of str to int
        What parts of registers are set to before; parts of the same registers that are left out become 0.
    frames : dict of stream to list of str
        The frames to offer on each input stream, as hexadecimal bytes.
    results : str or None
        The bytes of the one frame that must come out, if any; None if they are of no meaning.
    shown : dict of str to int
        What parts of registers must show at the end.
    limit : int
        Cycles by which it must be done: what takes longer hangs.
    duration : int or None
        Cycles from the start to the last result that it must take, if that is promised.
    start : bool
        Whether a run is started.
    reset : str
        How the run is interrupted, if it is: by the ``pin``, by the ``command``, or by ``both`` commands in one write.
    after : int
        How many cycles after the start it is interrupted.
    hold : bool
        No result is taken before one is offered.
    again : bool
        A start is written once more while it works, which must change nothing.
    unreadable : list of int
        Addresses that must answer SLVERR to reading, while the run is under way.
    unwritable : list of (int, int)
        The same to writing so many bytes, all zero.
    """

    settings: dict[str, int] = field(default_factory=dict)
    frames: dict[str, list[str]] = field(default_factory=dict)
    results: str | None = ""
    shown: dict[str, int] = field(default_factory=dict)
    limit: int = 64
    duration: int | None = None
    start: bool = True
    reset: str = ""
    after: int = 0
    hold: bool = False
    again: bool = False
    unreadable: list[int] = field(default_factory=list)
    unwritable: list[tuple[int, int]] = field(default_factory=list)

    @property
    def samples(self) -> int:
        """Comparisons that the job is good for: bytes of results, numbers shown, cycles, responses."""
        responses = len(self.unreadable) + len(self.unwritable)
        return len(self.results or "") // 2 + len(self.shown) + (self.duration is not None) + responses


@dataclass(frozen=True)
class CorePlay:
    """One test of a core, from reset on.

    Attributes
    ----------
    name : str
        Name of the test.
    registers : dict
        Where everything is, as `RegisterMap` says.
    jobs : list of dict
        The fields of a `Job` each.
    pauses : dict of stream to float
        The chance, in each cycle, that the bench's side of a stream, or of a channel of AXI4-Lite, pauses.
    exhaustive : bool
        Every combination of operands is among the inputs.
    low : list of str
        Output ports that must stay low from the first reset on.
    flip : dict
        Of a bit that is turned over while it plays: ``path``, a list of the names of instances and of a register;
        ``bit``; ``after``, how many cycles after a run has begun; and of a memory which ``word``. Empty for none.
    """

    name: str
    registers: RegisterMap
    jobs: list[dict[str, Any]]
    pauses: dict[str, float] = field(default_factory=dict)
    exhaustive: bool = False
    low: list[str] = field(default_factory=list)
    flip: dict[str, Any] = field(default_factory=dict)

    bench: ClassVar[str] = "sim.benches.axi"

    @classmethod
    def of(
        cls, name: str, registers: RegisterMap, jobs: list[Job], pauses: Mapping[str, float] | None = None
    ) -> CorePlay:
        """A play of these jobs."""
        return cls(name, registers, [asdict(job) for job in jobs], dict(pauses or {}))

    @property
    def samples(self) -> int:
        """Comparisons that the play is good for."""
        return sum(Job(**job).samples for job in self.jobs)


@dataclass
class Outcome:
    """What came of a job.

    Attributes
    ----------
    results : str
        The bytes of all frames that came out, as hexadecimal.
    shown : dict of str to int
        What every part of every register showed at the end.
    cycles : int
        From the start to the last result, as the bench counted them; 0 if none came.
    """

    results: str = ""
    shown: dict[str, int] = field(default_factory=dict)
    cycles: int = 0
