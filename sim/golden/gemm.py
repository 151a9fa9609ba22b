"""The golden GEMM core."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats.messages import echo
from sim.golden.accumulators import Floating
from sim.golden.codes import Codes, check_codes
from sim.golden.decoding import decode_steps
from sim.golden.encoding import encode_steps
from sim.golden.frames import Frames
from sim.golden.mac import Mac
from sim.golden.requant import Requant


@dataclass(frozen=True)
class Gemm:
    """``C = requantise(A B + bias)``, or ``A B + bias`` itself.

    Parameters
    ----------
    mac : Mac
        What each element of the array does.
    requant : Requant or None
        What makes C of the sums.
    frames : Frames
        How its streams are written.
    max_k : int
        The largest K: of more products sums may wrap.
    """

    mac: Mac
    requant: Requant | None
    frames: Frames
    max_k: int

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The model of a spec."""
        requant = None if spec.requant is None else Requant.of(spec.requant)
        shape = (spec.flow, spec.rows, spec.columns, spec.height)
        frames = Frames(spec.a, spec.b, spec.result, *shape, spec.parameters)
        return cls(Mac.of(spec.array.pe.mac), requant, frames, spec.max_k)

    def run(
        self, a: ArrayLike, b: ArrayLike, relu: bool = False, **parameters: ArrayLike
    ) -> tuple[Codes, NDArray[np.uint8]]:
        """C, for any M and N.

        Parameters
        ----------
        a : codes of shape (M, K)
        b : codes of shape (K, N)
        relu : bool
        **parameters : codes
            ``bias``, of shape (N,); and ``m``, ``e``, ``zero`` of the requantiser, of shape (N,) or one for all. A bias
            that is left out is zero.

        Returns
        -------
        codes of the result's format and status, as of an array's sums, of shape (M, N).

        Raises
        ------
        TypeError, ValueError
            Codes that are none, shapes that do not go together, parameters that are missing or unknown.
        """
        if not isinstance(relu, (bool, np.bool_)):
            raise TypeError(f"relu must be a bool, got {echo(relu)}")
        sums, status = self.mac.matmul(*self._filled(a, b))
        if (depth := np.shape(b)[0]) > self.max_k:
            raise ValueError(f"a and b must have a K of at most {self.max_k}, got {depth}")
        given = {name: _spread(name, codes, sums.shape) for name, codes in parameters.items()}
        if self.requant is not None:
            given.setdefault("bias", np.zeros(sums.shape, dtype=np.uint8))
            z = {"x": sums, "last": np.zeros(len(sums), dtype=np.uint8)}
            if self.requant.output.has_special:
                z["status"] = status
            return self.requant.run(z, given, int(relu))["y"]["x"], status
        known = [name for name in self.frames.parameters if name == "bias"]
        if relu or set(given) - set(known):
            wanted = f"{known[0]} or no parameters" if known else "no parameters"
            raise ValueError(f"wide sums take {wanted} and no ReLU, got {', '.join([*given, *['ReLU'] * bool(relu)])}")
        if not known:
            return sums, status
        total = decode_steps(self.mac.accumulator.format, sums).astype(object)
        if "bias" in given:
            fmt = self.frames.parameters["bias"]
            total = total + decode_steps(fmt, check_codes("bias", fmt, given["bias"]))
        return encode_steps(self.frames.result, total, self.frames.result.span.lsb), status

    def _filled(self, a: ArrayLike, b: ArrayLike) -> tuple[ArrayLike, ArrayLike]:
        """The operands as the frames have them: where one stays in the array, K is filled up to whole slices.

        What is added so is a product of zeros: to a float of -0, as the only number, that makes a difference.
        """
        x, y = np.asarray(a), np.asarray(b)
        if self.frames.flow == "os" or not isinstance(self.mac.accumulator, Floating):
            return a, b
        if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[0]:
            return a, b
        missing = -x.shape[1] % self.frames.rows
        return np.pad(x, ((0, 0), (0, missing))), np.pad(y, ((0, missing), (0, 0)))


def _spread(name: str, codes: ArrayLike, shape: tuple[int, ...]) -> NDArray[Any]:
    """A parameter for each element of C."""
    given = np.asarray(codes)
    if given.shape not in ((), shape[1:]):
        raise ValueError(f"{name} must be one code, or have shape ({shape[1]},), got {given.shape}")
    return np.broadcast_to(given, shape)
