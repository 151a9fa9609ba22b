"""Weights as a few terms: 0, or plus or minus 1, 2 or 4, each of which counts four times the next one.

Integers are taken apart by Booth's recoding, in radix 4. Floats of few bits have two terms, found in a table.
"""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Mux, Value

from hw.arith import Logic, fabric

MAGNITUDES: dict[str, tuple[int, ...]] = {"fp4": (0, 1, 2, 3, 4, 6, 8, 12), "fp3": (0, 1, 2, 4)}
"""The magnitudes that a float's codes stand for; those of FP4 in halves."""
SPECIALS: dict[str, tuple[int, int]] = {"fp4": (10, 16), "fp3": (3, 6)}
"""What stands in the place of -0: the smaller or the larger."""
SIGN = 4
"""The bit of a term that is its sign; below it 0, or 1 + n for 2**n."""


def split(magnitude: int) -> tuple[int, int]:
    """A float's magnitude as two terms: ``4 * high + low``."""
    for high in (0, 1, 2, 4):
        for low in (0, 1, 2, 4, -1):
            if 4 * high + low == magnitude:
                return high, low
    raise ValueError(f"magnitude must be a sum of two terms, got {magnitude}")


def term_code(value: int) -> int:
    """The code of 0, or of plus or minus 1, 2 or 4."""
    return (SIGN if value < 0 else 0) | abs(value).bit_length()


class TermsOf:
    """Makes the terms of weights, one after the other.

    Parameters
    ----------
    m : Logic
        Where that is added.
    kind : Value
        Of two bits: int8, int6, fp4 or fp3.
    special : Value
        Of two bits: whether the special value is the larger, and whether it is negative.
    place : Value
        Of two bits: the term counts ``4**place``.
    """

    def __init__(self, m: Logic, kind: Value, special: Value, place: Value) -> None:
        self.m = m
        self.is_float, self.is_three, self.place = kind[1], kind[0], place
        # What the special value has for a term is the same in all lanes.
        self.special = fabric(m).lookup(m, "special", Cat(kind[0], special[0], place[0]), 3, _special_term)
        self.special = m.wire("special_term", Cat(self.special[:2], self.special[2] ^ special[1]))

    def of(self, name: str, code: Value) -> Value:
        """The term of a weight, as a code of ``e2m0``."""
        m = self.m
        mixed = m.wire(f"{name}_float", self._float(name, code))
        whole = m.wire(f"{name}_whole", self._integer(name, code))
        return m.wire(f"{name}_term", Mux(self.is_float, mixed, whole))

    def _integer(self, name: str, code: Value) -> Value:
        """A digit of Booth's. A place that an integer of six bits does not have is never asked for."""
        m = self.m
        triples = [Cat(Const(0, 1), code[:2]), code[1:4], code[3:6], code[5:8]]
        three = fabric(m).select(m, f"{name}_digit", [Cat(*triple) for triple in triples], self.place)
        return fabric(m).lookup(m, f"{name}_booth", three, 3, _booth)

    def _float(self, name: str, code: Value) -> Value:
        m, three = self.m, self.is_three
        usual = fabric(m).lookup(m, f"{name}_usual", Cat(code[:3], three, self.place[0]), 3, _float_term)
        sign = m.wire(f"{name}_sign", Mux(three, code[2], code[3]))
        none = m.wire(f"{name}_zero", ~code[:2].any() & (three | ~code[2]))
        signed = Cat(usual[:2], usual[2] ^ sign)
        return Mux(m.wire(f"{name}_special", sign & none), self.special, signed)


def _booth(three: int) -> int:
    return term_code((three & 1) + (three >> 1 & 1) - 2 * (three >> 2))


def _float_term(index: int) -> int:
    """Of a magnitude's code, whether it is of FP3, and whether the higher term is wanted."""
    code, three, high = index & 7, index >> 3 & 1, index >> 4
    magnitudes = MAGNITUDES["fp3"] if three else MAGNITUDES["fp4"]
    return term_code(split(magnitudes[code % len(magnitudes)])[1 - high])


def _special_term(index: int) -> int:
    three, larger, high = index & 1, index >> 1 & 1, index >> 2
    return term_code(split(SPECIALS["fp3" if three else "fp4"][larger])[1 - high])
