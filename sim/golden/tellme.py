"""Ternary weights as indices of tables, and the golden model of the matrix product that looks them up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from hw.formats import Format, check_int, parse_scalar
from sim.golden.codes import Codes, check_codes, code_type
from sim.golden.decoding import decode_steps
from sim.golden.lookup import Lookup

TERNARY = parse_scalar("ternary")


def index_width(group: int) -> int:
    """Bits of the index of a group of ternary weights."""
    check_int("group", group, 1, 10)
    return (3**group - 1).bit_length()


def pack_ternary(codes: ArrayLike, group: int, half: bool) -> Codes:
    """Ternary weights as indices: of each group the number ``w[0] + 3 w[1] + 9 w[2] + ...``.

    Parameters
    ----------
    codes : integer array of shape (..., groups * group)
        Codes of `ternary`.
    group : int
        Weights in a group.
    half : bool
        If true, the number is written as its sign, in the highest bit, and its magnitude; else in two's complement.

    Returns
    -------
    Integer array of shape (..., groups), each of `index_width` bits.
    """
    bits = index_width(group)
    weights = decode_steps(TERNARY, check_codes("codes", TERNARY, codes))
    if not weights.ndim or weights.shape[-1] % group:
        raise ValueError(f"codes must have shape (..., n * {group}), got {weights.shape}")
    numbers = weights.reshape(*weights.shape[:-1], -1, group) @ 3 ** np.arange(group)
    if half:
        return (np.abs(numbers) + ((numbers < 0) << (bits - 1))).astype(code_type(bits))
    return (numbers & ((1 << bits) - 1)).astype(code_type(bits))


def unpack_ternary(indices: ArrayLike, group: int, half: bool) -> Codes:
    """The codes that `pack_ternary` was given, those of zero as 0.

    Raises
    ------
    TypeError, ValueError
        `indices` are no integers, or one stands for no weights.
    """
    bits = index_width(group)
    codes = check_codes("indices", parse_scalar(f"uint{bits}"), indices).astype(np.int64)
    if not codes.ndim:
        raise ValueError(f"indices must have shape (..., groups), got {codes.shape}")
    sign, magnitude = codes >> (bits - 1), codes & ((1 << (bits - 1)) - 1)
    numbers = np.where(sign == 1, -magnitude, magnitude) if half else codes - (sign << bits)
    most = 3**group // 2
    if numbers.size and np.abs(numbers).max() > most:
        raise ValueError(f"indices must be those of numbers -{most}..{most}, got {codes[np.abs(numbers) > most][0]}")
    # From offset binary, a digit is one more than a weight.
    digits = (numbers[..., None] + most) // 3 ** np.arange(group) % 3
    return np.array([3, 0, 1], dtype=np.uint8)[digits].reshape(*codes.shape[:-1], -1)


@dataclass(frozen=True)
class Tellme(Lookup):
    """``y = W x`` of ternary weights."""

    @staticmethod
    def weights_of(spec: Any) -> Format:
        return TERNARY

    def pack(self, weights: Codes) -> Codes:
        return pack_ternary(weights, self.group, self.half)[..., None, :]

    def unpack(self, indices: Codes) -> Codes:
        return unpack_ternary(indices[..., 0, :], self.group, self.half)
