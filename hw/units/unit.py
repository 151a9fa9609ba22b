"""What units share: their checks, and, for those of two operands without a state, everything but the logic."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from typing import Any

from amaranth.hdl import ClockSignal, Const, Fragment, Instance, Module, ResetSignal, Signal, Value
from amaranth.hdl._ir import PortDirection
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.arith import Logic
from hw.formats.messages import echo
from hw.specs.base import Spec, uses_blocks
from hw.specs.registers import Register
from hw.specs.result import ResultSpec
from hw.target import GENERIC, Target
from hw.timing.netlist import Source

DIRECTIONS = {In: PortDirection.Input, Out: PortDirection.Output}


class Unit(wiring.Component):
    """A component that is made of a spec, for a target."""

    spec_type: type[Spec]
    """What those that have a name of their own are made of."""
    registers: tuple[Register, ...] = ()
    """What it is commanded by, if it has that."""

    fragment: Fragment | None = None
    """What it elaborated to when it was checked, so that large ones need not be elaborated twice to be written."""

    # One that refuses its arguments is, by nature, created and never used: Amaranth need not warn of it.
    _MustUse__silence = True

    @property
    def parts(self) -> dict[str, Unit]:
        """Modules that it instantiates by these names: each is written once, however many instances there are.

        Where they are written, the name of the design's module stands before theirs.
        """
        return {}

    @property
    def directed(self) -> dict[str, tuple[Value, PortDirection]]:
        """Its ports for Amaranth's back ends."""
        return {
            "__".join(map(str, path)): (Value.cast(value), DIRECTIONS[member.flow])
            for path, member, value in self.signature.flatten(self)
        }

    @property
    def outside(self) -> Unit:
        """What is written of it: itself, if its ports are to be as they are here."""
        return self

    @cached_property
    def source(self) -> Source:
        """What is written of it, for those who read its bits; it has been looked into."""
        outside = self.outside
        assert outside.fragment is not None
        return Source(outside.fragment, outside.directed)

    @property
    @abstractmethod
    def meanings(self) -> dict[str, str]:
        """What each port carries, for headers and manifests."""


def instance(module: str, inputs: dict[str, Value], outputs: dict[str, Signal]) -> Instance:
    """One of the modules among a unit's parts, on the same clock."""
    return Instance(
        module,
        i_clk=ClockSignal(),
        i_rst=ResetSignal(),
        **{f"i_{name}": value for name, value in inputs.items()},
        **{f"o_{name}": signal for name, signal in outputs.items()},
    )


def check_unit(spec: Any, expected: type[Spec], target: Any) -> None:
    """Raise TypeError unless `spec` is of the unit's class and `target` a Target."""
    if not isinstance(spec, expected):
        raise TypeError(f"spec must be a {expected.__name__}, got {echo(spec)}")
    if not isinstance(target, Target):
        raise TypeError(f"target must be a Target, got {echo(target)}")


def check_form(form: str, target: Target) -> None:
    """Raise ValueError for a form that the target can't have."""
    if uses_blocks(form) and target.dsp is None:
        has_none = f"{target.title}, which has no multiplier blocks"
        raise ValueError(f"form must be small or fast for {has_none}, got {echo(form)}")


class Pairwise(Unit):
    """A unit with operands `a` and `b` and a result that depends on these alone; one pair each enabled cycle.

    Subclasses give `spec_type` and `compute`.
    """

    spec_type: type[ResultSpec]

    def __init__(self, spec: ResultSpec, target: Target = GENERIC) -> None:
        check_unit(spec, self.spec_type, target)
        check_form(spec.form, target)
        self.spec, self.target, self.latency = spec, target, spec.latency
        ports = {"a": In(spec.a.width), "b": In(spec.b.width)}
        if spec.pipeline:
            ports["en"] = In(1)
        ports[spec.port] = Out(spec.result.width)
        if spec.has_status:
            ports["status"] = Out(2)
        super().__init__(ports)

    @property
    def meanings(self) -> dict[str, str]:
        """What each port carries, for headers and manifests."""
        spec = self.spec
        steps = f", an integer in units of 2^{spec.span.lsb}" if spec.is_exact else ""
        return {
            "clk": "clock, rising edge",
            "rst": "reset, of no effect: what is in the pipeline passes through",
            "a": f"operand, a code of {spec.a}",
            "b": f"operand, a code of {spec.b}",
            "en": "clock enable: while low, everything holds",
            spec.port: f"{spec.port_meaning}, a code of {spec.result}{steps}",
            "status": "bit 0 +infinity, bit 1 -infinity, both NaN",
        }

    @abstractmethod
    def compute(self, m: Logic, a: Value, b: Value) -> tuple[Value, Value | None]:
        """Logic, added to `m`, for the result's code and, if there is one, the status."""

    def elaborate(self, platform: object) -> Module:
        m, spec = Module(), self.spec
        logic = Logic(self.target, spec.pipeline, spec.form)
        code, status = self.compute(logic, self.a, self.b)
        shown = logic.result(code)
        flags = None if status is None else logic.result(status)
        # Nothing needs a reset: a result depends on its own operands only.
        logic.into(m, self.en if spec.pipeline else Const(1), reset=False)
        m.d.comb += getattr(self, spec.port).eq(shown)
        if flags is not None:
            m.d.comb += self.status.eq(flags)
        return m
