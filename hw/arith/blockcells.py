"""The families' multiplier blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Cat, ClockSignal, Const, Instance, Signal, Value

from hw.arith.block import BlockCell, Side


class Ecp5Block(BlockCell):
    """Lattice ECP5's MULT18X18D: registers before it, inside and behind it, each with an enable of its own.

    Source: Lattice's technical note TN1267, and nextpnr's ecp5/arch.cc, which times these registers.
    """

    width, depth = 18, 2

    def instance(self, x: Side, y: Side, products: Sequence[Signal], enable: Value | None, registers: int) -> Instance:
        kept = [("INPUTA", x.enable), ("INPUTB", y.enable)]
        kept += [(name, enable if registers >= least else None) for name, least in (("OUTPUT", 1), ("PIPELINE", 2))]
        used = [(name, value) for name, value in kept if value is not None]
        ports: dict[str, Any] = {}
        enables: list[Value] = []
        for name, value in used:
            number = next((n for n, known in enumerate(enables) if known is value), len(enables))
            enables += [value] if number == len(enables) else []
            ports |= {f"p_REG_{name}_CLK": "CLK0", f"p_REG_{name}_CE": f"CE{number}", f"p_REG_{name}_RST": "RST0"}
        ports |= {"i_CLK0": ClockSignal() if used else Const(0, 1), "i_RST0": Const(0, 1)}
        ports |= {f"i_CE{number}": enables[number] if number < len(enables) else Const(1, 1) for number in range(4)}
        for letter, side in (("A", x), ("B", y)):
            wires = widened(side.factors[0], self.width)
            ports |= {f"i_{letter}{n}": wires[n] for n in range(self.width)}
            ports[f"i_SIGNED{letter}"] = Const(side.factors[0].shape().signed, 1)
            ports[f"i_SOURCE{letter}"] = Const(0, 1)
        ports |= {f"i_C{n}": Const(0, 1) for n in range(self.width)}
        wires = shown(products[0], 2 * self.width)
        return Instance("MULT18X18D", **ports, **{f"o_P{n}": wires[n] for n in range(2 * self.width)})


class NexusBlock(BlockCell):
    """Lattice Nexus' MULT9X9, half a block, and MULT18X18: registers before and behind, each with an enable of its own.

    Source: Yosys's cell models, share/nexus/cells_sim.v.
    """

    width = 18

    def instance(self, x: Side, y: Side, products: Sequence[Signal], enable: Value | None, registers: int) -> Instance:
        size = 9 if max(len(x.factors[0]), len(y.factors[0])) <= 9 else 18
        used = any(value is not None for value in (x.enable, y.enable, enable))
        ports: dict[str, Any] = {"i_CLK": ClockSignal() if used else Const(0, 1), "p_RESETMODE": "SYNC"}
        for letter, side in (("A", x), ("B", y)):
            ports |= {
                f"i_{letter}": Cat(widened(side.factors[0], size)),
                f"i_SIGNED{letter}": Const(side.factors[0].shape().signed, 1),
                **_nexus_register(f"INPUT{letter}", letter, side.enable),
            }
        ports |= _nexus_register("OUTPUT", "OUT", enable)
        return Instance(f"MULT{size}X{size}", **ports, o_Z=Cat(shown(products[0], 2 * size)))


def _nexus_register(name: str, pin: str, enable: Value | None) -> dict[str, Any]:
    mode = "BYPASS" if enable is None else "REGISTER"
    return {f"p_REG{name}": mode, f"i_CE{pin}": Const(1, 1) if enable is None else enable, f"i_RST{pin}": Const(0, 1)}


class GowinBlock(BlockCell):
    """Gowin's MULT9X9, half of a MULT18X18: registers before it, inside and behind it, all of one enable.

    Source: Gowin's user guide UG287, and the ports in Yosys's share/gowin/cells_xtra_gw1n.v.
    """

    width, depth, common_enable = 18, 2, True

    def instance(self, x: Side, y: Side, products: Sequence[Signal], enable: Value | None, registers: int) -> Instance:
        size = 9 if max(len(x.factors[0]), len(y.factors[0])) <= 9 else 18
        used = next((value for value in (enable, x.enable, y.enable) if value is not None), None)
        ports: dict[str, Any] = {
            "p_OUT_REG": Const(registers > 0, 1),
            "p_PIPE_REG": Const(registers > 1, 1),
            "i_RESET": Const(0, 1),
            **_clocked(used),
        }
        for letter, side in (("A", x), ("B", y)):
            ports |= {
                f"p_{letter}REG": Const(side.enable is not None, 1),
                f"i_{letter}": Cat(widened(side.factors[0], size)),
                f"i_SI{letter}": Const(0, size),
                f"i_{letter}SEL": Const(0, 1),
                f"i_{letter}SIGN": Const(side.factors[0].shape().signed, 1),
            }
        return Instance(f"MULT{size}X{size}", **ports, o_DOUT=Cat(shown(products[0], 2 * size)))


IDLE = {
    **dict.fromkeys("CD", 16),
    **dict.fromkeys(("CHOLD", "DHOLD", "IRSTTOP", "IRSTBOT", "ORSTTOP", "ORSTBOT"), 1),
    **dict.fromkeys(("OLOADTOP", "OLOADBOT", "ADDSUBTOP", "ADDSUBBOT", "OHOLDTOP", "OHOLDBOT"), 1),
    **dict.fromkeys(("CI", "ACCUMCI", "SIGNEXTIN"), 1),
}
"""Inputs of an SB_MAC16 that nothing drives, and their bits."""


class Ice40Block(BlockCell):
    """Lattice iCE40 UltraPlus' SB_MAC16: a product of 16 bits by 16, or two of 8 bits by 8. Its registers have one
    enable, and those before it can hold by themselves while the others do not.

    Source: Yosys's cell model, share/ice40/cells_sim.v.
    """

    width, products, half, depth = 16, 2, 8, 2

    def instance(self, x: Side, y: Side, products: Sequence[Signal], enable: Value | None, registers: int) -> Instance:
        small = max(len(factor) for factor in (*x.factors, *y.factors)) <= self.half
        parameters = self._by_halves(registers) if small else self._whole(registers)
        ports: dict[str, Any] = {f"p_{name}": Const(value, bits) for name, (value, bits) in parameters.items()}
        size = self.half if small else self.width
        for letter, side in (("A", x), ("B", y)):
            wires = [wire for factor in side.factors for wire in widened(factor, size)]
            ports |= {
                f"p_{letter}_REG": Const(side.enable is not None, 1),
                f"p_{letter}_SIGNED": Const(side.factors[0].shape().signed, 1),
                f"i_{letter}": Cat(*wires, Const(0, self.width - len(wires))),
                f"i_{letter}HOLD": _held(side.enable, enable),
            }
        ports |= {f"i_{port}": Const(0, bits) for port, bits in IDLE.items()}
        ports |= {f"o_{port}": Signal(1, name=f"unused_{port}") for port in ("CO", "ACCUMCO", "SIGNEXTOUT")}
        ports["i_CE"] = Const(1, 1) if enable is None else enable
        ports["i_CLK"] = ClockSignal() if registers or x.enable is not None or y.enable is not None else Const(0, 1)
        wires = [wire for product in products for wire in shown(product, 2 * size)]
        ports["o_O"] = Cat(*wires, *([Signal(self.width, name="unused_half")] if len(wires) == self.width else []))
        return Instance("SB_MAC16", **ports)

    def _by_halves(self, registers: int) -> dict[str, tuple[int, int]]:
        """A register behind each half's multiplier; a second one is that of its adder, which adds zero."""
        found = {"MODE_8x8": (1, 1)}
        for half in ("TOP", "BOT"):
            found |= {
                f"{half}_8x8_MULT_REG": (int(registers > 0), 1),
                f"{half}OUTPUT_SELECT": (1 if registers > 1 else 2, 2),
                f"{half}ADDSUB_LOWERINPUT": (1, 2),
                f"{half}ADDSUB_UPPERINPUT": (1, 1),
            }
        return found

    def _whole(self, registers: int) -> dict[str, tuple[int, int]]:
        """A register behind the sum of the four products of halves, and one before it."""
        early = (int(registers > 1), 1)
        return {
            "MODE_8x8": (0, 1),
            "TOP_8x8_MULT_REG": early,
            "BOT_8x8_MULT_REG": early,
            "PIPELINE_16x16_MULT_REG1": early,
            "PIPELINE_16x16_MULT_REG2": (int(registers > 0), 1),
            "TOPOUTPUT_SELECT": (3, 2),
            "BOTOUTPUT_SELECT": (3, 2),
        }


