"""What happens in each step of a walk through a table."""

from __future__ import annotations

from itertools import pairwise

from amaranth.hdl import Value

from hw.arith import Logic
from hw.arith.wires import lookup
from hw.datapath.digits import Sums, Vector


class Walk:
    """The walk: every sum is made of the one before.

    Attributes
    ----------
    address, stays : Value
        Where the sum is written, and whether it is.
    place, minus : Value
        The activation that makes the next sum, and whether it is taken away.
    complete : Value
        The sum is that of all activations.
    """

    def __init__(self, logic: Logic, sums: Sums, at: Value) -> None:
        walk = sums.walk()
        addresses = [sums.address(vector) for vector in walk]
        moves = [_move(*pair) for pair in pairwise(walk)]
        first = walk.index((1,) * sums.group)

        def table(name: str, width: int, entries: list[int]) -> Value:
            padded = entries + [0] * ((1 << len(at)) - len(entries))
            return logic.result(lookup(logic, name, at, width, lambda n: padded[n]))

        self.address = table("address", sums.address_bits, [address or 0 for address in addresses])
        self.stays = table("stays", 1, [address is not None for address in addresses])
        self.place = table("place", (sums.group - 1).bit_length(), [place for place, _ in moves])
        self.minus = table("minus", 1, [minus for _, minus in moves])
        self.complete = at == first


def _move(before: Vector, after: Vector) -> tuple[int, int]:
    """The place in which two vectors differ, and whether it becomes less."""
    return next((place, a < b) for place, (b, a) in enumerate(zip(before, after, strict=True)) if a != b)
