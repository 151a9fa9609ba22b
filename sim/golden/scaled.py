"""Sums of blocks' products times the blocks' scales, exactly."""

from __future__ import annotations

import numpy as np

from hw.formats import Format
from sim.golden.codes import Codes
from sim.golden.decoding import decode, decode_steps
from sim.golden.products import Numbers, Terms, scaled_status
from sim.golden.rounding import floats_of_steps
from sim.golden.sums import FLOAT_BITS


def scaled(sums: Terms, a_format: Format, b_format: Format, a: Codes, b: Codes) -> Terms | Numbers:
    """Sums times the values of two scales, by the rules of IEEE 754; all are broadcast together.

    Parameters
    ----------
    sums : Terms
    a_format, b_format : Format
        The scales' formats.
    a, b : arrays of codes

    Returns
    -------
    Numbers where float64 is sure to hold every one, else Terms of Python's integers.
    """
    lsb = sums.lsb + a_format.span.lsb + b_format.span.lsb
    if not _fits(sums, a_format, b_format):
        factors = decode_steps(a_format, a).astype(object) * decode_steps(b_format, b).astype(object)
        steps = sums.steps.astype(object) * factors
        status = scaled_status(sums.steps, sums.status, decode(a_format, a), decode(b_format, b))
        return Terms(np.where(status > 0, 0, steps), status, lsb)
    values = floats_of_steps(sums.steps, sums.lsb)
    if sums.status.any():
        values = np.choose(sums.status, [values, np.inf, -np.inf, np.nan])
    with np.errstate(invalid="ignore"):  # of zero times infinity, which is NaN
        values = values * decode(a_format, a) * decode(b_format, b)
    return Numbers(values + 0.0, lsb)


def _fits(sums: Terms, a_format: Format, b_format: Format) -> bool:
    """Whether float64 holds the products, and all numbers on the way to them."""
    room = FLOAT_BITS - a_format.precision - b_format.precision
    if sums.steps.dtype == object or room <= 0 or np.abs(sums.steps).max(initial=0) >> room:
        return False
    finest = (sums.lsb, a_format.span.lsb, b_format.span.lsb)
    tops = (sums.lsb + FLOAT_BITS, a_format.top, b_format.top)
    return sum(min(0, lsb) for lsb in finest) > -900 and sum(max(0, top) for top in tops) < 900
