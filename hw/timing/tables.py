"""Functions of few inputs as tables: bit n of a table is the value where the inputs read n, the first lowest."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=1 << 16)
def rearranged(table: int, inputs: tuple[int, ...], count: int) -> int:
    """The table of `count` wires of a function whose inputs are these.

    Each of `inputs` is -2 for zero, -1 for one, or twice a wire's place, and one more where it is inverted.
    """
    found = 0
    for n in range(1 << count):
        index = 0
        for place, wire in enumerate(inputs):
            index |= (wire & 1 if wire < 0 else (n >> (wire >> 1) ^ wire) & 1) << place
        found |= (table >> index & 1) << n
    return found


@lru_cache(maxsize=1 << 16)
def needed(table: int, count: int) -> tuple[tuple[int, ...], int]:
    """The places of the inputs that a function depends on, and its table of these alone."""
    places = tuple(
        place
        for place in range(count)
        if any((table >> n ^ table >> (n | 1 << place)) & 1 for n in range(1 << count) if not n >> place & 1)
    )
    if len(places) == count:
        return places, table
    found = 0
    for n in range(1 << len(places)):
        index = sum((n >> at & 1) << place for at, place in enumerate(places))
        found |= (table >> index & 1) << n
    return places, found
