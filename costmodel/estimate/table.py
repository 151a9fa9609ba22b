"""Estimates of many designs at once, by columns: parts are counted once, and a table of any length is looked up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import comb

import numpy as np
from numpy.typing import NDArray

import hw
from costmodel.estimate.growth import STATED, doublings, growth, terms
from costmodel.estimate.part import COUNTS
from costmodel.estimate.residual import CORRECTED, Band, band, corrected, kind, known
from costmodel.measure import Keep, unkept
from hw.formats.messages import echo

TOGETHER = 1 << 16
"""Designs that are looked up at a time: what is gathered for them stays in the cache."""
Columns = dict[str, NDArray[np.float64]]


class Parts:
    """Designs by number, each of which stands for all that differ from it in `sizes` only.

    Parameters
    ----------
    designs : iterable of (Spec, Target)
        In the order of their numbers.
    keep : Keep
        Keeps what was counted; by default nothing does.

    Raises
    ------
    TypeError, ValueError
        As `estimate`.
    """

    def __init__(self, designs: Iterable[tuple[hw.Spec, hw.Target]], keep: Keep = unkept) -> None:
        found = [(spec, target, growth(spec, target, keep)) for spec, target in designs]
        self.sizes = max((len(spec.sizes) for spec, _, _ in found), default=0)
        self._counts = np.zeros((len(found), len(COUNTS), comb(self.sizes + 2, 2)))
        self._periods = np.zeros((len(found), 2))
        self._stated = np.zeros((len(found), len(STATED), comb(self.sizes + 2, 2)))
        self._bands = np.zeros((len(found), len(CORRECTED), 3))
        for number, (spec, target, grown) in enumerate(found):
            places = _places(len(spec.sizes), self.sizes)
            self._counts[number][:, places], self._stated[number][:, places] = grown.counts, grown.stated
            self._periods[number] = grown.period
            for place, quantity in enumerate(CORRECTED):
                how = band(known(), target.name, quantity, kind(spec))
                self._bands[number, place] = how.factor, how.low, how.high

    def __len__(self) -> int:
        return len(self._counts)

    def estimate(self, part: NDArray[np.integer], sizes: NDArray[np.integer]) -> Columns:
        """What designs take.

        Parameters
        ----------
        part : (designs,) array of int
            Which part each is.
        sizes : (designs, sizes) array of int
            Its sizes, in the order of the spec's; 1 in the columns beyond those.

        Returns
        -------
        dict of str to (designs,) array of float
            ``lut``, ``lut_low``, ``lut_high``, the same of ``carry``, ``ff`` and ``mhz``, ``dsp`` and ``bram``, and
            ``rate``, operations a cycle, and ``latency``, in clock edges. NaN where nothing is known.

        Raises
        ------
        ValueError
            The arrays do not go together, or there is no such part.
        """
        part, sizes = np.asarray(part), np.asarray(sizes)
        check_designs(part, sizes, len(self), self.sizes)
        found = {name: np.empty(len(part)) for name in _names()}
        for start in range(0, len(part), TOGETHER):
            here = slice(start, start + TOGETHER)
            for name, column in self._some(part[here], sizes[here]):
                found[name][here] = column
        return found

    def _some(self, part: NDArray[np.integer], sizes: NDArray[np.integer]) -> Iterator[tuple[str, NDArray[np.float64]]]:
        grown, more = terms(sizes), doublings(sizes)
        values = {
            name: np.maximum(0.0, np.rint(np.einsum("nt,nt->n", self._counts[:, place][part], grown)))
            for place, name in enumerate(COUNTS)
        }
        values["mhz"] = 1000 / np.einsum("nt,nt->n", self._periods[part], more)
        for place, quantity in enumerate(CORRECTED):
            how = Band(*self._bands[:, place][part].T)
            yield from zip(_ends(quantity), corrected(quantity, how, values[quantity]), strict=True)
        yield from ((name, values[name]) for name in COUNTS if name not in CORRECTED)
        for place, name in enumerate(STATED):
            yield name, np.einsum("nt,nt->n", self._stated[:, place][part], grown)


def check_designs(part: NDArray[np.integer], sizes: NDArray[np.integer], parts: int, wide: int) -> None:
    """Raise ValueError unless they are designs: numbers of so many parts, and so many sizes of each."""
    if part.ndim != 1 or sizes.shape != (len(part), wide):
        raise ValueError(
            f"part and sizes must have shapes (designs,) and (designs, {wide}), got {part.shape} and {sizes.shape}"
        )
    if len(part) and not (part.min() >= 0 and part.max() < parts):
        raise ValueError(f"part must be 0..{parts - 1}, got {echo(int(part.min()))}..{echo(int(part.max()))}")


def _ends(quantity: str) -> list[str]:
    """The columns of a quantity: it, and the ends of its interval."""
    return [f"{quantity}{end}" for end in ("", "_low", "_high")]


def _names() -> Sequence[str]:
    """The columns of estimates."""
    ends = [name for quantity in CORRECTED for name in _ends(quantity)]
    return [*ends, *(name for name in COUNTS if name not in CORRECTED), *STATED]


def _places(own: int, most: int) -> list[int]:
    """Where a design's terms are among those of one with more sizes: that has 1 for what it lacks."""
    first = [0, *range(1, own + 1)]
    pairs = [(a, b) for a in range(most) for b in range(a, most)]
    return [*first, *(1 + most + place for place, (_, b) in enumerate(pairs) if b < own)]
