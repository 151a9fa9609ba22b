"""A network's functions are the hardware's: evaluated, they make what the golden model makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

import hw
from hw.pipeline import contents_of
from hw.timing.netlist import Contents
from hw.timing.network import NONE, ONE, ZERO, Assigned, Bit, Product, Row, Wide
from sim import golden

SPECS = [
    "mul/int4xint4/exact/exact/p0",
    "mul/uint4xint3/exact/exact/p0",
    "mul/e2m1xe3m0/exact/exact/p0",
    "mul/e3m2xe3m2/exact/bf16/p0",
    "mul/e2m3xe2m3/exact/e2m3/p0",
    "mul/e2m1xe2m1/lmul/bf16/p0",
    "mul/e4m3xint4/exact/e4m3/p0",
    "add/e3m2xe3m2/e3m2/p0",
]


class Values:
    """The values of all bits, of which each is an array of one for each pair of operands."""

    def __init__(self, contents: Contents, given: Mapping[Bit, np.ndarray]) -> None:
        self.network = contents.network
        one = np.ones(len(next(iter(given.values()))), dtype=bool)
        self.known = {ZERO: ~one, ONE: one, **given}
        firsts = {row.sums[0]: row for row in self.network.rows}
        products = {product.outputs[0]: product for product in self.network.products}
        for bit in range(len(self.network)):
            if bit in products:
                self.product(products[bit])
            elif bit in firsts:
                self.row(firsts[bit])
            elif bit not in self.known:
                self.known[bit] = self.made(bit)

    def made(self, bit: Bit) -> np.ndarray:
        says, fans, chain = self.network.says[bit], self.network.fans[bit], self.network.chain[bit]
        if isinstance(says, Wide):
            each = np.array([self.known[fan] ^ flip for fan, flip in zip(says.fans, says.inverted, strict=True)])
            reduce = {"&": np.logical_and, "|": np.logical_or, "^": np.logical_xor}[says.operator].reduce
            return reduce(each) ^ says.flip
        if isinstance(says, Assigned):
            value = self.known[says.default]
            for condition, given in says.pairs:
                value = np.where(self.known[condition], self.known[given], value)
            return value
        assert isinstance(says, int)
        read = [*fans, *([chain] if chain != NONE and chain not in fans else [])]
        index = sum((self.known[fan].astype(int) << place for place, fan in enumerate(read)), np.zeros(1, dtype=int))
        table = np.array([says >> n & 1 for n in range(1 << len(read))], dtype=bool)
        return table[np.broadcast_to(index, self.known[ONE].shape)]

    def product(self, product: Product) -> None:
        x, y = (number([self.known[bit] for bit in operand]) for operand in product.operands)
        self.known |= {bit: (x * y >> place & 1).astype(bool) for place, bit in enumerate(product.outputs)}

    def row(self, row: Row) -> None:
        subtracts = row.operator != "+"
        carry = self.known[ONE if subtracts else ZERO]
        pairs = [(self.known[a], self.known[b] ^ subtracts) for a, b in row.pairs]
        if row.operator == "neg":
            pairs = [(self.known[ZERO], ~self.known[a]) for a, _ in row.pairs]
        if row.operator.lstrip("us") in (">", "<="):
            pairs = [(self.known[b], ~self.known[a]) for a, b in row.pairs]
        if row.operator[0] == "s":
            # The signs count the other way.
            pairs[-1] = ~pairs[-1][0], ~pairs[-1][1]
        for (a, b), total, passed in zip(pairs, row.sums, row.carries, strict=False):
            self.known[total] = a ^ b ^ carry
            self.known[passed] = carry = a & b | carry & (a | b)
        compares = row.operator[-1] in "<>=" and row.operator != "+"
        self.known[row.sums[-1]] = ~carry ^ row.operator.endswith("=") if compares else carry


def number(bits: Sequence[np.ndarray]) -> np.ndarray:
    """The numbers that bits are, the lowest first."""
    total = np.zeros(len(bits[0]), dtype=np.int64)
    for place, bit in enumerate(bits):
        total |= bit.astype(np.int64) << place
    return total


@pytest.mark.parametrize("target", ["generic", "ecp5", "ice40", "xcup", "nexus", "machxo2"])
@pytest.mark.parametrize("name", SPECS)
def test_a_network_makes_what_the_golden_model_makes(name: str, target: str) -> None:
    spec: Any = hw.parse(name)
    contents = contents_of(hw.build(spec, hw.parse_target(target)))
    codes = np.meshgrid(*(np.arange(1 << fmt.width) for fmt in (spec.a, spec.b)))
    a, b = (side.ravel() for side in codes)
    given = {
        bit: (operand >> place & 1).astype(bool)
        for port, operand in (("a", a), ("b", b))
        for place, bit in enumerate(contents.inputs[port])
    }
    values = Values(contents, given)
    shown = number([values.known[bit] for bit in contents.shows[spec.port]])
    expected = golden.model(spec).run(a=a, b=b)[spec.port]
    assert np.array_equal(shown, expected)
