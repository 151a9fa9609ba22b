"""Reads output ports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

UNKNOWN = -2
"""The sample of an output that has an X or a Z."""


class Monitor:
    """Samples a design's outputs.

    Parameters
    ----------
    dut : handle
        The design.
    ports : list of str
        The outputs to sample. ``x+y`` is the sum of two as wide as they are: the number in carry-save form.
    """

    def __init__(self, dut: Any, ports: list[str]) -> None:
        self.samples: dict[str, list[int]] = {port: [] for port in ports}
        self.taps = [(_reader(dut, port), self.samples[port].append) for port in ports]

    def sample(self) -> None:
        """Note what every output shows now, as unsigned codes."""
        # Through its digits: asked for an int, cocotb would first look for digits that Verilator does not have.
        for get, keep in self.taps:
            try:
                keep(int(str(get()), 2))
            except ValueError:
                keep(UNKNOWN)


def _reader(dut: Any, port: str) -> Callable[[], Any]:
    """What reads a port, or a sum of ports."""
    handles = [getattr(dut, name) for name in port.split("+")]
    if len(handles) == 1:
        return handles[0].get
    mask = (1 << len(handles[0])) - 1
    return lambda: f"{sum(int(handle.get()) for handle in handles) & mask:b}"
