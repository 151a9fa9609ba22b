"""Codebooks: formats given as a list of values."""

from __future__ import annotations

import math
import re
import tomllib
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property
from importlib.resources import files
from typing import ClassVar

from hw.formats.base import Format, Span
from hw.formats.messages import cut, echo


@dataclass(frozen=True)
class Codebook(Format):
    """Code i means the i-th value.

    Several codes may have one value; encoding makes the first of them. A value halfway between two
    goes to the one of even rank, counted from the lowest value that is not negative.

    Parameters
    ----------
    values : tuple of Fraction, int or float
        2, 4, 8, .. 65536 of them, each a float64 number; two or more of them different.
    """

    values: tuple[Fraction, ...]

    grammar: ClassVar[str] = (
        "cb[V0,V1,...] of 2, 4, 8, .. values; ternary, nf4, dynamic8, fp3p3 and other named codebooks"
    )

    def __post_init__(self) -> None:
        if not isinstance(self.values, (tuple, list)):
            raise TypeError(f"values must be a tuple of numbers, got {echo(self.values)}")
        object.__setattr__(self, "values", tuple(map(_exact, self.values)))
        count = len(self.values)
        if not 2 <= count <= 65536 or count & (count - 1):
            raise ValueError(f"values must be 2, 4, 8, .. 65536 numbers, got {count}; repeat one to fill up")
        if len(set(self.values)) < 2:
            raise ValueError(f"values must be at least two different numbers, got {count} times {self.values[0]}")

    @classmethod
    def parse(cls, name: str) -> Codebook | None:
        if name in named_codebooks():
            return cls(named_codebooks()[name][0])
        match = re.fullmatch(r"cb\[([-+.,0-9e]*)\]", name)
        return match and cls(tuple(_number(text) for text in match[1].split(",")))

    @cached_property
    def _entry(self) -> tuple[str, str] | None:
        """Name and source, if the values have a name."""
        for name, (values, source) in named_codebooks().items():
            if values == self.values:
                return name, source
        return None

    @cached_property
    def name(self) -> str:
        if self._entry:
            return self._entry[0]
        return f"cb[{','.join(_shortest(value) for value in self.values)}]"

    @property
    def width(self) -> int:
        return (len(self.values) - 1).bit_length()

    @property
    def source(self) -> str:
        return self._entry[1] if self._entry else "a list of values"

    def value(self, code: int) -> Fraction:
        return self.values[code]

    def is_even(self, code: int) -> bool:
        return self._rank[self.values[code]] % 2 == 0

    @cached_property
    def _first(self) -> dict[Fraction, int]:
        """The first code of every value."""
        return {value: code for code, value in reversed(list(enumerate(self.values)))}

    @cached_property
    def _rank(self) -> dict[Fraction, int]:
        ascending = sorted(set(self.values))
        first = next((i for i, value in enumerate(ascending) if value >= 0), 0)
        return {value: i - first for i, value in enumerate(ascending)}

    def is_reserved(self, code: int) -> bool:
        return self._first[self.values[code]] != code

    @cached_property
    def span(self) -> Span:
        # A float64's denominator is a power of two.
        lsb = min(_trailing_exponent(value) for value in self.values if value)
        steps = [int(value / Fraction(2) ** lsb) for value in self.values]
        return Span(min(steps), max(steps), lsb)


def _exact(value: object) -> Fraction:
    """A value as a Fraction that is a float64 number."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Fraction)):
        raise TypeError(f"values must be numbers, got {echo(value)} of type {type(value).__name__}")
    try:
        exact = Fraction(value)
        if exact == float(exact):
            return exact
    except OverflowError:
        pass
    except ValueError:  # NaN
        pass
    raise ValueError(f"values must be finite float64 numbers, got {cut(value)}")


def _number(text: str) -> Fraction:
    try:
        return _exact(float(text))
    except ValueError:
        raise ValueError(f"values must be finite float64 numbers, got {echo(text)}") from None


def _shortest(value: Fraction) -> str:
    """The shortest decimal that reads back as the value."""
    return str(int(value)) if value.denominator == 1 and abs(value) < 10**6 else repr(float(value)).replace("+", "")


def _trailing_exponent(value: Fraction) -> int:
    """The exponent of the last one bit of a number that is not zero."""
    numerator = value.numerator
    return (numerator & -numerator).bit_length() - value.denominator.bit_length()


@cache
def named_codebooks() -> dict[str, tuple[tuple[Fraction, ...], str]]:
    """Values and source of every codebook that has a name, from codebooks.toml, and dynamic8."""
    data = tomllib.loads(files("hw.formats").joinpath("codebooks.toml").read_text())
    found = {name: (tuple(map(Fraction, entry["values"])), entry["source"]) for name, entry in data.items()}
    found["dynamic8"] = dynamic(8), "dynamic 8-bit: arXiv 1511.04561, as signed tree of arXiv 2110.02861"
    return found


def dynamic(bits: int) -> tuple[Fraction, ...]:
    """The values of dynamic tree quantisation, ascending, each rounded to float32.

    After the sign, a run of n zeros and a one scale by ``10**-n``; the bits that remain cut 0.1..1
    into equal parts, whose middles are the values. 0 and 1 are added (arXiv 1511.04561).
    """
    positive = [Fraction(0), Fraction(1)]
    for fraction_bits in range(bits - 1):
        parts = 1 << fraction_bits
        scale = Fraction(10) ** (fraction_bits - (bits - 2))
        middles = (Fraction(1, 10) + Fraction(9, 10) * Fraction(2 * i + 1, 2 * parts) for i in range(parts))
        positive += [_float32(scale * middle) for middle in middles]
    return tuple(sorted(positive + [-value for value in positive[2:]]))


def _float32(value: Fraction) -> Fraction:
    """The nearest number of 24 significant bits, ties to even."""
    quantum = Fraction(2) ** (math.frexp(float(value))[1] - 24)
    return round(value / quantum) * quantum
