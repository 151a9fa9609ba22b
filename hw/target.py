"""The fabrics that hardware can be built for."""

from __future__ import annotations

from dataclasses import dataclass

from hw.formats.messages import check_name, echo, nearest


@dataclass(frozen=True)
class Target:
    """A family of devices, as the hardware generators see it.

    Parameters
    ----------
    name : str
        Short name, as used on the command line.
    title : str
        What people call it.
    carry : str
        The cell that its carry chains are made of, where `hw.arith` builds with it; empty where it
        writes portable RTL.
    dsp : tuple of (int, int) or None
        Widths of the signed operands that one of its multiplier blocks takes, as Yosys maps them; None
        if it has none.
    block : str
        The cell of its multiplier blocks, where `hw.arith` builds with it; empty where it writes operators.
    halves : tuple of (int, int) or None
        The same of a block's halves, where it can also be two smaller multipliers.
    """

    name: str
    title: str
    carry: str = ""
    dsp: tuple[int, int] | None = None
    halves: tuple[int, int] | None = None
    block: str = ""

    def __post_init__(self) -> None:
        for field in ("name", "title", "carry", "block"):
            if not isinstance(getattr(self, field), str):
                raise TypeError(f"{field} must be a str, got {echo(getattr(self, field))}")
        for field in ("dsp", "halves"):
            widths = getattr(self, field)
            if widths is not None and not (isinstance(widths, tuple) and len(widths) == 2):
                raise TypeError(f"{field} must be two widths or None, got {echo(widths)}")


GENERIC = Target("generic", "portable RTL, no vendor primitives", dsp=(18, 18))
TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        GENERIC,
        Target("ecp5", "Lattice ECP5", "CCU2C", (18, 18), block="MULT18X18D"),
        Target("nexus", "Lattice Nexus", "CCU2", (18, 18), (9, 9), "MULT18X18"),
        Target("machxo2", "Lattice MachXO2", "CCU2D"),
        Target("ice40", "Lattice iCE40", "SB_CARRY"),
        Target("ice40up", "Lattice iCE40 UltraPlus", "SB_CARRY", (16, 16), (8, 8), "SB_MAC16"),
        Target("gowin", "Gowin LittleBee and Arora", "", (18, 18), (9, 9), "MULT9X9"),
        Target("gatemate", "Cologne Chip GateMate"),
        Target("xc7", "AMD 7 series", "CARRY4", (25, 18)),
        Target("xcup", "AMD UltraScale+", "CARRY8", (27, 18)),
        Target("intelalm", "Intel Cyclone V (ALM)", "", (27, 27), (18, 18)),
    )
}


def parse_target(name: str) -> Target:
    """The target of that name; ValueError names the known ones."""
    check_name("a target's name", name)
    if name not in TARGETS:
        raise ValueError(f"unknown target {echo(name)}; known are {', '.join(TARGETS)}{nearest(name, TARGETS)}")
    return TARGETS[name]
