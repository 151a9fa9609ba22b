"""Products rounded once into a float: normalise, shift to the subnormals, round, and what lies beyond the range.

The result's code, without its sign, is one sum: the exponent's bits above the significand's, plus what
rounding adds. The leading one of a normal number's significand, added to the exponent's lowest bit,
is left out, so an exponent field counts from one, and the carry out of the significand does the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from amaranth.hdl import Cat, Const, Mux, Value

from hw.arith import Logic, fabric, multiply
from hw.arith.compare import above, below
from hw.arith.place import Place, always
from hw.arith.rounding import round_up, rounded, rounded_stochastic
from hw.arith.shift import shift_right, shift_right_sticky
from hw.arith.steps import bits, extend
from hw.arith.wires import lookup
from hw.arith.zeros import normalise
from hw.datapath import tabled
from hw.datapath.product import Specials, specials
from hw.datapath.unpack import Kind, Operand, is_float, unpack
from hw.formats import ROUNDINGS, Format, Minifloat, check_choice
from hw.formats.messages import cut, echo


def check_result(a: Format, b: Format, result: Format, exact: Format, rounding: str) -> None:
    """Raise ValueError unless products of `a` and `b` can be put out in `result` by `rounding`."""
    check_choice("rounding", rounding, [name for name in ROUNDINGS if name != "stochastic"])
    if result == exact:
        if rounding != "nearest_even":
            raise ValueError(f"rounding must be left out where nothing is rounded, got {echo(rounding)}")
        return
    if not is_float(result):
        raise ValueError(f"result must be exact or a float with exponent bits, got {cut(result)}")
    if (a.has_special or b.has_special) and result.convention == "finite":
        raise ValueError(f"result must have a NaN, for {cut(a)} and {cut(b)} can give one, got {cut(result)}")


@dataclass
class Signs:
    """What a number is besides its magnitude."""

    negate: Value
    special: Specials


@dataclass
class Unrounded(Signs):
    """A magnitude ``significand * 2**exponent``, with its sign and what else it may be.

    Attributes
    ----------
    significand : Value
        One of its two top bits is one, unless it is zero.
    exponent : Value
        Signed; with `offset` added, the field that the result has if the second bit from the top leads.
    lowest, highest : int
        Bounds of that field.
    offset : int
        Even.
    zero : Value
    """

    significand: Value
    exponent: Value
    lowest: int
    highest: int
    zero: Value
    offset: int = 0


def round_product(m: Logic, a: Format, b: Format, x: Value, y: Value, result: Minifloat, rounding: str) -> Value:
    """The code of the product of codes `x` and `y`."""
    p, q = (normalised(m, fmt, code, name) for fmt, code, name in ((a, x, "a"), (b, y, "b")))
    if rounding == "nearest_even" and _fits_table(m, p, q, result):
        return _round_by_table(m, p, q, result)
    significand = multiply(m, "product", p.significand, q.significand)
    top = len(significand) - 2
    offset = p.base + q.base + top + result.bias
    carry = offset & 1
    total, lowest, highest = exponent_sum(m, p, q, carry)
    # With the second bit leading, of significands that count from their lowest bits.
    bounds = (lowest + offset, highest + offset)
    number = Unrounded(*_signs(m, p, q), significand, total, *bounds, _zero(m, p, q), offset - carry)
    return pack(m, number, result, rounding)


def round_operand(
    m: Logic, fmt: Format, code: Value, result: Minifloat, rounding: str, random: Value | None = None
) -> tuple[Value, Kind]:
    """The code in `result` of a code of `fmt`, and what else this is; `random` has the bits of rounding "stochastic".

    A NaN's code may be any if the result has none.
    """
    if keeps_exponents(fmt, result):
        assert isinstance(fmt, Minifloat)
        return _round_code(m, fmt, code, result, rounding, random)
    number = normalised(m, fmt, code, "x", _is_far_below(fmt, result, random))
    offset = number.base + len(number.significand) - 1 + result.bias
    carry = offset & 1
    exponent = own_exponent(m, number, carry)
    significand = Cat(number.significand, Const(0, 1))
    kind = number.operand.kind
    bounds = (number.lowest + offset, number.highest + offset)
    special = Specials(kind.infinite, None if result.code_of(float("nan")) is None else kind.nan)
    unrounded = Unrounded(number.negate, special, significand, exponent, *bounds, kind.zero, offset - carry)
    return pack(m, unrounded, result, rounding, random), kind


def keeps_exponents(fmt: Format, result: Format) -> bool:
    """Whether an exponent field means the same in both formats, subnormal numbers too."""
    return is_float(fmt) and is_float(result) and fmt.bias == result.bias and result.subnormals


def _round_code(
    m: Logic, fmt: Minifloat, code: Value, result: Minifloat, rounding: str, random: Value | None
) -> tuple[Value, Kind]:
    """The same where exponents mean the same: exponent and mantissa are one number, of which the last bits go."""
    operand = unpack(fmt, m, code, "x", masked=False)
    kind, magnitude = operand.kind, code[:-1] if fmt.signed else code
    if not fmt.subnormals:
        magnitude = m.wire("x_magnitude", magnitude & ~kind.zero.replicate(len(magnitude)))
    negate = Const(0, 1) if operand.negate is None else operand.negate
    dropped = fmt.mantissa_bits - result.mantissa_bits
    whole, lost = Cat(Const(0, max(0, -dropped)), magnitude[max(0, dropped) :]), magnitude[: max(0, dropped)]
    total = _rounded_code(m, whole, lost, negate, rounding, random) if len(lost) else whole
    special = Specials(kind.infinite, None if result.code_of(float("nan")) is None else kind.nan)
    signs = without_infinity(Signs(negate, special), result)
    value: Value = total[: result.exponent_bits + result.mantissa_bits]
    if fmt.max > result.max:
        value, signs = overflowed(m, signs, result, rounding, total, kind.zero)
    return signed_code(m, signs, result, with_specials(signs, result, value)), kind


def _rounded_code(m: Logic, whole: Value, lost: Value, negate: Value, rounding: str, random: Value | None) -> Value:
    """What is left of a magnitude, rounded by the bits that go, in one bit more."""
    if random is None:
        return rounded(m, "rounded", rounding, whole, lost[-1], lost[:-1].any(), negate)
    chances = len(random)
    fraction = lost[-chances:] if len(lost) >= chances else Cat(Const(0, chances - len(lost)), lost)
    return rounded_stochastic(m, "rounded", whole, fraction, random)


def _is_far_below(fmt: Format, result: Minifloat, random: Value | None) -> bool:
    """Whether subnormal numbers of a format are too small for the result to tell one of them from another."""
    if not is_float(fmt):
        return False
    least = result.span.lsb if result.subnormals else result.min_exponent
    return fmt.min_exponent <= least - max(2, 0 if random is None else len(random))


def own_exponent(m: Logic, number: Normalised, carry: int = 0) -> Value:
    """An operand's exponent, signed, and a carry more."""
    width = len(number.exponent)
    while not -(1 << (width - 1)) <= number.lowest <= number.highest + carry < 1 << (width - 1):
        width += 1
    parts = [_at(number.exponent, index) for index in range(width)]
    if not carry and all(isinstance(low, Const) for _, low in parts):
        return Cat(one for one, _ in parts).as_signed()
    places = [Place(part, lambda a, b: a, lambda a, b: b) for part in parts]
    return fabric(m).row(m, "exponent", places, carry).as_signed()