def _clocked(enable: Value | None) -> dict[str, Value]:
    """The clock of a cell whose registers have one enable; of one without registers none."""
    if enable is None:
        return {"i_CLK": Const(0, 1), "i_CE": Const(1, 1)}
    return {"i_CLK": ClockSignal(), "i_CE": enable}


def _held(own: Value | None, common: Value | None) -> Value:
    """Whether a register of its own enable holds, beside the cell's."""
    return Const(0, 1) if own is None or own is common else ~own


BLOCKS: dict[str, BlockCell] = {
    "MULT18X18D": Ecp5Block(),
    "MULT18X18": NexusBlock(),
    "MULT9X9": GowinBlock(),
    "SB_MAC16": Ice40Block(),
}
"""By a target's block."""


def widened(factor: Value, width: int) -> list[Value]:
    """The bits of a factor, and above them its sign or zeros."""
    fill = factor[-1] if factor.shape().signed else Const(0, 1)
    return [*(factor[n] for n in range(len(factor))), *[fill] * (width - len(factor))]


def shown(product: Signal, width: int) -> list[Value]:
    """What a cell's output of so many bits drives: a product, and above it what nobody reads."""
    above = Signal(width - len(product), name=f"unused_above_{product.name}")
    return [*(product[n] for n in range(len(product))), *(above[n] for n in range(len(above)))]
