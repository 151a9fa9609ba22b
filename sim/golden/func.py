"""The golden model of a function: the integers that a plan says, without a look at logic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Format, Minifloat
from sim.golden.codes import Codes, check_codes
from sim.golden.decoding import decode
from sim.golden.streams import StreamModel


@dataclass(frozen=True)
class Func(StreamModel):
    """A function of codes.

    Parameters
    ----------
    input, output : Format
    results : array of ``2**input.width`` codes
        Of each code of the input the result.
    """

    input: Format
    output: Format
    results: Codes

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The model of a spec."""
        return cls(spec.input, spec.output, computed(spec.plan, spec.input, spec.output))

    def run(self, x: Mapping[str, ArrayLike]) -> dict[str, dict[str, NDArray[Any]]]:
        """The beats that come out, for those that go in.

        Parameters
        ----------
        x : dict
            ``x``, codes of shape (beats, lanes); ``last`` of shape (beats,).

        Returns
        -------
        Stream ``y``: ``x`` and ``last``, of the same shapes.

        Raises
        ------
        TypeError, ValueError
            Codes that are none.
        """
        return {"y": {"x": self.function(x["x"]), "last": np.asarray(x["last"])}}

    def function(self, codes: ArrayLike) -> Codes:
        """The codes of the function's results.

        Raises
        ------
        TypeError, ValueError
            Codes that are none.
        """
        return self.results[check_codes("x", self.input, codes)]


def computed(plan: Any, source: Format, result: Format) -> Codes:
    """The result of each code, as a plan makes it.

    Parameters
    ----------
    plan : Plan
        As `hw.functions.plan` has it.
    source, result : Format
    """
    codes = np.arange(1 << source.width, dtype=np.int64)
    x = decode(source, codes)
    word = _line(plan, source, codes % (1 << plan.key)) % (1 << plan.word)
    if plan.word < result.width:
        negative = plan.signed & (codes >> source.width - 1 == 1) & source.span.signed
        if result.code_of(np.nan) == 1 << plan.word:
            # Without -0, whose code is the NaN's.
            negative &= word != 0
        word = word + (negative.astype(np.int64) << plan.word)
    kinds = {
        "negative": x < 0,
        "zero": (x == 0) & ~np.signbit(x),
        "-zero": (x == 0) & np.signbit(x),
        "infinity": x == np.inf,
        "-infinity": x == -np.inf,
        "nan": np.isnan(x),
    }
    for kind, code in plan.exceptions:
        word = np.where(kinds[kind], code, word)
    return word


def _line(plan: Any, source: Format, key: Codes) -> Codes:
    """Constant, slope times offset, and what the line runs along."""
    lines = plan.lines
    block = key >> plan.key - lines.index
    total = lines.constant[block] + lines.slope[block] * (key % (1 << lines.offset))
    if plan.along is not None:
        k = key
        if isinstance(source, Minifloat):
            k = key % (1 << source.width - source.signed)
        elif source.span.signed:
            k = np.where(key >= 1 << plan.key - 1, key - (1 << plan.key), key)
        k = -1 - k if plan.along.inverted else k
        total = total + lines.along[block] * np.floor(np.ldexp(k, plan.along.up + lines.shift)).astype(np.int64)
    return total >> lines.shift
