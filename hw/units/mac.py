"""The multiply-accumulate unit."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hw.arith import Logic
from hw.datapath import PRODUCTS
from hw.datapath.accumulate import Pair
from hw.formats import Fixed
from hw.specs.mac import MacSpec
from hw.target import GENERIC, Target
from hw.units.unit import Unit, check_form, check_unit


class Mac(Unit):
    """``acc = (0 if clear else acc) + a * b``, one pair each enabled cycle, the sum kept as ``spec.sums`` says.

    A pair presented in an enabled cycle is in `acc` after `latency` enabled clock edges. Reset empties
    the pipeline and sets the sum to zero.

    Parameters
    ----------
    spec : MacSpec
        What to build.
    target : Target
        The fabric to build it for.

    Members
    -------
    a, b : In(width of the format)
        Operand codes.
    clear : In(1)
        This pair starts a new sum.
    en : In(1)
        Clock enable: while low, everything holds.
    acc : Out(width of spec.accumulator_format)
        The sum, as a code of ``spec.accumulator_format``.
    status : Out(2), only if an operand format has infinities or NaNs
        Since the clear, a product was: bit 0 +infinity, bit 1 -infinity; both set: the sum is NaN
        (a NaN, infinity times zero, or infinities of both signs). Such products add nothing to `acc`.

    Raises
    ------
    TypeError
        `spec` is not a MacSpec, or `target` not a Target.
    ValueError
        Form dsp on a family without multiplier blocks; or, from `elaborate`, a pipeline that is deeper
        than the logic.
    """

    spec_type = MacSpec

    def __init__(self, spec: MacSpec, target: Target = GENERIC) -> None:
        check_unit(spec, self.spec_type, target)
        check_form(spec.form, target)
        self.spec, self.target, self.latency = spec, target, spec.latency
        ports = {
            "a": In(spec.a.width),
            "b": In(spec.b.width),
            "clear": In(1),
            "en": In(1),
            "acc": Out(spec.accumulator_format.width),
        }
        if spec.has_status:
            ports["status"] = Out(2)
        super().__init__(ports)

    @property
    def meanings(self) -> dict[str, str]:
        """What each port carries, for headers and manifests."""
        spec, fmt = self.spec, self.spec.accumulator_format
        steps = f": an integer in units of 2^{fmt.span.lsb}" if isinstance(fmt, Fixed) else ""
        return {
            "clk": "clock, rising edge",
            "rst": "synchronous reset, wins over en: empties the pipeline, sets the sum to zero",
            "a": f"operand, a code of {spec.a}",
            "b": f"operand, a code of {spec.b}",
            "clear": "this pair starts a new sum",
            "en": "clock enable: while low, everything holds",
            "acc": f"sum, a code of {fmt}{steps}",
            "status": "since the clear: bit 0 +infinity, bit 1 -infinity, both NaN",
        }

    def elaborate(self, platform: object) -> Module:
        m = Module()
        spec, sums = self.spec, self.spec.sums
        logic = Logic(self.target, spec.stages, spec.form)
        held = sums.registers(self.acc)
        clear = self._starts(m) if spec.stages > spec.pipeline else self.clear
        pair = Pair(PRODUCTS[spec.product], spec.a, spec.b, self.a, self.b, clear)
        added = sums.add(logic, pair, [logic.feedback(register) for register in held])
        following = [logic.result(value) for value in added.registers]
        if spec.has_status:
            seen = Signal(2, name="seen") if sums.behind else self.status
            held.append(seen)
            before = Mux(self.clear, 0, logic.feedback(seen))
            following.append(logic.result(logic.wire("seen_next", added.status | before)))
        # Only these registers are reset: they tell when a pair has come through, and what is before it is lost.
        logic.into(m, self.en, reset=False)
        with m.If(self.en & self._arrived(m)):
            m.d.sync += [register.eq(value) for register, value in zip(held, following, strict=True)]
        if sums.behind:
            self._show(m, held)
        return m

    def _starts(self, m: Module) -> Value:
        """Whether the pair starts a new sum, as the first one after a reset does: what is in the loops is older."""
        first, starts = Signal(init=1), Signal()
        with m.If(self.en):
            m.d.sync += first.eq(0)
        m.d.comb += starts.eq(self.clear | first)
        return starts

    def _arrived(self, m: Module) -> Value:
        """Whether the pipeline's last stage holds a pair."""
        stages = self.spec.stages
        if not stages:
            return Const(1)
        filled = Signal(stages)
        with m.If(self.en):
            m.d.sync += filled.eq(Cat(1, filled[:-1]))
        return filled[-1]

    def _show(self, m: Module, held: list[Signal]) -> None:
        """The outputs' own registers, behind those of the loop."""
        logic = Logic(self.target, 0, self.spec.form)
        total = logic.result(self.spec.sums.resolve(logic, held))
        logic.into(m, self.en)
        with m.If(self.en):
            m.d.sync += self.acc.eq(total)
            if self.spec.has_status:
                m.d.sync += self.status.eq(held[-1])
