"""Registers as data: what a register file is built from, what its documents show, and what a driver writes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hw.formats.messages import echo

WORD = 32
ACCESS: dict[str, str] = {
    "constant": "read: says what was built",
    "read": "read: what the hardware shows",
    "write": "write: what is done when a one is written, and reads as 0",
    "setting": "read and write: kept until written or reset, and locked while the unit works",
}


@dataclass(frozen=True)
class Part:
    """Some bits of a register: `width` of them, from bit `low` up."""

    name: str
    low: int
    width: int
    meaning: str
    value: int = 0
    """What it holds after reset, or always if the register is constant."""


@dataclass(frozen=True)
class Register:
    """A word of 32 bits at a byte address.

    Parameters
    ----------
    name : str
    address : int
        A multiple of 4.
    access : str
        A key of `ACCESS`.
    parts : tuple of Part
        From the lowest up.

    Raises
    ------
    ValueError
        An address or access that is none, or parts that overlap or do not fit.
    """

    name: str
    address: int
    access: str
    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        if self.address < 0 or self.address % (WORD // 8):
            raise ValueError(f"address must be a multiple of {WORD // 8}, got {self.address} for {self.name}")
        if self.access not in ACCESS:
            raise ValueError(f"access must be one of {', '.join(ACCESS)}, got {echo(self.access)} for {self.name}")
        end = 0
        for part in self.parts:
            if part.low < end or part.width < 1 or part.low + part.width > WORD:
                raise ValueError(f"part {part.name} of {self.name} must have bits {end}..{WORD - 1} of its own")
            end = part.low + part.width

    def split(self, word: int) -> dict[str, int]:
        """The parts' values in a word."""
        return {part.name: word >> part.low & (1 << part.width) - 1 for part in self.parts}

    def join(self, **values: int) -> int:
        """The word of parts' values, 0 for those left out.

        Raises
        ------
        ValueError
            There is no such part, or it does not hold the value.
        """
        word, parts = 0, {part.name: part for part in self.parts}
        for name, value in values.items():
            if name not in parts:
                raise ValueError(f"register {self.name} has no {name}; it has {', '.join(parts)}")
            if not 0 <= value < 1 << parts[name].width:
                raise ValueError(f"{name} of register {self.name} must have {parts[name].width} bits, got {value}")
            word |= value << parts[name].low
        return word


def whole(name: str, address: int, access: str, meaning: str, width: int = WORD, value: int = 0) -> Register:
    """A register of one part, which has its name in small letters."""
    return Register(name, address, access, (Part(name.lower(), 0, width, meaning, value),))


def register_table(registers: Sequence[Register]) -> str:
    """Registers as Markdown."""
    rows = ["| address | register | access | bits | meaning |", "|---|---|---|---|---|"]
    for register in registers:
        for index, part in enumerate(register.parts):
            head = f"0x{register.address:02x} | {register.name} | {register.access}" if not index else "| |"
            bits = str(part.low) if part.width == 1 else f"{part.low + part.width - 1}:{part.low}"
            name = "" if len(register.parts) == 1 else f"`{part.name}`: "
            rows.append(f"| {head} | {bits} | {name}{part.meaning} |")
    return "\n".join(rows) + "\n"
