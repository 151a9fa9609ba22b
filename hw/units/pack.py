"""Several products in one multiplier block."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Value
from amaranth.lib.wiring import In, Out

from hw.arith import Logic, fabric, multiply
from hw.arith.steps import extend
from hw.formats import Span
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
        spec, s = self.spec, self.spec.spacing
        logic = Logic(self.target, spec.pipeline, spec.form)
        factors = []
        for letter, fmt, step, span in zip("ab", (spec.a, spec.b), (s, 2 * s), spec.factors, strict=True):
            codes = [getattr(self, name) for name in spec.operands if name[0] == letter]
            parts = [code.as_signed() if fmt.span.signed else code for code in codes]
            factors.append(parts[0] if len(parts) == 1 else side_by_side(logic, letter, parts[0], parts[1], step, span))
        wide = multiply(logic, "wide", *factors)
        shown = [logic.result(value) for value in self._products(logic, wide)]
        # Nothing needs a reset: products depend on their own operands only.
        logic.into(m, self.en if spec.pipeline else Const(1), reset=False)
        m.d.comb += [getattr(self, name).eq(value) for name, value in zip(spec.products, shown, strict=True)]
        return m

    def _products(self, m: Logic, wide: Value) -> list[Value]:
        """The products out of the wide one, each with what it lent to those below."""
        spec = self.spec
        width, products = spec.product_span.width, []
        for index, name in enumerate(spec.products):
            low = index * spec.spacing
            part = wide[low : low + width]
            if index and spec.product_span.signed:
                part = fabric(m).add(m, f"{name}_repaid", part, Const(0, 1), width, wide[low - 1])
            products.append(part)
        return products


def side_by_side(m: Logic, name: str, low: Value, high: Value, step: int, span: Span) -> Value:
    """``low + high * 2**step``, which is within `span`."""
    if not low.shape().signed:
        return Cat(extend(low, step), high)
    if fabric(m).pre_adds:
        return m.wire(f"{name}_packed", (Cat(Const(0, step), high).as_signed() + low)[: span.width].as_signed())
    # Only the sign of the low one reaches the bits of the high one.
    width = span.width - step
    upper = fabric(m).add(m, f"{name}_upper", high, low[-1].replicate(width), width)
    return Cat(extend(low, step), upper).as_signed()


def check_fit(spec: PackSpec, target: Target) -> None:
    """Raise ValueError unless the factors fit a multiplier block of the target."""
    if target.dsp is None:
        raise ValueError(f"target must have multiplier blocks for {cut(spec.name)}, got {target.title}, which has none")
    # Blocks take signed numbers: an unsigned one needs a zero above it.
    needed = sorted(span.width + (not span.signed) for span in spec.factors)
    if any(width > room for width, room in zip(needed, sorted(target.dsp), strict=True)):
        needs, has = (f"{high} x {low}" for low, high in (needed, sorted(target.dsp)))
        raise ValueError(f"{cut(spec.name)} needs a multiplier of {needs} bits, and those of {target.name} have {has}")
