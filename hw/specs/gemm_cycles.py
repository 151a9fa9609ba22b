"""How long a GEMM core takes: the longest way through what has to wait for what.

The array gives tiles, `period` cycles apart, into two banks, and from there they go out, a row in `turns` cycles. So tile
j comes in no earlier than `period` after the one before, and no earlier than the tile two before has left its bank; and it
begins to go out no earlier than the tile before has gone out, than its own first row is there, and than its parameters
are. All of these are additions and maxima, so the last tile begins to go out when the longest chain of them ends. Such
a chain can begin with a tile's parameters, can follow the way out, or leave it and follow the array; tiles are alike but for
those at the bottom, which have fewer rows, so that the best place for a change of ways is an end of a run of like tiles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

FIRST_OUT = 2
"""Cycles from a row's coming into a bank to its going out."""
NEVER = -(1 << 60)


@dataclass(frozen=True)
class Tiles:
    """The tiles of a run, all numbers alike in shape.

    Attributes
    ----------
    count, across : of tiles, all and in a row of them
    period : cycles from one to the next, as the array gives them
    full, bottom : cycles that a tile takes to go out, and one at the bottom
    """

    count: Any
    across: Any
    period: Any
    full: Any
    bottom: Any

    @property
    def above(self) -> Any:
        """Tiles above the bottom."""
        return self.count - self.across

    def last_out(self, tile: Any, out: Any) -> list[Any]:
        """When the last tile may begin to go out at the earliest, if `tile` begins to at `out`; for each way there."""
        return [
            out + self._going(tile, self.count - 1),
            self._leaving(tile, tile, out),
            self._leaving(tile, self.above - 1, out),
        ]

    def _going(self, tile: Any, to: Any) -> Any:
        """Cycles from one tile's going out to another's, one after the other."""
        above = np.minimum(to, self.above) - np.minimum(tile, self.above)
        return above * self.full + (to - tile - above) * self.bottom

    def _leaving(self, tile: Any, leave: Any, out: Any) -> Any:
        """The way out up to tile `leave`, from there back to the array, which may give the tile after the next."""
        taken = np.where(leave < self.above, self.full, self.bottom) - 1
        back = out + self._going(tile, leave) + taken
        possible = (leave >= tile) & (leave + 2 < self.count)
        return np.where(possible, back + (self.count - 3 - leave) * self.period + FIRST_OUT, NEVER)


def run_cycles(spec: Any, m: Any, k: Any, n: Any, loaded: Any) -> Any:
    """Cycles of a run, as `GemmSpec.cycles` counts them."""
    m, k, n, loaded = np.broadcast_arrays(*map(np.asarray, (m, k, n, loaded)))
    across, down = -(-n // spec.columns), -(-m // spec.rows)
    rows, tail = (m - 1) % spec.rows + 1, (n - 1) % spec.columns + 1
    tiles = Tiles(down * across, across, np.maximum(k, spec.rows), spec.rows * spec.turns, rows * spec.turns)
    # A cycle to plan each tile in a row of them; then a word of each operand comes in, is read, is there.
    start = across + 1
    first_in = start + 2 + k - 1 + spec.array.latency
    ways = [first_in + (tiles.count - 1) * tiles.period + FIRST_OUT, *tiles.last_out(0 * m, first_in + FIRST_OUT)]
    for tile in (0 * m, across - 2, across - 1):
        there = start + 1 + np.minimum((tile + 1) * spec.columns, n)
        ways += [np.where(loaded & (tile >= 0), way, NEVER) for way in tiles.last_out(tile, there)]
    scaling = 1 if spec.requant is None else spec.requant.latency
    return np.maximum.reduce(ways) + (rows - 1) * spec.turns - (-tail // spec.output_lanes) - 1 + scaling
