"""The fabrics that hardware can be built for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """A family of devices, as the hardware generators see it.

    Parameters
    ----------
    name : str
        Short name, as used on the command line.
    title : str
        What people call it.
    """

    name: str
    title: str

    def __post_init__(self) -> None:
        for field in ("name", "title"):
            if not isinstance(getattr(self, field), str):
                raise TypeError(f"{field} must be a str, got {getattr(self, field)!r}")


GENERIC = Target("generic", "portable RTL, no vendor primitives")
TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        GENERIC,
        Target("ecp5", "Lattice ECP5"),
        Target("ice40", "Lattice iCE40"),
        Target("xcup", "AMD UltraScale+"),
    )
}


def parse_target(name: str) -> Target:
    """The target of that name; ValueError names the known ones."""
    if not isinstance(name, str):
        raise TypeError(f"a target's name must be a str, got {name!r} of type {type(name).__name__}")
    if name not in TARGETS:
        raise ValueError(f"unknown target {name!r}; known are {', '.join(TARGETS)}")
    return TARGETS[name]
