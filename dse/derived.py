"""Columns that follow from others: of what was estimated, and apart from that, of what was measured.

They take columns as arrays or as those of a DataFrame, and give arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from costmodel.devices import TOTALS, Device

Floats = NDArray[np.float64]
Values = Mapping[str, Any]
"""Columns by the names of quantities: counts, ``mhz``, ``rate``, ``each``, ``latency``, ``cycles``, ``total_...``."""
COUNTS = ("lut", "ff", "dsp", "bram", "mhz")
"""What is estimated, and measured."""
ENDS = ("low", "high")
EACH = {"products": 2.0, "results": 1.0}
"""Operations of what a design makes: a product is followed by an addition, and people count both."""


@dataclass(frozen=True)
class Derived:
    """What is worked out of counts, MHz, and what the design and the device say.

    Attributes
    ----------
    work : callable
        Takes columns.
    timed : bool
        Whether MHz are among them.
    more : bool
        Whether more is better: then the low end is that of the most cells.
    needs : str
        A column without which it is not there; empty if it always is.
    """

    work: Callable[[Values], Floats]
    timed: bool = True
    more: bool = False
    needs: str = ""


DERIVED: dict[str, Derived] = {
    "used": Derived(lambda of: 100 * np.max([_share(of[k], of[f"total_{k}"]) for k in TOTALS], axis=0), timed=False),
    "lut_rate": Derived(lambda of: of["lut"] / of["rate"], timed=False),
    "gops": Derived(lambda of: of["each"] * of["rate"] * of["mhz"] / 1000, more=True),
    "gops_klut": Derived(lambda of: of["each"] * of["rate"] * of["mhz"] / np.maximum(of["lut"], 1), more=True),
    "latency_us": Derived(lambda of: of["latency"] / of["mhz"]),
    "frames_s": Derived(lambda of: 1e6 * of["mhz"] / of["cycles"], more=True, needs="cycles"),
}
"""By the name of the column."""
TIMED = {"mhz", *(name for name, of in DERIVED.items() if of.timed)}
"""Columns that need a clock, for which designs are placed."""


def _share(used: Any, total: Any) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.asarray(used) > 0, np.asarray(used, dtype=float) / total, 0.0)


def totals(devices: Sequence[Device]) -> dict[str, Floats]:
    """What each device has, by ``total_lut`` and so on."""
    return {f"total_{kind}": np.array([getattr(device, kind) for device in devices], dtype=float) for kind in TOTALS}


def estimated(found: Mapping[str, Floats]) -> dict[str, Floats]:
    """The derived columns of an estimate, with the ends of their intervals.

    Parameters
    ----------
    found : mapping
        ``lut``, ``lut_low``, ``lut_high``, the same of ``ff`` and ``mhz``; ``dsp``, ``bram``, ``rate``, ``each``,
        ``latency`` and the totals; ``cycles``, if a list of products is asked for.

    Returns
    -------
    dict of ``gops_estimated``, ``gops_low``, ``gops_high`` and so on.
    """
    made = {}
    for name, derived in _there(found):
        made[f"{name}_estimated"] = derived.work(found)
        for end in ENDS:
            # The dear end has the most cells and the fewest MHz.
            cells = _other(end) if derived.more else end
            ends = {kind: found[f"{kind}_{cells}"] for kind in ("lut", "ff")}
            made[f"{name}_{end}"] = derived.work({**found, **ends, "mhz": found[f"mhz_{_other(cells)}"]})
    return made


def measured(found: Mapping[str, Floats]) -> dict[str, Floats]:
    """The derived columns of what was measured: ``gops`` and so on, of the same mapping without ends."""
    return {name: np.where(np.isfinite(found["lut"]), of.work(found), np.nan) for name, of in _there(found)}


def _there(found: Mapping[str, Floats]) -> list[tuple[str, Derived]]:
    return [(name, derived) for name, derived in DERIVED.items() if not derived.needs or derived.needs in found]


def _other(end: str) -> str:
    return "high" if end == "low" else "low"
