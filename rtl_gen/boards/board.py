"""A board as a data file says it, and those that come with macsmith."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from numbers import Real
from pathlib import Path
from typing import Any

from hw.formats.messages import check_name, cut, echo, nearest

SUFFIX = ".toml"
NAME = re.compile(r"\w[\w.-]{0,39}", re.ASCII)
SITE = re.compile(r"\w{1,20}", re.ASCII)
PULLS = ("", "up", "down")
MAX_MHZ = 1000.0
NEEDED = {"device": str, "clock": dict}
OPTIONAL = {
    "title": str,
    "part": str,
    "family": str,
    "place": list,
    "standard": str,
    "source": str,
    "reset": dict,
    "leds": dict,
    "uart": dict,
    "header": dict,
}
SHARED = {"low": bool, "pull": str, "standard": str, "source": str}
"""What is said of all pins of a table."""
TABLES: dict[str, dict[str, Any]] = {
    "clock": {"pin": str, "mhz": Real, **SHARED},
    "reset": {"pin": str, **SHARED},
    "leds": {"pins": list, **SHARED},
    "uart": {"rx": str, "tx": str, **SHARED},
    "header": {"pins": list, **SHARED},
}
"""What each table has; without its places it is none."""


@dataclass(frozen=True)
class Pin:
    """A place of the package, and what stands there.

    Attributes
    ----------
    site : str
        As the family's tools call it.
    low : bool
        Whether a low level means yes: pressed, lit.
    standard : str
        The I/O standard, as the family's tools call it; empty where it is left to them.
    pull : str
        A resistor of the pin's own: ``up``, ``down`` or none.
    source : str
        Where that is from.
    """

    site: str
    low: bool = False
    standard: str = ""
    pull: str = ""
    source: str = ""


@dataclass(frozen=True)
class Board:
    """A board.

    Attributes
    ----------
    name, title : str
        As ``--board`` takes it, and as people call it.
    device : str
        A name of `costmodel.devices`, which implies the family.
    part, family : str
        What vendors' tools and packers call the device; empty where they need not know.
    place : tuple of str
        nextpnr's options for device and package; empty if nothing here places on it.
    clock : Pin
    mhz : float
        Of the clock.
    reset : Pin or None
        The button that resets.
    leds : tuple of Pin
        The first one says that all is well.
    rx, tx : Pin or None
        The serial line, as the FPGA sees it.
    header : tuple of Pin
        What may be used for anything, in order.
    source : str
        Where all that is from, but for what says so itself.
    """

    name: str
    title: str
    device: str
    part: str
    family: str
    place: tuple[str, ...]
    clock: Pin
    mhz: float
    reset: Pin | None
    leds: tuple[Pin, ...]
    rx: Pin | None
    tx: Pin | None
    header: tuple[Pin, ...]
    source: str

    @property
    def pins(self) -> list[Pin]:
        """All of them."""
        ends = [pin for pin in (self.clock, self.reset, self.rx, self.tx) if pin is not None]
        return [*ends, *self.leds, *self.header]


@lru_cache
def boards() -> dict[str, Board]:
    """Those that come with macsmith, by name."""
    folder = files("rtl_gen.boards").joinpath("data")
    entries = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(SUFFIX))
    return {
        name.removesuffix(SUFFIX): read(name.removesuffix(SUFFIX), folder.joinpath(name).read_text())
        for name in entries
    }


def parse_board(name: str) -> Board:
    """The board of a name; or, of a path that ends in ``.toml``, the one that this file describes.

    Raises
    ------
    TypeError
        `name` is not a str.
    ValueError
        There is none of that name; or the file lacks something, or has something that is none.
    OSError
        The file can't be read.
    """
    check_name("a board's name", name)
    if name.endswith(SUFFIX):
        path = Path(name)
        if not NAME.fullmatch(path.stem):
            raise ValueError(f"{cut(name)}: a board's file must be named by letters, digits, -, _ and ., at most 40")
        if path.stem in boards():
            raise ValueError(f"{cut(name)}: its board must have a name of its own, got {echo(path.stem)}")
        try:
            return read(path.stem, path.read_text("utf-8-sig"), where=name)
        except UnicodeDecodeError as error:
            raise ValueError(f"{cut(name)}: must be TOML, a text in UTF-8") from error
    if name not in boards():
        raise ValueError(f"unknown board {echo(name)}; known are {', '.join(boards())}{nearest(name, boards())}")
    return boards()[name]


def read(name: str, text: str, where: str | None = None) -> Board:
    """The board of a TOML file.

    Parameters
    ----------
    name : str
        The board's: that of the file, without its ending.
    text : str
        What is in it; `rtl_gen/boards/data` has examples.
    where : str, optional
        The file, for messages.

    Raises
    ------
    ValueError
        It is no TOML; a key is unknown or missing, or has a wrong value; or a pin is there twice.
    """
    where = cut(where or f"{name}{SUFFIX}")
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{where}: must be TOML: {error}") from error
    _check_keys(where, data, NEEDED, NEEDED | OPTIONAL)
    for table, keys in TABLES.items():
        if table in data:
            places = [key for key in keys if key not in SHARED]
            _check_keys(f"{where}, {table}", data[table], places, keys)
    mhz = data["clock"]["mhz"]
    if not 0 < mhz <= MAX_MHZ:
        raise ValueError(f"{where}, clock: mhz must be above 0 and at most {MAX_MHZ:g}, got {echo(mhz)}")
    place = data.get("place", [])
    if not all(isinstance(option, str) for option in place):
        raise ValueError(f"{where}: place must be a list of texts, nextpnr's options, got {echo(place)}")
    pins = _Pins(where, data)
    board = Board(
        name=name,
        title=data.get("title", name),
        device=data["device"],
        part=data.get("part", ""),
        family=data.get("family", ""),
        place=tuple(place),
        clock=pins.of("clock", "pin")[0],
        mhz=float(mhz),
        reset=next(iter(pins.of("reset", "pin")), None),
        leds=pins.of("leds", "pins"),
        rx=next(iter(pins.of("uart", "rx")), None),
        tx=next(iter(pins.of("uart", "tx")), None),
        header=pins.of("header", "pins"),
        source=data.get("source", ""),
    )
    sites = [pin.site for pin in board.pins]
    if twice := sorted({site for site in sites if sites.count(site) > 1}):
        raise ValueError(f"{where}: a pin must be named once, got {echo(twice[0])} twice")
    return board


class _Pins:
    """Makes pins of a file's tables."""

    def __init__(self, where: str, data: Mapping[str, Any]) -> None:
        self.where, self.data = where, data

    def of(self, table: str, key: str) -> tuple[Pin, ...]:
        """Those that a key of a table names; none if there is no such table."""
        if table not in self.data:
            return ()
        said = self.data[table]
        sites = said[key] if isinstance(said[key], list) else [said[key]]
        for site in sites:
            if not isinstance(site, str) or not SITE.fullmatch(site):
                raise ValueError(f"{self.where}, {table}: a pin must be letters, digits and _, got {echo(site)}")
        pull = said.get("pull", "")
        if pull not in PULLS:
            raise ValueError(f"{self.where}, {table}: pull must be up or down, got {echo(pull)}")
        standard = said.get("standard", self.data.get("standard", ""))
        source = said.get("source", self.data.get("source", ""))
        return tuple(Pin(site, said.get("low", False), standard, pull, source) for site in sites)


def _check_keys(where: str, table: Any, needed: Any, known: Mapping[str, Any]) -> None:
    """Raise ValueError unless a table has the keys that it needs, and none that nobody knows, of the right types."""
    if unknown := sorted(set(table) - set(known)):
        raise ValueError(f"{where}: unknown key {echo(unknown[0])}{nearest(unknown[0], known)}")
    if missing := [key for key in needed if key not in table]:
        raise ValueError(f"{where}: {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing")
    names = {str: "a text", dict: "a table", list: "a list", bool: "true or false", Real: "a number"}
    for key, value in table.items():
        kind = known[key]
        if not isinstance(value, kind) or (kind is Real and isinstance(value, bool)):
            raise ValueError(f"{where}: {key} must be {names[kind]}, got {echo(value)}")
