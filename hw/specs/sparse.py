"""The spec of a product of vectors by a matrix, one digit that is not zero after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import ceil, floor, gcd
from typing import Any, ClassVar

import numpy as np

from hw.datapath import PRODUCTS
from hw.formats import Fixed, Format, Integer, Span, check_choice, check_int, parse_scalar
from hw.formats.messages import cut, echo
from hw.recoding import RECODINGS
from hw.specs.base import check_format, check_operand
from hw.specs.dot import MAX_LANES
from hw.specs.grammar import Part
from hw.specs.parts import number, operands, word
from hw.specs.rate import Rate
from hw.specs.stream import FLAG, Beat, Field, StreamSpec, sizes

MAX_DEPTH, MAX_BITS = 1024, 1 << 22
"""Codes of a vector, and bits that the matrix takes in memory."""
DIGITS = 2, 8
"""Bits of a code whose digits are looked for."""
SIGNS = 2
"""Words of each row of the matrix: itself and its negative."""
FOUND, LISTED, LOADED, ADDED = 2, 2, 2, 4
"""The cycle in which the first digit is found; cycles from the last one to the first entry that is chosen, and so from
the cycle that loads a matrix; and cycles from an entry's choice to its sum."""
ONE = parse_scalar("uint1")


@dataclass(frozen=True)
class SparseSpec(StreamSpec):
    """A product of vectors by a matrix, ``y = a B``, digit by digit, in which zero digits cost no time.

    The codes of a vector become signed digits, and these are listed by their place, so that those of equal weight meet
    (the bit-weight dimension, arXiv 2503.06342). Place by place, from the lowest, an entry of the list takes a cycle:
    a row of B, or its negative, is added to a sum for each column. From place to place the sums move down by a bit. So
    a column is a row of adders, without multiplier and shifter. The next vector is listed meanwhile.

    Parameters
    ----------
    a : Format
        An integer of 2 to 8 bits: the side whose zero digits are skipped.
    b : Format
        Of the matrix: without infinities and NaNs.
    k : int
        Codes of a vector, rows of the matrix, 2..1024.
    n : int
        Columns of the matrix, sums at a time, 1..1024.
    load : int
        Codes of the matrix in a beat, a divisor of `n`; by default 4, or as many of these as divide it.
    recoding : str
        A key of `hw.recoding.RECODINGS`.

    Raises
    ------
    TypeError, ValueError
        An argument of a wrong type or value.
    """

    a: Format
    b: Format
    k: int
    n: int
    load: int = None  # type: ignore[assignment]
    recoding: str = "naf"

    unit: ClassVar[str] = "sparse"
    example: ClassVar[str] = "sparse/int8xint8/k64/n16/l4/naf"
    parts: ClassVar[tuple[Part, ...]] = (
        operands(),
        number("k", "k", "kDEPTH", needed=True),
        number("n", "n", "nCOLUMNS", needed=True),
        number("load", "l", "lLOAD"),
        word("recoding", "RECODING"),
    )

    def __post_init__(self) -> None:
        check_format("a", self.a)
        if not isinstance(self.a, Integer) or not DIGITS[0] <= self.a.width <= DIGITS[1]:
            raise ValueError(f"a must be an integer format of {DIGITS[0]}..{DIGITS[1]} bits, got {cut(self.a)}")
        check_format("b", self.b)
        check_operand("b", self.b)
        PRODUCTS["exact"].check(self.b, ONE)
        if self.b.has_special:
            raise ValueError(f"b must be a format without infinities and NaNs, got {cut(self.b)}")
        check_int("k", self.k, 2, MAX_DEPTH)
        check_int("n", self.n, 1, MAX_LANES)
        check_choice("recoding", self.recoding, RECODINGS)
        self._check_memory()

    __hash__ = StreamSpec.__hash__

    def _check_memory(self) -> None:
        if self.load is None:
            object.__setattr__(self, "load", gcd(self.n, 4))
        check_int("load", self.load, 1, self.n)
        if self.n % self.load:
            raise ValueError(f"load must divide n, which is {self.n}, got {self.load}")
        bits = SIGNS * self.k * self.n * self.word.width
        if bits > MAX_BITS:
            raise ValueError(f"the matrix must take at most {MAX_BITS} bits, got {bits} for {self.k} x {self.n}")

    @cached_property
    def _digits(self) -> list[list[tuple[int, int]]]:
        """Of each number of `a` its digits, as `hw.recoding` gives them."""
        span = self.a.span
        return [RECODINGS[self.recoding](number) for number in range(span.lo, span.hi + 1)]

    @property
    def places(self) -> int:
        """Of digits."""
        return 1 + max(place for digits in self._digits for place, _ in digits)

    @property
    def mean(self) -> Fraction:
        """Digits that are not zero in a code, if all are as frequent."""
        return Fraction(sum(map(len, self._digits)), len(self._digits))

    @property
    def most(self) -> int:
        """Digits that are not zero in a code, at most."""
        return max(map(len, self._digits))

    @property
    def index_bits(self) -> int:
        """Of the number of a code of a vector."""
        return (self.k - 1).bit_length()

    @property
    def place_bits(self) -> int:
        """Of the number of a place."""
        return (self.places - 1).bit_length()

    @property
    def resident(self) -> bool:
        """Whether it has the matrix in a memory."""
        return True

    @property
    def word(self) -> Span:
        """A number of B, or its negative."""
        return self.b.span * Span(-1, 1, 0)

    @property
    def sum(self) -> Span:
        """What is held of a sum while digits of any place are added, in units of the place."""
        lo, hi = self.b.span.lo, self.b.span.hi
        ends = [part * number for part in self._parts() for number in (lo, hi)]
        return Span(floor(self.k * min(ends)), ceil(self.k * max(ends)), self.b.span.lsb)

    def _parts(self) -> Iterator[Fraction]:
        """What codes weigh by their digits up to a place, in units of that place and of the next."""
        for digits in self._digits:
            part = 0
            for place in range(self.places):
                yield Fraction(part, 1 << place)
                part += sum(sign << place for at, sign in digits if at == place)
                yield Fraction(part, 1 << place)

    @property
    def result(self) -> Fixed:
        """The format of the sums."""
        return Fixed.holding((self.a.span * self.b.span).accumulate(self.k))

    @property
    def rate(self) -> Rate:
        """Products of codes that are all as frequent: what it makes depends on the digits."""
        return Rate(self.n / self.mean)

    @property
    def paced(self) -> tuple[str, int | Fraction]:
        return "a", self.mean

    @property
    def depths(self) -> dict[str, int]:
        return {}

    @property
    def latency(self) -> int:
        return FOUND + LISTED + ADDED

    @property
    def timing(self) -> str:
        return f"Latency: {self.latency} cycles and one for each digit of a vector from its last code to its result."

    @property
    def inputs(self) -> dict[str, Beat]:
        return {"a": {"x": Field(self.a), "last": Field(FLAG)}, "b": {"x": Field(self.b, self.load)}}

    @property
    def outputs(self) -> dict[str, Beat]:
        return {"y": {"x": Field(self.result, self.n), "last": Field(FLAG)}}

    @property
    def loading(self) -> int:
        """Cycles that a matrix takes: a beat is written twice."""
        return SIGNS * self.k * self.n // self.load

    def cycles(self, vectors: Any = 1, digits: Any = 1) -> Any:
        """For so many vectors of so many digits each, at least one in each place and of each code; and one matrix.

        A vector takes a cycle for each digit, and one to show the sums.
        """
        vectors, digits = sizes(vectors=vectors, digits=digits)
        begun = np.maximum(FOUND + LISTED + digits, LOADED + self.loading)
        found = begun + (vectors - 1) * (digits + 1) + digits + ADDED
        return found if np.ndim(found) else int(found)

    def cycles_of(self, digits: Sequence[Sequence[int]], bare: Sequence[int], last: Sequence[int]) -> int:
        """For any vectors: there a code without a digit takes a cycle to be listed, and a place without one takes two.

        Parameters
        ----------
        digits : sequence of sequence of int
            Of each vector, how many it has in each place.
        bare : sequence of int
            How many of its codes have none.
        last : sequence of int
            Whether the next vector, if there is one, is for the next matrix, which is loaded when this one is done.
        """
        loaded, found, free, shown = LOADED + self.loading, FOUND, [0, 0], 0
        for counts, none, final in zip(digits, bare, last, strict=True):
            found = max(found, free[0]) + sum(counts) + none
            begun = max(found + LISTED, loaded, free[1] + 1)
            free = [free[1], begun + sum(count or 2 for count in counts)]
            shown = free[1] + ADDED
            if final:
                loaded = shown + LOADED + self.loading
        return shown

    def work(self, vectors: Any = 1, digits: Any = 1) -> Any:
        """Products of codes, whatever their digits are."""
        vectors, digits = sizes(vectors=vectors, digits=digits)
        return vectors * self.k * self.n + 0 * digits

    def moved(self, vectors: Any = 1, digits: Any = 1) -> dict[str, Any]:
        """A beat for each code of a vector, `load` codes of the matrix, and each vector's sums."""
        vectors, digits = sizes(vectors=vectors, digits=digits)
        results = vectors + 0 * digits
        return {"a": results * self.k, "b": self.loading // SIGNS + 0 * results, "y": results}

    def check_run(self, vectors: Any = 1, digits: Any = 1) -> None:
        """Vectors have a digit in each place and of each code, and no more than their codes can have."""
        top = min(len(found) for found in self._digits if found and found[-1][0] == self.places - 1)
        least, most = max(self.k + top - 1, self.places), self.k * self.most
        if np.any(np.asarray(digits) < least) or np.any(np.asarray(digits) > most):
            raise ValueError(f"digits must be {least}..{most}, one or more of each code and place, got {echo(digits)}")
