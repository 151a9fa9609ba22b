"""A play of streams: the beats to offer and those that must come, as plain numbers in a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True)
class Reset:
    """A reset of a unit with streams, and what it comes after.

    Attributes
    ----------
    after : int
        Cycles since the reset before, or the start.
    cycles : int
        How many it takes.
    source, sink : float
        The chances that those who offer and those who take beats pause until then.
    junk : int
        Whether the beats are other than those of the play, all bits of `tdata` flipped, so that nothing that they leave
        is right by chance. What comes of them is not compared. 2: frames of streams end in other places, too.
    offered, ready : int
        Whether those who offer have a beat in it, and those who take are ready: neither may matter.
    """

    after: int
    cycles: int
    source: float
    sink: float
    junk: int
    offered: int
    ready: int


@dataclass(frozen=True)
class StreamPlay:
    """One test of a unit with streams, from reset on.

    Attributes
    ----------
    name : str
        Name of the test.
    inputs : dict of stream to list of int
        The beats to offer on each input stream, in order: `tdata`, and above it `tlast`, if there is one.
    expected : dict of stream to list of int
        The beats that must come from each output stream, in order, and nothing after them.
    limit : int
        Cycles by which all must be done: what takes longer hangs.
    pauses : dict of stream to float
        The chance, in each cycle, that the bench's side of a stream is not ready to begin a beat, or to take one.
    duration : int or None
        Cycles that it must take, from the first to the one in which the last result passes; None if it is not
        promised, for the bench pauses.
    resets : list of dict
        The fields of a `Reset` each; after each the play starts again.
    settings : dict of port to int
        What other input ports hold all the time.
    outcome : dict of port to int
        What other output ports must show at the end.
    exhaustive : bool
        Every combination of operands is among the inputs.
    low : list of str
        Output ports that must stay low from the first reset on.
    """

    name: str
    inputs: dict[str, list[int]]
    expected: dict[str, list[int]]
    limit: int
    pauses: dict[str, float] = field(default_factory=dict)
    duration: int | None = None
    resets: list[dict[str, Any]] = field(default_factory=list)
    settings: dict[str, int] = field(default_factory=dict)
    outcome: dict[str, int] = field(default_factory=dict)
    exhaustive: bool = False
    low: list[str] = field(default_factory=list)

    bench: ClassVar[str] = "sim.benches.streamed"

    @property
    def samples(self) -> int:
        """Comparisons that the play is good for."""
        return sum(map(len, self.expected.values())) + len(self.outcome)
