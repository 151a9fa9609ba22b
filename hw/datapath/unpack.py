"""From a code to the parts that arithmetic works on."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import singledispatch

from amaranth.hdl import Cat, Const, Mux, Value

from hw.arith.logic import Logic
from hw.arith.wires import any_of, lookup
from hw.formats import Bipolar, Codebook, Fixed, Format, Integer, Minifloat, PowerOfTwo


@dataclass
class Operand:
    """One operand, ``(-1)**negate * significand * 2**(exponent - 1)`` steps of its format.

    A part that the format does not have is None: then there is no logic for it either.

    Attributes
    ----------
    significand : Value
        Signed or unsigned; 0 for an infinity or NaN.
    exponent : Value or None
        At least 1. None means that the significand counts steps.
    negate : Value or None
        None means that the significand carries its own sign.
    kind : Kind
        What the code is besides a number.
    """

    significand: Value
    exponent: Value | None
    negate: Value | None
    kind: Kind


@dataclass
class Kind:
    """What decides the sign and validity of infinities; None where the format has no such code or no sign."""

    infinite: Value | None
    nan: Value | None
    zero: Value
    negative: Value | None


def has_exponent(fmt: Format) -> bool:
    """Whether operands of the format need a shift: with one exponent bit both binades have one scale."""
    return isinstance(fmt, Minifloat) and fmt.exponent_bits > 1


@singledispatch
def unpack(fmt: Format, m: Logic, code: Value, name: str, masked: bool = True) -> Operand:
    """The parts of `code`, a Value as wide as `fmt`; `name` prefixes the wires.

    Unless `masked`, the significand of an infinity or NaN, or of a subnormal that is a zero, may be anything.
    """
    raise TypeError(f"no hardware takes {fmt} operands")


def unpacks(fmt: Format) -> bool:
    """Whether there is hardware for operands of the format."""
    return unpack.dispatch(type(fmt)) is not unpack.dispatch(object)


@unpack.register(Integer)
@unpack.register(Fixed)
def _(fmt: Integer | Fixed, m: Logic, code: Value, name: str, masked: bool = True) -> Operand:
    significand = code.as_signed() if fmt.signed else code
    negative = code[-1] if fmt.signed else None
    return Operand(significand, None, None, Kind(None, None, code == 0, negative))


@unpack.register
def _(fmt: Bipolar, m: Logic, code: Value, name: str, masked: bool = True) -> Operand:
    # 2 x + 1 - 2**n: the code with its top bit inverted, and a one below.
    return Operand(Cat(1, code[:-1], ~code[-1]).as_signed(), None, None, Kind(None, None, Const(0, 1), ~code[-1]))


@unpack.register(Codebook)
@unpack.register(PowerOfTwo)
def _(fmt: Codebook | PowerOfTwo, m: Logic, code: Value, name: str, masked: bool = True) -> Operand:
    values = [fmt.value(i) for i in range(1 << fmt.width)]
    unit = Fraction(2) ** fmt.span.lsb
    steps = [int(value / unit) if isinstance(value, Fraction) else 0 for value in values]
    # Synthesis knows best what to make of a truth table.
    bits = lookup(m, f"{name}_steps", code, fmt.span.width, lambda i: steps[i])
    significand = m.wire(f"{name}_significand", bits.as_signed() if fmt.span.signed else bits)
    nan = [i for i, value in enumerate(values) if not isinstance(value, Fraction)]
    kind = Kind(None, None, significand == 0, None)
    if nan:
        kind.nan = m.wire(f"{name}_nan", Cat(code == i for i in nan).any())
    if fmt.span.signed:
        kind.negative = significand[-1]
    return Operand(significand, None, None, kind)


@unpack.register
def _(fmt: Minifloat, m: Logic, code: Value, name: str, masked: bool = True) -> Operand:
    magnitude = code[:-1] if fmt.signed else code
    mantissa, field = magnitude[: fmt.mantissa_bits], magnitude[fmt.mantissa_bits :]
    normal = any_of(m, f"{name}_normal", field) if fmt.exponent_bits else Const(0, 1)
    kind = kind_of(fmt, m, code, name, fmt.subnormals)
    significand = Cat(mantissa, normal) if fmt.exponent_bits else mantissa
    if not fmt.subnormals and masked:
        significand = Mux(normal, significand, 0)
    for special in (kind.infinite, kind.nan):
        if special is not None and masked:
            significand = Mux(special, 0, significand)
    # A subnormal has the exponent of the first normal binade: field 0 counts as 1.
    exponent = Cat(field[0] | ~normal, field[1:]) if has_exponent(fmt) else None
    return Operand(significand, exponent, kind.negative, kind)


def kind_of(fmt: Minifloat, m: Logic, code: Value, name: str, subnormals: bool) -> Kind:
    """Whether a minifloat's code is an infinity or NaN, zero, negative; without `subnormals` they are zeros."""
    magnitude = code[:-1] if fmt.signed else code
    zero = magnitude == 0 if subnormals else ~magnitude[fmt.mantissa_bits :].any()
    kind = Kind(None, None, zero, code[-1] if fmt.signed else None)
    if fmt.convention == "ieee":
        infinity = fmt.max_magnitude_code + 1
        kind.infinite = m.wire(f"{name}_infinite", magnitude == infinity)
        kind.nan = m.wire(f"{name}_nan", magnitude > infinity)
    elif fmt.convention == "fn":
        kind.nan = m.wire(f"{name}_nan", magnitude.all())
    elif fmt.convention == "fnuz":
        kind.nan = m.wire(f"{name}_nan", code[-1] & (magnitude == 0))
    return kind
