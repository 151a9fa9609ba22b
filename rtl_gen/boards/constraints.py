"""Where ports are on a device, in each tool's words: one function a syntax, one line a family."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rtl_gen.boards.board import Pin


@dataclass(frozen=True)
class Assigned:
    """A port, or a bit of one, and its pin.

    Attributes
    ----------
    port : str
        ``clk`` or ``led[1]``.
    pin : Pin
    """

    port: str
    pin: Pin


@dataclass(frozen=True)
class Clocked:
    """The port of a clock, and how fast it is."""

    port: str
    mhz: float

    @property
    def ns(self) -> float:
        """Its period."""
        return 1000 / self.mhz


Writer = Callable[[Sequence[Assigned], Clocked | None], str]


def pcf(pins: Sequence[Assigned], clock: Clocked | None) -> str:
    """iCE40's: nextpnr and IceCube. Pins of the family have resistors upwards only."""
    lines = [f"set_io{' -pullup yes' if each.pin.pull == 'up' else ''} {each.port} {each.pin.site}" for each in pins]
    return _text([*lines, *([f"set_frequency {clock.port} {clock.mhz:g}"] if clock else [])])


def lpf(pins: Sequence[Assigned], clock: Clocked | None) -> str:
    """ECP5's and MachXO2's: nextpnr and Diamond."""
    lines = []
    for each in pins:
        lines.append(f'LOCATE COMP "{each.port}" SITE "{each.pin.site}";')
        attributes = _said({"IO_TYPE": each.pin.standard, "PULLMODE": each.pin.pull.upper()})
        if attributes:
            lines.append(f'IOBUF PORT "{each.port}" {" ".join(attributes)};')
    return _text([*lines, *([f'FREQUENCY PORT "{clock.port}" {clock.mhz:g} MHZ;'] if clock else [])])


def pdc(pins: Sequence[Assigned], clock: Clocked | None) -> str:
    """Nexus's: nextpnr and Radiant."""
    lines = []
    for each in pins:
        port = f"[get_ports {{{each.port}}}]"
        lines.append(f"ldc_set_location -site {{{each.pin.site}}} {port}")
        attributes = _said({"IO_TYPE": each.pin.standard, "PULLMODE": each.pin.pull.upper()})
        if attributes:
            lines.append(f"ldc_set_port -iobuf {{{' '.join(attributes)}}} {port}")
    return _text([*lines, *_create_clock(clock)])


def cst(pins: Sequence[Assigned], clock: Clocked | None) -> str:
    """Gowin's; a clock's frequency is an option of nextpnr's."""
    lines = []
    for each in pins:
        lines.append(f'IO_LOC "{each.port}" {each.pin.site};')
        attributes = _said({"IO_TYPE": each.pin.standard, "PULL_MODE": each.pin.pull.upper()})
        if attributes:
            lines.append(f'IO_PORT "{each.port}" {" ".join(attributes)};')
    return _text(lines)


def ccf(pins: Sequence[Assigned], clock: Clocked | None) -> str:
    """GateMate's; a clock's frequency is an option of nextpnr's."""
    pulls = {"up": " | PULLUP=true", "down": " | PULLDOWN=true", "": ""}
    return _text([f'NET "{each.port}" Loc = "{each.pin.site}"{pulls[each.pin.pull]};' for each in pins])


def xdc(pins: Sequence[Assigned], clock: Clocked | None) -> str:
    """Vivado's."""
    lines = []
    for each in pins:
        port, words = f"[get_ports {{{each.port}}}]", f"PACKAGE_PIN {each.pin.site}"
        words += f" IOSTANDARD {each.pin.standard}" if each.pin.standard else ""
        words += f" PULLTYPE PULL{each.pin.pull.upper()}" if each.pin.pull else ""
        lines.append(f"set_property -dict {{{words}}} {port}")
    return _text([*lines, *_create_clock(clock)])


def sdc(pins: Sequence[Assigned], clock: Clocked | None) -> str:
    """Synopsys's design constraints, for Quartus: clocks only, for pins are `quartus_pins`."""
    return _text([*_create_clock(clock), *(["derive_clock_uncertainty"] if clock else [])])


def quartus_pins(pins: Sequence[Assigned]) -> list[str]:
    """Quartus's assignments of pins."""
    lines = []
    for each in pins:
        lines.append(f"set_location_assignment PIN_{each.pin.site} -to {{{each.port}}}")
        if each.pin.standard:
            lines.append(f'set_instance_assignment -name IO_STANDARD "{each.pin.standard}" -to {{{each.port}}}')
        if each.pin.pull == "up":
            lines.append(f"set_instance_assignment -name WEAK_PULL_UP_RESISTOR ON -to {{{each.port}}}")
    return lines


CONSTRAINTS: dict[str, tuple[str, Writer]] = {
    "ice40": ("pcf", pcf),
    "ice40up": ("pcf", pcf),
    "ecp5": ("lpf", lpf),
    "machxo2": ("lpf", lpf),
    "nexus": ("pdc", pdc),
    "gowin": ("cst", cst),
    "gatemate": ("ccf", ccf),
    "xc7": ("xdc", xdc),
    "xcup": ("xdc", xdc),
    "intelalm": ("sdc", sdc),
}
"""The ending of a family's file, and who writes it, by the target's name."""


def _create_clock(clock: Clocked | None) -> list[str]:
    named = clock and f"create_clock -period {clock.ns:.3f} -name {clock.port} [get_ports {{{clock.port}}}]"
    return [named] if named else []


def _said(attributes: dict[str, str]) -> list[str]:
    """Attributes that have a value."""
    return [f"{name}={value}" for name, value in attributes.items() if value]


def _text(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
