"""The fourth roots of unity: weights whose product is a swap and a negation of complex parts."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from hw.formats.base import Format, Notation, check_int
from hw.formats.codebook import Codebook, named_codebooks


@dataclass(frozen=True)
class FourthRoots(Notation):
    """1, -1, i and -i, as codes 0, 1, 2 and 3: complex numbers whose parts are ternary."""

    grammar: ClassVar[str] = "roots4 ({1, -1, i, -i})"

    values: ClassVar[tuple[tuple[int, int], ...]] = ((1, 0), (-1, 0), (0, 1), (0, -1))
    """Real and imaginary part of every code."""

    @classmethod
    def parse(cls, name: str) -> FourthRoots | None:
        return cls() if name == "roots4" else None

    @property
    def name(self) -> str:
        return "roots4"

    @property
    def source(self) -> str:
        return "Fairy2i: complex weights in {1, -1, i, -i}"

    @property
    def width(self) -> int:
        return 2

    @property
    def bits_per_number(self) -> Fraction:
        return Fraction(2)

    @property
    def part(self) -> Format:
        """The format of the real and of the imaginary part."""
        return Codebook(named_codebooks()["ternary"][0])

    def decode(self, code: int) -> tuple[Fraction, Fraction]:
        """Real and imaginary part of one code.

        Raises
        ------
        TypeError, ValueError
            `code` is not an int, or not 0..3.
        """
        check_int("code", code, 0, 3)
        real, imaginary = self.values[code]
        return Fraction(real), Fraction(imaginary)
