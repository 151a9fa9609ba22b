"""The golden block quantiser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from numpy.typing import ArrayLike, NDArray

from hw.formats import Block, Format
from sim.golden.blocks import quantize
from sim.golden.codes import check_codes
from sim.golden.decoding import decode
from sim.golden.streams import StreamModel


@dataclass(frozen=True)
class Quantise(StreamModel):
    """Numbers as blocks: as `sim.golden.blocks.quantize` has them.

    Parameters
    ----------
    input : Format
    output : Block
    rounding : str
        A key of `hw.formats.ROUNDINGS` but "stochastic".
    """

    input: Format
    output: Block
    rounding: str

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The model of a spec."""
        return cls(spec.input, spec.output, spec.rounding)

    def run(self, x: Mapping[str, ArrayLike]) -> dict[str, dict[str, NDArray[Any]]]:
        """The beats that come out, for those that go in: codes ``x`` of shape (beats, lanes).

        Returns
        -------
        Stream ``y``: ``x`` of shape (beats, lanes) and ``scale`` of shape (beats,).

        Raises
        ------
        TypeError, ValueError
            Codes that are none.
        """
        values = decode(self.input, check_codes("x", self.input, x["x"]))
        found = quantize(self.output, values, self.rounding)
        return {"y": {"x": found.elements, "scale": found.scales[:, 0]}}
