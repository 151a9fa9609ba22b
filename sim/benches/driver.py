"""Puts values on input ports."""

from __future__ import annotations

from typing import Any


class Driver:
    """Drives a design's inputs, writing only what changes: a write costs more than the simulation.

    Parameters
    ----------
    dut : handle
        The design.
    ports : list of str
        The inputs to drive.
    """

    def __init__(self, dut: Any, ports: list[str]) -> None:
        self.handles = [getattr(dut, port) for port in ports]
        self.last: list[int | None] = [None] * len(ports)

    def drive(self, values: tuple[int, ...]) -> None:
        """Present one value on each port, in the order given at construction."""
        for index, (handle, value) in enumerate(zip(self.handles, values, strict=True)):
            if value != self.last[index]:
                handle.set(value)
                self.last[index] = value
