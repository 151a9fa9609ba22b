"""Which stage each step of a datapath goes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from amaranth.hdl._ast import SignalDict

from hw.arith.steps import Datapath
from hw.timing.arrival import Arrival
from hw.timing.delays import Delays
from hw.timing.expression import Reader
from hw.timing.network import Network

PRECISION = 0.02
"""Of a stage's length, in ns: finer than what place and route leaves of it."""


class TooDeep(ValueError):
    """There are more registers than steps that take time, one after the other."""


@dataclass
class Schedule:
    """The stage of each step, in the order of the steps; and the longest stage, in ns."""

    stages: list[int]
    period: float


@dataclass(frozen=True)
class Reading:
    """A datapath as its bits see it.

    Attributes
    ----------
    own : sequence of range
        The bits that each step makes; none, if it only puts wires together.
    """

    datapath: Datapath
    network: Network
    own: Sequence[range]


def read(datapath: Datapath) -> Reading:
    """The bits of a datapath: once for all that is asked about its stages."""
    reader, own = Reader(), []
    for step in datapath.steps:
        for source in step.sources:
            reader.signal(source)
        if step.ago:
            # It comes from a register.
            for target in step.targets:
                reader.signal(target)
        first = len(reader.network)
        if step.value is not None and step.left is not None and not step.ago:
            reader.define(step.left, reader.bits(step.value))
        for cell in step.cells:
            reader.define_cell(cell.kind, cell.inputs, cell.outputs)
        own.append(range(first, len(reader.network)))
    return Reading(datapath, reader.network, own)


def schedule(reading: Reading, stages: int, delays: Delays) -> Schedule:
    """The assignment of steps to stages whose longest stage is shortest, and then with the fewest registers.

    Raises
    ------
    TooDeep
        There are more stages than steps that take time, one after the other.
    """
    return _Scheduler(reading, stages, delays).best()


def fits(reading: Reading, stages: int, delays: Delays, period: float) -> bool:
    """Whether the steps can be assigned to stages none of which is longer than `period`."""
    return _Scheduler(reading, stages, delays).early(period) is not None


class _Scheduler:
    def __init__(self, reading: Reading, stages: int, delays: Delays) -> None:
        datapath, self.own = reading.datapath, reading.own
        self.steps, self.results, self.stages = datapath.steps, datapath.results, stages
        self.late: SignalDict = SignalDict((signal, stages - ahead) for signal, ahead in datapath.late.items())
        self.ahead = max(datapath.late.values(), default=0)
        self.due = [(loop.value, self.late[loop.past] + loop.ago - 1) for loop in datapath.loops]
        """What closes a loop, and the last stage that it can be in."""
        self.arrival, self.register = Arrival(reading.network, delays), delays.register

    def best(self) -> Schedule:
        together = [0] * len(self.steps)
        if not self.stages:
            return Schedule(together, self._period(together))
        levels, deepest = self._levels()
        # A register on the inputs counts: what is before the unit takes time too.
        if self.stages - self.ahead > deepest:
            raise TooDeep(f"pipeline must be at most {deepest} for so little logic, got {self.stages - self.ahead}")
        if self.stages == deepest and not self.ahead:
            # One step a stage, the first stage empty: registers on the inputs.
            return Schedule(levels, self._period(levels))
        short, long = 0.0, self._period(together)
        # A step that would share LUTs with the one before it may find no place by itself; all in one stage is a plan.
        early = self.early(long) or together
        while long - short > PRECISION:
            middle = (short + long) / 2
            if (found := self.early(middle)) is None:
                short = middle
            else:
                early, long = found, middle
        late = self._late(long, early)
        plans = [early, late] if self._period(late) <= long + PRECISION else [early]
        plan = min(plans, key=self._register_bits)
        return Schedule(plan, self._period(plan))

    def _levels(self) -> tuple[list[int], int]:
        """For each step how many that take time are on the longest way to it, itself too; and the most to a result.

        What comes after a late signal stays in its stage, so all of it is one.
        """
        level: SignalDict = SignalDict()
        last: SignalDict = SignalDict()
        found = []
        for step, own in zip(self.steps, self.own, strict=True):
            timed, sources = len(own) > 0, step.sources
            here = max((level.get(source, 0) + (timed and source not in last) for source in sources), default=0)
            after = any(source in self.late or source in last for source in sources)
            found.append(self.stages if after else here)
            for target in step.targets:
                level[target] = here
                if after:
                    last[target] = True
        return found, max((level.get(result, 0) for result in self.results), default=0)

    def _period(self, plan: Sequence[int]) -> float:
        """The longest stage of a plan."""
        longest = 0.0
        for own, stage in zip(self.own, plan, strict=True):
            self.arrival.place(own, stage)
            longest = max(longest, self._latest(own))
        return longest + self.register

    def _latest(self, own: range) -> float:
        return max((self.arrival.at[bit] for bit in own), default=0.0)

    def early(self, period: float) -> list[int] | None:
        """Each step as early as it fits, no stage longer than `period`; None if that takes too many stages."""
        room = period - self.register
        born: SignalDict = SignalDict(self.late.items())
        plan = []
        for step, own in zip(self.steps, self.own, strict=True):
            earliest = max((born.get(source, 0) for source in step.sources), default=0)
            for stage in range(earliest, min(earliest + 2, self.stages + 1)):
                self.arrival.place(own, stage)
                if self._latest(own) <= room:
                    break
            else:
                return None
            plan.append(stage)
            for target in step.targets:
                born[target] = stage
        return None if any(born[value] > stage for value, stage in self.due) else plan

    def _late(self, period: float, early: Sequence[int]) -> list[int]:
        """Each step as late as it fits, if none shares a LUT with the one before it."""
        room, delays = period - self.register, self._alone()
        due: SignalDict = SignalDict((value, (stage, 0.0)) for value, stage in self.due)
        plan = [0] * len(self.steps)
        for index in range(len(self.steps) - 1, -1, -1):
            step, delay = self.steps[index], delays[index]
            stage, time = min(
                (due.get(target, (self.stages, -0.0)) for target in step.targets), default=(self.stages, 0.0)
            )
            # Times count backwards from the end of a stage, as negative numbers.
            if delay and time and delay - time > room:
                stage, time = stage - 1, 0.0
            plan[index] = max(stage, early[index])
            for source in step.sources:
                due[source] = min(due.get(source, (self.stages, 0.0)), (stage, time - delay))
        return plan

    def _alone(self) -> list[float]:
        """How long each step takes by itself."""
        delays = []
        for index, own in enumerate(self.own):
            # In a stage of its own it reads nothing but registers.
            self.arrival.place(own, index + 1)
            delays.append(self._latest(own))
        return delays

    def _register_bits(self, plan: Sequence[int]) -> int:
        born: SignalDict = SignalDict()
        last: SignalDict = SignalDict()
        for step, stage in zip(self.steps, plan, strict=True):
            for target in step.targets:
                born[target] = stage
            for source in step.sources:
                last[source] = max(last.get(source, 0), stage)
        for result in self.results:
            last[result] = self.stages
        return sum(len(s) * (end - born.get(s, 0)) for s, end in last.items() if s not in self.late)