@dataclass
class Normalised:
    """An operand ``significand * 2**(exponent + base)``, the significand's top bit one unless it is zero."""

    significand: Value
    exponent: list[tuple[Value, Value]]
    lowest: int
    highest: int
    base: int
    negate: Value
    operand: Operand
    leading: bool = False
    """Whether the leading one is a constant: then an operand that is zero must not be looked at."""


def normalised(m: Logic, fmt: Format, code: Value, name: str, far_below: bool = False) -> Normalised:
    """An operand; subnormal ones may be any numbers below the normal ones if they are `far_below` all that counts."""
    operand = unpack(fmt, m, code, name, masked=False)
    lsb = fmt.span.lsb
    if is_float(fmt):
        return _normalised_float(m, fmt, code, name, operand, far_below)
    significand = operand.significand
    negate = operand.negate if operand.negate is not None else Const(0, 1)
    if significand.shape().signed:
        negate = significand[-1]
        significand = fabric(m).negate(m, f"{name}_magnitude", significand, negate, len(significand))
    shifted, count = normalise(m, f"{name}_normal", significand)
    down = lookup(m, f"{name}_down", count, len(count) + 1, lambda n: -n)
    exponent = [(Const(0, 1), bit) for bit in bits(down)]
    return Normalised(shifted, exponent, -len(significand), 0, lsb, negate, operand)


