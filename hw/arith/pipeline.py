"""Registers at named places of a datapath."""

from __future__ import annotations

from collections.abc import Collection

from amaranth.hdl import Module, Signal, Value


class Pipeline:
    """Cuts a datapath where it is told to.

    A datapath calls `cut` at every place that may take a register; only the places in `cuts`
    get one. Whatever must stay in step passes through the same cut.

    Parameters
    ----------
    m : Module
        Where the registers go, in domain ``sync``.
    enable : Value
        Registers hold their value while it is low.
    cuts : collection of str
        The places that get a register.
    """

    def __init__(self, m: Module, enable: Value, cuts: Collection[str]) -> None:
        self.m, self.enable, self.cuts = m, enable, cuts

    def cut(self, place: str, **values: Value | None) -> list[Value | None]:
        """The values, in the order given, behind a register if `place` is a cut."""
        if place not in self.cuts:
            return list(values.values())
        return [None if value is None else self._register(f"{place}_{name}", value) for name, value in values.items()]

    def _register(self, name: str, value: Value) -> Signal:
        register = Signal(value.shape(), name=name)
        with self.m.If(self.enable):
            self.m.d.sync += register.eq(value)
        return register
