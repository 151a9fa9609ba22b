"""What happens in each step of a walk through a table."""

from __future__ import annotations

from itertools import pairwise

from amaranth.hdl import Module, Signal, Value

from hw.arith import Logic
from hw.arith.wires import lookup
from hw.datapath.digits import Sums, Vector


class Walk:
    """The walk: every sum is made of the one before.

    What there is to do in a step is looked up in the step before, so that it comes from registers.

    Parameters
    ----------
    m, logic : Module and Logic
        Where registers and logic go.
    sums : Sums
        What is in a table.
    at, moves : Value
        The step, from 0 on, and whether the next one follows; the first follows the last.

    Attributes
    ----------
    address, stays : Value
        Where the sum is written, and whether it is.
    place, minus : Value
        The activation that makes the next sum, and whether it is taken away.
    complete : Value
        The sum is that of all activations.
    """

    def __init__(self, m: Module, logic: Logic, sums: Sums, at: Value, moves: Value) -> None:
        walk = sums.walk()
        addresses = [sums.address(vector) for vector in walk]
        changes = [*(_change(*pair) for pair in pairwise(walk)), (0, False)]
        first = walk.index((1,) * sums.group)

        def table(name: str, width: int, entries: list[int]) -> Value:
            register = Signal(width, name=name, init=int(entries[0]))
            following = [*entries[1:], entries[0]] + [0] * ((1 << len(at)) - len(entries))
            with m.If(moves):
                found = lookup(logic, f"{name}_next", at, width, lambda n: int(following[n]))
                m.d.sync += register.eq(logic.result(found))
            return register

        self.address = table("address", sums.address_bits, [address or 0 for address in addresses])
        self.stays = table("stays", 1, [address is not None for address in addresses])
        self.place = table("place", (sums.group - 1).bit_length(), [place for place, _ in changes])
        self.minus = table("minus", 1, [minus for _, minus in changes])
        self.complete = table("complete", 1, [step == first for step in range(len(walk))])


def _change(before: Vector, after: Vector) -> tuple[int, int]:
    """The place in which two vectors differ, and whether it becomes less."""
    return next((place, a < b) for place, (b, a) in enumerate(zip(before, after, strict=True)) if a != b)
