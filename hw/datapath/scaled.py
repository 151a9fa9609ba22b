"""What the two scales of a pair of blocks make of the sum of their products: each is applied once, to the sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from amaranth.hdl import Const, Mux, Value

from hw.arith import Logic, fabric, multiply
from hw.arith.product import star
from hw.arith.shift import shift_and_negate, shift_left
from hw.arith.wires import truncate
from hw.datapath.exact import Exact
from hw.datapath.fused import Sum, unmasked_product
from hw.datapath.product import status
from hw.datapath.unpack import Kind
from hw.formats import Block, Format, Span

RULE = Exact()
WIDEST = 64
"""Bits of the widest operand that the multipliers are made for."""


@dataclass
class Scaled:
    """A sum ``(-1)**negate * value * 2**exponent`` in steps of ``2**lsb``; None stands for no exponent and no sign.

    Attributes
    ----------
    total : Sum
        The value, and its status with that of the scales.
    exponent : Value or None
        Unsigned. For scales that are powers of two the sum of their codes.
    negate : Value or None
    lsb : int
    """

    total: Sum
    exponent: Value | None
    negate: Value | None
    lsb: int


def scale_sum(m: Logic, total: Sum, lsb: int, blocks: tuple[Block, Block], codes: tuple[Value, Value]) -> Scaled:
    """Logic, added to `m`, from a sum of blocks in steps of ``2**lsb`` and their scales' codes to the scaled sum."""
    elements, formats = [block.element for block in blocks], (blocks[0].scale, blocks[1].scale)
    scale = unmasked_product(m, RULE, *formats, *codes)
    value, factor = total.value, scale.significand
    if not (isinstance(factor, Const) and factor.value == 1):
        value = multiply(m, "scaled", value, factor) if len(value) <= WIDEST else star(m, "scaled", value, factor)
    negative = value[-1] if total.value.shape().signed else Const(0, 1)
    kinds = (
        _kind(elements, total.status, ~total.value.any(), negative),
        _kind(formats, scale.status, ~factor.any(), Const(0, 1) if scale.negate is None else scale.negate),
    )
    lsb += RULE.span(*formats).lsb - (RULE.bias(*formats) or 0)
    return Scaled(Sum(value, status(m, *kinds)), scale.exponent, scale.negate, lsb)


def _kind(formats: Sequence[Format], flags: Value | None, zero: Value, negative: Value) -> Kind:
    """What a product with a status is, if one flag is +infinity, the other -infinity, and both are NaN."""
    if flags is None:
        return Kind(None, None, zero, negative)
    if all(fmt.code_of(float("inf")) is None for fmt in formats):
        return Kind(None, flags[0], zero, negative)
    infinite = flags[0] ^ flags[1]
    return Kind(infinite, flags.all(), zero, Mux(infinite, flags[1], negative))


def place_sum(m: Logic, scaled: Scaled, span: Span) -> Sum:
    """Logic, added to `m`, from a scaled sum to a number in the steps of a span that holds it."""
    value, width, drop = scaled.total.value, span.width, span.lsb - scaled.lsb
    if scaled.exponent is None:
        negate = Const(0, 1) if scaled.negate is None else scaled.negate
        placed: Value = fabric(m).negate(m, "placed", value, negate, width)
    elif scaled.negate is None:
        shifted = shift_left(m, "shifted", value, scaled.exponent, width + drop)
        placed = truncate(m, "placed", shifted, width, drop)
    else:
        placed = shift_and_negate(m, "placed", value, scaled.exponent, scaled.negate, drop, width)
    return Sum(placed, scaled.total.status)
