"""What an encoder's units take, as data: so hardware, golden model and those who write programs ask for no names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hw.specs.stream import Position, Wires


@dataclass(frozen=True)
class Slot:
    """A unit as the controller sees it: it takes words of one matrix or two, and gives those of one.

    Words are pieces of rows. What is no product takes and gives matrices of one shape, row by row. A product takes
    `a`, of ``rows`` x ``words`` words, and `b`, of ``words * lanes`` x ``columns``, and gives ``rows`` x ``columns``;
    of each the first word of all rows comes first, then the second. The last operand may come on `w`.

    Parameters
    ----------
    engine : str
        What does it, of those in `hw.units.processor.engines`.
    operands : str
        ``a`` or ``ab``.
    product : bool
        Whether it is one.
    parameters : dict of str to Position
        What comes on `w` before all else: where each field lies in a beat. Of a product there is a beat for each column
        of the result, of others for each `share` of numbers of a row: they are kept for all rows.
    share : int
        Numbers that a beat of parameters is for.
    """

    engine: str
    operands: str = "a"
    product: bool = False
    parameters: Mapping[str, Position] = field(default_factory=dict)
    share: int = 1

    @property
    def streamed(self) -> str:
        """The operand that may come on `w`."""
        return self.operands[-1]

    @property
    def parameter_bits(self) -> int:
        """Bits of a beat of parameters: 0 if there are none."""
        return Wires(dict(self.parameters), True, False).width if self.parameters else 0

    def parameter_beats(self, words: int, columns: int, lanes: int) -> int:
        """Beats of parameters of an instruction with such a shape, in words."""
        if not self.parameters:
            return 0
        return (columns if self.product else words) * lanes // self.share

    def parameter_words(self, width: int) -> int:
        """Words of so many bits that a beat of parameters takes, the lowest bits first."""
        return -(-self.parameter_bits // width)
