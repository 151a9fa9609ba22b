"""What specs share of units that round stochastically: how random bits are named, and where they come from.

They come with the numbers, by the stream, or from a shift register inside (an LFSR).
"""

from __future__ import annotations

import re
from typing import Any

from hw.formats import ROUNDINGS, Format, Integer, check_choice, check_int
from hw.formats.messages import cut, echo
from hw.specs.grammar import Part
from hw.specs.parts import rounding_of
from hw.specs.stream import FeedforwardSpec, Field

MAX_RANDOM_BITS = 16
TAPS: dict[int, int] = {17: 6, 31: 13, 89: 38, 127: 63}
"""Of an LFSR of n bits by length: the t of ``x^n + x^t + 1``, so that bit i + n is bit i + t XOR bit i.

All are in N. Zierler, "Primitive trinomials whose degree is a Mersenne exponent" (Information and Control 15, 1969):
2^n - 1 is prime, so that an irreducible polynomial is primitive, and the bits come again after 2^n - 1.
"""
SEED_BITS = 31
"""Bits of a seed, at most: what is longer begins with them again and again."""


def read_rounding(text: str) -> dict[str, Any]:
    """The fields of a rounding in a name: ``down``, ``stochastic8``."""
    match = re.fullmatch(r"stochastic([1-9][0-9]?)", text)
    return {"rounding": "stochastic", "random": int(match[1])} if match else {"rounding": text}


def write_rounding(spec: Any) -> str:
    """Of a spec's rounding what stands behind its formats: nothing where that is as usual."""
    return f"{rounding_of(spec)}{spec.random or ''}"


def _read_lfsr(text: str) -> dict[str, Any]:
    match = re.fullmatch(r"lfsr([1-9][0-9]{0,3}):(0|[1-9][0-9]{0,9})", text)
    if not match:
        raise ValueError(f"the LFSR must be written lfsrBITS:SEED, like lfsr31:1, got {echo(text)}")
    return {"lfsr": int(match[1]), "seed": int(match[2])}


LFSR = Part(
    "lfsrBITS:SEED",
    _read_lfsr,
    lambda spec: f"lfsr{spec.lfsr}:{spec.seed}" if spec.lfsr else None,
    "the LFSR",
    optional=True,
    fits=lambda text, _: text.startswith("lfsr"),
)


class StochasticSpec(FeedforwardSpec):
    """A unit with one input stream that may round stochastically; subclasses are dataclasses with these fields.

    Parameters
    ----------
    lanes : int
        Numbers that are rounded in a beat.
    rounding : str
        A key of `hw.formats.ROUNDINGS`.
    random : int
        Bits of each number's random number, 1..16, for rounding "stochastic", and for it only: a magnitude goes up
        if what it loses, cut to so many bits, carries when they are added.
    lfsr : int
        Bits of the shift register that they come from, a key of `TAPS`; 0 if they come with the numbers. Beat after
        beat and lane after lane takes as many of its bits as it needs, the first as its lowest.
    seed : int
        What the shift register begins with, its first bit the lowest, from 1 to ``2**lfsr - 1`` or ``2**31 - 1``; it
        fills up with the same again. 0 without one.
    """

    lanes: Any
    """A field or a property."""
    rounding: str
    random: int
    lfsr: int
    seed: int

    def check_rounding(self) -> None:
        """Raise TypeError or ValueError unless these fields go together."""
        check_choice("rounding", self.rounding, ROUNDINGS)
        check_int("random", self.random, 0, MAX_RANDOM_BITS)
        if (self.rounding == "stochastic") != bool(self.random):
            raise ValueError(
                "random must be 1 or more with rounding stochastic, written stochastic8, and 0 with any other, "
                f"got {self.random} with {cut(self.rounding)}"
            )
        check_int("lfsr", self.lfsr, 0, max(TAPS))
        if self.lfsr not in (0, *TAPS):
            raise ValueError(f"lfsr must be 0, {', '.join(map(str, TAPS))}, got {self.lfsr}")
        if self.lfsr and not self.random:
            raise ValueError(f"lfsr must be 0 but with rounding stochastic, got {self.lfsr} with {cut(self.rounding)}")
        least, bits = int(self.lfsr > 0), min(self.lfsr, SEED_BITS)
        check_int("seed", self.seed, least, (1 << bits) - 1)

    @property
    def random_format(self) -> Format | None:
        """Of the random numbers that come with the numbers, if there are any."""
        return Integer(self.random, signed=False) if self.random and not self.lfsr else None

    @property
    def random_field(self) -> dict[str, Field]:
        """What a beat has of random numbers."""
        return {"random": Field(self.random_format, self.lanes)} if self.random_format else {}

    @property
    def first_bits(self) -> list[int]:
        """The bits that the shift register begins with."""
        bits = min(self.lfsr, SEED_BITS)
        return [self.seed >> index % bits & 1 for index in range(self.lfsr)]

    @property
    def tap(self) -> int:
        """The other bit that a bit of the shift register follows from, besides the last."""
        return TAPS[self.lfsr]
