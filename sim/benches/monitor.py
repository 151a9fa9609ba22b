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
        self.handles = [(getattr(dut, port), []) for port in ports]
        self.samples: dict[str, list[int]] = dict(zip(ports, (seen for _, seen in self.handles), strict=True))

    def sample(self) -> None:
        """Note what every output shows now, as unsigned codes."""
        for handle, seen in self.handles:
            seen.append(int(handle.get()))
