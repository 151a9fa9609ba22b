"""Devices: how much of each kind of cell there is, and which family's flow counts it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import hw
from hw.formats.messages import check_name, cut, echo, nearest

TOTALS = ("lut", "ff", "bram", "dsp")
"""What a device has so many of; a design's `costmodel.measure.Cost` counts the same."""
SUFFIX = ".toml"
FORM = "[NAME] and then target, lut, ff, bram and dsp"
NAME = re.compile(r"\w[\w.-]{0,39}", re.ASCII)
MOST = 10**9
"""Cells of a kind."""


@dataclass(frozen=True)
class Device:
    """A device, as the cells of its family's flow.

    Attributes
    ----------
    name : str
        As `--device` takes it.
    title : str
        What people call it.
    target : Target
        Its family.
    lut, ff, bram, dsp : int
        How many there are, each in the unit in which ``costmodel/targets`` counts the family's.
    source : str
        Where the counts are from.
    options : tuple of str
        nextpnr's, to place on it; empty if nothing places on it here.
    """

    name: str
    title: str
    target: hw.Target
    lut: int
    ff: int
    bram: int
    dsp: int
    source: str
    options: tuple[str, ...] = ()

    def shares(self, cost: Mapping[str, Any]) -> dict[str, float]:
        """What part of each kind of cell a design takes, by `TOTALS`; infinite where there are none.

        Parameters
        ----------
        cost : mapping
            Its counts, by `TOTALS`.
        """
        return {kind: _share(cost[kind], getattr(self, kind)) for kind in TOTALS}

    def fullest(self, cost: Mapping[str, Any]) -> tuple[str, float]:
        """The kind of cell of which a design takes the largest part, and that part: above 1, it does not fit."""
        shares = self.shares(cost)
        kind = max(TOTALS, key=lambda kind: shares[kind])
        return kind, shares[kind]

    def lacks(self, cost: Mapping[str, float]) -> str:
        """The cells that a design takes and the device does not have, for people: ``120 LUT, 3 DSP``; or nothing."""
        missing = {kind: count - getattr(self, kind) for kind, count in cost.items()}
        return ", ".join(f"{count:.0f} {kind.upper()}" for kind, count in missing.items() if count > 0)

    def share_text(self, cost: Mapping[str, Any]) -> str:
        """The largest part that a design takes, for people: ``12 % LUT``."""
        kind, share = self.fullest(cost)
        if share == float("inf"):
            return f"no {kind.upper()}"
        percent = 100 * share
        return f"{percent:.0f} % {kind.upper()}" if percent >= 10 else f"{percent:.2g} % {kind.upper()}"


def _share(used: float, total: int) -> float:
    if total:
        return used / total
    return float("inf") if used else 0.0


@lru_cache
def devices() -> dict[str, Device]:
    """Those that come with macsmith, by name."""
    return read("devices.toml", files("costmodel").joinpath("data", "devices.toml").read_text())


def parse_device(name: str) -> Device:
    """The device of a name; or, of a path that ends in ``.toml``, the one that this file describes.

    Raises
    ------
    ValueError
        There is none of that name; or the file has not one device, or one of which a total is missing or no count.
    OSError
        The file can't be read.
    """
    check_name("a device's name", name)
    if name.endswith(SUFFIX):
        try:
            text = Path(name).read_text("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ValueError(f"{cut(name)}: must be TOML, a text in UTF-8") from error
        found = read(name, text)
        if len(found) != 1:
            raise ValueError(f"{cut(name)}: must have one device, {FORM}, got {len(found)}")
        device = next(iter(found.values()))
        if device.name in devices():
            raise ValueError(f"{cut(name)}: its device must have a name of its own, got {echo(device.name)}")
        return device
    if Path(name).exists():
        raise ValueError(f"device must be a name or a file that ends in {SUFFIX}, got {echo(name)}")
    if name not in devices():
        known = ", ".join(devices())
        raise ValueError(f"unknown device {echo(name)}; known are {known}{nearest(name, devices())}")
    return devices()[name]


def places(targets: Sequence[str], devices: Sequence[str], usual: str) -> list[tuple[hw.Target, Device | None]]:
    """Where something is asked for: each family once, or each device with its family.

    Parameters
    ----------
    targets, devices : sequence of str
        What was asked for; both may be empty.
    usual : str
        The target if both are.

    Raises
    ------
    ValueError
        There is none of a name; or targets and devices disagree: one's family is not among the other.
    OSError
        A device's file can't be read.
    """
    families = list(dict.fromkeys(map(hw.parse_target, targets or ([] if devices else [usual]))))
    found = list(dict.fromkeys(map(parse_device, devices)))
    if not found:
        return [(family, None) for family in families]
    has = {device.target for device in found}
    for device in found:
        if families and device.target not in families:
            asked = ", ".join(family.name for family in families)
            raise ValueError(f"target {asked} and device {device.name} disagree: the device is of {device.target.name}")
    for family in families:
        if family not in has:
            asked = ", ".join(device.name for device in found)
            raise ValueError(f"target {family.name} and device {asked} disagree: none of {family.name} is named")
    return [(device.target, device) for device in found]


def read(file: str, text: str) -> dict[str, Device]:
    """The devices of a TOML file: a table each, whose keys are those of `Device`, its name the table's.

    Parameters
    ----------
    file : str
        Its name, for messages.
    text : str
        What is in it.

    Raises
    ------
    ValueError
        It is no TOML, or a device has an unknown key, lacks one, or has a wrong value; the message names file, device
        and key.
    """
    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        why = error if isinstance(error, tomllib.TOMLDecodeError) else "a number or a list is too long"
        raise ValueError(f"{cut(file)}: must be TOML: {why}") from error
    return {name: _device(f"{cut(file)}, {echo(name)}", name, table) for name, table in tables.items()}


def _device(where: str, name: str, table: Any) -> Device:
    needed, optional = {"target", *TOTALS}, {"title", "source", "options"}
    if not isinstance(table, dict):
        raise ValueError(f"{where}: must be a table, {FORM}, got {echo(table)}")
    if not NAME.fullmatch(name):
        raise ValueError(f"{where}: a device's name must be letters, digits, -, _ and ., at most 40")
    if unknown := sorted(set(table) - needed - optional):
        raise ValueError(f"{where}: unknown key {echo(unknown[0])}{nearest(unknown[0], needed | optional)}")
    if missing := [field.name for field in fields(Device) if field.name in needed - set(table)]:
        raise ValueError(f"{where}: {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing")
    for kind in TOTALS:
        count, least = table[kind], int(kind in ("lut", "ff"))
        if isinstance(count, bool) or not isinstance(count, int) or not least <= count <= MOST:
            raise ValueError(f"{where}: {kind} must be a whole number, {least}..{MOST}, got {echo(count)}")
    for key in ("title", "source"):
        if not isinstance(table.get(key, ""), str):
            raise ValueError(f"{where}: {key} must be a text, got {echo(table[key])}")
    options = table.get("options", [])
    if not isinstance(options, list) or not all(isinstance(option, str) for option in options):
        raise ValueError(f"{where}: options must be a list of texts, got {echo(options)}")
    try:
        target = hw.parse_target(table["target"])
    except (TypeError, ValueError) as error:
        raise ValueError(f"{where}: {error}") from error
    if target is hw.GENERIC:
        raise ValueError(f"{where}: target must be a family of devices, got 'generic'")
    counts = {kind: table[kind] for kind in TOTALS}
    title, source = table.get("title", name), table.get("source", "")
    return Device(name, title, target, **counts, source=source, options=tuple(options))