def _normalised_float(
    m: Logic, fmt: Minifloat, code: Value, name: str, operand: Operand, far_below: bool
) -> Normalised:
    magnitude = code[:-1] if fmt.signed else code
    mantissa, field = magnitude[: fmt.mantissa_bits], magnitude[fmt.mantissa_bits :]
    normal = operand.significand[-1]
    base = fmt.span.lsb - 1
    negate = operand.negate if operand.negate is not None else Const(0, 1)
    highest = (1 << fmt.exponent_bits) - 1
    if not fmt.subnormals or not fmt.mantissa_bits or far_below:
        # A subnormal is a zero, or as good as one: its significand does not matter.
        exponent = [(bit, Const(0, 1)) for bit in bits(field)]
        return Normalised(Cat(mantissa, 1), exponent, 0, highest, base, negate, operand, leading=True)
    # Only the mantissa of a subnormal needs a shift, by one at least: then its field is zero.
    width = fmt.mantissa_bits
    shifted, count = normalise(m, f"{name}_subnormal", mantissa)
    # The leading one is there unless the operand is zero, and then the product is not looked at.
    fraction = m.wire(f"{name}_fraction", Mux(normal, mantissa, Cat(0, shifted)[:width]))
    significand = Cat(fraction, 1)
    lowered = lookup(m, f"{name}_lowered", Cat(count, normal), len(count) + 1, _lowered(len(count)))
    exponent = [
        (field[i] if i < len(field) else Const(0, 1), lowered[min(i, len(lowered) - 1)])
        for i in range(max(len(field) + 1, len(lowered)))
    ]
    return Normalised(significand, exponent, 1 - width, highest, base, negate, operand, leading=True)


def _lowered(width: int) -> Callable[[int], int]:
    """What a subnormal's exponent is less than the lowest, from its count and, above it, whether it is normal."""
    return lambda given: 0 if given >> width else -given


def _fits_table(m: Logic, p: Normalised, q: Normalised, result: Minifloat) -> bool:
    if not p.leading or not q.leading:
        return False
    x, y = len(p.significand) - 1, len(q.significand) - 1
    lowest = p.lowest + q.lowest + p.base + q.base + x + y + result.bias
    return tabled.fits(m, x + y, lowest, result, tabled.most_rise(x, y, result.mantissa_bits))


def _round_by_table(m: Logic, p: Normalised, q: Normalised, result: Minifloat) -> Value:
    x, y = (tabled.fraction_wires(operand.significand) for operand in (p, q))
    significand = tabled.multiply_by_table(m, x, y, result.mantissa_bits)
    total, _, _ = exponent_sum(m, p, q, significand[result.mantissa_bits])
    signs = Signs(*_signs(m, p, q))
    nan = result.code_of(float("nan"))
    # A NaN whose field is that of the highest number is made with it.
    shared = nan is not None and (nan ^ result.max_magnitude_code) >> result.mantissa_bits == 0
    offset = p.base + q.base + len(x) + len(y) + result.bias
    forced = signs.special.nan if shared and signs.special.infinite is None else None
    code = tabled.assemble(m, result, significand, total, offset, _zero(m, p, q), forced)
    return signed_code(m, signs, result, with_specials(signs, result, code))


def exponent_sum(m: Logic, p: Normalised, q: Normalised, carry: Value | int) -> tuple[Value, int, int]:
    """The sum of two exponents and a carry, signed, and its bounds without the carry."""
    width = max(len(p.exponent), len(q.exponent)) + 1
    lowest, highest = p.lowest + q.lowest, p.highest + q.highest
    while not -(1 << (width - 1)) <= lowest <= highest + 1 < 1 << (width - 1):
        width += 1
    places = []
    for index in range(width):
        (one, low), (other, down) = (_at(parts, index) for parts in (p.exponent, q.exponent))
        places.append(Place((one, low, other, down), lambda a, b, c, d: a | b, lambda a, b, c, d: c | d))
    return fabric(m).row(m, "exponent_sum", places, carry).as_signed(), lowest, highest


