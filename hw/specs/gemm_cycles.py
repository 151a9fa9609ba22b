"""How long a GEMM core takes: the longest way through what has to wait for what.

The array gives tiles into two banks, a period apart, and from there they go out, a row in `turns` cycles. So a tile
comes in no earlier than a period after the one before, and than the tile two before has left its bank; and it begins
to go out no earlier than the tile before has gone out, than its own first row is there, and than its parameters are.

All of these are additions and maxima, so the last tile begins to go out when the longest chain of them ends. A chain
begins with the first tile or with some tile's parameters; it follows the array, then the way out, and then perhaps the
array again. Tiles are alike but for those at the bottom, which have fewer rows; so the best place to change is where
the chain begins or ends, or where the bottom begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

FIRST_IN = 3
"""Cycles from a word's coming into a store to its being offered to the array: it is read, and behind two registers."""
FETCHED = 4
"""Cycles from a row's, or its parameters', being there to its going out: it is fetched, read, its lanes are chosen."""
NEVER = -(1 << 60)


@dataclass(frozen=True)
class Array:
    """When tiles come out of the array; all numbers are ints or arrays of one shape.

    Attributes
    ----------
    first : when the first row of the first tile does
    full, bottom : cycles from a tile to the next, and from a tile at the bottom to the next
    edge : from the last tile above the bottom to the first at the bottom
    """

    first: Any
    full: Any
    bottom: Any
    edge: Any


@dataclass(frozen=True)
class Tiles:
    """The tiles of a run.

    Attributes
    ----------
    count, across : how many there are, all and side by side
    array : when they come
    full, bottom : cycles that a tile takes to go out, and one at the bottom
    out : from a row's coming out of the array to its going out
    """

    count: Any
    across: Any
    array: Array
    full: Any
    bottom: Any
    out: int

    @property
    def above(self) -> Any:
        """Tiles above the bottom."""
        return self.count - self.across

    def coming(self, tile: Any, to: Any) -> Any:
        """Cycles from one tile's coming out of the array to another's."""
        above = np.maximum(np.minimum(to, self.above - 1) - tile, 0)
        edge = (tile < self.above) & (to >= self.above)
        return above * self.array.full + edge * self.array.edge + (to - tile - above - edge) * self.array.bottom

    def going(self, tile: Any, to: Any) -> Any:
        """Cycles from one tile's going out to another's, one after the other."""
        above = np.minimum(to, self.above) - np.minimum(tile, self.above)
        return above * self.full + (to - tile - above) * self.bottom

    def ways(self, tile: Any, out: Any) -> list[Any]:
        """When the last tile may begin to go out at the earliest, if `tile` begins to at `out`; for each way there."""
        return [
            out + self.going(tile, self.count - 1),
            self._leaving(tile, tile, out),
            self._leaving(tile, self.above - 1, out),
        ]

    def _leaving(self, tile: Any, leave: Any, out: Any) -> Any:
        """The way out up to tile `leave`, from there back to the array, which may give the tile after the next."""
        # Its last row is fetched before it goes out, and then its bank is free.
        taken = np.where(leave < self.above, self.full, self.bottom) + 1 - FETCHED
        back = out + self.going(tile, leave) + taken
        possible = (leave >= tile) & (leave + 2 < self.count)
        return np.where(possible, back + self.coming(leave + 2, self.count - 1) + self.out, NEVER)


def row_waits(spec: Any) -> int:
    """Cycles that a row of sums waits on its way from the array into a bank.

    It would make a pair of banks give two tiles in three cycles, so where a tile goes out in one, none waits.
    """
    return int(spec.height * spec.turns > 1)


def run_cycles(spec: Any, m: Any, k: Any, n: Any, loaded: Any) -> Any:
    """Cycles of a run, as `GemmSpec.cycles` counts them."""
    m, k, n, loaded = np.broadcast_arrays(*map(np.asarray, (m, k, n, loaded)))
    if spec.flow == "is":
        m, n = n, m
    across, down = -(-n // spec.columns), -(-m // spec.height)
    rows, tail = (m - 1) % spec.height + 1, (n - 1) % spec.columns + 1
    # The start is understood; tiles and slices are counted, one of each a cycle; all is settled; counts step first.
    begin = 4 + (across if spec.flow == "os" else np.maximum(across, -(-k // spec.rows)))
    array = (_output_stationary if spec.flow == "os" else _operand_stationary)(spec, k, begin, down, rows)
    tiles = Tiles(down * across, across, array, spec.height * spec.turns, rows * spec.turns, FETCHED + row_waits(spec))
    ways = []
    for tile in (0 * m, tiles.above - 1, tiles.above, tiles.count - 1):
        come = array.first + tiles.coming(0 * m, tile) + tiles.out
        ways += [np.where(tile >= 0, way, NEVER) for way in tiles.ways(tile, come)]
    # Where the input stays, a row of C's transpose has but one column's parameters, and they come soon enough.
    if spec.flow != "is":
        for tile in (0 * m, across - 2, across - 1):
            there = begin + FETCHED + np.minimum((tile + 1) * spec.columns, n)
            ways += [np.where(loaded & (tile >= 0), way, NEVER) for way in tiles.ways(tile, there)]
    scaling = 1 if spec.requant is None else spec.requant.latency
    return np.maximum.reduce(ways) + (rows - 1) * spec.turns - (-tail // spec.output_lanes) - 1 + scaling


def _output_stationary(spec: Any, k: Any, begin: Any, down: Any, rows: Any) -> Array:
    """A word of each operand comes in, is read, is there; a tile takes as many, or as long as the one before leaves."""
    period = np.maximum(k, spec.rows)
    return Array(begin + FIRST_IN + k - 1 + spec.array.latency, period, period, period)


def _operand_stationary(spec: Any, k: Any, begin: Any, down: Any, rows: Any) -> Array:
    """What stays is loaded; then a slice takes its rows, or the loading of the next, or until its sums are back."""
    slices, away = -(-k // spec.rows), spec.array.latency + FIRST_IN

    def once(height: Any) -> Any:
        return np.maximum(height, spec.rows)

    def more(height: Any) -> Any:
        return (slices - 1) * np.maximum(once(height), away)

    first = begin + FIRST_IN + spec.rows + more(np.where(down > 1, spec.height, rows)) + spec.array.latency
    full, bottom = more(spec.height) + once(spec.height), more(rows) + once(rows)
    return Array(first, full, bottom, once(spec.height) + more(rows))
