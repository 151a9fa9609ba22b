"""Encoding without a table of roundings: by search where a list of all values is short, else by arithmetic."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hw.formats import Format
from sim.golden.decoding import TABLE_WIDTH
from sim.golden.grid import encode_on_grid
from sim.golden.ladder import ladder
from sim.golden.rounding import Rounding


def encode_directly(fmt: Format, x: NDArray[np.float64], rounding: Rounding) -> NDArray[Any]:
    """Codes of float64 numbers, without a table of roundings; NaN becomes 0 if the format has none."""
    nan = np.isnan(x)
    numbers = np.where(nan, 0.0, x) if nan.any() else x
    if fmt.width <= TABLE_WIDTH:
        codes = ladder(fmt).encode(fmt, numbers, rounding)
        signed_zero = minus_zero(fmt)
        if signed_zero is not None:
            codes = np.where((codes == 0) & np.signbit(numbers), signed_zero, codes)
    else:
        codes = encode_on_grid(fmt, numbers, rounding)
    for special, where in ((np.nan, nan), (np.inf, x == np.inf), (-np.inf, x == -np.inf)):
        code = fmt.code_of(special)
        if code is not None and where.any():
            codes = np.where(where, code, codes)
    return codes


@lru_cache(maxsize=64)
def minus_zero(fmt: Format) -> int | None:
    """The code of zero with a sign, of formats whose code 0 is a zero without."""
    sign = 1 << (fmt.width - 1)
    if fmt.value(0) == 0 == fmt.value(sign) and not fmt.is_reserved(sign):
        return sign
    return None
