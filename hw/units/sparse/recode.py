"""Logic that writes a number in signed digits: a bit for each place that has one, and one for whether it is -1."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Signal, Value

from hw.specs.sparse import SparseSpec


def recoded(m: Module, spec: SparseSpec, code: Value) -> tuple[Value, Value]:
    """The places of the digits of a code of `spec.a` that are not zero, and those of them that are negative."""
    number = code.as_signed() if spec.a.span.signed else Cat(code, Const(0, 1)).as_signed()
    return RECODERS[spec.recoding](m, number, spec.places)


def _naf(m: Module, number: Value, places: int) -> tuple[Value, Value]:
    # Digits are where thrice the number differs from it, a place higher (Prodinger, INTEGERS 8, 2000).
    given, thrice = Signal(places + 1, name="number"), Signal(places + 2, name="thrice")
    m.d.comb += [given.eq(number), thrice.eq(number + Cat(Const(0, 1), number).as_signed())]
    differs = (given ^ thrice[: places + 1])[1:]
    return differs, (given & ~thrice[: places + 1])[1:]


def _booth(m: Module, number: Value, places: int) -> tuple[Value, Value]:
    given = Signal(places + 2, name="number")
    m.d.comb += given.eq(Cat(0, number).as_signed())
    nonzero, negative = [], []
    for place in range(0, places, 2):
        below, low, high = given[place], given[place + 1], given[place + 2]
        one = low ^ below
        nonzero += [one, ~one & (high ^ low)]
        negative += [high, high]
    return Cat(*nonzero)[:places], Cat(*negative)[:places]


RECODERS = {"naf": _naf, "booth": _booth}
