"""The matrix product of ternary weights by table lookup."""

from __future__ import annotations

from hw.specs.tellme import TellmeSpec
from hw.units.lookup import Lookup


class Tellme(Lookup):
    """``y = W x``, or ``y = c + W x``, of ternary weights (TeLLMe, arXiv 2510.15926).

    Parameters
    ----------
    spec : TellmeSpec
        What to build.
    target : Target
        The fabric to build it for.

    Members
    -------
    x : In(stream)
        ``x``: codes of ``tables * group`` activations.
    w : In(stream)
        ``index``: of `lookups` rows of weights, that of each group, row by row; and ``last``, with which the
        activations are given up.
    c : In(stream), if ``spec.is_chained``
        ``x``: for each row of a beat of `w`, a sum that its result is added to.
    y : Out(stream)
        ``x``: the result of each row; and ``last``, that of `w`.

    Raises
    ------
    TypeError
        `spec` is not a TellmeSpec, or `target` not a Target.
    ValueError
        LUT RAM on a family without; or, from `elaborate`, a pipeline that is deeper than the logic.
    """

    spec: TellmeSpec
    spec_type = TellmeSpec
