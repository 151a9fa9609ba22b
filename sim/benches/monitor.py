"""Reads output ports."""

from __future__ import annotations

from typing import Any


class Monitor:
    """Samples a design's outputs.

    Parameters
    ----------
    dut : handle
        The design.
    ports : list of str
        The outputs to sample.
    """

    def __init__(self, dut: Any, ports: list[str]) -> None:
        self.samples: dict[str, list[int]] = {port: [] for port in ports}
        self.taps = [(getattr(dut, port).get, self.samples[port].append) for port in ports]

    def sample(self) -> None:
        """Note what every output shows now, as unsigned codes."""
        for get, keep in self.taps:
            keep(int(get()))