def _signs(m: Logic, p: Normalised, q: Normalised) -> tuple[Value, Specials]:
    return m.wire("negate", p.negate ^ q.negate), specials(m, p.operand.kind, q.operand.kind)


def _zero(m: Logic, p: Normalised, q: Normalised) -> Value:
    return m.wire("zero", p.operand.kind.zero | q.operand.kind.zero)


def _at(parts: list[tuple[Value, Value]], index: int) -> tuple[Value, Value]:
    """The wires of an exponent at a place, its sign going on; a field has none."""
    if index < len(parts):
        return parts[index]
    return (Const(0, 1), parts[-1][1])


def add_offset(m: Logic, value: Value, offset: int, lowest: int, highest: int) -> Value:
    """``value + offset``, signed, in as many bits as its bounds need."""
    width = (
        max(
            (lowest if lowest < 0 else 0).bit_length(),
            highest.bit_length(),
            (-lowest - 1).bit_length() if lowest < 0 else 0,
        )
        + 1
    )
    if not offset:
        return extend(value, max(width, len(value)))[:width].as_signed()
    low = (offset & -offset).bit_length() - 1
    whole = extend(value, max(width, len(value)))[:width]
    if low >= width:
        return whole.as_signed()
    upper = (
        lookup(m, "exponent_upper", whole[low:], width - low, lambda v: v + (offset >> low))
        if width - low <= 4
        else fabric(m).add_constant(m, "exponent_upper", whole[low:], (offset >> low) & ((1 << (width - low)) - 1))
    )
    return Cat(whole[:low], upper).as_signed()


@dataclass
class Cut:
    """A significand cut where the result's ends: its bits but the top one, the one below, and whether more follow."""

    kept: list[Place]
    lowest: Value
    half: Value
    rest: Value

    def is_power(self) -> Value:
        """Whether nothing but the leading one is set."""
        fraction = [place.x(*place.inputs) for place in self.kept]
        return ~Cat(*fraction, self.half, self.rest).any()


def pack(m: Logic, number: Unrounded, fmt: Minifloat, rounding: str, random: Value | None = None) -> Value:
    """The code of a number, rounded once; `random` has the bits of rounding "stochastic"."""
    # Below the kept bits: a guard bit and at least one more, or as many as are random.
    below_kept = 2 if random is None else max(2, len(random))
    missing = max(0, fmt.mantissa_bits + 2 + below_kept - len(number.significand))
    significand = Cat(Const(0, missing), number.significand) if missing else number.significand
    if random is not None:
        cut, increment = _cut_by_chance(m, number, significand, fmt, random)
        code = _sum(m, number, cut, significand[-1], increment, fmt)
        return _select(m, number, fmt, rounding, code, cut, significand[-1])
    cut = _cut(m, number, significand, fmt)
    odd = cut.lowest
    if not fmt.mantissa_bits:
        # The code's last bit is that of the exponent, and a number below the normal ones begins as code 0.
        odd &= number.exponent[0] ^ significand[-1]
    increment = m.wire("increment", round_up(rounding, number.negate, odd, cut.half, cut.rest))
    code = _sum(m, number, cut, significand[-1], increment, fmt)
    return _select(m, number, fmt, rounding, code, cut, significand[-1])


def _cut(m: Logic, number: Unrounded, significand: Value, fmt: Minifloat) -> Cut:
    top, mantissa = significand[-1], fmt.mantissa_bits
    dropped = len(significand) - 1 - (mantissa + 1)
    most = min(1 - number.lowest, mantissa + 3) if fmt.subnormals else 0
    if most <= 0:
        # One place at most, by the top bit: a row can choose as it adds.
        pairs = [(significand[n + 1], significand[n], top) for n in range(dropped, dropped + mantissa)]
        kept = [Place(wires, lambda a, b, t: (a & t) | (b & (1 ^ t)), always(0)) for wires in pairs]
        rest = significand[: dropped - 1].any() | (top & significand[dropped - 1])
        lowest, half = (Mux(top, significand[n + 1], significand[n]) for n in (dropped, dropped - 1))
        return Cut(kept, lowest, m.wire("half", half), m.wire("rest", rest))
    shifted, sticky = shift_right_sticky(m, "aligned", significand, _amount(m, number, top, most))
    bare = [Place((bit,), lambda b: b, always(0)) for bit in bits(shifted)[dropped : dropped + mantissa]]
    rest = m.wire("rest", shifted[: dropped - 1].any() | sticky)
    return Cut(bare, shifted[dropped], shifted[dropped - 1], rest)


