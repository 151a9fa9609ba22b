"""Bits that look like chance and are known beforehand, and words of which few bits remain: both linear, both cheap.

A generator is Marsaglia's shift register with three taps ("Xorshift RNGs", Journal of Statistical Software 8(14),
2003): of 32 bits, it goes through all states but zero. What is wider has several, which begin in other places.
"""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Value

WORD = 32
SHIFTS = (13, -17, 5)
"""To the left, to the right, to the left: the triple that the paper names first."""
SPREAD = 0x9E3779B9
"""2^32 divided by the golden ratio: its multiples are far from one another."""


def seed(number: int) -> int:
    """Where the generator of that number begins: never at zero, for the factor is odd."""
    return (number + 1) * SPREAD & 0xFFFFFFFF or 1


def step(state: int) -> int:
    """What follows a state of a generator."""
    for shift in SHIFTS:
        state ^= (state << shift if shift > 0 else state >> -shift) & 0xFFFFFFFF
    return state


def following(state: Value) -> Value:
    """The same in hardware."""
    for shift in SHIFTS:
        zeros = Const(0, abs(shift))
        moved = Cat(zeros, state[:-shift]) if shift > 0 else Cat(state[-shift:], zeros)
        state = state ^ moved
    return state


def fold(word: int) -> int:
    """The parts of 32 bits of a word, put on top of one another."""
    folded = 0
    while word:
        folded, word = folded ^ word & 0xFFFFFFFF, word >> WORD
    return folded


def folded(word: Value) -> Value:
    """The same in hardware."""
    total: Value = Const(0, WORD)
    for low in range(0, len(word), WORD):
        total = total ^ word[low : low + WORD]
    return total


def signature(words: list[int], start: int = 0) -> int:
    """What is left of words, each mixed into what was left of those before it."""
    for word in words:
        start = step(start) ^ fold(word)
    return start
