"""How a project resets: when a reset acts, at which level, and what clock and reset are called.

Inside, a design has one clock, `clk`, and one reset, `rst`, active high. A convention is what its outermost module
shows of them, and whether its registers are reset at an edge of the clock or at once.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Self

from hw.formats.messages import echo
from hw.specs.base import Spec
from hw.specs.stream import StreamSpec
from rtl_gen.keywords import check_identifier

KINDS = {"sync": False, "async": True}
"""Whether a reset acts at once, by how that is written."""
LEVELS = {"high": False, "low": True}
WRITTEN = re.compile(r"(sync|async)-(high|low)(?::([^:,]*),([^:,]*))?")


@dataclass(frozen=True)
class Convention:
    """Names and manner of a clock and its reset.

    Parameters
    ----------
    clock, reset : str
        The ports' names.
    asynchronous : bool
        Whether a reset acts at once, and not at the next edge of the clock.
    low : bool
        Whether it acts while it is low.

    Raises
    ------
    TypeError, ValueError
        A name is no identifier in Verilog and VHDL, or both are one.
    """

    clock: str = "clk"
    reset: str = "rst"
    asynchronous: bool = False
    low: bool = False

    def __post_init__(self) -> None:
        for what, name in (("clock", self.clock), ("reset", self.reset)):
            check_identifier(what, name)
        if self.clock.lower() == self.reset.lower():
            raise ValueError(f"reset must have a name other than the clock's, got {echo(self.reset)} for both")
        for what, flag in (("asynchronous", self.asynchronous), ("low", self.low)):
            if not isinstance(flag, bool):
                raise TypeError(f"{what} must be a bool, got {echo(flag)}")

    @property
    def text(self) -> str:
        """As `parse_convention` reads it."""
        kind, level = "async" if self.asynchronous else "sync", "low" if self.low else "high"
        return f"{kind}-{level}:{self.clock},{self.reset}"

    @property
    def words(self) -> str:
        """As people say it."""
        return f"{'' if not self.asynchronous else 'a'}synchronous, active {'low' if self.low else 'high'}"

    @property
    def inside(self) -> Convention:
        """That of the modules inside."""
        return Convention(asynchronous=self.asynchronous)

    @property
    def active(self) -> int:
        """What the reset's port holds in reset."""
        return int(not self.low)

    @property
    def names(self) -> dict[str, str]:
        """The ports' names by what they are called inside."""
        return {"clk": self.clock, "rst": self.reset}

    def described(self, meanings: Mapping[str, str]) -> dict[str, str]:
        """What ports mean, by the names that they have here."""
        said = {self.names.get(port, port): meaning for port, meaning in meanings.items()}
        if self.reset in said and self.manner != PLAIN.manner:
            said[self.reset] = re.sub(r"^(synchronous )?reset", f"reset, {self.words}", said[self.reset])
        return said

    @property
    def manner(self) -> tuple[bool, bool]:
        """What it is but for the names."""
        return self.asynchronous, self.low

    def check_ports(self, ports: Collection[str]) -> None:
        """Raise ValueError if a unit that has these ports beside its clock and reset has one of such a name."""
        for what, name in (("clock", self.clock), ("reset", self.reset)):
            if taken := [port for port in ports if port.lower() == name.lower()]:
                raise ValueError(f"{what} must have a name that no port has, got {echo(name)} beside port {taken[0]}")

    def to_dict(self) -> dict[str, Any]:
        """As manifests have it."""
        active = "low" if self.low else "high"
        return {"clock": self.clock, "reset": self.reset, "asynchronous": self.asynchronous, "active": active}

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> Self:
        """That of a design, by its manifest; of one without a clock any will do."""
        told = manifest.get("clocking")
        if not told:
            return cls()
        return cls(told["clock"], told["reset"], told["asynchronous"], told["active"] == "low")


PLAIN = Convention()
"""What a design has unless something else is said: all that is measured has it."""
AXI = Convention("aclk", "aresetn", low=True)


def parse_convention(text: str) -> Convention:
    """The convention of a text: ``sync-high``, ``async-low``, ``sync-low:aclk,aresetn``.

    Without names, those that are active high have `clk` and `rst`, those that are active low `aclk` and `aresetn`.

    Raises
    ------
    TypeError
        `text` is not a str.
    ValueError
        It is none, or a name in it is no identifier.
    """
    if not isinstance(text, str):
        raise TypeError(f"a reset must be a str, got {echo(text)}")
    if not (found := WRITTEN.fullmatch(text)):
        raise ValueError(
            f"a reset must be sync-high, sync-low, async-high or async-low, and perhaps names behind it, "
            f"as in sync-low:aclk,aresetn, got {echo(text)}"
        )
    kind, level, clock, reset = found.groups()
    usual = AXI if LEVELS[level] else PLAIN
    names = (usual.clock, usual.reset) if clock is None else (clock, reset)
    return Convention(*names, KINDS[kind], LEVELS[level])


def usual_convention(spec: Spec) -> Convention:
    """What a design is written with if nobody says: AXI's, if it has such ports."""
    return AXI if isinstance(spec, StreamSpec) else PLAIN