def _cut_by_chance(m: Logic, number: Unrounded, significand: Value, fmt: Minifloat, random: Value) -> tuple[Cut, Value]:
    """A significand cut, and whether the bits that go carry when random ones are added."""
    mantissa, chances = fmt.mantissa_bits, len(random)
    dropped = len(significand) - 1 - (mantissa + 1)
    # Further down nothing is left that could carry.
    most = max(1, min(1 - number.lowest, mantissa + 2 + chances))
    amount = _amount(m, number, significand[-1], most)
    shifted = shift_right(m, "aligned", significand, amount, len(significand))
    fraction = shifted[dropped - chances : dropped]
    kept = [Place((bit,), lambda b: b, always(0)) for bit in bits(shifted)[dropped : dropped + mantissa]]
    places = [Place(pair, lambda f, r: f, lambda f, r: r) for pair in zip(bits(fraction), bits(random), strict=True)]
    total = fabric(m).row(m, "chance", [*places, Place((), always(0), always(0))], 0)
    return Cut(kept, shifted[dropped], shifted[dropped - 1], Const(0, 1)), m.wire("increment", total[-1])


def _amount(m: Logic, number: Unrounded, top: Value, most: int) -> Value:
    """How far the significand goes to the right: by its top bit, and for a subnormal to the lowest exponent."""
    width, exponent, offset = most.bit_length(), number.exponent, number.offset
    low = exponent[: min(width, len(exponent))]
    down: Value = lookup(m, "down", low, width, lambda e: 1 - offset - e)
    if number.lowest < 1 - most:
        down = Mux(below(exponent, 1 - most - offset), most, down)
    return Mux(above(exponent, -offset), top, down)[:width]


def _sum(m: Logic, number: Unrounded, cut: Cut, top: Value, increment: Value, fmt: Minifloat) -> Value:
    """Exponent and significand in one sum; it may exceed the highest code."""
    below_normal: Value = Const(0, 1)
    # A flushed result is not looked at, unless what it overflows to is.
    if (fmt.subnormals or fmt.overflow == "nan") and number.lowest < 0:
        below_normal = m.wire("below_normal", below(number.exponent, -number.offset))
    places = list(cut.kept)
    exponent = bits(number.exponent)
    for index in range(max(fmt.exponent_bits, (number.highest + 2).bit_length()) + 1):
        wire = exponent[min(index, len(exponent) - 1)]
        added = always(number.offset >> index & 1)
        inputs = (wire, below_normal, top if index == 0 else Const(0, 1))
        # The offset is even, so the lowest place is free for the top bit.
        places.append(Place(inputs, lambda e, n, t: e & (1 ^ n), lambda e, n, t, k=added: (k() | t) & (1 ^ n)))
    return fabric(m).row(m, "rounded", places, increment)


def _select(m: Logic, number: Unrounded, fmt: Minifloat, rounding: str, code: Value, cut: Cut, top: Value) -> Value:
    """The sum, or what the code is instead: a special, zero, the end of the range."""
    mantissa = fmt.mantissa_bits
    value: Value = code[: fmt.exponent_bits + mantissa]
    signs, zero = without_infinity(number, fmt), number.zero
    if (number.highest + 2) << mantissa > fmt.max_magnitude_code:
        value, signs = overflowed(m, signs, fmt, rounding, code, zero)
    if not fmt.subnormals and number.lowest + 1 < 1:
        value, zero = _flush(m, number, fmt, rounding, value, cut, top)
    return signed_code(m, signs, fmt, with_specials(signs, fmt, Mux(zero, 0, value)))


def overflowed(m: Logic, number: Signs, fmt: Minifloat, rounding: str, code: Value, zero: Value) -> tuple[Value, Signs]:
    """The magnitude of a rounded sum, or of what it overflows to; an overflow may be a NaN, which has no sign."""
    over = m.wire("overflow", above(code, fmt.max_magnitude_code))
    end, special = _beyond(fmt, rounding, number.negate), number.special
    if fmt.overflow == "nan" and not isinstance(end, Const):
        over_nan = over & (number.negate if rounding == "down" else ~number.negate)
    elif fmt.overflow == "nan" and rounding not in ("toward_zero", "odd"):
        over_nan = over
    else:
        return Mux(over, end, code[: fmt.exponent_bits + fmt.mantissa_bits]), number
    # A zero's exponent may be anything.
    over_nan &= ~zero
    if special.infinite is not None:
        over_nan &= ~special.infinite
    nan = over_nan if special.nan is None else over_nan | special.nan
    value = Mux(over, end, code[: fmt.exponent_bits + fmt.mantissa_bits])
    return value, Signs(number.negate, Specials(special.infinite, m.wire("no_number", nan)))


