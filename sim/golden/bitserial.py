"""Numbers as frames of bit planes, and the golden model of the dot product that takes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Bipolar, Fixed, Format, Integer
from hw.formats.messages import cut
from sim.golden.codes import Codes, check_codes, check_format
from sim.golden.encoding import encode_steps
from sim.golden.streams import StreamModel

Stream = dict[str, NDArray[np.int64]]


def planes(fmt: Format, codes: ArrayLike) -> Stream:
    """Vectors of numbers as frames of bit planes.

    Parameters
    ----------
    fmt : Format
        Of the numbers: integers, in two's complement, unsigned or bipolar.
    codes : integer array of shape (vectors, lanes)

    Returns
    -------
    Fields of beats: ``x`` of shape (vectors * bits, lanes); ``negative``, ``bipolar`` and ``last``, a number for each.

    Raises
    ------
    TypeError, ValueError
        Another format, or codes that are none or have another shape.
    """
    check_format(fmt)
    if not isinstance(fmt, (Integer, Bipolar)):
        raise ValueError(f"fmt must be an integer or bipolar format, got {cut(fmt)}")
    given = check_codes("codes", fmt, codes).astype(np.int64)
    if given.ndim != 2:
        raise ValueError(f"codes must have shape (vectors, lanes), got {given.shape}")
    places = np.arange(fmt.width)[::-1]
    x = (given[:, None, :] >> places[:, None] & 1).reshape(-1, given.shape[1])
    twos = isinstance(fmt, Integer) and fmt.signed
    flags = {"negative": twos * (places == fmt.width - 1), "bipolar": isinstance(fmt, Bipolar) + 0 * places,
             "last": places == 0}  # fmt: skip
    return {"x": x, **{name: np.tile(flag.astype(np.int64), len(given)) for name, flag in flags.items()}}


def beats(a_format: Format, w_format: Format, a: ArrayLike, w: ArrayLike) -> dict[str, Stream]:
    """The beats of dot products: the planes of a, and for each of them all planes of w.

    Parameters
    ----------
    a_format, w_format : Format
        As for `planes`; both bipolar, or neither.
    a, w : integer arrays of shape (vectors, lanes)
        Codes.

    Returns
    -------
    Streams ``a`` and ``w``, as `planes` has them.

    Raises
    ------
    TypeError, ValueError
        As `planes`; or formats of which one alone is bipolar, or arrays of different shapes.
    """
    if isinstance(a_format, Bipolar) != isinstance(w_format, Bipolar):
        raise ValueError(f"formats must both be bipolar, or neither, got {cut(a_format)} and {cut(w_format)}")
    of_a, of_w = planes(a_format, a), planes(w_format, w)
    if np.shape(a) != np.shape(w):
        raise ValueError(f"a and w must have one shape (vectors, lanes), got {np.shape(a)} and {np.shape(w)}")
    frames = np.arange(len(of_w["last"])).reshape(-1, 1, w_format.width)
    order = np.repeat(frames, a_format.width, axis=1).ravel()
    return {"a": of_a, "w": {name: field[order] for name, field in of_w.items()}}


@dataclass(frozen=True)
class Bitserial(StreamModel):
    """Dot products of numbers that come as planes.

    Parameters
    ----------
    lanes, bits : int
        Lanes, and planes that a frame may have.
    kind : str
        ``twos``, ``bipolar`` or ``both``.
    result : Fixed
        It holds every sum.
    """

    lanes: int
    bits: int
    kind: str
    result: Fixed

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The model of a spec."""
        return cls(spec.lanes, spec.bits, spec.kind, spec.result)

    def run(self, a: Mapping[str, ArrayLike], w: Mapping[str, ArrayLike]) -> dict[str, dict[str, Codes]]:
        """The sums of the dot products that are whole.

        Parameters
        ----------
        a, w : dict
            ``x``, bits of shape (beats, lanes); ``negative``, ``last`` and, of a and if there are both kinds,
            ``bipolar``, of shape (beats,).

        Returns
        -------
        Stream ``sum``: ``x`` of shape (sums,).

        Raises
        ------
        ValueError
            A frame of more planes than `bits`.
        """
        a, w = ({name: np.asarray(field).astype(np.int64) for name, field in stream.items()} for stream in (a, w))
        weight_a, weight_w = self._weights("a", a), self._weights("w", w)
        # Which plane of a each plane of w meets, and which sum that goes to.
        met = np.cumsum(w["last"]) - w["last"]
        goes = np.cumsum(a["last"]) - a["last"]
        whole = met < min(len(goes), int(w["last"].sum()))
        met, of_w, weight_w = met[whole], w["x"][whole], weight_w[whole]
        of_a = a["x"][met]
        bipolar = {"twos": 0, "bipolar": 1}.get(self.kind)
        flag = a["bipolar"][met] if bipolar is None else np.full(len(met), bipolar)
        equal = (of_a == of_w).sum(axis=1)
        sums = np.where(flag, 2 * equal - self.lanes, (of_a & of_w).sum(axis=1)) * weight_a[met] * weight_w
        totals = np.bincount(goes[met], sums, minlength=len(goes))[
            : int(a["last"][: int(met.max(initial=-1)) + 1].sum())
        ]
        return {"sum": {"x": encode_steps(self.result, totals.astype(np.int64), 0)}}

    def _weights(self, name: str, stream: Mapping[str, NDArray[np.int64]]) -> NDArray[np.int64]:
        """What each plane counts: a power of two, by how far it is from its frame's end."""
        ends = np.flatnonzero(stream["last"])
        places = np.arange(len(stream["last"]))
        following = np.searchsorted(ends, places)
        # Of a frame that does not end nothing comes out.
        behind = np.append(ends, len(places))[following] - places
        longest = int(np.diff(ends, prepend=-1).max(initial=0))
        if longest > self.bits:
            raise ValueError(f"{name}'s frames must have at most {self.bits} planes, got {longest}")
        return (1 - 2 * stream["negative"]) << np.minimum(behind, self.bits)
