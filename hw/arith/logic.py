"""A datapath written without registers, then cut into stages where it balances.

A datapath adds its wires, one after the other, to a `Logic`. What each takes is known in ns, so `Logic.into` puts
registers where they leave the shortest longest stage. What has to stay in step with a registered wire is delayed by
itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.hdl._ast import SignalDict

from hw.arith.pieces import pieces
from hw.arith.schedule import Schedule
from hw.arith.segments import in_segments
from hw.arith.steps import Absorbs, Cell, Datapath, Loop, Registered, Row, Step
from hw.arith.writer import Writer
from hw.formats.messages import echo
from hw.target import GENERIC, Target
from hw.timing.delays import delays_of


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
        self.late: SignalDict = SignalDict()
        self.loops: list[Loop] = []
        self.registered: SignalDict = SignalDict()

    def wire(self, name: str, value: Value) -> Signal:
        """`value` on a wire of its own, where a register may stand behind it.

        Amaranth emits a shared expression once per use, and Yosys optimises expressions that share a
        cell with their neighbours differently; a named wire is both readable and predictable.
        """
        value = Value.cast(value)
        signal = Signal(value.shape(), name=name)
        self.steps.append(Step(name, [signal], signal, value))
        return signal

    def split(self, targets: Sequence[Signal], value: Value) -> None:
        """Hand out the bits of `value`, from the lowest up, to new signals."""
        self.steps.append(Step(targets[0].name, list(targets), Cat(*targets), value))

    def cells(self, name: str, cells: list[Cell], outputs: Sequence[Signal]) -> None:
        """Cells of the fabric that together define `outputs`."""
        self.steps.append(Step(name, list(outputs), None, None, cells))

    def row(self, name: str, row: Row, width: int) -> Signal:
        """The sum of a carry row of so many places."""
        total = Signal(width, name=name)
        self.steps.append(replace(row.write(name, total, 0, row.carry, None), row=row))
        return total

    def block(self, name: str, products: Sequence[Signal], value: Value, block: Absorbs) -> None:
        """Products that a multiplier block makes, which may have registers of its own."""
        self.steps.append(Step(name, list(products), Cat(*products), value, block=block))

    def comes_from(self, register: Signal, before: Value, enable: Value) -> None:
        """Say what a register outside holds next, and its enable: a multiplier block may have it as its own.

        The enable is never set while that of the datapath's own registers is not.
        """
        self.registered[register] = Registered(before, enable)

    def feedback(self, register: Signal, ahead: int = 0) -> Signal:
        """Declare a register that the last stage reads, as an accumulator does; or one so many stages `ahead` of it."""
        self.late[register] = ahead
        return register

    def close(self, past: Signal, value: Signal, ago: int = 1) -> None:
        """Close a loop: what was declared by `feedback` is `value` as it was so many operands earlier.

        Its register is the one behind `value`, whose stage is less than `ago` stages behind that of `past`.
        """
        self.loops.append(Loop(past, value, ago))

    def earlier(self, name: str, value: Signal, ago: int = 1) -> Signal:
        """`value` as it was so many operands earlier. The registers that delay `value` anyway have it."""
        signal = Signal(value.shape(), name=name)
        self.steps.append(Step(name, [signal], signal, value, ago=ago))
        return signal

    def result(self, value: Value) -> Signal:
        """`value` as the last stage shows it. Whatever is to be used outside must pass through here."""
        inner = value if isinstance(value, Signal) else self.wire("result", value)
        shown = Signal(value.shape(), name=f"{inner.name}_out")
        self.results.append((inner, shown))
        return shown

    def into(self, m: Module, enable: Value, reset: bool = True, fresh: Value | None = None) -> None:
        """Write the steps into `m`, cut by `stages` registers from input to result.

        Parameters
        ----------
        m : Module
            Where it goes; registers in domain ``sync``.
        enable : Value
            The registers hold their value while it is low.
        reset : bool
            Whether the registers have a reset.
        fresh : Value or None
            The loops' registers hold their value for operands that come while it is low.

        Raises
        ------
        ValueError
            A register would have nothing between it and the next: more stages than steps that take time.
        """
        try:
            plan = self.schedule()
        except ValueError:
            # `m` will not be used, and Amaranth need not warn of that.
            m._MustUse__silence = True
            raise
        Writer(m, self._datapath(), self.stages, enable, reset, fresh).write(plan.stages, self.results)

    def schedule(self) -> Schedule:
        """The stage of each step.

        Raises
        ------
        ValueError
            As `into`.
        """
        if not self.stages:
            return Schedule([0] * len(self.steps), 0.0)
        self.steps = pieces(self.steps)
        steps, plan = in_segments(self._datapath(), self.stages, delays_of(self.target.name))
        self.steps = list(steps)
        return plan

    def _datapath(self) -> Datapath:
        return Datapath(self.steps, [result for result, _ in self.results], self.late, self.loops)
