"""What makes a key of a code: the code itself, its logarithm to base two, or the code of the float that it is."""

from __future__ import annotations

from dataclasses import dataclass
from math import log2
from typing import ClassVar

import numpy as np

from hw.formats import Format, Minifloat
from hw.functions.fit import Ints
from hw.functions.wanted import has_sign, numbers
from hw.recoding import signed_digits

LOG2_E = log2(np.e)


@dataclass(frozen=True)
class Plain:
    """The code, or, `folded`, that without its sign.

    Parameters
    ----------
    bits : int
        Of a key.
    signed : bool
        Whether keys are two's complement.
    """

    bits: int
    signed: bool

    kind: ClassVar[str] = "plain"
    cost: ClassVar[float] = 0.0

    def keys(self, source: Format) -> Ints:
        """The key of each code."""
        return np.arange(1 << source.width) & (1 << self.bits) - 1


@dataclass(frozen=True)
class Scaled:
    """x times a constant, in fixed point: ``x * factor >> drop`` of integers, and of floats with their exponents.

    A float's significand is multiplied, and goes down by as much as its exponent is below `top`; a negative number is
    the inverse of its magnitude, which is one step less. Above `top`, all bits are ones.

    Parameters
    ----------
    factor : int
    drop : int
        Bits of the product that are left out; negative if zeros come in.
    bits : int
        Of a key, with its sign.
    signed : bool
    top : int or None
        Of floats.
    """

    factor: int
    drop: int
    bits: int
    signed: bool
    top: int | None = None

    kind: ClassVar[str] = "scaled"

    @property
    def cost(self) -> float:
        """A row for each digit, and a choice of four for two bits of a shift."""
        rows = (len(signed_digits(self.factor)) - 1) * (self.bits // 2 if self.top is None else 10)
        return rows + (0 if self.top is None else 2.5 * self.bits)

    def keys(self, source: Format) -> Ints:
        codes = np.arange(1 << source.width)
        if not isinstance(source, Minifloat):
            signed = np.where(codes >> source.width - 1, codes - (1 << source.width), codes)
            return _moved((signed if self.signed else codes) * self.factor, self.drop) & (1 << self.bits) - 1
        assert self.top is not None
        field = codes >> source.mantissa_bits & (1 << source.exponent_bits) - 1
        mantissa = codes & (1 << source.mantissa_bits) - 1
        significand = np.where(field > 0, mantissa + (1 << source.mantissa_bits), mantissa * source.subnormals)
        down = self.top - np.maximum(field, 1)
        moved = _moved(significand * self.factor, self.drop) >> np.clip(down, 0, 62)
        magnitude = np.where(down < 0, (1 << self.bits - self.signed) - 1, moved)
        negative = has_sign(source) & (codes >> source.width - 1 == 1)
        return np.where(negative, ~magnitude, magnitude) & (1 << self.bits) - 1

    def error(self, source: Format, fraction: int) -> float:
        """How far a key is from x log2(e), at most, in its last place, of `fraction` bits below the point."""
        keys, half = self.keys(source), 1 << self.bits - 1
        got = np.where(self.signed & (keys >= half), keys - 2 * half, keys)
        x = numbers(source)
        right = np.ldexp(np.where(np.isfinite(x), x, 0.0) * LOG2_E, fraction)
        inside = np.isfinite(x)
        if isinstance(source, Minifloat) and self.top is not None:
            inside &= np.abs(x) < 2.0 ** (self.top + 1 - source.bias)
        return float(np.abs(got - right)[inside].max())


@dataclass(frozen=True)
class Normal:
    """The float that an integer is: how many bits lead up to its highest one, and what follows that.

    Parameters
    ----------
    width : int
        Bits of the magnitude.
    absolute : bool
        Whether numbers below zero are negated first.
    """

    width: int
    absolute: bool

    kind: ClassVar[str] = "normal"
    signed: ClassVar[bool] = False

    @property
    def places(self) -> int:
        """Bits of an exponent."""
        return (self.width - 1).bit_length()

    @property
    def bits(self) -> int:
        return self.places + self.width - 1

    @property
    def cost(self) -> float:
        return (self.places * 0.75 + self.absolute) * self.width

    def keys(self, source: Format) -> Ints:
        codes = np.arange(1 << source.width)
        signed = np.where(source.span.signed & (codes >> source.width - 1 == 1), codes - (1 << source.width), codes)
        magnitude = np.abs(signed) if self.absolute else codes
        magnitude &= (1 << self.width) - 1
        length = np.frexp(magnitude.astype(np.float64))[1]
        zeros = np.where(magnitude > 0, self.width - length, (1 << self.places) - 1)
        exponent = (1 << self.places) - 1 - zeros
        return (magnitude << np.where(magnitude > 0, zeros, 0)) % (1 << self.width - 1) | exponent << self.width - 1


Front = Plain | Scaled | Normal


def _moved(number: Ints, down: int) -> Ints:
    return number >> down if down >= 0 else number << -down
