"""Memories in a family's blocks, where synthesis would leave out the register that a block has behind its output.

On ECP5 a word is there 5.6 ns after a clock edge without it, and 1 ns with it: no core reaches 150 MHz without. Source:
Project Trellis' timing data, as nextpnr 0.10 reports it; cells: Yosys' share/ecp5/cells_sim.v, and for how words lie
in a block share/lattice/brams_map_16kd.v.
"""

from __future__ import annotations

from amaranth.hdl import Cat, ClockSignal, Const, Instance, Module, Signal, Value

from hw.target import Target

WIDTHS = {9: 36, 10: 18, 11: 9, 12: 4, 13: 2, 14: 1}
"""Bits of a word of a block that has so many bits of address."""
ADDRESS = 14
LUTRAM, BLOCK = 6, 128
"""What 16 words of 4 bits in LUTs cost, and a block, when synthesis chooses between them."""


def in_blocks(target: Target, depth: int, width: int) -> bool:
    """Whether a memory of so many words is built of blocks here; else it is left to synthesis."""
    bits = _address_bits(depth)
    if target.name != "ecp5" or bits not in WIDTHS:
        return False
    return LUTRAM * -(-depth // 16) * -(-width // 4) > BLOCK * -(-width // WIDTHS[bits])


def add_blocks(
    m: Module, name: str, written: tuple[Value, Value, Value], read: Value, move: Value, depth: int
) -> Value:
    """Blocks side by side, added to `m`, with the registers behind them; all as for `add_memory` in `hw.units.core`."""
    enable, into, word = written
    bits = _address_bits(depth)
    width, found = WIDTHS[bits], []
    for low in range(0, len(word), width):
        part, shown = word[low : low + width], Signal(width, name=f"{name}_{low}")
        given = (enable, _filled(into, bits), _filled(part, width))
        _add_block(m, f"{name}_block{low}", given, _filled(read, bits), move, shown)
        found.append(shown[: len(part)])
    return Cat(*found)


def _address_bits(depth: int) -> int:
    return max(min(WIDTHS), (depth - 1).bit_length())


def _filled(value: Value, width: int) -> Value:
    return Cat(value, Const(0, width - len(value)))


def _add_block(
    m: Module, name: str, written: tuple[Value, Value, Value], read: Value, move: Value, shown: Signal
) -> None:
    """A block whose port A writes and whose port B reads; words of 36 bits take the data wires of both."""
    enable, into, word = written
    width, wide = len(word), len(word) > 18
    low = ADDRESS - len(into)
    # The lowest address wires of wide words say which of their bytes are written.
    addresses = {"A": Cat(Const((1 << low) - 1, low), into), "B": Cat(Const(0, low), read)}
    data = {"A": word[:18], "B": word[18:]} if wide else {"A": word, "B": Const(0, 0)}
    outputs = Signal(36, name=f"unused_{name}") if not wide else shown
    ports: dict[str, Value] = {}
    for port in "AB":
        ports |= {f"i_AD{port}{n}": addresses[port][n] for n in range(ADDRESS)}
        ports |= {f"i_DI{port}{n}": data[port][n] if n < len(data[port]) else Const(0, 1) for n in range(18)}
        ports |= {f"i_CS{port}{n}": Const(0, 1) for n in range(3)}
        ports |= {f"i_CLK{port}": ClockSignal(), f"i_RST{port}": Const(0, 1), f"i_OCE{port}": move}
    for n in range(18):
        ports[f"o_DOA{n}"] = outputs[n]
        ports[f"o_DOB{n}"] = outputs[18 + n] if wide else shown[n] if n < width else outputs[18 + n]
    ports |= {"i_CEA": enable, "i_WEA": Const(1, 1), "i_CEB": move, "i_WEB": Const(0, 1)}
    parameters = {f"p_DATA_WIDTH_{port}": width for port in "AB"} | {f"p_REGMODE_{port}": "OUTREG" for port in "AB"}
    parameters |= {"p_CSDECODE_A": "0b000", "p_CSDECODE_B": "0b000", "p_RESETMODE": "SYNC", "p_GSR": "AUTO"}
    m.submodules[name] = Instance("DP16KD", **parameters, **ports)
