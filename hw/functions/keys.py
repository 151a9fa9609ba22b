"""Logic that makes a key of a code."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Mux, Value

from hw.arith import Logic, fabric
from hw.arith.shift import shift_right
from hw.arith.steps import extend
from hw.arith.wires import any_of
from hw.arith.zeros import normalise
from hw.formats import Format, Minifloat
from hw.functions.front import Front, Normal, Plain, Scaled
from hw.recoding import signed_digits


def key_of(m: Logic, front: Front, source: Format, code: Value) -> Value:
    """The key of a code, as `front.keys` says."""
    match front:
        case Plain():
            return code[: front.bits]
        case Normal():
            return _normal(m, front, code)
    if not isinstance(source, Minifloat):
        number = code.as_signed() if front.signed else code
        return m.wire("key", _fitted(_dropped(times(m, number, front.factor), front.drop), front.bits))
    return _scaled(m, front, source, code)


def _normal(m: Logic, front: Normal, code: Value) -> Value:
    """A number shifted left to its highest one, and how far that was."""
    magnitude = code[: front.width]
    if front.absolute:
        magnitude = fabric(m).negate(m, "magnitude", code, code[-1], front.width)
    shifted, count = normalise(m, "normal", magnitude)
    return m.wire("key", Cat(shifted[:-1], ~count))


def _scaled(m: Logic, front: Scaled, source: Minifloat, code: Value) -> Value:
    """A significand times a constant, at its place; and all ones beyond the highest exponent."""
    assert front.top is not None
    mantissa, field = code[: source.mantissa_bits], code[source.mantissa_bits :][: source.exponent_bits]
    normal = any_of(m, "normal", field)
    if not source.subnormals:
        mantissa = m.wire("mantissa", mantissa & normal.replicate(len(mantissa)))
    bits = front.bits - front.signed
    product = _fitted(_dropped(times(m, Cat(mantissa, normal), front.factor), front.drop), bits)
    # A subnormal has the exponent of field 1.
    exponent = Cat(field[0] | ~normal, field[1:])
    down = m.wire("down", (Const(front.top) - exponent)[: source.exponent_bits + 1])
    moved = shift_right(m, "moved", m.wire("scaled", product), down[: source.exponent_bits], bits)
    magnitude = m.wire("magnitude", Mux(down[-1], (1 << bits) - 1, moved))
    return m.wire("key", Cat(magnitude, Const(0, 1)) ^ code[-1].replicate(bits + 1)) if front.signed else magnitude


def _dropped(number: Value, down: int) -> Value:
    """A number without its lowest bits, or with zeros below."""
    moved = number[down:] if down >= 0 else Cat(Const(0, -down), number)
    return moved.as_signed() if number.shape().signed else moved


def _fitted(number: Value, width: int) -> Value:
    return extend(number, max(width, len(number)))[:width]


def times(m: Logic, x: Value, factor: int) -> Value:
    """``x * factor`` of a positive constant: a row for each digit but the first, no wider than x and its carries."""
    places = signed_digits(factor)
    done: list[Value] = []
    (at, _), signed = places[0], any(digit < 0 for _, digit in places) or x.shape().signed
    total = (x if x.shape().signed else Cat(x, Const(0, 1)).as_signed()) if signed else x
    if places[0][1] < 0:
        total = fabric(m).negate(m, "negated", total, Const(1, 1), len(total) + 1).as_signed()
    for place, digit in places[1:]:
        # What lies below the next digit is done.
        step, at = place - at, place
        done.append(total[:step])
        total = total[step:].as_signed() if signed else total[step:]
        width = max(len(total), len(x) + 1) + 1
        addend = extend(x, width) if digit > 0 else ~extend(x, width)
        total = fabric(m).add(m, f"times{place}", extend(total, width), addend, width, int(digit < 0))
        total = total.as_signed() if signed else total
    below = Cat(Const(0, places[0][0]), *done)
    found = Cat(below, total)
    return found.as_signed() if x.shape().signed else found
