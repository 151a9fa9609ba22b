"""The matrix product of weights of few bits by table lookup, plane by plane."""

from __future__ import annotations

from hw.specs.tmac import TmacSpec
from hw.units.lookup import Lookup


class Tmac(Lookup):
    """``y = W x``, or ``y = c + W x``, of weights of 1 to 4 bits (T-MAC, arXiv 2407.00088).

    Parameters
    ----------
    spec : TmacSpec
        What to build.
    target : Target
        The fabric to build it for.

    Members
    -------
    x : In(stream)
        ``x``: codes of ``tables * group`` activations.
    w : In(stream)
        ``index``: of `lookups` rows of weights, those of each plane, in it that of each group; and ``last``, with
        which the activations are given up. If planes are serial, a beat is of one, the lowest first, and ``last``
        counts in the highest.
    c : In(stream), if ``spec.is_chained``
        ``x``: for each row of a beat of `w`, a sum that its result is added to. If planes are serial, it is taken
        with the lowest.
    y : Out(stream)
        ``x``: the result of each row; and ``last``, that of `w`.

    Raises
    ------
    TypeError
        `spec` is not a TmacSpec, or `target` not a Target.
    ValueError
        LUT RAM on a family without; or, from `elaborate`, a pipeline that is deeper than the logic.
    """

    spec: TmacSpec
    spec_type = TmacSpec
