"""The golden multiply-accumulate: same ports and codes as the hardware, a whole run at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.formats import Fixed, Format
from sim.golden.accumulators import Accumulator, Floating, Interleaved, Wide
from sim.golden.codes import check_codes, code_type, native
from sim.golden.decoding import decode
from sim.golden.matmul import matmul
from sim.golden.products import PRODUCTS, Terms


@dataclass(frozen=True)
class Mac:
    """``acc = (0 if clear else acc) + a * b``, as the accumulator adds.

    Parameters
    ----------
    a, b : Format
        The operands' formats.
    product : str
        A name in `sim.golden.products.PRODUCTS`.
    accumulator : Accumulator
        Takes one product after the other. Its format is that of port `acc`.
    latency : int
        Enabled clock edges from operands to the `acc` that holds their product, at least 1.
    """

    a: Format
    b: Format
    product: str
    accumulator: Accumulator
    latency: int

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The model of a spec."""
        return cls(spec.a, spec.b, spec.product, accumulator_of(spec), spec.latency)

    def run(self, a: ArrayLike, b: ArrayLike, clear: ArrayLike, en: ArrayLike) -> dict[str, NDArray[Any]]:
        """What the outputs show after each clock edge, from reset on.

        Parameters
        ----------
        a, b : integer arrays of shape (cycles,)
            Operand codes presented at each edge.
        clear, en : arrays of 0 and 1, of shape (cycles,)

        Returns
        -------
        dict with ``acc`` and ``status``, each of shape (cycles,).

        Raises
        ------
        TypeError, ValueError
            The arrays' shapes differ, or hold what is no code or no flag; the message names the port.
        """
        a, b = check_codes("a", self.a, a), check_codes("b", self.b, b)
        starts, accepted = check_flags("clear", clear), check_flags("en", en)
        shapes = [port.shape for port in (a, b, starts, accepted)]
        if len(set(shapes)) != 1 or a.ndim != 1:
            raise ValueError(f"a, b, clear and en must have one shape (cycles,), got {shapes}")
        terms = PRODUCTS[self.product](self.a, self.b, a, b)
        starts = starts[accepted]
        flags = terms.status[accepted]
        sums = self._sums(Terms(terms.steps[accepted], flags, terms.lsb), starts)
        positive = segmented_sum((flags & 1).astype(np.int64), starts) > 0
        negative = segmented_sum((flags >> 1).astype(np.int64), starts) > 0
        seen = self._seen(accepted)
        return {
            "acc": _at(sums, seen),
            "status": _at(positive.astype(np.uint8) | negative.astype(np.uint8) << 1, seen),
        }

    def newest(self, en: ArrayLike) -> NDArray[np.int64]:
        """For each cycle, the cycle whose pair entered the accumulator last; -1 for none yet."""
        accepted = np.flatnonzero(en)
        return np.append(-1, accepted)[np.maximum(self._seen(np.asarray(en, dtype=bool)), 0)]

    def _seen(self, accepted: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Pairs that have reached the accumulator after each cycle: all but those in the pipeline."""
        return np.cumsum(accepted) - (self.latency - 1)

    def _sums(self, terms: Terms, starts: NDArray[np.bool_]) -> NDArray[Any]:
        """The accumulator's codes after each term."""
        accumulator = self.accumulator
        if not isinstance(accumulator, Wide) or accumulator.saturate:
            return running_sums(accumulator, terms, starts)
        # Modulo a power of two the order does not count; uint64 wraps at 2**64 by itself.
        width = accumulator.format.width
        steps = segmented_sum(terms.steps.astype(np.uint64 if width <= 64 else object), starts)
        mask = (1 << width) - 1
        return steps & (mask if steps.dtype == object else np.uint64(mask))

    def matmul(self, a: ArrayLike, b: ArrayLike) -> tuple[NDArray[Any], NDArray[np.uint8]]:
        """Matrix product in this unit's arithmetic, the accumulator cleared for each element.

        Parameters
        ----------
        a : integer array of shape (n, k)
        b : integer array of shape (k, m)

        Returns
        -------
        codes of the accumulator and status, each of shape (n, m).
        """
        return matmul(self.a, self.b, a, b, self.product, self.accumulator)

    def values(self, codes: ArrayLike) -> NDArray[np.float64]:
        """The accumulator's codes as numbers, rounded to float64 where it cannot hold them.

        Raises
        ------
        TypeError, ValueError
            They are not codes of the accumulator.
        """
        return decode(self.accumulator.format, codes)


def check_flags(name: str, flags: ArrayLike) -> NDArray[np.bool_]:
    """`flags` as booleans.

    Raises
    ------
    TypeError
        They are neither booleans nor integers.
    ValueError
        One is not 0 or 1.
    """
    array = native(flags)
    if array.size and array.dtype.kind not in "biu":
        raise TypeError(f"{name} must be 0 or 1, got an array of {array.dtype}")
    if not np.isin(array, (0, 1)).all():
        raise ValueError(f"{name} must be 0 or 1, got {array[(array != 0) & (array != 1)].flat[0]}")
    return array.astype(bool)


def segmented_sum(terms: NDArray[Any], starts: NDArray[np.bool_]) -> NDArray[Any]:
    """Running sums that start anew at each element where `starts` is true."""
    if terms.size == 0:
        return terms
    running = np.cumsum(terms, dtype=terms.dtype)
    start = np.maximum.accumulate(np.where(starts, np.arange(len(terms)), 0))
    return running - (running[start] - terms[start])


def running_sums(accumulator: Accumulator, terms: Terms, starts: NDArray[np.bool_]) -> NDArray[Any]:
    """The accumulator's codes after each term; it starts anew at each element where `starts` is true."""
    count = len(starts)
    firsts = np.flatnonzero(np.append(True, starts[1:])) if count else np.zeros(0, dtype=np.int64)
    lengths = np.diff(np.append(firsts, count))
    # The longest first: those that still run are always the leading ones.
    order = np.argsort(-lengths, kind="stable")
    firsts, lengths = firsts[order], lengths[order]
    codes = np.zeros(count, dtype=code_type(accumulator.format.width))
    state = accumulator.start((len(firsts),))
    for k in range(lengths[0] if count else 0):
        running = int(np.searchsorted(-lengths, -k, side="left"))
        index = firsts[:running] + k
        state = accumulator.add(
            accumulator.leading(state, running), Terms(terms.steps[index], terms.status[index], terms.lsb)
        )
        codes[index] = accumulator.finish(state)
    return codes


def _at(sequence: NDArray[Any], count: NDArray[np.int64]) -> NDArray[Any]:
    """The element that is last after `count` of them; the reset value 0 before the first."""
    padded = np.concatenate([np.zeros(1, dtype=sequence.dtype), sequence])
    return padded[np.maximum(count, 0)]


def accumulator_of(spec: Any) -> Accumulator:
    """What a spec's products are summed in."""
    if isinstance(spec.accumulator_format, Fixed):
        return Wide(spec.accumulator_format, saturate=spec.saturates)
    sums = Floating(spec.accumulator_format, rounding=spec.rounding)
    return sums if spec.lanes == 1 else Interleaved(sums, spec.lanes)
