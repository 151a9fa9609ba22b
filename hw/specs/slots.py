"""What stands between the memory and itself in an encoder: units behind one interface, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hw.specs.stream import Position, Wires


@dataclass(frozen=True)
class Slot:
    """A unit as the controller sees it: it takes words of one matrix or two, and gives those of one.

    Words are pieces of rows. What is no product takes and gives matrices of one shape, row by row. A product takes
    `a`, of ``rows`` x ``words`` words, and `b`, of ``words * lanes`` x ``columns``, and gives ``rows`` x ``columns``;
    of each the first word of all rows comes first, then the second.

    Parameters
    ----------
    product : bool
        Whether it is one.
    operands : str
        ``a`` or ``ab``.
    streamed : str
        The operand that may come from stream `w` instead of the memory; empty for none.
    parameters : dict of str to Position
        What comes from `w` before that operand: where each field lies in a beat of parameters. Of a product there is
        a beat for each column of the result, of others for each `share` of numbers of every row.
    share : int
        Numbers that a beat of parameters is for.
    """

    product: bool = False
    operands: str = "a"
    streamed: str = ""
    parameters: Mapping[str, Position] = field(default_factory=dict)
    share: int = 1

    @property
    def parameter_bits(self) -> int:
        """Bits of a beat of parameters: 0 if there are none."""
        return Wires(dict(self.parameters), True, False).width if self.parameters else 0

    def parameter_beats(self, rows: int, words: int, columns: int, lanes: int) -> int:
        """Beats of parameters of an instruction with such a shape, in words."""
        if not self.parameters:
            return 0
        return (columns if self.product else rows * words) * lanes // self.share

    def parameter_words(self, lanes_width: int) -> int:
        """Words of so many bits that a beat of parameters takes, the lowest bits first."""
        return -(-self.parameter_bits // lanes_width)
