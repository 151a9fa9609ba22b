"""From a code to the parts that arithmetic works on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import singledispatch
from typing import TypeGuard

from amaranth.hdl import Cat, Const, Mux, Value

from hw.arith import fabric
from hw.arith.logic import Logic
from hw.arith.steps import bits
from hw.arith.wires import any_of, lookup
from hw.datapath.hot import multiply_hot
from hw.encodings import Flagged, KHot
from hw.encodings.flagged import INFINITE, NAN, NUMBER
from hw.formats import Bipolar, Codebook, Fixed, Format, Integer, Minifloat, PowerOfTwo
from hw.formats.messages import cut


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
    field, normal : Value or None
        What the exponent is made of: the field in the code, and whether it is not zero.
    """

    significand: Value
    exponent: Value | None
    negate: Value | None
    kind: Kind
    field: Value | None = None
    normal: Value | None = None


@dataclass
class Kind:
    """What decides the sign and validity of infinities; None where the format has no such code or no sign."""

    infinite: Value | None
    nan: Value | None
    zero: Value
    negative: Value | None


def is_float(fmt: object) -> TypeGuard[Minifloat]:
    """Whether a format has exponents: a minifloat without is fixed point with a sign."""
    return isinstance(fmt, Minifloat) and fmt.exponent_bits > 0


def has_exponent(fmt: Format) -> bool:
    """Whether operands of the format need a shift: with one exponent bit both binades have one scale."""
    return isinstance(fmt, Minifloat) and fmt.exponent_bits > 1


def significand_width(fmt: Format) -> int:
    """Bits of the significand that a product meets."""
    if isinstance(fmt, Minifloat):
        return max(fmt.mantissa_bits + bool(fmt.exponent_bits), 1)
    if isinstance(fmt, Flagged):
        return fmt.precision
    if isinstance(fmt, PowerOfTwo):
        return 1
    return fmt.span.width if isinstance(fmt, Codebook) else fmt.width


def exponent_base(fmt: Format) -> int | None:
    """What a factor's exponent exceeds its shift by; None if it has no exponent."""
    if isinstance(fmt, PowerOfTwo):
        return int(fmt.zero) if fmt.width > fmt.signed else None
    if isinstance(fmt, Flagged):
        return 0
    return 1 if has_exponent(fmt) else None


@singledispatch
def unpack(fmt: Format, m: Logic, code: Value, name: str, masked: bool = True) -> Operand:
    """The parts of `code`, a Value as wide as `fmt`; `name` prefixes the wires.

    Unless `masked`, the significand of an infinity or NaN, or of a subnormal that is a zero, may be anything.
    """
    raise TypeError(f"no hardware takes {cut(fmt)} operands")


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
    steps = _steps(fmt)
    # Synthesis knows best what to make of a truth table.
    bits = lookup(m, f"{name}_steps", code, fmt.span.width, lambda i: steps[i])
    significand = m.wire(f"{name}_significand", bits.as_signed() if fmt.span.signed else bits)
    nan = [i for i in range(1 << fmt.width) if not isinstance(fmt.value(i), Fraction)]
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
    return Operand(significand, exponent, kind.negative, kind, field, normal)


@unpack.register
def _(fmt: Flagged, m: Logic, code: Value, name: str, masked: bool = True) -> Operand:
    # One more than the field, since the least numbers are no subnormals: as a factor it need not be.
    factor = _flagged_factor(fmt, m, code, name)
    assert factor.exponent is not None
    one = lookup(m, f"{name}_exponent", factor.exponent, fmt.exponent_bits + 1, lambda field: field + 1)
    return replace(factor, exponent=one, field=None, normal=None)


@unpack.register
def _(fmt: KHot, m: Logic, code: Value, name: str, masked: bool = True) -> Operand:
    total, negate = multiply_hot(m, f"{name}_terms", Const(1, 1), fmt, code)
    significand = fabric(m).negate(m, f"{name}_significand", total, negate, fmt.span.width).as_signed()
    return Operand(significand, None, None, Kind(None, None, significand == 0, significand[-1]))


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


