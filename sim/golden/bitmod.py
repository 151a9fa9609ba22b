"""Groups of weights that each choose their data type (BitMoD), and the golden model of the dot product of them.

Weights are whole numbers of steps: those of FP4 are twice what E2M1 says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Fixed, Format, check_choice
from sim.golden.codes import Codes, check_codes
from sim.golden.decoding import decode_steps
from sim.golden.encoding import encode_steps
from sim.golden.streams import StreamModel

KINDS = ("int8", "int6", "fp4", "fp3")
FLOATS: dict[str, tuple[tuple[int, ...], tuple[int, int]]] = {
    "fp4": ((0, 1, 2, 3, 4, 6, 8, 12), (10, 16)),
    "fp3": ((0, 1, 2, 4), (3, 6)),
}
"""The magnitudes of codes without a sign, and what -0 can be instead."""
SPECIALS = 4
"""The smaller, the larger, and their negatives."""
MAX_SCALE = 255

Numbers = NDArray[np.float64]


def values(kind: str, special: int = 0) -> NDArray[np.int64]:
    """What each code stands for, in steps.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    special : int
        Of floats, what stands in the place of -0: bit 0 the larger, bit 1 negative.

    Raises
    ------
    TypeError, ValueError
        Another kind.
    """
    check_choice("kind", kind, dict.fromkeys(KINDS, ""))
    if kind not in FLOATS:
        count = 1 << int(kind[3:])
        codes = np.arange(count)
        return codes - (codes >= count // 2) * count
    magnitudes, specials = FLOATS[kind]
    negative = -np.array(magnitudes)
    negative[0] = specials[special & 1] * (1 - 2 * (special >> 1))
    return np.concatenate([np.array(magnitudes), negative])


@dataclass(frozen=True)
class Grouped:
    """Weights in groups.

    Attributes
    ----------
    kind : str
        Of all of them.
    codes : array of shape (..., groups, group)
    special : array of shape (..., groups)
        What stands for -0 in each group; 0 for integers.
    scale : array of shape (..., groups)
        Codes of uint8.
    unit : array of shape (..., 1)
        What a step of the weights and one of the scales count for together, in each row.
    """

    kind: str
    codes: NDArray[np.int64]
    special: NDArray[np.int64]
    scale: NDArray[np.int64]
    unit: Numbers

    def weights(self) -> Numbers:
        """The numbers that they stand for, of the shape of `codes`."""
        steps = np.stack([values(self.kind, special) for special in range(SPECIALS)])
        return steps[self.special[..., None], self.codes] * (self.scale * self.unit)[..., None]


def quantise(weights: ArrayLike, kind: str, group: int) -> Grouped:
    """Weights, rounded to the nearest, with the special value of each group that has the least mean squared error.

    A group's scale brings its largest magnitude to the type's; it is rounded to a number of 8 bits of units that all
    groups of a row share.

    Parameters
    ----------
    weights : array of shape (..., groups * group)
        Finite numbers; the last axis is a row.
    kind : str
        One of `KINDS`.
    group : int
        Weights that share a scale.

    Raises
    ------
    TypeError, ValueError
        Another kind, or weights that are no whole groups.
    """
    numbers = np.asarray(weights, dtype=np.float64)
    if not numbers.ndim or group < 1 or numbers.shape[-1] % group:
        raise ValueError(f"weights must have shape (..., n * {group}), got {numbers.shape}")
    rows = numbers.reshape(*numbers.shape[:-1], -1, group)
    tried = [_rounded(rows, kind, special) for special in range(SPECIALS if kind in FLOATS else 1)]
    errors = np.stack([((one.weights() - rows) ** 2).mean(axis=-1) for one in tried])
    chosen = errors.argmin(axis=0)
    # With one unit for all groups of a row, scales are rounded once more, as the chosen types need.
    return _rounded(rows, kind, chosen)


def _rounded(rows: Numbers, kind: str, special: int | NDArray[np.int64]) -> Grouped:
    """Groups with such special values."""
    special = np.broadcast_to(np.asarray(special), rows.shape[:-1])
    table = np.stack([values(kind, each) for each in range(SPECIALS)])[special]
    most = np.abs(table).max(axis=-1) if kind in FLOATS else np.full(special.shape, int(table.max()))
    wanted = np.abs(rows).max(axis=-1) / most
    unit = wanted.max(axis=-1, keepdims=True) / MAX_SCALE
    scale = np.clip(np.rint(wanted / np.where(unit > 0, unit, 1)), 0, MAX_SCALE).astype(np.int64)
    steps = rows / np.where(scale > 0, scale * unit, 1)[..., None]
    codes = np.abs(steps[..., None] - table[..., None, :]).argmin(axis=-1)
    return Grouped(kind, codes, special.astype(np.int64), scale, unit)


@dataclass(frozen=True)
class Bitmod(StreamModel):
    """Dot products of groups of weights, each group times its scale.

    Parameters
    ----------
    x : Format
        Of the activations.
    lanes, group : int
        Weights in a beat, and in a group.
    result : Fixed
        It holds every result.
    """

    x: Format
    lanes: int
    group: int
    result: Fixed

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The model of a spec."""
        return cls(spec.x, spec.lanes, spec.group, spec.result)

    def run(
        self, x: Mapping[str, ArrayLike], w: Mapping[str, ArrayLike], g: Mapping[str, ArrayLike]
    ) -> dict[str, dict[str, Codes]]:
        """The results of the dot products that are whole.

        Parameters
        ----------
        x : dict
            ``x``, codes of shape (beats, lanes).
        w : dict
            ``code``, of shape (beats, lanes); what is above a type's bits does not count.
        g : dict
            ``kind``, an index of `KINDS`, ``special``, ``scale`` and ``last``, of shape (groups,).

        Returns
        -------
        Stream ``y``: ``x`` of shape (results,).

        Raises
        ------
        TypeError, ValueError
            Codes that are none.
        """
        kind, special, scale, last = (
            np.asarray(g[name]).astype(np.int64) for name in ("kind", "special", "scale", "last")
        )
        beats = self.group // self.lanes
        count = min(len(kind), len(np.asarray(x["x"])) // beats, len(np.asarray(w["code"])) // beats)
        given = decode_steps(self.x, check_codes("x", self.x, x["x"]))[: count * beats].reshape(count, self.group)
        codes = np.asarray(w["code"]).astype(np.int64)[: count * beats].reshape(count, self.group)
        results, total = [], 0
        for n in range(count):
            table = values(KINDS[kind[n]], int(special[n]))
            # Wider than any integer of numpy's, where activations are floats.
            products = table[codes[n] % len(table)].astype(object) * given[n].astype(object)
            total += int(products.sum()) * int(scale[n])
            if last[n]:
                results.append(total)
                total = 0
        return {"y": {"x": encode_steps(self.result, np.array(results, dtype=object), self.x.span.lsb)}}
