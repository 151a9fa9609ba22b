"""Several products by one wide multiplication: factors that stand side by side, and their products apart again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from amaranth.hdl import Cat, Const, Value

from hw.arith import fabric
from hw.arith.inblock import block_of, multiply_in_block, multiply_together
from hw.arith.logic import Logic
from hw.arith.steps import extend
from hw.formats import Span
from hw.target import Target


@dataclass(frozen=True)
class Packing:
    """Every x times every y.

    The factors are ``x0 + x1 * 2**s + ...`` and ``y0 + y1 * 2**(s * number of x) + ...``, so the products stand in the
    wide one s bits apart, and each has borrowed one from its neighbour above if the sum below it is negative (AMD WP486
    for INT8, WP521 for INT4).

    Parameters
    ----------
    x, y : Span
        Of one number, in steps of one.
    counts : (int, int)
        How many x and how many y.
    """

    x: Span
    y: Span
    counts: tuple[int, int]

    @property
    def product(self) -> Span:
        """The span of one product."""
        return self.x * self.y

    @property
    def spacing(self) -> int:
        """Bits from one product to the next: so many that the sign of all below a product is the bit below it."""
        bits, products = self.product.width, self.counts[0] * self.counts[1]
        if not self.product.signed:
            return bits
        while not all(_signed(self._below(bits, count), count * bits) for count in range(1, products)):
            bits += 1
        return bits

    @property
    def steps(self) -> tuple[int, int]:
        """Bits from one x to the next, and from one y to the next, in their factors."""
        return self.spacing, self.spacing * self.counts[0]

    @property
    def factors(self) -> tuple[Span, Span]:
        """The spans of the two wide operands."""
        given = zip((self.x, self.y), self.counts, self.steps, strict=True)
        return tuple(span * _times(count, step) for span, count, step in given)  # type: ignore[return-value]

    @property
    def needed(self) -> tuple[int, int]:
        """The widths of the signed operands that the multiplication takes, the narrower first."""
        # An unsigned number needs a zero above it.
        low, high = sorted(span.width + (not span.signed) for span in self.factors)
        return low, high

    def fits(self, target: Target) -> bool:
        """Whether one multiplier block of the target does it."""
        return target.dsp is not None and _within(self.needed, target.dsp)

    def pays(self, target: Target) -> bool:
        """Whether it fits, and makes more products of a block than its halves would, each by itself."""
        count = self.counts[0] * self.counts[1]
        if self.apart(target):
            return True
        by_halves = 2 if target.halves and _within(Packing(self.x, self.y, (1, 1)).needed, target.halves) else 1
        return self.fits(target) and count > by_halves

    def apart(self, target: Target) -> bool:
        """Whether one cell of the target makes that many products, each of factors of its own."""
        cell, count = block_of(target), self.counts[0] * self.counts[1]
        return cell is not None and 1 < count <= cell.products and max(self.x.width, self.y.width) <= cell.half

    def _below(self, bits: int, count: int) -> tuple[int, int]:
        """The lowest and the highest sum of the lowest `count` products, that many bits apart."""
        weight = _times(count, bits).hi
        return self.product.lo * weight, self.product.hi * weight


def _within(needed: tuple[int, int], room: tuple[int, int]) -> bool:
    return all(width <= most for width, most in zip(sorted(needed), sorted(room), strict=True))


def _times(count: int, step: int) -> Span:
    """What a number that stands so many times, so many bits apart, is multiplied by."""
    weight = sum(1 << (step * n) for n in range(count))
    return Span(weight, weight, 0)


def _signed(bounds: tuple[int, int], bits: int) -> bool:
    """Whether numbers within bounds fit that many bits in two's complement."""
    return bounds[0] >= -1 << (bits - 1) and bounds[1] < 1 << (bits - 1)


def multiply_all(m: Logic, name: str, packing: Packing, xs: Sequence[Value], ys: Sequence[Value]) -> list[Value]:
    """Logic, added to `m`, for a multiplier block: every x times the first y, then times the second, and so on.

    Parameters
    ----------
    m : Logic
        Where it is added.
    name : str
        Of its wires.
    packing : Packing
        Of numbers of these spans, and as many.
    xs, ys : sequences of Value
        With signs, if they have one.

    Returns
    -------
    list of Value
        As wide as a product's span, signed if that is.
    """
    if (cell := block_of(m.target)) and packing.apart(m.target):
        return [*multiply_together(m, name, cell, [(x, y) for y in ys for x in xs])]
    x = _side_by_side(m, f"{name}_x", xs, packing.steps[0], packing.x)
    y = _side_by_side(m, f"{name}_y", ys, packing.steps[1], packing.y)
    wide = multiply_in_block(m, name, x, y)
    width, signed = packing.product.width, packing.product.signed
    products = []
    for index in range(len(xs) * len(ys)):
        low = index * packing.spacing
        part: Value = wide[low : low + width]
        if index and signed:
            # It gets back what it lent to those below.
            part = fabric(m).add(m, f"{name}_{index}_repaid", part, Const(0, 1), width, wide[low - 1])
        products.append(part.as_signed() if signed else part)
    return products


def _side_by_side(m: Logic, name: str, numbers: Sequence[Value], step: int, span: Span) -> Value:
    """``numbers[0] + numbers[1] * 2**step + ...``; `span` is that of one."""
    total = numbers[0]
    for count, number in enumerate(numbers[1:], 1):
        total = _above(m, f"{name}{count}", total, number, step * count, span * _times(count + 1, step))
    return total


def _above(m: Logic, name: str, low: Value, high: Value, step: int, span: Span) -> Value:
    """``low + high * 2**step``, which is within `span`."""
    if not low.shape().signed:
        return Cat(extend(low, step), high)
    if fabric(m).pre_adds:
        return m.wire(f"{name}_packed", (Cat(Const(0, step), high).as_signed() + low)[: span.width].as_signed())
    # Only the sign of the low one reaches the bits of the high one.
    width = span.width - step
    upper = fabric(m).add(m, f"{name}_upper", high, low[-1].replicate(width), width)
    return Cat(extend(low, step), upper).as_signed()
