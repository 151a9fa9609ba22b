"""The golden block quantiser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Block, Format, PowerOfTwo
from sim.golden.blocks import Quantized, divide_odd, quantize
from sim.golden.codes import Codes, check_codes
from sim.golden.decoding import decode
from sim.golden.encoding import encode
from sim.golden.lfsr import Register
from sim.golden.streams import StreamModel


@dataclass(frozen=True)
class Quantise(StreamModel):
    """Numbers as blocks: as `sim.golden.blocks.quantize` has them.

    Parameters
    ----------
    input : Format
    output : Block
    rounding : str
        A key of `hw.formats.ROUNDINGS`.
    random : int
        Bits of each random number, for rounding "stochastic"; else 0.
    register : Register, optional
        Where random numbers come from if not with the numbers.
    """

    input: Format
    output: Block
    rounding: str
    random: int
    register: Register | None

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The model of a spec."""
        return cls(spec.input, spec.output, spec.rounding, spec.random, Register.of(spec))

    def run(self, x: Mapping[str, ArrayLike]) -> dict[str, dict[str, NDArray[Any]]]:
        """The beats that come out, for those that go in: codes ``x`` of shape (beats, lanes), and
        ``random`` of the same for rounding "stochastic" without a register; ``tensor`` of shape (beats,), codes of the
        tensor's scale, if blocks have that.

        Returns
        -------
        Stream ``y``: ``x`` of shape (beats, lanes) and ``scale`` of shape (beats,).

        Raises
        ------
        TypeError, ValueError
            Codes that are none.
        """
        values = decode(self.input, check_codes("x", self.input, x["x"]))
        if not isinstance(self.output.scale, PowerOfTwo):
            found = self._divided(values, x.get("tensor"))
            return {"y": {"x": found.elements, "scale": found.scales[:, 0]}}
        if not self.random:
            found = quantize(self.output, values, self.rounding)
            return {"y": {"x": found.elements, "scale": found.scales[:, 0]}}
        scales = quantize(self.output, values).scales
        random = self.register.numbers(values.shape) if self.register else x["random"]
        return {"y": {"x": self._stochastic(values, scales, random), "scale": scales[:, 0]}}

    def _divided(self, values: NDArray[np.float64], tensor: ArrayLike | None) -> Quantized:
        """Blocks under scales that are floats and saturate; one that is spoilt has NaN."""
        divisors = np.ones(len(values))
        if self.output.tensor is not None and tensor is not None:
            divisors = decode(self.output.tensor, check_codes("tensor", self.output.tensor, tensor))
        usable = np.isfinite(divisors) & (divisors > 0)
        numbers = np.where(np.isfinite(values) & usable[:, None], values, np.nan)
        quotients = divide_odd(numbers, np.where(usable, divisors, 1.0)[:, None])
        # A block with a NaN has one for a scale, and zeros.
        return quantize(replace(self.output, tensor=None), quotients, overflow="saturate")

    def _stochastic(self, values: NDArray[np.float64], scales: NDArray[Any], random: ArrayLike) -> Codes:
        """Values divided by powers of two, exactly, and rounded by chance; zeros where the scale is none."""
        divisors = decode(self.output.scale, scales)
        usable = np.isfinite(divisors)
        quotients = np.where(usable, values, 0.0) / np.where(usable, divisors, 1.0)
        return encode(self.output.element, quotients, "stochastic", random, self.random)
