"""Products without rows: what synthesis makes of them, in halves, or as truth tables."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Shape, Signal, Value
from amaranth.hdl._ast import Concat

from hw.arith.logic import Logic
from hw.arith.steps import bits
from hw.arith.wires import lookup


def star(m: Logic, name: str, x: Value, y: Value) -> Signal:
    """What synthesis makes of ``x * y``."""
    return m.wire(name, x * y)


def parts(value: Value) -> list[Value]:
    """The bits of a value, constants of a concatenation as themselves."""
    if isinstance(value, Concat):
        return [bit for part in value.parts for bit in parts(part)]
    return [Const(value.value >> n & 1, 1) for n in range(len(value))] if isinstance(value, Const) else bits(value)


def tabled(m: Logic, name: str, x: Value, y: Value) -> Signal:
    """Every bit of the product a truth table of all wires: for operands of few bits."""
    given, split = [*parts(x), *parts(y)], len(x)
    wires = [bit for bit in given if not isinstance(bit, Const)]

    def product(index: int) -> int:
        values, code = iter(range(len(wires))), 0
        for place, bit in enumerate(given):
            code |= (bit.value if isinstance(bit, Const) else index >> next(values) & 1) << place
        return signed_value(code & ((1 << split) - 1), x.shape()) * signed_value(code >> split, y.shape())

    width = len(x) + len(y)
    return as_product(m, name, lookup(m, f"{name}_table", Cat(*wires), width, product), x, y)


def signed_value(code: int, shape: Shape) -> int:
    """The number that a code of a shape stands for."""
    return code - (1 << shape.width) if shape.signed and code >> (shape.width - 1) else code


def halves(m: Logic, name: str, x: Value, y: Value, levels: int) -> Signal:
    """The product in `levels` steps, if y has the bits for it: with each half of y, and the sum of those."""
    if levels < 2 or len(y) < 4:
        return star(m, name, x, y)
    half, signed = len(y) // 2, y.shape().signed
    low = halves(m, f"{name}_low", x, y[:half], levels - 1)
    high = halves(m, f"{name}_high", x, y[half:].as_signed() if signed else y[half:], levels - 1)
    return as_product(m, name, Cat(low[:half], (_upper(low, half) + high)), x, y)


def as_product(m: Logic, name: str, value: Value, x: Value, y: Value) -> Signal:
    """The bits of ``x * y``, at the foot of `value`, on a wire that has a product's shape."""
    shape = Shape(len(x) + len(y), x.shape().signed or y.shape().signed)
    product = Signal(shape, name=name)
    above = len(value) - len(product)
    m.split([product, *([Signal(above, name=f"unused_above_{name}")] if above else [])], value)
    return product


def _upper(value: Value, low: int) -> Value:
    return value[low:].as_signed() if value.shape().signed else value[low:]
