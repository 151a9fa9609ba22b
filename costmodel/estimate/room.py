"""Whether a design has room on a device, by its estimate: where no tool is asked."""

from __future__ import annotations

from costmodel.devices import TOTALS, Device
from costmodel.estimate.estimate import Estimate, Range
from hw.formats.messages import cut


def check_room(found: Estimate, device: Device) -> str:
    """Refuse a design that is estimated to have no room on a device.

    Parameters
    ----------
    found : Estimate
    device : Device

    Returns
    -------
    str: a line on why it may have none; else empty.

    Raises
    ------
    ValueError
        Even the lower end of an interval is more than the device has: how many cells are missing is said.
    """
    counts = {kind: getattr(found, kind) for kind in TOTALS}
    ranges = {kind: each if isinstance(each, Range) else Range(each, each, each) for kind, each in counts.items()}
    scarce = {kind: each for kind, each in ranges.items() if each.high > getattr(device, kind)}
    if not scarce:
        return ""
    taken = ", ".join(f"{_text(each)} {kind.upper()}" for kind, each in scarce.items())
    said = f"{cut(found.spec)} is estimated to take {taken}"
    if lacks := device.lacks({kind: each.value for kind, each in scarce.items() if each.low > getattr(device, kind)}):
        raise ValueError(f"{said}, and {device.name} has too few: {lacks} are missing")
    had = ", ".join(f"{getattr(device, kind)} {kind.upper()}" for kind in scarce)
    return f"{said}, and {device.name} has {had}: it may have no room"


def _text(each: Range) -> str:
    ends = "" if each.low == each.high else f" ({each.low:.0f}..{each.high:.0f})"
    return f"{each.value:.0f}{ends}"
