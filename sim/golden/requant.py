"""The golden requantiser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Fixed, Format, Integer, Minifloat
from sim.golden.codes import check_codes
from sim.golden.decoding import decode, decode_steps
from sim.golden.encoding import encode
from sim.golden.requantize import requantize
from sim.golden.streams import StreamModel


@dataclass(frozen=True)
class Requant(StreamModel):
    """``y = saturate(round((z + bias) * m / 2**e) + zero)``, or that rounded into a float.

    Parameters
    ----------
    input : Integer or Fixed
        Of the sums; only their codes count, as integers.
    output : Integer or Minifloat
    rounding : str
        A key of `hw.formats.ROUNDINGS` but "stochastic".
    parameters : dict of str to Format
        Of bias, m, e and, for an integer output, zero.
    clip : int
        What no result's magnitude is above, infinities' neither; 0 if there is no bound.
    """

    input: Integer | Fixed
    output: Integer | Minifloat
    rounding: str
    parameters: Mapping[str, Format]
    clip: int = 0

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The model of a spec."""
        return cls(spec.input, spec.output, spec.rounding, spec.parameters, spec.clip)

    def run(
        self,
        z: Mapping[str, ArrayLike],
        p: Mapping[str, ArrayLike] | None = None,
        relu: int = 0,
        **settings: int,
    ) -> dict[str, dict[str, NDArray[Any]]]:
        """The beats that come out, for those that go in.

        Parameters
        ----------
        z : dict
            ``x``, codes of shape (beats, lanes); ``last`` of shape (beats,); and perhaps ``status``, of the shape of
            ``x``: where it is not 0 the sum is an infinity, or NaN, and stays it.
        p : dict, optional
            The parameters, codes of shape (beats, lanes) each.
        relu : 0 or 1
        **settings : int
            The parameters' codes, where there is no `p`.

        Returns
        -------
        Stream ``y``: ``x`` and ``last``, of the same shapes.

        Raises
        ------
        TypeError, ValueError
            Codes that are none, or shapes that differ; parameters that are missing or unknown.
        """
        given: Mapping[str, ArrayLike] = settings if p is None else {**p, **settings}
        if set(given) != set(self.parameters):
            raise ValueError(f"parameters must be {', '.join(self.parameters)}, got {', '.join(given) or 'none'}")
        numbers = {name: _integers(name, fmt, given[name]) for name, fmt in self.parameters.items()}
        sums = _integers("z", self.input, z["x"])
        if "zero" in numbers:
            numbers["zero_point"] = numbers.pop("zero")
        codes = requantize(sums, fmt=self.output, rounding=self.rounding, relu=bool(relu), **numbers)
        if "status" in z:
            special = np.choose(np.asarray(z["status"]), [0.0, np.inf, 0.0 if relu else -np.inf, np.nan])
            codes = np.where(z["status"], encode(self.output, special, self.rounding), codes)
        if self.clip:
            values = decode(self.output, codes)
            within = np.where(np.isnan(values), 0, np.clip(values, -self.clip, self.clip))
            codes = np.where(np.abs(values) > self.clip, encode(self.output, within), codes)
        return {"y": {"x": codes, "last": np.asarray(z["last"])}}


def _integers(name: str, fmt: Format, codes: ArrayLike) -> NDArray[Any]:
    """The integers that codes of an integer or fixed-point format are."""
    return decode_steps(fmt, check_codes(name, fmt, codes))
