"""What commands a core: its registers, and the planner that they start."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from amaranth.hdl import Cat, Module, ResetInserter, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import Out

from hw.specs.gemm import GemmSpec
from hw.specs.gemm_registers import gemm_registers
from hw.specs.registers import WORD
from hw.target import Target
from hw.units.core.planner import Planner
from hw.units.core.registers import RegisterFile, axil_members
from hw.units.unit import Unit

Block = TypeVar("Block", bound=wiring.Component)


@dataclass
class Run:
    """A run, as the blocks of a core see it.

    Attributes
    ----------
    target : Target
        The fabric that the core is for.
    settings : dict of str to Signal
        What the registers hold.
    shown : dict of str to Signal
        What they show: for each block to drive what it knows of.
    planner : Planner
    reset : Value
        All is to be forgotten, but the settings: a cycle after the command.
    kept : Value
        For each lane, whether it is in C in the last tile across.
    events : dict of str to Value
        What is to be counted, by the counter's name.
    """

    m: Module
    target: Target
    settings: dict[str, Signal]
    shown: dict[str, Signal]
    planner: Planner
    reset: Value
    kept: Signal
    events: dict[str, Value] = field(default_factory=dict)

    def add(self, name: str, block: Block) -> Block:
        """`block` as a submodule that follows the planner, as far as it has inputs for that."""
        self.m.submodules[name] = block
        phases = {name: getattr(self.planner, name) for name in ("begun", "prime", "run", "stopped", "clear")}
        phases |= {"idle": ~self.planner.busy, "reset": self.reset}
        for phase, value in phases.items():
            if phase in block.signature.members:
                self.m.d.comb += getattr(block, phase).eq(value)
        return block

    def remember(self, name: str, event: Value) -> None:
        """Show whether `event` has been high since the run began."""
        seen = Signal(name=f"{name}_seen")
        with self.m.If(self.planner.begun | self.reset):
            self.m.d.sync += seen.eq(0)
        with self.m.Elif(event):
            self.m.d.sync += seen.eq(1)
        self.m.d.comb += self.shown[name].eq(seen)

    def count(self) -> None:
        """Add the counters of all events; they count a cycle later."""
        for name, event in self.events.items():
            counter, happened = Signal(WORD, name=name), Signal(name=f"{name}_happened")
            self.m.d.sync += happened.eq(event)
            with self.m.If(self.planner.begun):
                self.m.d.sync += counter.eq(0)
            with self.m.Elif(happened):
                self.m.d.sync += counter.eq((counter + 1)[:WORD])
            self.m.d.comb += self.shown[name].eq(counter)


def add_control(m: Module, spec: GemmSpec, ports: Unit) -> Run:
    """Registers behind the ports ``s_axil_*``, and a planner, added to `m`."""
    m.submodules.registers = registers = RegisterFile(gemm_registers(spec))
    for name, member in axil_members(0).items():
        outer, inner = getattr(ports, f"s_axil_{name}"), getattr(registers, name)
        m.d.comb += outer.eq(inner) if member.flow is Out else inner.eq(outer)
    planner, kept = Planner(spec), Signal(spec.columns)
    start, reset = registers.commands["start"], registers.commands["reset"]
    run = Run(m, ports.target, registers.settings, registers.shown, planner, reset, kept)
    m.submodules.planner = ResetInserter(reset)(planner)
    order = "nkm" if spec.flow == "is" else "mkn"
    m.d.comb += [
        planner.start.eq(start),
        *(getattr(planner, name).eq(run.settings[ours]) for name, ours in zip("mkn", order, strict=True)),
        registers.locked.eq(planner.busy),
    ]
    m.d.sync += kept.eq(Cat(planner.tail > lane for lane in range(spec.columns)))
    faults = Cat(run.shown[f"error_{name}"] for name in (spec.kept, *(["p"] if spec.parameters else [])))
    m.d.comb += [planner.keep.eq(run.settings["keep"]), planner.faulty.eq(faults.any())]
    if "bias" in run.settings:
        m.d.comb += planner.bias.eq(run.settings["bias"])
    shown = {"idle": ~planner.busy, "done": planner.done}
    shown |= {"error_zero": planner.zero, "error_large": planner.large, "error_keep": planner.stale}
    m.d.comb += [run.shown[name].eq(value) for name, value in shown.items()]
    return run
