"""How the inputs of a unit are driven when nobody is there to drive them: plain data, for hardware and golden model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Cat

from hw.onboard.patterns import WORD, seed, step


@dataclass(frozen=True)
class Given:
    """Some bits that a pattern drives.

    Attributes
    ----------
    name : str
        A port, or the prefix of a stream's.
    width : int
    mask : int
        Those that move; the others are zero.
    draws : int
        Bits of the pattern that make one.
    any : bool
        Whether one of these is enough: then it is mostly high, else mostly low.
    twins : tuple of int
        Bits that show what the one below shows.
    """

    name: str
    width: int
    mask: int = -1
    draws: int = 1
    any: bool = False
    twins: tuple[int, ...] = ()

    @property
    def bits(self) -> int:
        """Bits of the pattern that it takes."""
        return self.width * self.draws

    def code(self, pattern: int) -> int:
        """What it shows, of its bits of the pattern."""
        most, parts = (1 << self.width) - 1, [pattern >> n * self.width for n in range(self.draws)]
        code = parts[0]
        for part in parts[1:]:
            code = code | part if self.any else code & part
        code &= self.mask & most
        for bit in self.twins:
            code = code & ~(1 << bit) | (code >> bit - 1 & 1) << bit
        return code

    def wires(self, pattern: Any) -> Any:
        """The same in hardware."""
        parts = [pattern[n * self.width : (n + 1) * self.width] for n in range(self.draws)]
        code = parts[0]
        for part in parts[1:]:
            code = code | part if self.any else code & part
        code = code & (self.mask & (1 << self.width) - 1)
        return Cat(code[bit - 1 if bit in self.twins else bit] for bit in range(self.width))


@dataclass(frozen=True)
class Pattern:
    """What a pattern drives, side by side; its generators begin at the seed of number `first`."""

    given: tuple[Given, ...]
    first: int

    @property
    def seeds(self) -> list[int]:
        """Where its generators begin: as many as its bits need."""
        return [seed(self.first + n) for n in range(-(-sum(each.bits for each in self.given) // WORD))]

    def codes(self, count: int) -> dict[str, list[int]]:
        """What each shows, step by step, from the first on."""
        states = self.seeds
        shown: dict[str, list[int]] = {each.name: [] for each in self.given}
        for _ in range(count):
            low, whole = 0, sum(state << WORD * n for n, state in enumerate(states))
            for each in self.given:
                shown[each.name].append(each.code(whole >> low))
                low += each.bits
            states = [step(state) for state in states]
        return shown


@dataclass(frozen=True)
class Source:
    """A stream that is offered: its `tdata`, and how many beats a frame has; 0: there are no frames."""

    pattern: Pattern
    period: int = 0


@dataclass(frozen=True)
class Test:
    """A self-test of a unit.

    Attributes
    ----------
    module : str
        Of the unit.
    ports : dict of str to (bool, int)
        Its ports: whether they go in, and their width.
    pattern : Pattern or None
        What drives plain ports, anew in each cycle.
    sources : dict of str to Source
        What drives streams, by what their ports' names begin with.
    settings : dict of str to int
        What other inputs show all the time.
    results : tuple of str
        The outputs that are looked at: plain ports, in every cycle; or a stream's `tdata`, and `tlast`, beat by beat.
    sink : str
        The stream of results; empty for plain ports.
    steady : dict of str to int
        What other outputs must show at the end.
    skip : int
        Words that are of no meaning, before the first that counts.
    words : int
        How many count.
    signature : int
        What must be left of these.
    limit : int
        Cycles by which it must be done.
    """

    # pytest would take it for a test of its own.
    __test__ = False

    module: str
    ports: dict[str, tuple[bool, int]]
    pattern: Pattern | None
    sources: dict[str, Source]
    settings: dict[str, int]
    results: tuple[str, ...]
    sink: str
    steady: dict[str, int]
    skip: int
    words: int
    signature: int
    limit: int
