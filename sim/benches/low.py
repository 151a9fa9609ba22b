"""A watch over outputs that say that something is wrong."""

from __future__ import annotations

from typing import Any


async def stay_low(dut: Any, name: str, ports: list[str], edge: Any) -> None:
    """Raise AssertionError when one is high just before an edge; it ends with the test."""
    handles = [(port, getattr(dut, port)) for port in ports]
    cycle = 0
    while handles:
        await edge
        cycle += 1
        for port, handle in handles:
            assert not int(handle.get()), f"{name}: {port} rose in cycle {cycle} after the first reset"
