"""Products in parts: sign, exponent and significand of values, multiplied and added each for itself."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.encodings import Unpacked
from hw.formats import Format, Minifloat, PowerOfTwo
from sim.golden.codes import Codes
from sim.golden.decoding import decode, decode_steps


def unpack(fmt: Format, codes: Codes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Significand and exponent of finite values: of a float a magnitude, and counted from 1 for the lowest exponent.

    A power of two's significand is 1, and other formats' exponents are 0.
    """
    if isinstance(fmt, PowerOfTwo):
        size = np.abs(decode(fmt, codes))
        some = np.isfinite(size) & (size > 0)
        exponent = np.frexp(np.where(some, size, 0.5))[1].astype(np.int64) - 1 + fmt.bias + fmt.zero
        return some.astype(np.int64), np.where(some, exponent, 0)
    steps = decode_steps(fmt, codes)
    if isinstance(fmt, Minifloat):
        steps = np.abs(steps)
    if not isinstance(fmt, Minifloat) or fmt.exponent_bits < 2:
        return steps.astype(np.int64), np.zeros(steps.shape, dtype=np.int64)
    # The lowest exponent's numbers have M + 1 bits, those above it end in zeros.
    length = np.frexp(steps.astype(np.float64))[1].astype(np.int64)
    exponent = np.maximum(length - fmt.mantissa_bits, 1)
    return (steps >> (exponent - 1)).astype(np.int64), exponent


def product_parts(a_format: Format, b_format: Format, a: Codes, b: Codes, result: Unpacked) -> NDArray[Any]:
    """The codes of products of finite values; of no meaning where one is not."""
    (x, low), (y, high) = unpack(a_format, a), unpack(b_format, b)
    significand, upper = x * y, low + high
    for fmt, codes in ((a_format, a), (b_format, b)):
        if _has_sign(fmt):
            upper = upper ^ (codes.astype(np.int64) >> fmt.width - 1) << result.exponent_bits
    return upper << result.significand_bits | significand & (1 << result.significand_bits) - 1


def _has_sign(fmt: Format) -> bool:
    """Whether a format's sign stands beside its significand, as a bit on top."""
    return isinstance(fmt, Minifloat | PowerOfTwo) and fmt.signed
