"""Bit planes of weights as indices of tables, and the golden model of the matrix product that looks them up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from hw.formats import Format, check_int, parse_scalar
from sim.golden.codes import Codes, check_codes, check_format, code_type
from sim.golden.lookup import Lookup


def pack_planes(fmt: Format, codes: ArrayLike, group: int, half: bool) -> Codes:
    """Weights as indices, one for each bit of the weights of a group: the first weight's bit is the lowest.

    Parameters
    ----------
    fmt : Format
        Of the weights.
    codes : integer array of shape (..., groups * group)
    group : int
        Weights in a group.
    half : bool
        If true, the highest bit is the inverse of the last weight's, and tells whether the others are inverted.

    Returns
    -------
    Integer array of shape (..., bits, groups), lowest bit first, each of `group` bits.
    """
    check_format(fmt)
    check_int("group", group, 1, 16)
    weights = check_codes("codes", fmt, codes).astype(np.int64)
    if not weights.ndim or weights.shape[-1] % group:
        raise ValueError(f"codes must have shape (..., n * {group}), got {weights.shape}")
    groups = weights.reshape(*weights.shape[:-1], 1, -1, group)
    bits = groups >> np.arange(fmt.width)[:, None, None] & 1
    return _folded(bits @ (1 << np.arange(group)), group, half).astype(code_type(group))


def unpack_planes(fmt: Format, indices: ArrayLike, group: int, half: bool) -> Codes:
    """The codes that `pack_planes` was given.

    Raises
    ------
    TypeError, ValueError
        `indices` are no integers of `group` bits, or their shape has not the format's bits.
    """
    check_format(fmt)
    check_int("group", group, 1, 16)
    given = check_codes("indices", parse_scalar(f"uint{group}"), indices).astype(np.int64)
    if given.ndim < 2 or given.shape[-2] != fmt.width:
        raise ValueError(f"indices must have shape (..., {fmt.width}, groups), got {given.shape}")
    bits = _unfolded(given, group, half)[..., None] >> np.arange(group) & 1
    weights = (bits << np.arange(fmt.width)[:, None, None]).sum(axis=-3)
    return weights.reshape(*given.shape[:-2], -1).astype(code_type(fmt.width))


def _folded(numbers: Codes, group: int, half: bool) -> Codes:
    """Numbers of bits with a sign for the highest: where that bit is zero, all are inverted, which sets the sign."""
    if not half:
        return numbers
    top = 1 << (group - 1)
    return np.where(numbers & top, numbers ^ top, ~numbers & (2 * top - 1))


def _unfolded(numbers: Codes, group: int, half: bool) -> Codes:
    if not half:
        return numbers
    top = 1 << (group - 1)
    return np.where(numbers & top, ~numbers & (2 * top - 1), numbers ^ top)


@dataclass(frozen=True)
class Tmac(Lookup):
    """``y = W x`` of weights of few bits."""

    @staticmethod
    def weights_of(spec: Any) -> Format:
        return spec.w

    def pack(self, weights: Codes) -> Codes:
        return pack_planes(self.w, weights, self.group, self.half)

    def unpack(self, indices: Codes) -> Codes:
        return unpack_planes(self.w, indices, self.group, self.half)
