"""Functions as gates of two inputs, in which equal ones are one: what a mapper into LUTs works on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from hw.timing.network import ONE, ZERO, Assigned, Bit, Kind, Network, Wide

Literal = int
"""Twice a gate's number, and one more where it is inverted. 0 is zero, 1 is one."""
LEAF, AND, XOR = -1, 0, 1


class Gates:
    """ANDs and XORs, numbered so that each comes after those that it reads.

    Attributes
    ----------
    kinds : list of int
        `LEAF`, `AND` or `XOR`. Gate 0 is the constant.
    left, right : list of Literal
        What each reads; those of an XOR are not inverted.
    """

    def __init__(self) -> None:
        self.kinds, self.left, self.right = [LEAF], [0], [0]
        self._known: dict[tuple[int, Literal, Literal], int] = {}

    def __len__(self) -> int:
        return len(self.kinds)

    def leaf(self) -> Literal:
        """Something that comes from outside."""
        return self._add(LEAF, 0, 0)

    def _add(self, kind: int, left: Literal, right: Literal) -> Literal:
        self.kinds.append(kind)
        self.left.append(left)
        self.right.append(right)
        return 2 * len(self.kinds) - 2

    def _gate(self, kind: int, left: Literal, right: Literal) -> Literal:
        key = (kind, left, right)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._add(kind, left, right)
        return found

    def both(self, x: Literal, y: Literal) -> Literal:
        """``x & y``."""
        if x > y:
            x, y = y, x
        if x < 2:
            return y if x else 0
        if x >> 1 == y >> 1:
            return x if x == y else 0
        for one, other in ((x, y), (y, x)):
            if self.kinds[one >> 1] == AND:
                left, right = self.left[one >> 1], self.right[one >> 1]
                if one & 1:
                    # ~(l & r) & l is l & ~r.
                    if other in (left, right):
                        return self.both(other, (right if other == left else left) ^ 1)
                    if other ^ 1 in (left, right):
                        return other
                elif other in (left, right):
                    return one
                elif other ^ 1 in (left, right):
                    return 0
        return self._gate(AND, x, y)

    def either(self, x: Literal, y: Literal) -> Literal:
        """``x | y``."""
        return self.both(x ^ 1, y ^ 1) ^ 1

    def differ(self, x: Literal, y: Literal) -> Literal:
        """``x ^ y``."""
        flip = (x ^ y) & 1
        x, y = sorted((x & ~1, y & ~1))
        if x == y:
            return flip
        if not x:
            return y ^ flip
        for one, other in ((x, y), (y, x)):
            if self.kinds[one >> 1] == XOR and other in (self.left[one >> 1], self.right[one >> 1]):
                return self.left[one >> 1] ^ self.right[one >> 1] ^ other ^ flip
        return self._gate(XOR, x, y) ^ flip

    def choose(self, select: Literal, one: Literal, zero: Literal) -> Literal:
        """``one if select else zero``."""
        if one == zero or select < 2:
            return zero if select == 0 or one == zero else one
        if one == zero ^ 1:
            return self.differ(select, zero)
        if one < 2 or one >> 1 == select >> 1:
            one = one if one < 2 else one ^ select ^ 1
            return self.either(select, zero) if one else self.both(select ^ 1, zero)
        if zero < 2 or zero >> 1 == select >> 1:
            zero = zero if zero < 2 else zero ^ select
            return self.either(select ^ 1, one) if zero else self.both(select, one)
        return self.either(self.both(select, one), self.both(select ^ 1, zero))

    def tree(self, operator: str, literals: Iterable[Literal]) -> Literal:
        """The AND, OR or XOR of any number."""
        join = {"&": self.both, "|": self.either, "^": self.differ}[operator]
        found = list(literals) or [int(operator == "&")]
        while len(found) > 1:
            found = [join(*found[n : n + 2]) if n + 1 < len(found) else found[n] for n in range(0, len(found), 2)]
        return found[0]

    def table(self, table: int, inputs: Sequence[Literal]) -> Literal:
        """A function by its table, as `Network.function` takes it."""
        if not inputs:
            return table & 1
        half = 1 << len(inputs) - 1
        low, high = table & (1 << half) - 1, table >> half
        if low == high:
            return self.table(low, inputs[:-1])
        return self.choose(inputs[-1], self.table(high, inputs[:-1]), self.table(low, inputs[:-1]))


def literal_of(network: Network, gates: Gates, bit: Bit, known: Mapping[Bit, Literal]) -> Literal:
    """A bit that is a function, of those that are known."""
    says = network.says[bit]
    if isinstance(says, int):
        return gates.table(says, [known[fan] for fan in network.fans[bit]])
    if isinstance(says, Wide):
        pairs = zip(says.fans, says.inverted, strict=True)
        return gates.tree(says.operator, [known[fan] ^ flip for fan, flip in pairs]) ^ says.flip
    assert isinstance(says, Assigned)
    return _assigned(gates, says, known)


def _assigned(gates: Gates, says: Assigned, known: Mapping[Bit, Literal]) -> Literal:
    value, together = known[says.default], list[tuple[Literal, Literal]]()
    switches = [*says.switches, None]
    for (condition, given), (here, after) in zip(says.pairs, pairwise(switches), strict=True):
        together.append((known[condition], known[given]))
        if here == after:
            continue
        if len(together) == 1:
            value = gates.choose(*together[0], value)
        else:
            chosen = gates.tree("|", [gates.both(*pair) for pair in together])
            if value:
                none = gates.tree("&", [condition ^ 1 for condition, _ in together])
                chosen = gates.either(chosen, gates.both(value, none))
            value = chosen
        together = []
    return value


CONSTANTS: dict[Bit, Literal] = {ZERO: 0, ONE: 1}
FUNCTIONS = {Kind.FUNCTION, Kind.WIDE}
