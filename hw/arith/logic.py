"""A datapath written without registers, then cut into stages where it balances.

A datapath adds its wires, one after the other, to a `Logic`. Each step has an estimated delay, so
the longest way through is known, and `Logic.into` puts registers where they leave the least delay
in any stage. What has to stay in step with a registered wire is delayed by itself.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from amaranth.hdl import Cat, Const, Instance, Module, Shape, Signal, Value
from amaranth.hdl._ast import Concat, Operator, Part, SignalDict, Slice, SwitchValue

from hw.formats.messages import echo
from hw.target import GENERIC, Target

CARRY = 0.05
"""Delay of a carry from one place to the next, in LUTs with the wire to the next."""


@dataclass
class Cell:
    """A cell of the fabric: its type, its parameters, what goes in and what comes out."""

    kind: str
    parameters: dict[str, Any]
    inputs: dict[str, Value]
    outputs: dict[str, Value]


@dataclass(frozen=True)
class Registered:
    """Of a register outside of a datapath: what it holds next, and its enable."""

    before: Value
    enable: Value


class Absorbs(ABC):
    """What writes products as a cell that takes in the registers beside it.

    Attributes
    ----------
    depth : int
        Registers that it can take in behind its multiplier.
    registered : SignalDict
        What is known of signals that are registers outside of the datapath: a `Registered` of each.
    """

    depth: int
    registered: SignalDict

    @abstractmethod
    def write(self, writer: Writer, products: Sequence[Signal], stage: int, behind: int) -> Instance:
        """The cell, with `behind` registers or as many of them as it has behind it.

        `writer` learns in which stage the products are there.
        """


@dataclass
class Step:
    """One definition: an expression for a target, or cells for several.

    Attributes
    ----------
    targets : list of Signal
        What it defines.
    left : Value
        What `value` is assigned to; the targets, put together.
    value : Value or None
        The expression.
    cells : list of Cell
        The cells, where there is no expression.
    delay : float
        In LUTs with their wires.
    block : Absorbs or None
        What writes products as a cell, instead of the expression.
    """

    name: str
    targets: list[Signal]
    left: Value | None
    value: Value | None
    cells: list[Cell] = field(default_factory=list)
    delay: float = 0.0
    block: Absorbs | None = None

    @cached_property
    def sources(self) -> list[Signal]:
        """The signals that it reads, each once."""
        values = [self.value] if self.value is not None else [v for cell in self.cells for v in cell.inputs.values()]
        own = {id(target) for target in self.targets}
        found: SignalDict = SignalDict()
        for value in values:
            for signal in value._rhs_signals():
                if id(signal) not in own:
                    found[signal] = True
        return list(found)


class Logic:
    """The steps of a datapath, from its inputs to its outputs.

    Parameters
    ----------
    target : Target
        The fabric it is for.
    stages : int
        Registers that it will be cut by, for what has a shape that can be cut and one that can't.
    form : str
        How it is built: a key of `hw.specs.base.FORMS`; or ``luts``: as small, beside what takes all multiplier blocks.
    """

    def __init__(self, target: Target = GENERIC, stages: int = 0, form: str = "small") -> None:
        if not isinstance(target, Target):
            raise TypeError(f"target must be a Target, got {echo(target)}")
        self.target, self.stages, self.form = target, stages, form
        self.steps: list[Step] = []
        self.results: list[tuple[Signal, Signal]] = []
        self.late: list[Signal] = []
        self.registered: SignalDict = SignalDict()

    def wire(self, name: str, value: Value, delay: float | None = None) -> Signal:
        """`value` on a wire of its own, where a register may stand behind it.

        Amaranth emits a shared expression once per use, and Yosys optimises expressions that share a
        cell with their neighbours differently; a named wire is both readable and predictable.
        """
        value = Value.cast(value)
        signal = Signal(value.shape(), name=name)
        self.steps.append(Step(name, [signal], signal, value, delay=depth(value) if delay is None else delay))
        return signal

    def split(self, targets: Sequence[Signal], value: Value) -> None:
        """Hand out the bits of `value`, from the lowest up, to new signals."""
        self.steps.append(Step(targets[0].name, list(targets), Cat(*targets), value, delay=depth(value)))

    def cells(self, name: str, cells: list[Cell], outputs: Sequence[Signal], delay: float) -> None:
        """Cells of the fabric that together define `outputs`."""
        self.steps.append(Step(name, list(outputs), None, None, cells, delay))

    def block(self, name: str, products: Sequence[Signal], value: Value, block: Absorbs) -> None:
        """Products that a multiplier block makes, which may have registers of its own."""
        self.steps.append(Step(name, list(products), Cat(*products), value, delay=depth(value), block=block))

    def comes_from(self, register: Signal, before: Value, enable: Value) -> None:
        """Say what a register outside holds next, and its enable: a multiplier block may have it as its own.

        The enable is never set while that of the datapath's own registers is not.
        """
        self.registered[register] = Registered(before, enable)

    def feedback(self, register: Signal) -> Signal:
        """Declare a register that the last stage reads, as an accumulator does."""
        self.late.append(register)
        return register

    def result(self, value: Value) -> Signal:
        """`value` as the last stage shows it. Whatever is to be used outside must pass through here."""
        inner = value if isinstance(value, Signal) else self.wire("result", value)
        shown = Signal(value.shape(), name=f"{inner.name}_out")
        self.results.append((inner, shown))
        return shown

    def into(self, m: Module, enable: Value, reset: bool = True) -> None:
        """Write the steps into `m`, cut by `stages` registers from input to result.

        Parameters
        ----------
        m : Module
            Where it goes; registers in domain ``sync``.
        enable : Value
            The registers hold their value while it is low.
        reset : bool
            Whether the registers have a reset.

        Raises
        ------
        ValueError
            A register would have nothing between it and the next: more stages than steps that take time.
        """
        try:
            plan = schedule(self, self.stages)
        except ValueError:
            # `m` will not be used, and Amaranth need not warn of that.
            m._MustUse__silence = True
            raise
        Writer(self, m, plan, self.stages, enable, reset).write()


@dataclass
class Schedule:
    """The stage of each step, in the order of the steps."""

    stages: list[int]
    limit: float


def schedule(logic: Logic, stages: int) -> Schedule:
    """The assignment of steps to stages with the least delay in any stage, and then with the fewest registers.

    Raises
    ------
    ValueError
        There are more stages than steps that take time, one after the other.
    """
    if stages == 0:
        return Schedule([0] * len(logic.steps), sum(step.delay for step in logic.steps))
    deepest = _levels(logic)
    # A register on the inputs counts: what is before the unit takes time too.
    if stages > deepest:
        raise ValueError(f"pipeline must be at most {deepest} for so little logic, got {stages}")
    if stages == deepest:
        # One step a stage, the first stage empty: registers on the inputs.
        plan = _early(logic, 0.0, stages, first=1)
        assert plan is not None
        return Schedule(plan, 0.0)
    low, high = 0.0, sum(step.delay for step in logic.steps) + 1.0
    for _ in range(24):
        middle = (low + high) / 2
        low, high = (low, middle) if _early(logic, middle, stages) else (middle, high)
    early = _early(logic, high, stages)
    assert early is not None
    late = _late(logic, high, stages, early)
    return Schedule(min((early, late), key=lambda plan: _register_bits(logic, plan, stages)), high)


def _levels(logic: Logic) -> int:
    """Steps with a delay on the longest way: what can be told apart by registers."""
    level: SignalDict = SignalDict()
    # What comes after a late signal stays in its stage, so all of it is one step.
    last: SignalDict = SignalDict()
    late = {id(signal) for signal in logic.late}
    for step in logic.steps:
        timed = step.delay > 0
        own = max((level.get(source, 0) + (timed and source not in last) for source in step.sources), default=timed)
        for target in step.targets:
            level[target] = own
            if any(id(source) in late or source in last for source in step.sources):
                last[target] = True
    return max((level.get(inner, 0) for inner, _ in logic.results), default=0)


def _early(logic: Logic, limit: float, stages: int, first: int = 0) -> list[int] | None:
    """Each step as early as it fits, no stage longer than `limit`; None if that takes too many stages."""
    ready: SignalDict = SignalDict()
    late = {id(signal) for signal in logic.late}
    plan = []
    for step in logic.steps:
        stage, time = first if first and step.delay else 0, 0.0
        for source in step.sources:
            stage, time = max((stage, time), (stages, 0.0) if id(source) in late else ready.get(source, (0, 0.0)))
        if step.delay and time and time + step.delay > limit and not (first and stage == stages):
            stage, time = stage + 1, 0.0
        if stage > stages or (step.delay > limit and not first):
            return None
        plan.append(stage)
        for target in step.targets:
            ready[target] = (stage, time + step.delay)
    return plan


def _late(logic: Logic, limit: float, stages: int, early: list[int]) -> list[int]:
    """Each step as late as it fits."""
    due: SignalDict = SignalDict()
    plan = [0] * len(early)
    for index in range(len(logic.steps) - 1, -1, -1):
        step = logic.steps[index]
        stage, time = min((due.get(target, (stages, -0.0)) for target in step.targets), default=(stages, 0.0))
        # Times count backwards from the end of a stage, as negative numbers.
        if step.delay and time and -time + step.delay > limit:
            stage, time = stage - 1, 0.0
        plan[index] = max(stage, early[index])
        for source in step.sources:
            due[source] = min(due.get(source, (stages, 0.0)), (stage, time - step.delay))
    return plan


def _register_bits(logic: Logic, plan: list[int], stages: int) -> int:
    born: SignalDict = SignalDict()
    last: SignalDict = SignalDict()
    for step, stage in zip(logic.steps, plan, strict=True):
        for target in step.targets:
            born[target] = stage
        for source in step.sources:
            last[source] = max(last.get(source, 0), stage)
    for inner, _ in logic.results:
        last[inner] = stages
    late = {id(signal) for signal in logic.late}
    return sum(len(s) * (end - born.get(s, 0)) for s, end in last.items() if id(s) not in late)


class Writer:
    """Writes scheduled steps into a module."""

    def __init__(self, logic: Logic, m: Module, plan: Schedule, stages: int, enable: Value, reset: bool) -> None:
        self.logic, self.m, self.plan, self.stages, self.enable, self.reset = logic, m, plan, stages, enable, reset
        self.born: SignalDict = SignalDict()
        self.delayed: SignalDict = SignalDict()
        for signal in logic.late:
            self.born[signal] = stages

    def write(self) -> None:
        used: Counter[str] = Counter()
        shown = [inner for inner, _ in self.logic.results]
        plan, behind = registers_behind(self.logic.steps, self.plan.stages, shown, self.born, self.stages)
        for number, (step, stage) in enumerate(zip(self.logic.steps, plan, strict=True)):
            constant = not step.sources
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
                self.m.d.comb += step.left.eq(self.at(step.value, stage))
            for index, cell in enumerate(step.cells):
                ports = {f"i_{port}": self.at(value, stage) for port, value in cell.inputs.items()}
                ports |= {f"o_{port}": value for port, value in cell.outputs.items()}
                parameters = {f"p_{name}": value for name, value in cell.parameters.items()}
                self.m.submodules[f"{name}_{index}"] = Instance(cell.kind, **parameters, **ports)
        for inner, shown in self.logic.results:
            self.m.d.comb += shown.eq(self.at(inner, self.stages))

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
            before = registers[-1] if registers else signal
            with self.m.If(self.enable):
                self.m.d.sync += register.eq(before)
            registers.append(register)
        return registers[stage - born - 1]


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
        after_block = is_wires(step.value) and any(source in made for source in step.sources)
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


def is_wires(value: Value | None) -> bool:
    """Whether a value is bits of signals and constants, with no logic."""
    match value:
        case Signal() | Const():
            return True
        case Slice():
            return is_wires(value.value)
        case Concat():
            return all(map(is_wires, value.parts))
        case Operator():
            return value.operator in ("u", "s") and is_wires(value.operands[0])
    return False


def replace(value: Value, mapping: SignalDict) -> Value:
    """`value` with its signals replaced."""
    match value:
        case Signal():
            return mapping.get(value, value)
        case Operator():
            return Operator(value.operator, [replace(operand, mapping) for operand in value.operands])
        case Slice():
            return Slice(replace(value.value, mapping), value.start, value.stop)
        case Concat():
            return Concat([replace(part, mapping) for part in value.parts])
        case Part():
            return Part(replace(value.value, mapping), replace(value.offset, mapping), value.width, value.stride)
        case SwitchValue():
            return SwitchValue(replace(value.test, mapping), [(p, replace(v, mapping)) for p, v in value.cases])
        case Const():
            return value
    raise TypeError(f"a datapath can't hold {echo(value)}")


def depth(value: Value) -> float:
    """Delay of an expression, in LUTs with their wires: a rough count that stages are balanced by."""
    match value:
        case Operator():
            return max(map(depth, value.operands)) + _own_depth(value.operator, value.operands)
        case Slice():
            return depth(value.value)
        case Concat():
            return max(map(depth, value.parts), default=0.0)
        case Part():
            return max(depth(value.value), depth(value.offset)) + 0.5 * len(value.offset)
        case SwitchValue():
            return max(depth(value.test), *(depth(v) for _p, v in value.cases)) + 0.5
    return 0.0


def _own_depth(operator: str, operands: Sequence[Value]) -> float:
    width = max(len(operand) for operand in operands)
    match operator:
        case "u" | "s" | "~":
            return 0.0
        case "&" | "|" | "^":
            return 0.5
        case "+" | "-" | "<" | "<=" | ">" | ">=":
            return 1.0 + CARRY * width if len(operands) > 1 else 1.0
        case "*":
            return (1.0 + CARRY * width) * max(1.0, math.log2(min(map(len, operands)) + 1))
        case "<<" | ">>":
            return 0.5 * len(operands[1])
    return max(0.5, math.log(max(width, 2), 4))


def bits(value: Value) -> list[Value]:
    """The bits of a value, lowest first."""
    return [value[index] for index in range(len(value))]


def extend(value: Value, width: int) -> Value:
    """`value` in `width` bits, by its sign if it has one."""
    if len(value) > width:
        raise ValueError(f"width must be at least {len(value)}, got {width}")
    shape = Shape(width, value.shape().signed)
    if len(value) == width:
        return value
    fill = value[-1] if shape.signed and len(value) else Const(0, 1)
    widened = Cat(value, fill.replicate(width - len(value)))
    return widened.as_signed() if shape.signed else widened
