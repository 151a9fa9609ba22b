"""Several products in one multiplier block."""

from __future__ import annotations

from amaranth.hdl import Const, Module, Value
from amaranth.lib.wiring import In, Out

from hw.arith import Logic
from hw.arith.packing import multiply_all
from hw.formats.messages import cut
from hw.specs.pack import PackSpec
from hw.target import GENERIC, Target
from hw.units.unit import Unit, check_unit


class Pack(Unit):
    """``a0 * b`` and ``a1 * b``, or all four products of two a and two b, by one multiplication.

    Parameters
    ----------
    spec : PackSpec
        What to build.
    target : Target
        The fabric to build it for: one with multiplier blocks that are wide enough.

    Members
    -------
    a0, a1, b : In(width of the format); or a0, a1, b0, b1
        Operand codes.
    en : In(1), only with a pipeline
        Clock enable: while low, everything holds.
    p0, p1 : Out(width of the products' span); or p0 to p3
        ``a0 * b`` and ``a1 * b``; or ``a0 * b0``, ``a1 * b0``, ``a0 * b1`` and ``a1 * b1``.

    Raises
    ------
    TypeError
        `spec` is not a PackSpec, or `target` not a Target.
    ValueError
        The target's multiplier blocks are too narrow, or it has none; or, from `elaborate`, a pipeline
        that is deeper than the logic.
    """

    spec_type = PackSpec

    def __init__(self, spec: PackSpec, target: Target = GENERIC) -> None:
        check_unit(spec, self.spec_type, target)
        check_fit(spec, target)
        self.spec, self.target, self.latency = spec, target, spec.latency
        ports = {name: In(fmt.width) for name, fmt in spec.operands.items()}
        if spec.pipeline:
            ports["en"] = In(1)
        super().__init__(ports | {name: Out(spec.product_span.width) for name in spec.products})

    @property
    def meanings(self) -> dict[str, str]:
        """What each port carries, for headers and manifests."""
        spec = self.spec
        fixed = spec.port_formats["p0"]
        return {
            "clk": "clock, rising edge",
            "rst": "reset, of no effect: what is in the pipeline passes through",
            "en": "clock enable: while low, everything holds",
            **{name: f"operand, a code of {fmt}" for name, fmt in spec.operands.items()},
            **{name: f"{a} * {b}, a code of {fixed}" for name, (a, b) in spec.products.items()},
        }

    def elaborate(self, platform: object) -> Module:
        m = Module()
        spec = self.spec
        logic = Logic(self.target, spec.pipeline, spec.form)
        xs, ys = ([self._number(name) for name in spec.operands if name[0] == letter] for letter in "ab")
        shown = [logic.result(value) for value in multiply_all(logic, "wide", spec.packing, xs, ys)]
        # Nothing needs a reset: products depend on their own operands only.
        logic.into(m, self.en if spec.pipeline else Const(1), reset=False)
        m.d.comb += [getattr(self, name).eq(value) for name, value in zip(spec.products, shown, strict=True)]
        return m

    def _number(self, name: str) -> Value:
        """An operand, with its sign."""
        code: Value = getattr(self, name)
        return code.as_signed() if self.spec.operands[name].span.signed else code


def check_fit(spec: PackSpec, target: Target) -> None:
    """Raise ValueError unless the factors fit a multiplier block of the target."""
    if target.dsp is None:
        raise ValueError(f"target must have multiplier blocks for {cut(spec.name)}, got {target.title}, which has none")
    if not spec.packing.fits(target):
        needs, has = (f"{high} x {low}" for low, high in (spec.packing.needed, sorted(target.dsp)))
        raise ValueError(f"{cut(spec.name)} needs a multiplier of {needs} bits, and those of {target.name} have {has}")
