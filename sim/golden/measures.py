"""How wrong an approximation is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Format, Minifloat
from hw.formats.messages import cut
from sim.golden.codes import check_codes, check_format, native
from sim.golden.decoding import TABLE_WIDTH, decode
from sim.golden.products import Rule, find_rule
from sim.golden.sums import Sums

TABLE_LIMIT = 1 << 24
"""Pairs of a relative error table; more would take gigabytes."""


@dataclass(frozen=True)
class RelativeErrors:
    """Relative errors ``(product - exact) / exact`` of pairs of codes whose exact product is not 0.

    Attributes
    ----------
    table : float64 array of shape (n, m)
    a, b : integer arrays of shapes (n,) and (m,)
        The codes of its rows and columns.
    """

    table: NDArray[np.float64]
    a: NDArray[np.int64]
    b: NDArray[np.int64]

    @property
    def mean(self) -> float:
        """Mean magnitude."""
        return float(np.abs(self.table).mean())

    @property
    def bias(self) -> float:
        """Mean."""
        return float(self.table.mean())

    @property
    def rms(self) -> float:
        """Root of the mean square."""
        return float(np.sqrt(np.square(self.table).mean()))

    @property
    def worst(self) -> float:
        """Largest magnitude."""
        return float(np.abs(self.table).max())


def normal_codes(fmt: Format) -> NDArray[np.int64]:
    """Codes of the positive normal numbers of a float, of all positive finite ones of other formats.

    With one sign they stand for all: no product rule looks at signs otherwise.
    """
    codes = np.arange(1 << fmt.width)
    values = decode(fmt, codes)
    smallest = 2.0**fmt.min_exponent if isinstance(fmt, Minifloat) and fmt.exponent_bits else 0.0
    return codes[np.isfinite(values) & (values > 0) & (values >= smallest)]


def relative_errors(
    a_format: Format,
    b_format: Format,
    product: str | Rule,
    a: ArrayLike | None = None,
    b: ArrayLike | None = None,
) -> RelativeErrors:
    """The relative error of a product rule on all pairs of codes.

    Parameters
    ----------
    a_format, b_format : Format
    product : str or Rule
        A key of `PRODUCTS`, or a rule.
    a, b : integer arrays of one axis, optional
        Codes; by default `normal_codes` of the formats. Of finite values that are not 0.

    Returns
    -------
    RelativeErrors

    Raises
    ------
    TypeError, ValueError
        Codes that are none, or too many; a code of 0, infinity or NaN.
    """
    rule = find_rule(product)
    for fmt, given in ((a_format, a), (b_format, b)):
        check_format(fmt)
        if given is None and fmt.width > TABLE_WIDTH:
            raise ValueError(f"a and b must be given for formats of more than {TABLE_WIDTH} bits, got {cut(fmt)}")
    codes = [
        check_codes(name, fmt, normal_codes(fmt) if given is None else given).astype(np.int64)
        for name, fmt, given in (("a", a_format, a), ("b", b_format, b))
    ]
    if any(c.ndim != 1 for c in codes) or not 1 <= codes[0].size * codes[1].size <= TABLE_LIMIT:
        shapes = [c.shape for c in codes]
        raise ValueError(f"a and b must have one axis each and at least 1, at most {TABLE_LIMIT} pairs, got {shapes}")
    x, y = (decode(fmt, c) for fmt, c in zip((a_format, b_format), codes, strict=True))
    for name, values in (("a", x), ("b", y)):
        if not (np.isfinite(values) & (values != 0)).all():
            raise ValueError(f"{name} must be codes of finite values other than 0")
    terms = rule(a_format, b_format, codes[0][:, None], codes[1][None, :])
    products = np.ldexp(terms.steps.astype(np.float64), terms.lsb)
    with np.errstate(over="ignore", under="ignore"):
        exact = x[:, None] * y[None, :]
    if not (np.isfinite(exact) & (exact != 0)).all():
        raise ValueError(
            f"a and b must be codes whose products are float64 numbers, got {cut(a_format)} and {cut(b_format)}"
        )
    return RelativeErrors((products - exact) / exact, codes[0], codes[1])


def sqnr(reference: ArrayLike, approximation: ArrayLike) -> float:
    """Signal to quantisation noise in dB: ``10 log10(sum r**2 / sum (r - a)**2)``.

    Returns
    -------
    float
        inf if they are equal; NaN if both signal and noise are 0 for want of elements.

    Raises
    ------
    TypeError, ValueError
        No arrays of real numbers of one shape.
    """
    r, a = _reals("reference", reference), _reals("approximation", approximation)
    if r.shape != a.shape:
        raise ValueError(f"reference and approximation must have one shape, got {r.shape} and {a.shape}")
    # Scaled to 1, so that no square leaves float64's range.
    peak = max(np.abs(r).max(initial=0.0), np.abs(a).max(initial=0.0)) or 1.0
    r, a = r / peak, a / peak
    noise = float(np.square(r - a).sum())
    signal = float(np.square(r).sum())
    if noise == 0:
        return np.inf if r.size else np.nan
    return float(10 * np.log10(signal / noise)) if signal else -np.inf


def crest_factor(values: ArrayLike, axis: int | None = None) -> NDArray[np.float64]:
    """The largest magnitude over the root of the mean square; NaN where all are 0.

    Parameters
    ----------
    values : array of real numbers
        With at least one element along the axis.
    axis : int, optional
        Along which; by default over all.
    """
    x = _reals("values", values)
    if x.size == 0:
        raise ValueError(f"values must not be empty, got shape {x.shape}")
    peak = np.abs(x).max(axis=axis, keepdims=True)
    # Scaled to 1, so that no square leaves float64's range.
    rms = np.sqrt(np.square(x / np.where(peak > 0, peak, 1.0)).mean(axis=axis))
    return np.divide(1.0, rms, out=np.full(np.shape(rms), np.nan), where=np.asarray(rms) > 0)


def _reals(name: str, values: ArrayLike | Sums) -> NDArray[np.float64]:
    array = values.values() if isinstance(values, Sums) else native(values)
    if array.dtype.kind not in "fiu":
        raise TypeError(f"{name} must be real numbers, got an array of {array.dtype}")
    array = array.astype(np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite")
    return array
