"""Tables of sums: what they are made of, by the name of their storage in specs."""

from __future__ import annotations

from hw.target import Target
from hw.units.tables.base import Tables
from hw.units.tables.inmemory import InMemory
from hw.units.tables.registers import Registers

STORAGES: dict[str, type[Tables]] = {"registers": Registers, "lutram": InMemory, "blockram": InMemory}
WITHOUT_LUTRAM = ("ice40", "ice40up", "gatemate")
"""Families whose LUTs are no memory."""


def check_storage(storage: str, target: Target) -> None:
    """Raise ValueError for a storage that the target does not have."""
    if storage == "lutram" and target.name in WITHOUT_LUTRAM:
        raise ValueError(
            f"storage must be registers or blockram for {target.title}, which has no LUT RAM, got 'lutram'"
        )
