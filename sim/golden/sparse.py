"""The golden product of vectors by a matrix, and what digits its vectors have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Fixed, Format
from sim.golden.codes import Codes, check_codes, integer_type
from sim.golden.decoding import decode_steps
from sim.golden.digits import nonzero_digits
from sim.golden.encoding import encode_steps
from sim.golden.mac import check_flags
from sim.golden.matvec import vectors
from sim.golden.streams import StreamModel

Fields = Mapping[str, ArrayLike]


@dataclass(frozen=True)
class Work:
    """What vectors ask for.

    Attributes
    ----------
    digits : integer array of shape (vectors, places)
        How many digits are not zero, of each place.
    bare : integer array of shape (vectors,)
        How many codes have none.
    last : bool array of shape (vectors,)
        Whether the vector is the last one for its matrix.
    """

    digits: NDArray[np.int64]
    bare: NDArray[np.int64]
    last: NDArray[np.bool_]


@dataclass(frozen=True)
class Sparse(StreamModel):
    """``y = a B``, exactly.

    Parameters
    ----------
    a, b : Format
    k, n, load : int
        Rows and columns of B, and its codes in a beat.
    recoding : str
        As for `sim.golden.digits.nonzero_digits`.
    places : int
        Of digits.
    result : Fixed
        It holds every sum.
    """

    a: Format
    b: Format
    k: int
    n: int
    load: int
    recoding: str
    places: int
    result: Fixed

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The model of a spec."""
        return cls(spec.a, spec.b, spec.k, spec.n, spec.load, spec.recoding, spec.places, spec.result)

    def run(self, a: Fields, b: Fields) -> dict[str, dict[str, NDArray[Any]]]:
        """The beats that come out, for those that go in.

        Parameters
        ----------
        a, b : dict
            Codes ``x`` of shape (beats,) and (beats, load), flags ``last`` of shape (beats,).

        Returns
        -------
        Stream ``y``: ``x`` of shape (vectors, n) and ``last`` of shape (vectors,).

        Raises
        ------
        TypeError, ValueError
            Codes that are none, or too few of a matrix.
        """
        given, last = self._vectors(a)
        kind = integer_type(self.result.span)
        x = decode_steps(self.a, given).astype(kind)
        matrices = decode_steps(self.b, check_codes("b", self.b, b["x"])).astype(kind)
        which: NDArray[np.int64] = np.cumsum(last) - last
        needed = (int(which[-1]) + 1 if len(which) else 0) * self.k * self.n
        if matrices.size < needed:
            raise ValueError(f"b must have {needed} codes for {len(x)} vectors, got {matrices.size}")
        rows = matrices.ravel()[:needed].reshape(-1, self.k, self.n)
        sums = [vector @ rows[number] for vector, number in zip(x, which, strict=True)]
        steps = np.array(sums, dtype=kind).reshape(len(x), self.n)
        return {"y": {"x": encode_steps(self.result, steps, self.result.span.lsb), "last": last}}

    def work(self, a: Fields) -> Work:
        """The digits of the vectors that stream `a` brings."""
        given, last = self._vectors(a)
        bits = nonzero_digits(self.recoding, decode_steps(self.a, given).astype(np.int64))
        digits = (bits[..., None] >> np.arange(self.places) & 1).sum(axis=1)
        taken = np.array([end - start for start, end, _ in vectors(check_flags("last", a["last"]), self.k)], dtype=int)
        bare = (bits == 0).sum(axis=1) - (self.k - taken) if len(taken) else taken
        return Work(digits, bare, last)

    def _vectors(self, a: Fields) -> tuple[Codes, NDArray[np.bool_]]:
        """Codes of shape (vectors, k), filled up by zeros, and whether a vector is the last one for its matrix."""
        codes, last = check_codes("a", self.a, a["x"]), check_flags("last", a["last"])
        found = vectors(last, self.k)
        whole = np.zeros((len(found), self.k), dtype=codes.dtype)
        for vector, (start, end, _) in zip(whole, found, strict=True):
            vector[: end - start] = codes[start:end]
        return whole, np.array([last[end - 1] for _, end, _ in found], dtype=bool)
