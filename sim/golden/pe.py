"""The golden processing element: a multiply-accumulate with operands that pass through, a whole run at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.golden.accumulators import Accumulator, Wide
from sim.golden.codes import Codes, check_codes
from sim.golden.decoding import decode, decode_steps
from sim.golden.mac import Mac, check_flags
from sim.golden.products import PRODUCTS

UNKNOWN = -1
"""What an output shows before anything has set it."""


@dataclass(frozen=True)
class Pe:
    """A processing element.

    Parameters
    ----------
    mac : Mac
        The multiply-accumulate inside.
    flow : str
        ``os``: it keeps the sum. ``ws``: it keeps a b; ``is``: an a.
    latency : int
        Enabled clock edges from an operand to the sum with its product, at least 2.
    """

    mac: Mac
    flow: str
    latency: int

    @classmethod
    def of(cls, spec: Any) -> Self:
        """The model of a spec."""
        return cls(Mac.of(spec.mac), spec.flow, spec.latency)

    def run(self, a: ArrayLike, b: ArrayLike, en: ArrayLike, **inputs: ArrayLike) -> dict[str, NDArray[Any]]:
        """What the outputs show after each clock edge.

        Parameters
        ----------
        a, b : integer arrays of shape (cycles,)
            Operand codes presented at each edge.
        en : array of 0 and 1
        **inputs
            ``valid`` and ``first``; or ``take``, ``swap``, ``acc_in`` and ``status_in``.

        Returns
        -------
        dict with ``acc``, ``status`` and, of what passes through, ``a_out`` and so on; `UNKNOWN` where nothing has
        set an output yet.

        Raises
        ------
        TypeError, ValueError
            Arrays that hold what is no code or no flag.
        """
        on = check_flags("en", en)
        operands = {"a": check_codes("a", self.mac.a, a), "b": check_codes("b", self.mac.b, b)}
        names = ("valid", "first") if self.flow == "os" else ("take", "swap")
        flags = {name: check_flags(name, inputs[name]) for name in names}
        enabled = {name: values[on] for name, values in (operands | flags).items()}
        if self.flow == "os":
            sums = self._kept(**enabled)
        else:
            before = check_codes("acc_in", self.mac.accumulator.format, inputs["acc_in"])[on]
            sums = self._passed(before, np.asarray(inputs["status_in"])[on], **enabled)
        shown = sums | {f"{name}_out": values.astype(object) for name, values in enabled.items()}
        # While it is not enabled it shows what it did.
        edges = np.cumsum(on)
        return {name: np.append([UNKNOWN], values)[edges] for name, values in shown.items()}

    def _kept(self, a: Codes, b: Codes, valid: NDArray[np.bool_], first: NDArray[np.bool_]) -> dict[str, NDArray[Any]]:
        """The element's own sum after each edge."""
        pairs = np.flatnonzero(valid)
        after = Mac(self.mac.a, self.mac.b, self.mac.product, self.mac.accumulator, 1)
        sums = after.run(a[pairs], b[pairs], first[pairs], np.ones(len(pairs), dtype=int))
        entered = np.cumsum(valid)
        seen = np.append(np.zeros(self.latency - 1, dtype=entered.dtype), entered)[: len(entered)]
        known = np.append([False], np.cumsum(first[pairs]) > 0)[seen]
        return {
            name: np.where(known, np.append([0], values.astype(object))[seen], UNKNOWN) for name, values in sums.items()
        }

    def _passed(
        self, acc_in: Codes, status_in: Codes, a: Codes, b: Codes, take: NDArray[np.bool_], swap: NDArray[np.bool_]
    ) -> dict[str, NDArray[Any]]:
        """The sum that passes through, after each edge."""
        count = np.arange(len(a))
        taken = np.append([UNKNOWN], np.maximum.accumulate(np.where(take, count, UNKNOWN)))[:-1]
        swapped = np.maximum.accumulate(np.where(swap, count, UNKNOWN))
        resident = np.where(swapped < 0, UNKNOWN, taken[swapped])
        moved = count - (self.latency - 1)
        used = np.where(moved < 0, UNKNOWN, resident[moved])
        a, b = (a[moved], b[used]) if self.flow == "ws" else (a[used], b[moved])
        terms = PRODUCTS[self.mac.product](self.mac.a, self.mac.b, a, b)
        accumulator = self.mac.accumulator
        codes = accumulator.finish(accumulator.add(state_of(accumulator, acc_in), terms))
        return {
            "acc": np.where(used < 0, UNKNOWN, codes.astype(object)),
            "status": np.where(used < 0, UNKNOWN, status_in | terms.status),
        }


def state_of(accumulator: Accumulator, codes: Codes) -> NDArray[Any]:
    """The state of an accumulator that goes on from sums."""
    if isinstance(accumulator, Wide):
        return decode_steps(accumulator.format, codes).astype(accumulator.start(()).dtype)
    return decode(accumulator.format, codes)