def unpack_factor(fmt: Format, m: Logic, code: Value, name: str) -> Operand:
    """The parts of `code` as a product wants them.

    As `unpack`, but numbers that are a sign, a shift or a choice between zero and one are no more than
    that: their significand is one bit, and their exponent is `exponent_base` more than the shift.
    """
    if isinstance(fmt, PowerOfTwo):
        return _power_factor(fmt, m, code, name)
    if isinstance(fmt, Flagged):
        return _flagged_factor(fmt, m, code, name)
    if isinstance(fmt, Bipolar) and fmt.bits == 1:
        return Operand(Const(1, 1), None, ~code[0], Kind(None, None, Const(0, 1), ~code[0]))
    if isinstance(fmt, Codebook) and (steps := _steps(fmt)) and max(map(abs, steps)) == 1:
        return _sign_factor(m, code, name, steps)
    return unpack(fmt, m, code, name)


def _power_factor(fmt: PowerOfTwo, m: Logic, code: Value, name: str) -> Operand:
    """A power of two: its exponent is the field, and a zero or NaN has no significand."""
    field = code[:-1] if fmt.signed else code
    kind = Kind(None, None, Const(0, 1), code[-1] if fmt.signed else None)
    significand: Value = Const(1, 1)
    if fmt.zero:
        significand = any_of(m, f"{name}_normal", field)
        kind.zero = ~significand
    if fmt.nan:
        kind.nan = m.wire(f"{name}_nan", field.all())
        significand = m.wire(f"{name}_significand", significand & ~kind.nan)
    exponent = field if exponent_base(fmt) is not None else None
    return Operand(significand, exponent, kind.negative, kind, exponent, Const(1, 1))


def _flagged_factor(fmt: Flagged, m: Logic, code: Value, name: str) -> Operand:
    """A float with flags: they say all but the number."""
    fraction, field = code[: fmt.mantissa_bits], code[fmt.mantissa_bits : fmt.sign]
    kind = code[fmt.sign + 1 :]
    number = m.wire(f"{name}_number", kind == NUMBER)
    significand = m.wire(f"{name}_significand", Cat(*(bit & number for bit in bits(fraction)), number))
    flags = Kind(kind == INFINITE, kind == NAN, ~kind.any(), code[fmt.sign])
    return Operand(significand, field, code[fmt.sign], flags, field, Const(1, 1))


def _sign_factor(m: Logic, code: Value, name: str, steps: list[int]) -> Operand:
    """-1, 0 and 1, or two of them. The sign of a zero may be anything."""
    significand: Value = Const(1, 1)
    if 0 in steps:
        significand = _flag(m, f"{name}_significand", code, [step != 0 for step in steps])
    negate = None
    if -1 in steps:
        negate = _flag(m, f"{name}_negate", code, [None if step == 0 else step < 0 for step in steps])
    return Operand(significand, None, negate, Kind(None, None, ~significand if 0 in steps else Const(0, 1), negate))


def _flag(m: Logic, name: str, code: Value, table: list[bool | None]) -> Value:
    """A function of a code that may be anything where `table` is None: one of its bits, if that will do."""
    for index in range(len(code)):
        if all(entry in (None, bool(i >> index & 1)) for i, entry in enumerate(table)):
            return code[index]
    return lookup(m, name, code, 1, lambda i: int(bool(table[i])))


def _steps(fmt: Codebook | PowerOfTwo) -> list[int]:
    """The value of each code in steps of the format; 0 for a NaN."""
    unit = Fraction(2) ** fmt.span.lsb
    values = [fmt.value(i) for i in range(1 << fmt.width)]
    return [int(value / unit) if isinstance(value, Fraction) else 0 for value in values]
