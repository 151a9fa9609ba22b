"""Writes steps with registers between them, and delays whatever has to stay in step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from amaranth.hdl import Instance, Module, Signal, Value
from amaranth.hdl._ast import SignalDict

from hw.arith.gates import gated
from hw.arith.steps import Datapath, Step, is_wires, rebuilt


class Writer:
    """Writes scheduled steps into a module.

    Parameters
    ----------
    m : Module
    datapath : Datapath
    stages : int
        The number of the last one.
    enable : Value
        The registers hold their value while it is low.
    reset : bool
        Whether they have a reset.
    fresh : Value or None
        The loops' registers hold their value for operands that come while it is low.
    """

    def __init__(
        self, m: Module, datapath: Datapath, stages: int, enable: Value, reset: bool, fresh: Value | None
    ) -> None:
        self.m, self.datapath, self.stages, self.enable, self.reset = m, datapath, stages, enable, reset
        self.born: SignalDict = SignalDict()
        self.delayed: SignalDict = SignalDict()
        self.made: SignalDict = SignalDict()
        """What is made by logic, not just put together of what comes from registers."""
        self.last: SignalDict = SignalDict((result, stages) for result in datapath.results)
        """The last stage that reads a signal."""
        self.fresh, self.looped = fresh, SignalDict((loop.value, True) for loop in datapath.loops)
        for signal, ahead in datapath.late.items():
            self.born[signal] = stages - ahead

    def write(self, plan: Sequence[int], results: Sequence[tuple[Signal, Signal]]) -> None:
        """Write the steps, each into its stage, and show results, each as a signal of the last one."""
        used: Counter[str] = Counter()
        steps = self.datapath.steps
        plan, behind = registers_behind(steps, plan, self.datapath.results, self.born, self.stages)
        self._look_ahead(plan)
        for number, (step, stage) in enumerate(zip(steps, plan, strict=True)):
            constant = not step.sources
            if not is_wires(step.value) or any(self.born.get(s) == stage and s in self.made for s in step.sources):
                self.made.update((target, True) for target in step.targets)
            for target in step.targets:
                # A constant is the same in every stage.
                self.born[target] = self.stages if constant else stage
            if step.cells or step.block is not None:
                used[step.name] += 1
            # Lanes are alike: what has a name already gets a number.
            name = step.name if used[step.name] < 2 else f"{step.name}__{used[step.name]}"
            if step.block is not None:
                self.m.submodules[f"{name}_block"] = step.block.write(self, step.targets, stage, behind[number])
            elif step.value is not None and step.left is not None:
                self.m.d.comb += step.left.eq(self.at(self._ready(step, stage), stage + step.ago))
            for index, cell in enumerate(step.cells):
                ports = {f"i_{port}": self.at(value, stage) for port, value in cell.inputs.items()}
                ports |= {f"o_{port}": value for port, value in cell.outputs.items()}
                parameters = {f"p_{name}": value for name, value in cell.parameters.items()}
                parameters |= {"a_keep": 1} if cell.kept else {}
                self.m.submodules[f"{name}_{index}"] = Instance(cell.kind, **parameters, **ports)
        for loop in self.datapath.loops:
            self.m.d.comb += loop.past.eq(self.seen(loop.value, self.born[loop.past] + loop.ago))
        for inner, shown in results:
            self.m.d.comb += shown.eq(self.at(inner, self.stages))

    def _look_ahead(self, plan: Sequence[int]) -> None:
        """Find the last stage that reads each signal."""
        for step, stage in reversed(list(zip(self.datapath.steps, plan, strict=True))):
            # What only puts wires together has no register before it, but behind it.
            read = [stage + step.ago, *(self.last.get(target, 0) for target in step.targets if is_wires(step.value))]
            for source in step.sources:
                self.last[source] = max(self.last.get(source, 0), *read)

    def _ready(self, step: Step, stage: int) -> Value:
        """The value of a step, so that it is not late for a register behind it."""
        assert step.value is not None
        if not any(self.last.get(target, 0) > stage for target in step.targets):
            return step.value
        return gated(step.value, lambda signal: signal in self.made and self.born[signal] == stage)

    def at(self, value: Value, stage: int) -> Value:
        """`value`, its signals as `stage` sees them."""
        mapping: SignalDict = SignalDict()
        for signal in value._rhs_signals():
            mapping[signal] = self.seen(signal, stage)
        return replace(value, mapping)

    def seen(self, signal: Signal, stage: int) -> Signal:
        """`signal` behind as many registers as lie between its stage and `stage`."""
        born = self.born.get(signal, 0)
        if stage <= born:
            return signal
        registers = self.delayed.setdefault(signal, [])
        while len(registers) < stage - born:
            register = Signal(signal.shape(), name=f"{signal.name}_q{len(registers) + 1}", reset_less=not self.reset)
            before, enable = (registers[-1], self.enable) if registers else (signal, self._writes(signal, born))
            with self.m.If(enable):
                self.m.d.sync += register.eq(before)
            registers.append(register)
        return registers[stage - born - 1]

    def _writes(self, signal: Signal, stage: int) -> Value:
        """When the register behind a signal takes it."""
        if self.fresh is None or signal not in self.looped:
            return self.enable
        return self.enable & self.at(self.fresh, stage)


def registers_behind(
    steps: Sequence[Step], stages: Sequence[int], results: Sequence[Signal], late: SignalDict, last: int
) -> tuple[list[int], dict[int, int]]:
    """The stage of each step, and, by the number of each step of a block, how many registers its products pass first.

    What only hands on a block's products goes to the stage that reads it: no register stands between. A block that has
    room for more registers behind its multiplier than there are goes to an earlier stage, but stays behind a register.
    """
    plan, behind = list(stages), {}
    born: SignalDict = SignalDict(late.items())
    made: SignalDict = SignalDict()
    for step, stage in zip(steps, stages, strict=True):
        after_block = not step.ago and is_wires(step.value) and any(source in made for source in step.sources)
        for target in step.targets:
            born[target] = stage
            if step.block is not None or after_block:
                made[target] = True
    first: SignalDict = SignalDict()
    for result in results:
        first[result] = last
    for index in range(len(steps) - 1, -1, -1):
        step = steps[index]
        soonest = min((first[target] for target in step.targets if target in first), default=plan[index])
        if step.block is not None:
            known = step.block.registered
            ready = max((born.get(source, -int(source in known)) + 1 for source in step.sources), default=0)
            plan[index] = min(plan[index], max(ready, soonest - step.block.depth))
            behind[index] = soonest - plan[index]
        elif step.targets[0] in made:
            plan[index] = soonest
        for source in step.sources:
            first[source] = min(first.get(source, last), plan[index])
    return plan, behind


def replace(value: Value, mapping: SignalDict) -> Value:
    """`value` with its signals replaced."""
    if isinstance(value, Signal):
        return mapping.get(value, value)
    return rebuilt(value, lambda part: replace(part, mapping))
