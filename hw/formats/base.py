"""What a number format is: a width, and the value of every code."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Self

from hw.formats.messages import cut, echo, nearest


@dataclass(frozen=True)
class Span:
    """The integers ``lo..hi``, in units of ``2**lsb``: what a wire must be able to hold.

    Widths everywhere in the house are derived from spans, so a width is a proof.
    """

    lo: int
    hi: int
    lsb: int

    def __post_init__(self) -> None:
        if self.lo > self.hi:
            raise ValueError(f"a span's lo must not exceed its hi, got {self.lo}..{self.hi}")

    def __mul__(self, other: Span) -> Span:
        """The span of a product of one value from each."""
        corners = [x * y for x in (self.lo, self.hi) for y in (other.lo, other.hi)]
        return Span(min(corners), max(corners), self.lsb + other.lsb)

    def __add__(self, other: Span) -> Span:
        """The span of a sum of one value from each."""
        lsb = min(self.lsb, other.lsb)
        mine, others = self.lsb - lsb, other.lsb - lsb
        return Span((self.lo << mine) + (other.lo << others), (self.hi << mine) + (other.hi << others), lsb)

    def accumulate(self, depth: int) -> Span:
        """The span of every running sum of at most `depth` values, starting from zero."""
        return Span(min(0, depth * self.lo), max(0, depth * self.hi), self.lsb)

    @property
    def signed(self) -> bool:
        return self.lo < 0

    @property
    def width(self) -> int:
        """Bits of the smallest integer, two's complement if `signed`, that holds the span."""
        if not self.signed:
            return max(1, self.hi.bit_length())
        return max((-self.lo - 1).bit_length(), self.hi.bit_length() if self.hi > 0 else 0) + 1


class Notation(ABC):
    """A way to write numbers down: a `Format` writes one number a code, a `Block` many with a shared scale.

    A notation is data. It builds no hardware and needs no numpy.

    Attributes
    ----------
    name : str
        Canonical name; `parse_format` turns it back into an equal notation.
    source : str
        Where it is defined.
    bits_per_number : Fraction
        Storage for one number, its share of scales included.
    """

    grammar: ClassVar[str]
    """What the names of this family look like, for error messages."""

    @classmethod
    @abstractmethod
    def parse(cls, name: str) -> Self | None:
        """The notation of that name, or None if the name is not of this family."""

    @property
    @abstractmethod
    def name(self) -> str: ...

    @property
    @abstractmethod
    def source(self) -> str: ...

    @property
    @abstractmethod
    def bits_per_number(self) -> Fraction: ...

    def __str__(self) -> str:
        return self.name


FAMILIES: list[type[Notation]] = []
"""Every family of formats. A new family is registered by appending its class here."""


class Format(Notation):
    """A number format: codes ``0 .. 2**width - 1`` and what each of them means.

    `sim.golden` reads it to compute with values, and `hw.datapath` reads it to lay out wires. A new
    format needs `parse`, `name`, `width`, `source`, `value` and `span`; the rest has defaults.
    """

    overflow: str = "sat"
    """What a value beyond the range becomes: "sat" the end of the range, "inf" infinity, "nan" NaN."""

    rounding: ClassVar[str] = "nearest_even"
    """How values between two codes are rounded unless asked otherwise: a key of `ROUNDINGS`."""

    @property
    @abstractmethod
    def width(self) -> int:
        """Bits of a code."""

    @property
    def bits_per_number(self) -> Fraction:
        return Fraction(self.width)

    @property
    def has_special(self) -> bool:
        """Whether some code is an infinity or NaN."""
        return False

    @abstractmethod
    def value(self, code: int) -> Fraction | float:
        """The value of a code already known to be in range: a Fraction, or an infinity or NaN."""

    def decode(self, code: int) -> Fraction | float:
        """The exact value of one code.

        Returns
        -------
        Fraction for a finite value (both zeros give 0), else ``inf``, ``-inf`` or ``nan``.

        Raises
        ------
        TypeError
            `code` is not an int.
        ValueError
            `code` is not in ``0 .. 2**width - 1``.
        """
        if not isinstance(code, int) or isinstance(code, bool):
            raise TypeError(f"code must be an int, got {echo(code)} of type {type(code).__name__}")
        if not 0 <= code < 1 << self.width:
            raise ValueError(
                f"code must be 0..{(1 << self.width) - 1} for the {self.width}-bit {cut(self.name)}, got {echo(code)}"
            )
        return self.value(code)

    def is_even(self, code: int) -> bool:
        """Whether a value halfway between this finite code's value and a neighbour's rounds to this one."""
        return code % 2 == 0

    def is_reserved(self, code: int) -> bool:
        """Whether encoding never makes this code, although hardware may be given it."""
        return False

    def code_of(self, special: float) -> int | None:
        """The code that an infinity or NaN is encoded as, or None if there is none."""
        if not self.has_special:
            return None
        every = ((code, self.value(code)) for code in range(1 << self.width))
        nan = math.isnan(special)
        return next((code for code, value in every if (math.isnan(value) if nan else value == special)), None)

    @property
    @abstractmethod
    def span(self) -> Span:
        """All finite values, on the finest grid that holds every one of them."""

    @property
    def top(self) -> int:
        """Every finite magnitude is below ``2**top``."""
        return max(-self.span.lo, self.span.hi).bit_length() + self.span.lsb

    @property
    def precision(self) -> int:
        """Bits from the first one of a value to its last, at most."""
        return max(-self.span.lo, self.span.hi).bit_length()

    @property
    def min(self) -> Fraction:
        """The lowest finite value that is encoded."""
        return self.span.lo * Fraction(2) ** self.span.lsb

    @property
    def max(self) -> Fraction:
        """The highest finite value."""
        return self.span.hi * Fraction(2) ** self.span.lsb

    @property
    def reach(self) -> Fraction:
        """The magnitude that data is scaled to: the highest value, or the lowest's where none is above zero."""
        return self.max if self.max > 0 else -self.min


def integer(code: int, bits: int, signed: bool) -> int:
    """The integer that a code is in two's complement, or in binary if not `signed`."""
    return code - (code >> (bits - 1) << bits) if signed else code


def integers(bits: int, signed: bool, lsb: int = 0) -> Span:
    """All integers of that many bits, in units of ``2**lsb``."""
    half = 1 << (bits - 1)
    return Span(-half, half - 1, lsb) if signed else Span(0, 2 * half - 1, lsb)


def check_bool(name: str, value: object) -> None:
    """Raise unless `value` is a bool; the message names the argument."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be a bool, got {echo(value)} of type {type(value).__name__}")


def check_choice(name: str, value: object, known: Iterable[str]) -> None:
    """Raise unless `value` is one of the known strs; the message names the argument."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, got {echo(value)}")
    if value not in known:
        known = list(known)
        raise ValueError(f"{name} must be one of {', '.join(known)}, got {echo(value)}{nearest(value, known)}")


def check_int(name: str, value: object, low: int, high: int) -> None:
    """Raise unless `value` is an int in ``low..high``; the message names the argument."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be an int, got {echo(value)} of type {type(value).__name__}")
    if not low <= value <= high:
        raise ValueError(f"{name} must be {low}..{high}, got {echo(value)}")
