"""Products that are left in parts: sign, exponent and significand side by side, for those who align elsewhere.

The exponent is the sum of the operands' exponent fields, of which a subnormal's counts as 1, and a power of two's as it
is; the significand is the product of the operands'. Nothing is normalised.
"""

from __future__ import annotations

from amaranth.hdl import Cat, Signal, Value

from hw.arith import Logic
from hw.datapath.exact import Exact
from hw.datapath.product import Product
from hw.encodings import Unpacked
from hw.formats import Fixed, Format, Integer, Minifloat, PowerOfTwo
from hw.formats.messages import cut

TAKEN = (Minifloat, PowerOfTwo, Integer, Fixed)


def parts_of_product(a: Format, b: Format) -> Unpacked:
    """The format of the parts of products.

    Raises
    ------
    ValueError
        One is of another family than `TAKEN`, or neither has exponents.
    """
    rule = Exact()
    for fmt in (a, b):
        if not isinstance(fmt, TAKEN):
            raise ValueError(
                f"unpacked products take minifloats, powers of two, integers and fixed point, got {cut(fmt)}"
            )
    bias = rule.bias(a, b)
    if bias is None:
        raise ValueError(
            f"operands of an unpacked product must have exponents, one at least, got {cut(a)} and {cut(b)}"
        )
    product = rule.multiply(Logic(), a, b, Signal(a.width), Signal(b.width))
    assert product.exponent is not None
    shape, lsb = product.significand.shape(), rule.span(a, b).lsb
    return Unpacked(len(product.exponent), shape.width, bias - lsb, product.negate is not None, shape.signed)


def side_by_side(product: Product) -> Value:
    """The code of a product's parts."""
    assert product.exponent is not None
    parts = [product.significand, product.exponent]
    return Cat(*parts, *([] if product.negate is None else [product.negate]))