def without_infinity(number: Signs, fmt: Minifloat) -> Signs:
    """The same where an infinity that the format has no code for, and that overflows to NaN, is one."""
    special = number.special
    if special.infinite is None or fmt.overflow != "nan" or fmt.code_of(float("inf")) is not None:
        return number
    return Signs(
        number.negate, Specials(None, special.infinite if special.nan is None else special.infinite | special.nan)
    )


def with_specials(number: Signs, fmt: Minifloat, value: Value) -> Value:
    """The magnitude code of a number, or of the infinity or NaN that it is."""
    special, width = number.special, fmt.exponent_bits + fmt.mantissa_bits
    if special.infinite is not None:
        infinity = fmt.code_of(float("inf"))
        value = Mux(
            special.infinite, _beyond(fmt, "nearest_even", number.negate) if infinity is None else infinity, value
        )
    if special.nan is not None:
        nan = fmt.code_of(float("nan"))
        assert nan is not None
        value = Mux(special.nan, nan & ((1 << width) - 1), value)
    return value[:width]


def _beyond(fmt: Minifloat, rounding: str, negate: Value) -> Value:
    """The magnitude of what overflows."""
    width = fmt.exponent_bits + fmt.mantissa_bits
    end = Const(fmt.max_magnitude_code, width)
    special = fmt.code_of(float(fmt.overflow)) if fmt.overflow != "sat" else None
    if special is None or rounding in ("toward_zero", "odd"):
        return end
    out = Const(special & ((1 << width) - 1), width)
    if rounding in ("up", "down"):
        inward = negate if rounding == "up" else ~negate
        return Mux(inward, end, out)
    return out


def _flush(
    m: Logic, number: Unrounded, fmt: Minifloat, rounding: str, value: Value, cut: Cut, top: Value
) -> tuple[Value, Value]:
    """The value or the smallest normal number, and whether it is zero, where there are no subnormals."""
    exponent, offset = number.exponent, number.offset
    below_normal = below(exponent, -offset) | (below(exponent, 1 - offset) & ~top)
    next_binade = Mux(top, exponent == -1 - offset, exponent == -offset)
    under = m.wire("under", below_normal)
    smallest = Const(1 << fmt.mantissa_bits, len(value))
    to_zero = flushes(m, rounding, number.negate, next_binade, cut.is_power())
    return Mux(under, smallest, value), m.wire("flush", number.zero | (under & to_zero))


def flushes(m: Logic, rounding: str, negate: Value, next_binade: Value, exact_half: Value) -> Value:
    """Whether a number below the smallest normal one becomes zero, where there are no subnormals.

    Parameters
    ----------
    m : Logic
    rounding : str
    negate : Value
    next_binade : Value
        It is at least half of the smallest normal number.
    exact_half : Value
        If so, it is just that.
    """
    exact_half = m.wire("exact_half", exact_half)
    next_binade = m.wire("next_binade", next_binade)
    away = {
        "nearest_even": next_binade & ~exact_half,
        "nearest_away": next_binade,
        "toward_zero": Const(0, 1),
        "up": ~negate,
        "down": negate,
        "odd": Const(1, 1),
    }[rounding]
    return ~away


def signed_code(m: Logic, number: Signs, fmt: Minifloat, magnitude: Value) -> Value:
    """The code: with its sign, if the format has one."""
    special, negate = number.special, number.negate
    value = m.wire("magnitude", magnitude)
    if not fmt.signed:
        lowest = negate if special.nan is None else negate & ~special.nan
        return m.wire("code", Mux(lowest, 0, value))
    if fmt.convention == "fnuz":
        # The code of -0 is NaN.
        sign = negate & value.any()
        return m.wire("code", Cat(value, sign if special.nan is None else Mux(special.nan, 1, sign)))
    return m.wire("code", Cat(value, negate if special.nan is None else negate & ~special.nan))
