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
        self.setters = [getattr(dut, port).set for port in ports]
        self.last: list[int | None] = [None] * len(ports)

    def drive(self, values: tuple[int, ...]) -> None:
        """Present one value on each port, in the order given at construction."""
        for index, value in enumerate(values):
            if value != self.last[index]:
                self.setters[index](value)
                self.last[index] = value
