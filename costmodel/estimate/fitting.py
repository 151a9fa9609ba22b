"""How large a design may be on a device."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import hw
from costmodel.devices import TOTALS, Device
from costmodel.estimate.table import Parts
from costmodel.measure import Keep, unkept
from hw.formats.messages import cut, echo
from hw.units import spec_type

LARGEST = 256
"""Parts in a row or a column that are tried."""


def fitting(spec: hw.Spec, device: Device, keep: Keep = unkept) -> Iterator[hw.Spec]:
    """The designs that differ from one in their sizes only and are estimated to fit a device, the largest first.

    They fit by the upper ends of their intervals. Among those of as many parts, the more even come first.

    Parameters
    ----------
    spec : Spec
        One that grows with sizes: an array, a core.
    device : Device
        What is to hold it.
    keep : Keep
        Keeps what was counted; by default nothing does.

    Raises
    ------
    TypeError
        `spec` is not a Spec, or `device` not a Device.
    ValueError
        The design has no sizes; or the device's family can't be measured, or can't have it.
    """
    if not isinstance(spec, hw.Spec):
        raise TypeError(f"spec must be a Spec, got {echo(spec)}")
    if not isinstance(device, Device):
        raise TypeError(f"device must be a Device, got {echo(device)}")
    if not spec.sizes:
        grow = ", ".join(unit for unit in hw.UNITS if spec_type(unit).sizes)
        raise ValueError(
            f"spec must be of a unit that grows with rows, columns or lanes ({grow}), got {cut(spec.name)}; "
            "`macsmith cost --device` says how much of a device it takes"
        )
    hw.check(spec, device.target)
    return _fitting(spec, device, Parts([(spec, device.target)], keep))


def _fitting(spec: hw.Spec, device: Device, parts: Parts) -> Iterator[hw.Spec]:
    number = len(spec.sizes)
    sizes = np.stack(np.meshgrid(*[np.arange(1, LARGEST + 1)] * number, indexing="ij"), axis=-1).reshape(-1, number)
    found = parts.estimate(np.zeros(len(sizes), dtype=int), sizes)
    upper = {kind: found.get(f"{kind}_high", found.get(kind)) for kind in TOTALS}
    fits = np.all([upper[kind] <= getattr(device, kind) for kind in TOTALS], axis=0)
    some = sizes[fits]
    order = np.lexsort([some.max(axis=1), -some.prod(axis=1)])
    for chosen in some[order].tolist():
        try:
            yield spec.resized(chosen)
        except ValueError:
            continue
