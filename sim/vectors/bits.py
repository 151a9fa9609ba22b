"""Words of several numbers, as they stand in a file for ``$readmemh`` and in a testbench's concatenation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rtl_gen import Emitted
from rtl_gen.owner import comment


class Word:
    """Numbers side by side, the first in the highest bits: ``{first, second}``."""

    def __init__(self, widths: Mapping[str, int]) -> None:
        self.widths = dict(widths)

    @property
    def width(self) -> int:
        return sum(self.widths.values())

    @property
    def verilog(self) -> str:
        """The concatenation that takes a word apart."""
        return f"{{{', '.join(self.widths)}}}"

    @property
    def declared(self) -> list[str]:
        """A register for each."""
        return [f"reg {bits(width)}{name};" for name, width in self.widths.items()]

    def pack(self, values: Mapping[str, int]) -> int:
        """A word; what is not among the values is 0.

        Raises
        ------
        ValueError
            A number has more bits than its place.
        """
        word = 0
        for name, width in self.widths.items():
            value = int(values.get(name, 0))
            if value >> width:
                raise ValueError(f"{name} must have {width} bits, got {value:#x}")
            word = word << width | value
        return word


def bits(width: int) -> str:
    """A vector's range."""
    return "" if width == 1 else f"[{width - 1}:0] "


def memory(design: Emitted, what: str, words: Iterable[int], width: int) -> str:
    """A file for ``$readmemh``."""
    digits = -(-width // 4)
    return comment(design.owner.header) + f"// {what}\n" + "".join(f"{word:0{digits}x}\n" for word in words)


def port_widths(design: Emitted, direction: str) -> dict[str, int]:
    """The ports of a direction, but for clock and reset."""
    clocking = design.manifest["clocking"] or {}
    names = {clocking.get("clock"), clocking.get("reset")}
    ports = design.manifest["ports"]
    return {p["name"]: p["width"] for p in ports if p["direction"] == direction and p["name"] not in names}


def indented(lines: Sequence[str], depth: int = 1) -> str:
    """Lines of Verilog."""
    return "\n".join(f"{'  ' * depth}{line}" for line in lines)
